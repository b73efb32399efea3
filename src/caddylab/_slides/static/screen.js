// What is on the screen: the cells of one page and nothing else, as large as fits.

const WIDTH = 1280;
const MARGINS = 60; // above and below a page, as slides.css has them, and the page's number
const SMALLEST = 0.6;

export class Screen {
  constructor(notebook) {
    this.notebook = notebook;
    this.observer = new ResizeObserver(() => this.fitSoon());
    this.onResize = () => this.fitSoon();
  }

  open() {
    this.config = this.notebook.notebookConfig;
    // A page is drawn whole, or it could not be measured.
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

  close() {
    this.observer.disconnect();
    window.removeEventListener("resize", this.onResize);
    this.place.remove();
    document.body.classList.remove("caddylab-show");
    if (document.fullscreenElement) document.exitFullscreen();
    if (this.notebook.isDisposed) return;
    this.notebook.node.classList.remove("caddylab-deck");
    this.paper.style.zoom = "";
    this.notebook.widgets.forEach((cell) => cell.removeClass("caddylab-seen"));
    this.notebook.notebookConfig = this.config;
  }

  get paper() {
    return this.notebook.node.querySelector(".jp-WindowedPanel-viewport");
  }

  /** Show these cells; `place` is where we are, `running` whether the kernel works on it. */
  show(cells, { place, running }) {
    this.cells = cells;
    this.observer.disconnect();
    for (const cell of this.notebook.widgets) {
      cell.toggleClass("caddylab-seen", cells.includes(cell));
    }
    cells.forEach((cell) => this.observer.observe(cell.node));
    this.place.textContent = running ? `running … ${place}` : place;
    this.place.classList.toggle("caddylab-running", running);
    this.fitSoon();
  }

  fitSoon() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.fit());
  }

  /** Pages are made for 1280 × 720: larger on a larger screen, smaller if they hold much. */
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
