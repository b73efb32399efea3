// One slide at a time on the real notebook: its cells, its kernel, its charts and widgets.
import { cellsOf, letter, pages } from "./deck.js";
import { keys } from "./keys.js";
import { SpeakersWindow } from "./notes.js";
import { Screen } from "./screen.js";

export class Show {
  /** `actions` are JupyterLab's NotebookActions; `ran` are the cells that this kernel has run. */
  constructor(panel, actions, ran) {
    Object.assign(this, { panel, actions, ran, notebook: panel.content });
    this.votes = new Map();
    this.right = new Map();
    this.recorded = new Set();
    this.running = false;
  }

  /** Start, or continue, at the page of the selected cell. */
  async start() {
    this.pages = pages(this.notebook.widgets);
    if (!this.pages.length || document.body.classList.contains("caddylab-show")) return;
    const active = this.notebook.activeCell;
    this.page = Math.max(0, this.pages.findIndex((page) => cellsOf(page).includes(active)));
    this.listen = keys(this);
    this.speaker = new SpeakersWindow(this.notebook.rendermime, this.listen);
    this.screen = new Screen(this.notebook);
    document.addEventListener("keydown", this.listen, true);
    this.panel.disposed.connect(this.stop, this);
    this.screen.open();
    await this.turnTo(this.page, { whole: !this.isNew(this.current.steps[0]) });
  }

  /** Return to the notebook, at the place where the show was. */
  stop() {
    if (!this.screen) return;
    document.removeEventListener("keydown", this.listen, true);
    this.panel.disposed.disconnect(this.stop, this);
    this.speaker.close();
    this.screen.close(this.shown().at(-1));
    this.screen = null;
  }

  /** Take the next step: reveal what is to be seen, and run what is to be run. */
  async next() {
    if (this.running) return;
    if (this.isNew(this.shown())) await this.run(this.shown().filter((cell) => !this.ran.has(cell)));
    else if (this.step + 1 < this.current.steps.length) await this.reveal(this.step + 1);
    else if (this.page + 1 < this.pages.length) await this.turnTo(this.page + 1);
  }

  /** Go back to the previous page as it was left, without running anything again. */
  async back() {
    if (!this.running && this.page) await this.turnTo(this.page - 1, { whole: true });
  }

  /** Run again what this page shows. */
  async again() {
    if (this.running) return;
    this.recorded.delete(this.current.head);
    await this.run([...this.shown(), ...this.due()]);
  }

  /** Show the earlier run instead of the one just made, and say so. */
  async fallBack() {
    const page = this.pages.slice(0, this.page + 1).findLast((page) => page.nets.length);
    if (this.running || !page) return;
    this.recorded.add(page.head);
    const charts = this.current.steps.slice(1, this.step + 1).flat();
    await this.run([...page.nets, ...charts, ...this.due()]);
  }

  /** Mark what most of the room thinks or, with a capital letter, what the speaker saw come out. */
  vote(letter) {
    const votes = letter < "a" ? this.right : this.votes;
    const same = votes.get(this.current.head) === letter.toUpperCase();
    votes.set(this.current.head, same ? undefined : letter.toUpperCase());
    this.update();
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
    const cells = [...before, ...this.current.steps[step], ...this.due()];
    await this.run(cells.filter((cell) => !this.ran.has(cell)));
  }

  /** Whether something has not been run yet. */
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
      const went = await this.actions.runCells(this.notebook, code, this.panel.sessionContext);
      if (!went) this.holdNet();
    } finally {
      this.running = false;
      this.update();
    }
  }

  /** A live step has failed: from here on, show the earlier run. */
  holdNet() {
    const hasNet = this.pages.some((page) => page.head === this.current.head && page.nets.length);
    if (hasNet) this.recorded.add(this.current.head);
  }

  /** The cells that find the right letter, once the whole page has been shown. */
  due() {
    return this.step === this.current.steps.length - 1 ? this.current.measures : [];
  }

  /** The letter that this run of the show has measured; undefined until then. */
  measured() {
    if (this.running) return undefined;
    const { head, isFirst } = this.current;
    const seen = this.pages.slice(0, this.page).filter((page) => page.head === head);
    const cells = [...seen.flatMap((page) => page.measures), ...this.due()];
    return isFirst ? undefined : cells.filter((cell) => this.ran.has(cell)).map(letter).find(Boolean);
  }

  update() {
    const { head } = this.current;
    const right = this.right.get(head) ?? this.measured();
    this.screen?.show(this.current, this.step, {
      place: `${this.page + 1} / ${this.pages.length}`,
      running: this.running,
      recorded: this.recorded.has(head),
      voted: this.votes.get(head),
      right,
    });
  }
}
