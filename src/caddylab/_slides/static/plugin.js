// The command, its key and the button; all else is in show.js.
import { hasSlides } from "./deck.js";
import { Show } from "./show.js";

const COMMAND = "caddylab:present";

/** JupyterLab's plugin; `sharedModule(name)` gives one of its own modules. */
export async function plugin(sharedModule) {
  const { INotebookTracker, NotebookActions } = await sharedModule("@jupyterlab/notebook");
  const { ICommandPalette, ToolbarButton } = await sharedModule("@jupyterlab/apputils");

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
        execute: () => new Show(tracker.currentWidget, NotebookActions).start(),
      });
      app.commands.addKeyBinding({ command: COMMAND, keys: ["Alt R"], selector: ".jp-Notebook" });
      palette?.addItem({ command: COMMAND, category: "Notebook Operations" });
      app.docRegistry.addWidgetExtension("Notebook", {
        createNew: (panel) => addButton(app, panel, ToolbarButton),
      });
    },
  };
}

function addStyle() {
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", href: new URL("slides.css", import.meta.url) });
  document.head.append(link);
}

async function addButton(app, panel, ToolbarButton) {
  await panel.context.ready;
  if (!hasSlides(panel.content.widgets)) return;
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
