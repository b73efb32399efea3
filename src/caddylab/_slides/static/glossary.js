// Opens a link into the glossary at its word: as a page, without a kernel and with nothing to save.

const LINK = 'a[href*="glossary.ipynb"]';
const ROOM = 760; // pixels: with less, neither a notebook nor the glossary beside it can be read

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function glossary(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
  const { MainAreaWidget } = await sharedModule("@jupyterlab/apputils");
  const { Widget } = await sharedModule("@lumino/widgets");
  const { IRenderMimeRegistry } = await sharedModule("@jupyterlab/rendermime");

  return {
    id: "caddylab-slides:glossary",
    description: "Opens the glossary at a word, as a page.",
    autoStart: true,
    requires: [INotebookTracker, IRenderMimeRegistry],
    activate(app, tracker, rendermime) {
      const page = new Page(app, rendermime, { MainAreaWidget, Widget });
      const listen = (event) => {
        const link = event.target.closest?.(LINK);
        const path = tracker.currentWidget?.context.path;
        if (!link || link.closest(".caddylab-glossary") || !path || event.button || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation();
        page.show(path, link);
      };
      document.addEventListener("click", listen, true);
      tracker.widgetAdded.connect((_, panel) => needsNoKernel(panel));
    },
  };
}

/** Opened from the file browser, it is an ordinary notebook, but there is nothing to run in it. */
function needsNoKernel({ context, sessionContext }) {
  if (context.path.split("/").pop() !== "glossary.ipynb") return;
  const none = { shouldStart: false, canStart: false, autoStartDefault: false };
  sessionContext.kernelPreference = { ...sessionContext.kernelPreference, ...none };
}

class Page {
  constructor(app, rendermime, parts) {
    Object.assign(this, { app, rendermime, ...parts });
  }

  async show(from, link) {
    // By now JupyterLab has separated the word from the path; before, both are in `href`.
    const word = decodeURIComponent(link.hash.slice(1));
    await this.open(`${from.split("/").slice(0, -1).join("/")}/${this.path(link)}`);
    this.turnTo(word);
  }

  turnTo(word) {
    const headings = [...this.content.node.querySelectorAll("h1, h2, h3, h4, h5, h6")];
    const heading = headings.find((each) => anchorOf(each) === word);
    (heading ?? this.content.node.firstChild).scrollIntoView();
  }

  /** The glossary's path, relative to the notebook. */
  path(link) {
    const told = decodeURIComponent(link.getAttribute("href").split(/[?#]/)[0]);
    return told.startsWith("..") ? told : "glossary.ipynb";
  }

  async open(path) {
    if (!this.main || this.main.isDisposed) await this.make(resolve(path));
    const room = this.app.shell.currentWidget?.node.clientWidth ?? 0;
    const mode = room < ROOM ? "tab-after" : "split-right";
    if (!this.main.isAttached) this.app.shell.add(this.main, "main", { mode });
    this.app.shell.activateById(this.main.id);
  }

  /** Follow a link in the glossary itself: to another word, or to a chapter. */
  follow(event) {
    const told = event.target.closest("a")?.getAttribute("href");
    if (!told || told.includes("://")) return;
    event.preventDefault();
    const [chapter, word] = told.split("#");
    if (!chapter || chapter.startsWith("glossary")) this.turnTo(decodeURIComponent(word));
    else this.app.commands.execute("docmanager:open", { path: resolve(`${this.folder}/${chapter}`) });
  }

  async make(path) {
    const { content } = await this.app.serviceManager.contents.get(path, { content: true });
    this.folder = path.split("/").slice(0, -1).join("/");
    this.content = new this.Widget();
    this.content.node.addEventListener("click", (event) => this.follow(event));
    this.content.addClass("caddylab-glossary");
    for (const cell of content.cells.filter((each) => each.cell_type === "markdown")) {
      const renderer = this.rendermime.createRenderer("text/markdown");
      const text = Array.isArray(cell.source) ? cell.source.join("") : cell.source;
      const model = this.rendermime.createModel({ data: { "text/markdown": text } });
      await renderer.renderModel(model);
      this.content.node.append(renderer.node);
    }
    this.main = new this.MainAreaWidget({ content: this.content });
    this.main.id = "caddylab-glossary";
    this.main.title.label = "Glossary";
    this.main.title.closable = true;
  }
}

/** `a/b/../c` becomes `a/c`. */
function resolve(path) {
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** A heading's anchor, as it is written in links. */
function anchorOf(heading) {
  const own = heading.id || heading.dataset.jupyterId;
  return own || heading.textContent.replace(/¶$/, "").trim().replaceAll(" ", "-");
}
