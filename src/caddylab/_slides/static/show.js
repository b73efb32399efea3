// One slide at a time on the real notebook: its cells, its kernel, its charts and widgets.
import { cellsOf, pages } from "./deck.js";
import { keys } from "./keys.js";
import { SpeakersWindow } from "./notes.js";
import { Screen } from "./screen.js";

export class Show {
  /** `actions` are JupyterLab's NotebookActions. */
  constructor(panel, actions) {
    Object.assign(this, { panel, actions, notebook: panel.content });
    this.pages = pages(this.notebook.widgets);
    this.ran = new Set();
    this.running = false;
  }

  /** Begin at the page of the selected cell. */
  async start() {
    if (!this.pages.length || document.body.classList.contains("caddylab-show")) return;
    const active = this.notebook.activeCell;
    this.page = Math.max(0, this.pages.findIndex((page) => cellsOf(page).includes(active)));
    this.listen = keys(this);
    this.speaker = new SpeakersWindow(this.notebook.rendermime, this.listen);
    this.screen = new Screen(this.notebook);
    document.addEventListener("keydown", this.listen, true);
    this.panel.sessionContext.statusChanged.connect(this.forget, this);
    this.panel.disposed.connect(this.stop, this);
    this.screen.open();
    await this.turnTo(this.page);
  }

  stop() {
    if (!this.screen) return;
    document.removeEventListener("keydown", this.listen, true);
    this.panel.sessionContext.statusChanged.disconnect(this.forget, this);
    this.panel.disposed.disconnect(this.stop, this);
    this.speaker.close();
    this.screen.close();
    this.screen = null;
  }

  /** The next step: what is to be seen appears, and what is to be run is run. */
  async next() {
    if (this.running) return;
    if (this.isNew(this.shown())) await this.run(this.shown().filter((cell) => !this.ran.has(cell)));
    else if (this.step + 1 < this.current.steps.length) await this.reveal(this.step + 1);
    else if (this.page + 1 < this.pages.length) await this.turnTo(this.page + 1);
  }

  /** The page before, as it was left: nothing is run again. */
  async back() {
    if (!this.running && this.page) await this.turnTo(this.page - 1, { whole: true });
  }

  /** Run what this page shows once more. */
  async again() {
    if (!this.running) await this.run(this.shown());
  }

  /** Show the earlier run instead of the one that has just been made. */
  async fallBack() {
    const page = this.pages.slice(0, this.page + 1).findLast((page) => page.nets.length);
    if (this.running || !page) return;
    const charts = this.current.steps.slice(1, this.step + 1).flat();
    await this.run([...page.nets, ...charts]);
  }

  interrupt() {
    this.panel.sessionContext.session?.kernel?.interrupt();
  }

  get current() {
    return this.pages[this.page];
  }

  shown() {
    return this.current.steps.slice(0, this.step + 1).flat();
  }

  async turnTo(page, { whole = false } = {}) {
    this.page = page;
    this.speaker.show(this.current, this.pages[page + 1], page + 1, this.pages.length);
    const { steps, nets } = this.current;
    if (!whole) return this.reveal(0, nets);
    this.step = Math.max(0, steps.findLastIndex((step) => !this.isNew(step)));
    this.update();
  }

  async reveal(step, before = []) {
    this.step = step;
    this.update();
    const cells = [...before, ...this.current.steps[step]];
    await this.run(cells.filter((cell) => !this.ran.has(cell)));
  }

  /** Whether there is something that was not run yet. */
  isNew(cells) {
    return cells.some((cell) => cell.model.type === "code" && !this.ran.has(cell));
  }

  async run(cells) {
    const code = cells.filter((cell) => cell.model.type === "code");
    if (!code.length) return;
    code.forEach((cell) => this.ran.add(cell));
    this.running = true;
    this.update();
    try {
      await this.actions.runCells(this.notebook, code, this.panel.sessionContext);
    } finally {
      this.running = false;
      this.update();
    }
  }

  /** After a restart nothing has run. */
  forget(_, status) {
    if (status === "restarting" || status === "autorestarting") this.ran.clear();
  }

  update() {
    this.screen?.show(this.shown(), {
      place: `${this.page + 1} / ${this.pages.length}`,
      running: this.running,
    });
  }
}
