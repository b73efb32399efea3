// The speaker's window: what to say, what comes next, and a clock.
import { title } from "./deck.js";

const STYLE = `
  body { font: 20px/1.45 system-ui, sans-serif; margin: 0; padding: 1rem 1.5rem; }
  header { display: flex; justify-content: space-between; color: #555; }
  footer { border-top: 1px solid #ccc; margin-top: 1rem; padding-top: .5rem; color: #555; }
  time { font-variant-numeric: tabular-nums; }
`;

export class SpeakersWindow {
  /** `rendermime` renders the notes, which are Markdown; `listen` gets the keys pressed here. */
  constructor(rendermime, listen) {
    Object.assign(this, { rendermime, listen });
    this.began = Date.now();
  }

  toggle() {
    if (this.window && !this.window.closed) return this.close();
    this.window = window.open("", "caddylab-notes", "popup,width=900,height=700");
    if (!this.window) return;
    const { document } = this.window;
    document.head.innerHTML = `<title>For the speaker</title><style>${STYLE}</style>`;
    document.addEventListener("keydown", this.listen, true);
    this.timer = setInterval(() => this.tick(), 1000);
    this.draw();
  }

  close() {
    clearInterval(this.timer);
    this.window?.close();
    this.window = null;
  }

  /** Remember what belongs to this page, and show it if the window is open. */
  show(page, next, number, count) {
    this.last = { page, next, number, count };
    if (this.window && !this.window.closed) this.draw();
  }

  async draw() {
    const { page, next, number, count } = this.last;
    const body = this.window.document.body;
    body.innerHTML = "<header><span></span><time></time></header><main></main><footer></footer>";
    body.querySelector("span").textContent = `${title(page)} (${number} of ${count})`;
    body.querySelector("footer").textContent = next ? `Next: ${title(next)}` : "This is the last one.";
    body.querySelector("main").innerHTML = await this.rendered(page.notes);
    this.tick();
  }

  async rendered(cells) {
    const text = cells.map((cell) => cell.model.sharedModel.getSource()).join("\n\n---\n\n");
    const renderer = this.rendermime.createRenderer("text/markdown");
    await renderer.renderModel(this.rendermime.createModel({ data: { "text/markdown": text } }));
    const html = renderer.node.innerHTML;
    renderer.dispose();
    return html;
  }

  tick() {
    const clock = this.window?.document.querySelector("time");
    const seconds = Math.floor((Date.now() - this.began) / 1000);
    const parts = [Math.floor(seconds / 60), seconds % 60];
    if (clock) clock.textContent = parts.map((n) => String(n).padStart(2, "0")).join(":");
  }
}
