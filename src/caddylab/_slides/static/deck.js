// Turns cells into pages, by the same metadata as the exported slides. Knows nothing of a screen.

const COMPARED = "application/vnd.caddylab.compared+json";
const BEGINS_A_PAGE = ["slide", "subslide"];

function kind(cell) {
  return cell.model.getMetadata("slideshow")?.slide_type ?? "-";
}

function isTagged(cell, tag) {
  return (cell.model.getMetadata("tags") ?? []).includes(tag);
}

const source = (cell) => cell.model.sharedModel.getSource();

/** Whether a notebook was made to be presented. */
export function hasSlides(cells) {
  return cells.some((cell) => kind(cell) === "slide");
}

/**
 * The pages of a notebook. `steps[0]` is shown with the page, each further step (a fragment) at
 * another key press. `nets` load an earlier run, and `measures` find out which answer came true;
 * these are never shown, nor are `notes`.
 * `head` is the text that a slide begins with, which stays in sight on the slide's further pages.
 */
export function pages(cells) {
  const found = [];
  for (const cell of cells) {
    if (BEGINS_A_PAGE.includes(kind(cell)) || !found.length) {
      const head = kind(cell) === "subslide" ? found.at(-1)?.head : cell;
      found.push({ head, isFirst: head === cell, steps: [[]], nets: [], measures: [], notes: [] });
    }
    place(found.at(-1), cell);
  }
  return found.filter((page) => page.steps.flat().length);
}

function place(page, cell) {
  if (kind(cell) === "skip") return;
  if (kind(cell) === "notes") page.notes.push(cell);
  else if (isTagged(cell, "net")) page.nets.push(cell);
  else if (isTagged(cell, "measured")) page.measures.push(cell);
  else if (kind(cell) === "fragment") page.steps.push([cell]);
  else page.steps.at(-1).push(cell);
}

/** Every cell that belongs to a page, shown or not. */
export function cellsOf(page) {
  return [...page.steps.flat(), ...page.nets, ...page.measures, ...page.notes];
}

/** A page's title for the speaker: the heading of its slide. */
export function title(page) {
  return page ? source(page.head).split("\n")[0].replace(/^#+ /, "").replaceAll("`", "") : "";
}

/** Cells that are not part of the story: they start and end the lab. */
export const isQuiet = (cell) => isTagged(cell, "quiet");

/** Caddyfiles whose warnings would give an answer away; that they are loaded need not be said. */
export const isLoad = (cell) => /^%%caddyfile.*--no-warnings/.test(source(cell));

/** Code that only draws something: nobody needs to read it above the drawing. */
export const isPicture = (cell) => /^(table|[^\n=]*\.(chart|replay)\(.*\))$/.test(source(cell));

/** The letter of the answer that came true, from the cell's output; undefined if there is none. */
export function letter(cell) {
  const said = cell.model.outputs.toJSON().map((output) => output.data?.[COMPARED]?.came_true);
  return said.find(Boolean);
}
