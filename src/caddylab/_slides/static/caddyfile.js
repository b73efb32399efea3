// Syntax colours for Caddyfile cells: an editor mode for cells whose first line asks for it.

const MIME = "text/x-caddyfile";
const MAGIC = /^%%caddyfile\b/;

/** A mode for CodeMirror's StreamLanguage: reads a Caddyfile one word after another. */
export const mode = {
  name: "caddyfile",
  startState: () => ({ depth: 0, first: true, quote: null }),
  token(stream, state) {
    if (stream.sol()) state.first = true;
    if (state.quote) return quoted(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.sol() && stream.match(MAGIC)) return rest(stream, "meta");
    if (stream.match("#")) return rest(stream, "comment");
    if (stream.match(/^["`]/)) return begin(stream, state);
    if (stream.match(/^\{(?=\s|$)/)) return brace(state, 1);
    if (stream.match(/^\}(?=\s|$)/)) return brace(state, -1);
    return word(stream, state);
  },
};

function rest(stream, kind) {
  stream.skipToEnd();
  return kind;
}

function begin(stream, state) {
  state.quote = stream.current();
  state.first = false;
  return quoted(stream, state);
}

function quoted(stream, state) {
  for (let escaped = false, char; (char = stream.next()); ) {
    if (char === state.quote && !escaped) {
      state.quote = null;
      break;
    }
    escaped = char === "\\" && !escaped && state.quote === '"';
  }
  return "string";
}

function brace(state, step) {
  state.depth = Math.max(0, state.depth + step);
  return "bracket";
}

/** A site's address, a directive, or a directive's argument. */
function word(stream, state) {
  const { first } = state;
  state.first = false;
  stream.eatWhile(/\S/);
  const said = stream.current();
  if (said.startsWith("@")) return "labelName";
  if (/^\{.*\}$/.test(said)) return "atom";
  if (first) return state.depth ? "keyword" : "typeName";
  return /^\d[\d.]*(ms|s|m|h|d|xx|%|[KMG]i?B)?$/i.test(said) ? "number" : null;
}

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function caddyfileColours(sharedModule) {
  const { IEditorLanguageRegistry } = await sharedModule("@jupyterlab/codemirror");
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
  const { LanguageSupport, StreamLanguage } = await sharedModule("@codemirror/language");

  return {
    id: "caddylab-slides:caddyfile",
    description: "Gives cells that hold a Caddyfile its colours.",
    autoStart: true,
    requires: [INotebookTracker, IEditorLanguageRegistry],
    activate(app, tracker, languages) {
      const support = new LanguageSupport(StreamLanguage.define(mode));
      // An editor that is still loading Python when its language changes keeps whatever loads last.
      const load = async () => {
        await Promise.all(["text/x-ipython", "text/x-python"].map((mime) => languages.getLanguage(mime)));
        return support;
      };
      languages.addLanguage({ name: "Caddyfile", mime: MIME, extensions: ["caddyfile"], load });
      tracker.widgetAdded.connect((_, panel) => watch(panel));
      tracker.forEach(watch);
    },
  };
}

async function watch(panel) {
  await panel.context.ready;
  const { cells } = panel.content.model;
  const look = (cell) => colour(cell, panel.content);
  const meet = (cell) => {
    if (cell.type !== "code") return;
    cell.contentChanged.connect(look);
    cell.mimeTypeChanged.connect(look); // the kernel's language arrives late
    look(cell);
  };
  for (const cell of cells) meet(cell);
  cells.changed.connect((_, change) => change.newValues.forEach(meet));
}

function colour(cell, notebook) {
  const wanted = MAGIC.test(cell.sharedModel.getSource()) ? MIME : notebook.codeMimetype;
  const ours = wanted === MIME || cell.mimeType === MIME;
  if (ours && cell.mimeType !== wanted) cell.mimeType = wanted;
}
