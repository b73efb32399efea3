// Keeps a notebook that was only opened unchanged: JupyterLab writes the kernel's name and language
// into it, and would then ask to save it.

const WRITTEN_BY_ITSELF = ["kernelspec", "language_info"];

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function unchanged(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");

  return {
    id: "caddylab-slides:unchanged",
    description: "Keeps a notebook that was only opened from counting as changed.",
    autoStart: true,
    requires: [INotebookTracker],
    activate(app, tracker) {
      tracker.forEach(watch);
      tracker.widgetAdded.connect((_, panel) => watch(panel));
    },
  };
}

async function watch(panel) {
  await panel.context.ready;
  const { model } = panel.content;
  let touched = model.dirty;
  const touch = () => { touched = true; };
  const meet = (cell) => cell.contentChanged.connect(touch);
  for (const cell of model.cells) meet(cell);
  model.cells.changed.connect((_, change) => {
    touch();
    change.newValues.forEach(meet);
  });
  panel.context.saveState.connect((_, state) => {
    if (state === "completed") touched = false;
  });
  model.metadataChanged.connect((_, { key }) => {
    if (WRITTEN_BY_ITSELF.includes(key)) setTimeout(() => clean(panel, touched), 0);
    else touch();
  });
}

function clean(panel, touched) {
  if (!touched && !panel.isDisposed) panel.content.model.dirty = false;
}
