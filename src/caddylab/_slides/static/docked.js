// The live view beside the notebook follows the notebook in front: that one's own view comes to the
// front of the right area, and the focus stays where it is. A view of another notebook says so. Each
// notebook has one at most, which is closed with it.

import { whenKernelEnds } from "./ended.js";
import { called } from "./titled.js";

const LIVE = "application/vnd.caddylab.live+json";
const SAID = "application/vnd.caddylab.docked+json";

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function docked(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
  const { ILabShell } = await sharedModule("@jupyterlab/application");

  return {
    id: "caddylab-slides:docked",
    description: "Shows the live view of the notebook in front beside it.",
    autoStart: true,
    requires: [INotebookTracker],
    optional: [ILabShell], // Notebook 7 has one notebook in a window
    activate(app, tracker, shell) {
      if (!shell) return;
      const places = new Places(shell, tracker);
      shell.layoutModified.connect(() => places.look());
      tracker.currentChanged.connect(() => places.follow());
      tracker.forEach(saysSo);
      tracker.widgetAdded.connect((_, panel) => saysSo(panel));
    },
  };
}

/** The cell that opened it has a sentence; elsewhere its output is the view itself. */
function saysSo({ content: { rendermime } }) {
  const createRenderer = () => rendermime.createRenderer("text/plain");
  rendermime.addFactory({ safe: true, mimeTypes: [SAID], createRenderer }, -30); // ahead of the view's own
}

class Places {
  constructor(shell, tracker) {
    Object.assign(this, { shell, tracker, all: [] });
  }

  /** Take up what has been put beside a notebook since; what the right area had shown last may be another's. */
  look() {
    this.all = this.all.filter(({ area }) => !area.isDisposed);
    const known = new Set(this.all.map(({ area }) => area));
    const fresh = [...this.shell.widgets("right")].filter((area) => isOurs(area) && !known.has(area));
    fresh.forEach((area) => this.take(area));
    const opened = this.collapsed && !this.shell.rightCollapsed;
    this.collapsed = this.shell.rightCollapsed;
    if (fresh.length || opened) this.follow();
  }

  take(area) {
    const panel = this.tracker.find(({ content }) => content.rendermime === area.rendermime);
    if (!panel) return;
    this.of(panel.context)?.area.dispose(); // of a kernel that has ended
    this.all.push(new Place(area, panel));
  }

  of(context) {
    return this.all.find((place) => place.context === context && !place.area.isDisposed);
  }

  /** Nothing is opened: somebody who looks at something else there, or at nothing, goes on doing so. */
  follow() {
    const front = this.tracker.currentWidget?.context;
    const own = this.of(front);
    const seen = this.all.find(({ area }) => area.isVisible);
    if (own && seen && seen !== own) this.shell.activateById(own.area.id);
    this.all.forEach((place) => place.standBeside(front));
  }
}

/** The place of one notebook's live view. */
class Place {
  constructor(area, { context, sessionContext }) {
    Object.assign(this, { area, context, live: true });
    context.pathChanged.connect(() => this.entitle());
    context.disposed.connect(() => area.dispose());
    whenKernelEnds(sessionContext, () => {
      this.live = false;
      this.entitle();
    });
    this.entitle();
  }

  get notebook() {
    return called(this.context.path);
  }

  entitle() {
    if (!this.area.isDisposed) this.area.title.label = `${this.notebook}, ${this.live ? "live" : "ended"}`;
  }

  standBeside(front) {
    const { dataset } = this.area.node;
    if (!front || front === this.context) delete dataset.caddylabWhose;
    else dataset.caddylabWhose = `This is the live view of ${this.notebook}.`;
  }
}

function isOurs(area) {
  return area.hasClass("jupyterlab-sidecar") && area.model.toJSON().some(({ data }) => data?.[LIVE]);
}
