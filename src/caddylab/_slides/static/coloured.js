// Syntax colours for a Caddyfile in a text area: a coloured copy of the text lies behind it.
import { mode } from "./caddyfile.js";

const AREA = ".caddylab-panel-editor textarea";

/** Colour the editors in a widget; `StringStream` is CodeMirror's. */
export function colourAreas(node, StringStream) {
  for (const area of node.querySelectorAll(`${AREA}:not(.caddylab-clear)`)) colour(area, StringStream);
}

function colour(area, StringStream) {
  const copy = document.createElement("pre");
  copy.className = "caddylab-coloured";
  copy.setAttribute("aria-hidden", "true");
  area.classList.add("caddylab-clear");
  area.before(copy);
  let drawn;
  const draw = () => {
    if (!area.isConnected && drawn !== undefined) return;
    if (area.value !== drawn) copy.replaceChildren(...pieces((drawn = area.value), StringStream));
    copy.scrollTop = area.scrollTop;
    requestAnimationFrame(draw); // no event fires when the kernel sets the value
  };
  draw();
}

function* pieces(text, StringStream) {
  const state = mode.startState();
  for (const line of text.split("\n")) {
    const stream = new StringStream(line, 4, 4);
    while (!stream.eol()) {
      const kind = mode.token(stream, state);
      const piece = document.createElement("span");
      piece.textContent = stream.current();
      if (kind) piece.className = `caddylab-${kind}`;
      stream.start = stream.pos;
      yield piece;
    }
    yield "\n";
  }
  yield " "; // or an empty last line would have no height
}
