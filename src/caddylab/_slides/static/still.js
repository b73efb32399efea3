// What a widget of ours leaves behind: where no kernel makes it live, a still picture of its last
// state, and how to bring it back. Without this, JupyterLab shows broken links and errors.

import { colourAreas } from "./coloured.js";
import { whenKernelEnds } from "./ended.js";

const LIVE = "application/vnd.caddylab.live+json";
const WIDGET = "application/vnd.jupyter.widget-view+json";
const STILL = ".caddylab-still"; // where a widget keeps its still picture, visible or not
const ASK = "caddylab:still"; // asks it for the latest one
const PAUSES = [200, 500, 1500, 4000, 10000]; // milliseconds: a busy machine takes long
const SOON = 500; // milliseconds within which a widget usually comes to life

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function stillPictures(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
  const { MimeModel } = await sharedModule("@jupyterlab/rendermime");
  const { Panel } = await sharedModule("@lumino/widgets");
  const { StringStream } = await sharedModule("@codemirror/language");
  const Frame = frame(Panel, MimeModel, StringStream);

  return {
    id: "caddylab-slides:still",
    description: "Shows a still picture of a widget whose kernel has ended.",
    autoStart: true,
    requires: [INotebookTracker],
    activate(app, tracker) {
      tracker.widgetAdded.connect((_, panel) => attend(panel, Frame));
      tracker.forEach((panel) => attend(panel, Frame));
    },
  };
}

/** Let the widgets of one notebook outlive its kernels. */
function attend(panel, Frame) {
  const frames = new Set();
  const all = (act) => [...frames].forEach(act);
  const { rendermime } = panel.content;
  const createRenderer = () => new Frame(panel, frames);
  rendermime.addFactory({ safe: true, mimeTypes: [LIVE], createRenderer }, -20); // ahead of the widgets' own
  panel.context.saveState.connect((_, state) => state === "started" && all((one) => one.keep()));
  whenKernelEnds(panel.sessionContext, () => all((one) => one.freeze()));
}

const frame = (Panel, MimeModel, StringStream) => class extends Panel {
  constructor(panel, frames) {
    super();
    Object.assign(this, { panel, frames, rendermime: panel.content.rendermime });
    this.addClass("caddylab-frame");
    frames.add(this);
  }

  dispose() {
    this.frames.delete(this);
    this.observer?.disconnect();
    clearTimeout(this.timer);
    super.dispose();
  }

  async renderModel(model) {
    this.model = model;
    const id = model.data[WIDGET]?.model_id;
    if (this.drawn && id === this.drawn) return; // only its still picture has changed
    this.drawn = id;
    this.timer = setTimeout(() => this.isLive || this.showStill(), SOON);
    this.draw();
    this.enliven();
  }

  /**
   * Hand over to JupyterLab's own widget renderer. What is drawn before its manager is ready for
   * this notebook never learns of it, so it is drawn again.
   */
  async enliven() {
    for (const pause of PAUSES) {
      await new Promise((go) => setTimeout(go, pause));
      if (this.isDisposed || this.gone || (this.widget && (await hasManager(this.widget)))) return;
      this.draw();
    }
  }

  draw() {
    this.observer?.disconnect();
    if (this.widget) this.layout.removeWidget(this.widget);
    this.widget = this.rendermime.createRenderer(WIDGET);
    if (this.still) this.widget.hide();
    this.insertWidget(0, this.widget);
    this.observer = new MutationObserver(() => this.look());
    this.observer.observe(this.widget.node, { childList: true, characterData: true, subtree: true });
    this.widget.renderModel(this.model).then(() => this.look());
  }

  get isLive() {
    return !this.gone && !this.isDisposed && Boolean(this.widget?.node.firstElementChild);
  }

  look() {
    if (!this.isLive) return;
    this.still?.dispose();
    this.still = null;
    this.widget.show();
    colourAreas(this.widget.node, StringStream);
    const place = this.widget.node.querySelector(STILL);
    const changed = place && words(place.innerHTML) !== words(this.kept);
    const inNotebook = this.panel.content.node.contains(this.node);
    if (changed && inNotebook && place.innerHTML !== this.seen) this.panel.context.model.dirty = true;
    this.seen = place?.innerHTML;
  }

  get kept() {
    return this.model.data["text/html"] ?? "";
  }

  /** Put the latest still picture into the output, with which it is saved. */
  keep() {
    const place = this.isLive && this.widget.node.querySelector(STILL);
    place?.dispatchEvent?.(new CustomEvent(ASK));
    if (!place?.innerHTML || place.innerHTML === this.kept) return;
    const { "image/svg+xml": _, ...data } = this.model.data;
    this.model.setData({ data: { ...data, "text/html": place.innerHTML } });
  }

  /** The kernel has ended. */
  freeze() {
    if (!this.isLive) return;
    this.keep();
    this.gone = true;
    this.observer.disconnect();
    this.showStill();
  }

  async showStill() {
    if (this.still || this.isDisposed) return;
    const data = { ...this.model.data };
    const said = data[LIVE]?.again ?? "";
    for (const kind of [LIVE, WIDGET]) delete data[kind];
    const kind = this.rendermime.preferredMimeType(data, "any");
    this.still = this.rendermime.createRenderer(kind);
    this.still.addClass("caddylab-last");
    this.widget.hide();
    this.addWidget(this.still);
    await this.still.renderModel(new MimeModel({ data, trusted: this.model.trusted }));
    this.still?.node.prepend(Object.assign(document.createElement("p"), { textContent: said, className: "caddylab-again" }));
  }
};

/** Whether JupyterLab's widget renderer has a widget manager. */
function hasManager(widget) {
  const known = widget._manager?.promise;
  const later = new Promise((answer) => setTimeout(answer, 0, false));
  return known ? Promise.race([known.then(() => true), later]) : true;
}

const words = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;
