// A lab's notebook has the name of its chapter's: wherever it is named, it says that it is the lab's.

/** What the notebook at this path is called: its name, after "lab" if it is a lab's. */
export function called(path) {
  const name = path.split("/").at(-1).replace(/\.ipynb$/, "");
  return isLabs(path) ? `lab ${name}` : name;
}

const isLabs = (path) => path.split("/").at(-3) === "labs";

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function titled(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");

  return {
    id: "caddylab-slides:titled",
    description: "Says on the tab of a lab's notebook that it is a lab's.",
    autoStart: true,
    requires: [INotebookTracker],
    activate(app, tracker) {
      tracker.forEach(entitle);
      tracker.widgetAdded.connect((_, panel) => {
        entitle(panel);
        panel.context.pathChanged.connect(() => entitle(panel));
      });
    },
  };
}

// By a mark that slides.css turns into a word: to change the label itself would rename the file.
const MARK = "caddylab-lab";

function entitle({ context, title }) {
  const { [MARK]: _, ...others } = title.dataset;
  title.dataset = isLabs(context.path) ? { ...others, [MARK]: "" } : others;
}
