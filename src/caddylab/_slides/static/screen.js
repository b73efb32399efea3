// What is on the screen: only the cells of one page, as large as fits.
import { isLoad, isPicture, isQuiet } from "./deck.js";
import { mark } from "./question.js";

const WIDTH = 1280;
const MARGINS = 60; // pixels above and below a page, as in slides.css, with the page number
const SMALLEST = 0.6;
const RECORDED = "A recording: this run was made earlier";
const ON_STAGE = ["seen", "asked", "mute", "unread"].map((name) => `caddylab-${name}`);

export class Screen {
  constructor(notebook) {
    this.notebook = notebook;
    this.observer = new ResizeObserver(() => this.fitSoon());
    this.onResize = () => this.fitSoon();
  }

  open() {
    this.config = this.notebook.notebookConfig;
    // A page is rendered in full, or it could not be measured.
    this.notebook.notebookConfig = { ...this.config, windowingMode: "none" };
    document.body.classList.add("caddylab-show");
    this.notebook.node.classList.add("caddylab-deck");
    this.place = document.createElement("div");
    this.place.className = "caddylab-place";
    this.place.setAttribute("role", "status");
    document.body.append(this.place);
    window.addEventListener("resize", this.onResize);
    this.notebook.mode = "command";
    this.notebook.node.focus();
  }

  /** Return to the notebook, at the cell `last`. */
  close(last) {
    this.observer.disconnect();
    window.removeEventListener("resize", this.onResize);
    this.place.remove();
    document.body.classList.remove("caddylab-show");
    if (document.fullscreenElement) document.exitFullscreen();
    if (this.notebook.isDisposed) return;
    this.notebook.node.classList.remove("caddylab-deck");
    this.paper.style.zoom = "";
    for (const cell of this.notebook.widgets) ON_STAGE.forEach((name) => cell.removeClass(name));
    this.notebook.notebookConfig = this.config;
    this.returnTo(last);
  }

  returnTo(cell) {
    const index = this.notebook.widgets.indexOf(cell);
    if (index < 0) return;
    this.notebook.activeCellIndex = index;
    this.notebook.mode = "command";
    this.notebook.node.focus();
    // The notebook must be laid out as before, or it cannot be scrolled.
    const scroll = () => this.notebook.isDisposed || this.notebook.scrollToItem(index, "center");
    requestAnimationFrame(() => requestAnimationFrame(scroll));
  }

  get paper() {
    return this.notebook.node.querySelector(".jp-WindowedPanel-viewport");
  }

  /**
   * Show a page up to a step. `place` says where we are, `running` whether the kernel runs it,
   * `recorded` whether this is an earlier run; `voted` and `right` are letters of the question.
   */
  show(page, step, { place, running, recorded, voted, right }) {
    const seen = page.steps.slice(0, step + 1).flat();
    const asked = page.isFirst ? [] : [page.head];
    this.cells = [...asked, ...seen];
    this.observer.disconnect();
    for (const cell of this.notebook.widgets) {
      cell.toggleClass("caddylab-seen", this.cells.includes(cell));
      cell.toggleClass("caddylab-asked", asked.includes(cell));
      cell.toggleClass("caddylab-mute", isQuiet(cell) || isLoad(cell));
      // Once there is a picture, it has the page to itself.
      cell.toggleClass("caddylab-unread", isQuiet(cell) || isPicture(cell) || step > 0);
    }
    mark(page.head.node, { voted, right });
    this.cells.forEach((cell) => this.observer.observe(cell.node));
    const said = [recorded && RECORDED, running && "running …", place];
    this.place.replaceChildren(...said.filter(Boolean).map(part));
    this.place.classList.toggle("caddylab-running", running);
    this.fitSoon();
  }

  fitSoon() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.fit());
  }

  /** Pages are made for 1280 × 720: enlarged on a larger screen, reduced if they hold a lot. */
  fit() {
    if (!this.cells.length) return;
    const deck = this.notebook.node;
    const zoom = Number(this.paper.style.zoom || 1);
    const top = this.cells[0].node.getBoundingClientRect().top;
    const height = (this.cells.at(-1).node.getBoundingClientRect().bottom - top) / zoom;
    const fitting = Math.min(deck.clientWidth / WIDTH, (deck.clientHeight - MARGINS) / height);
    this.paper.style.zoom = String(Math.max(SMALLEST, fitting));
  }
}

function part(words) {
  const node = document.createElement("span");
  node.textContent = words;
  node.classList.toggle("caddylab-recorded", words === RECORDED);
  return node;
}
