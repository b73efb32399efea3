// Cells → pages, by the metadata that exported slides go by, too. Knows nothing of a screen.

const BEGINS_A_PAGE = ["slide", "subslide"];

function kind(cell) {
  return cell.model.getMetadata("slideshow")?.slide_type ?? "-";
}

function isNet(cell) {
  return (cell.model.getMetadata("tags") ?? []).includes("net");
}

/** Whether a notebook was made to be presented. */
export function hasSlides(cells) {
  return cells.some((cell) => kind(cell) === "slide");
}

/**
 * The pages of a notebook. `steps[0]` is seen as soon as a page comes, each further step (a
 * fragment) at one more key. `nets` load an earlier run and are never seen, nor are `notes`.
 */
export function pages(cells) {
  const found = [];
  for (const cell of cells) {
    if (BEGINS_A_PAGE.includes(kind(cell)) || !found.length) {
      found.push({ steps: [[]], nets: [], notes: [] });
    }
    place(found.at(-1), cell);
  }
  return found.filter((page) => page.steps.flat().length);
}

function place(page, cell) {
  if (kind(cell) === "skip") return;
  if (kind(cell) === "notes") page.notes.push(cell);
  else if (isNet(cell)) page.nets.push(cell);
  else if (kind(cell) === "fragment") page.steps.push([cell]);
  else page.steps.at(-1).push(cell);
}

/** Every cell that belongs to a page, seen or not. */
export function cellsOf(page) {
  return [...page.steps.flat(), ...page.nets, ...page.notes];
}

/** The first line of what a page says, for the speaker. */
export function title(page) {
  return page?.steps[0][0].model.sharedModel.getSource().split("\n")[0].replace(/^#+ /, "") ?? "";
}
