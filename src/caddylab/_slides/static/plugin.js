// The command, its shortcut and the button; everything else is in show.js.
import { hasSlides } from "./deck.js";
import { whenKernelEnds } from "./ended.js";
import { Show } from "./show.js";

const COMMAND = "caddylab:present";

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function plugin(sharedModule) {
  const { INotebookTracker, NotebookActions } = await sharedModule("@jupyterlab/notebook");
  const { ICommandPalette, ToolbarButton } = await sharedModule("@jupyterlab/apputils");

  const shows = new WeakMap(); // by notebook: each continues where it was left
  const showOf = (panel) => {
    if (!shows.has(panel)) shows.set(panel, new Show(panel, NotebookActions, cellsThatRan(panel, NotebookActions)));
    return shows.get(panel);
  };

  return {
    id: "caddylab-slides:plugin",
    description: "Shows a notebook as slides, each step one key.",
    autoStart: true,
    requires: [INotebookTracker],
    optional: [ICommandPalette],
    activate(app, tracker, palette) {
      addStyle();
      app.commands.addCommand(COMMAND, {
        label: "Present as Slides",
        caption: "One slide at a time, each step one key (Alt+R)",
        isEnabled: () => Boolean(tracker.currentWidget),
        execute: () => showOf(tracker.currentWidget).start(),
      });
      app.commands.addKeyBinding({ command: COMMAND, keys: ["Alt R"], selector: "body" });
      palette?.addItem({ command: COMMAND, category: "Notebook Operations" });
      app.docRegistry.addWidgetExtension("Notebook", {
        createNew: (panel) => addButton(app, panel, showOf, ToolbarButton),
      });
    },
  };
}

function addStyle() {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: new URL("slides.css", import.meta.url) });
  document.head.append(link);
}

/** The cells that this notebook's kernel has run, in a show or not; none after a restart. */
function cellsThatRan(panel, actions) {
  const ran = new Set();
  actions.executionScheduled.connect((_, { notebook, cell }) => notebook === panel.content && ran.add(cell));
  whenKernelEnds(panel.sessionContext, () => ran.clear());
  return ran;
}

async function addButton(app, panel, showOf, ToolbarButton) {
  await panel.context.ready;
  if (!hasSlides(panel.content.widgets)) return;
  showOf(panel); // from now on it records what has run
  const button = new ToolbarButton({
    label: "Present",
    tooltip: "Present as slides, each step one key (Alt+R)",
    className: "caddylab-present",
    onClick: () => {
      app.shell.activateById(panel.id);
      app.commands.execute(COMMAND);
    },
  });
  panel.toolbar.insertItem(0, "caddylab-present", button);
}
