// What explains a prediction stays folded until the learner has chosen and measured.
//
// A cell with the metadata {"caddylab": {"explains": "NAME"}} waits for the cell that calls
// `NAME.compare(…)`. Cells are only hidden: they run as usual, and the notebook is not changed.

const COMPARED = "application/vnd.caddylab.compared+json";
const CALLED = /\b(\w+)\.compare\(/g;
const FOLDED = "caddylab-folded";
const MOVEMENT = { duration: 450, easing: "ease-out" };

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function folds(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");

  return {
    id: "caddylab-slides:folds",
    description: "Folds what explains a prediction until it is made and measured.",
    autoStart: true,
    requires: [INotebookTracker],
    activate(app, tracker) {
      const meet = (panel) => new Folds(panel).start();
      tracker.forEach(meet);
      tracker.widgetAdded.connect((_, panel) => meet(panel));
    },
  };
}

/** The prediction that a cell explains; undefined if there is none. */
export const explains = (model) => model.getMetadata("caddylab")?.explains;

/** The names of the predictions that these cells have compared after the learner chose. */
export function settled(models) {
  const names = new Set();
  for (const model of models) {
    if (model.type !== "code") continue;
    const said = model.outputs.toJSON().map((output) => output.data?.[COMPARED]);
    if (!said.some((about) => about?.chosen)) continue;
    for (const [, name] of model.sharedModel.getSource().matchAll(CALLED)) names.add(name);
  }
  return names;
}

/** The stretches of cells that explain the same prediction: [{ name, cells, after }]. */
export function stretches(widgets) {
  const found = [];
  widgets.forEach((cell, n) => {
    const name = explains(cell.model);
    if (!name) return;
    const before = widgets[n - 1];
    if (before && explains(before.model) === name) found.at(-1).cells.push(cell);
    else found.push({ name, cells: [cell], after: before });
  });
  return found.filter(({ after }) => after);
}

class Folds {
  constructor(panel) {
    Object.assign(this, { panel, notebook: panel.content, open: new Set(), bars: new Map() });
  }

  async start() {
    await this.panel.context.ready;
    this.look({ calmly: false });
    this.panel.content.model.contentChanged.connect(() => this.lookSoon());
    this.notebook.activeCellChanged.connect(() => this.stepOver());
    this.panel.disposed.connect(() => clearTimeout(this.soon));
  }

  lookSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.panel.isDisposed || this.look({ calmly: true }), 50);
  }

  /** Fold what has to wait, and open what no longer has to. */
  look({ calmly }) {
    const { widgets } = this.notebook;
    const done = settled(widgets.map((cell) => cell.model));
    const waiting = new Set();
    for (const stretch of stretches(widgets)) {
      if (done.has(stretch.name)) this.open.add(stretch.name);
      if (!this.open.has(stretch.name)) waiting.add(stretch.after);
      if (this.open.has(stretch.name)) this.unfold(stretch, calmly);
      else this.fold(stretch);
    }
    for (const [cell, bar] of this.bars) {
      if (waiting.has(cell)) continue;
      bar.remove();
      this.bars.delete(cell);
    }
  }

  fold({ name, cells, after }) {
    cells.forEach((cell) => hide(cell, true));
    if (this.bars.has(after)) return;
    const bar = waitingBar(() => this.showAnyway(name));
    this.bars.set(after, bar);
    after.ready.then(() => after.node.append(bar));
  }

  unfold({ cells, after }, calmly) {
    const folded = cells.filter((cell) => cell.hasClass(FOLDED));
    if (!folded.length) return;
    folded.forEach((cell) => hide(cell, false));
    if (calmly) folded.forEach((cell) => appear(cell.node));
    if (this.skipped?.cells.includes(folded[0]) && this.notebook.activeCell === this.skipped.to) {
      this.notebook.activeCellIndex = this.notebook.widgets.indexOf(folded[0]);
    }
    this.skipped = null;
  }

  /** The learner wants to read on without an answer; what they open stays open. */
  showAnyway(name) {
    this.open.add(name);
    const first = stretches(this.notebook.widgets).find((stretch) => stretch.name === name);
    this.look({ calmly: true });
    this.notebook.activeCellIndex = this.notebook.widgets.indexOf(first.cells[0]);
    this.notebook.node.focus();
  }

  /** If the active cell is hidden, move on in the same direction. */
  stepOver() {
    const { activeCell, widgets } = this.notebook;
    const now = this.notebook.activeCellIndex;
    const before = this.stood ?? 0;
    this.stood = now;
    if (!activeCell?.hasClass(FOLDED)) return;
    const step = now >= before ? 1 : -1;
    let to = now;
    while (widgets[to]?.hasClass(FOLDED)) to += step;
    if (!widgets[to]) return;
    const { cells } = stretches(widgets).find((stretch) => stretch.cells.includes(activeCell));
    this.skipped = { cells, to: widgets[to] };
    this.notebook.activeCellIndex = to;
  }
}

/** Hide a cell as JupyterLab does below a collapsed heading, so that its keys step over it. */
function hide(cell, hidden) {
  cell.toggleClass(FOLDED, hidden);
  cell.setHidden(hidden);
}

function waitingBar(show) {
  const bar = document.createElement("div");
  bar.className = "caddylab-fold";
  const said = document.createElement("span");
  said.textContent = "What explains this waits until you have chosen and measured.";
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "Show me anyway" });
  button.addEventListener("click", show);
  // Otherwise the notebook would handle Enter and the space bar.
  button.addEventListener("keydown", (event) => event.stopPropagation());
  bar.append(said, button);
  return bar;
}

/** One gentle movement, unless the reader prefers less motion. */
function appear(node) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const height = `${node.offsetHeight}px`;
  const [closed, opened] = [{ height: "0", opacity: 0 }, { height, opacity: 1 }];
  node.animate([{ ...closed, overflow: "hidden" }, { ...opened, overflow: "hidden" }], MOVEMENT);
}
