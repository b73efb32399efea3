// A link to a word of the glossary opens at the word: as a page, without a kernel, and nothing to
// be saved.

const LINK = 'a[href*="glossary.ipynb"]';

/** JupyterLab's plugin; `sharedModule(name)` gives one of its own modules. */
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

/** Opened from the file browser it is a notebook like others, and yet there is nothing to run. */
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
    // JupyterLab has the word apart from the path by now; before, both are in the address.
    const word = decodeURIComponent(link.hash.slice(1));
    await this.open(`${from.split("/").slice(0, -1).join("/")}/${this.path(link)}`);
    this.turnTo(word);
  }

  turnTo(word) {
    const headings = [...this.content.node.querySelectorAll("h1, h2, h3, h4, h5, h6")];
    const heading = headings.find((each) => anchorOf(each) === word);
    (heading ?? this.content.node.firstChild).scrollIntoView();
  }

  /** Where the glossary is, seen from the notebook. */
  path(link) {
    const told = decodeURIComponent(link.getAttribute("href").split(/[?#]/)[0]);
    return told.startsWith("..") ? told : "glossary.ipynb";
  }

  async open(path) {
    if (!this.main || this.main.isDisposed) await this.make(resolve(path));
    if (!this.main.isAttached) this.app.shell.add(this.main, "main", { mode: "split-right" });
    this.app.shell.activateById(this.main.id);
  }

  /** A link of the glossary's own: to another word, or to a chapter. */
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

/** `a/b/../c` is `a/c`. */
function resolve(path) {
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** A heading's anchor, as links write it. */
function anchorOf(heading) {
  const own = heading.id || heading.dataset.jupyterId;
  return own || heading.textContent.replace(/¶$/, "").trim().replaceAll(" ", "-");
}
