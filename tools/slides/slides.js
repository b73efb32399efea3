// Shows the slides, each as large as the room allows.
const [WIDTH, HEIGHT] = [1280, 720];
const ROOM = 670; // pixels; what is below is for the arrows
const SMALLEST_CODE = 0.87; // 20 pixels on a screen of 1280 × 720
const SIZES = [1.25, 1.2, 1.15, 1.1, 1.05, 1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4];

function fits(slide, zoom = 1) {
  const edge = slide.getBoundingClientRect().right + 1;
  const pictures = [...slide.querySelectorAll("svg, .caddylab-view")];
  return slide.scrollHeight * zoom <= ROOM
    && pictures.every((picture) => picture.getBoundingClientRect().right <= edge);
}

// Sets one of the slide's sizes to the first of `sizes` that makes it fit, or else to the last.
function shrink(slide, name, sizes) {
  return sizes.some((size) => {
    slide.style.setProperty(name, size);
    return fits(slide, name === "zoom" ? size : 1);
  });
}

// First the charts grow or shrink, then the space between things, then the code, down to what the
// last row can read; everything shrinks only where that is not enough.
function fit(slide) {
  for (const name of ["zoom", "--charts", "--room", "--code"]) slide.style.setProperty(name, 1);
  return shrink(slide, "--charts", SIZES.filter((size) => size >= 0.8))
    || shrink(slide, "--room", [0.7, 0.4, 0.2])
    || shrink(slide, "--code", [0.95, 0.9, SMALLEST_CODE])
    || shrink(slide, "--charts", SIZES.filter((size) => size < 0.8))
    || shrink(slide, "zoom", SIZES.filter((size) => size <= 1));
}

// A room votes by A to D or a click, before it sees what was measured; the question's other slides
// show the vote as well.
function options(node) {
  return [...node.querySelectorAll("p")]
    .map((text) => [text.firstElementChild?.textContent, text])
    .filter(([letter, text]) => /^[A-D]$/.test(letter) && text.firstChild === text.firstElementChild);
}

function vote(letter) {
  const there = options(Reveal.getCurrentSlide().parentElement);
  if (!there.some(([name]) => name === letter)) return false;
  for (const [name, text] of there) {
    text.classList.toggle("voted", name === letter);
    text.setAttribute("aria-pressed", name === letter);
  }
  fitCurrent();
  return true;
}

for (const [letter, text] of options(document)) {
  Object.assign(text, { tabIndex: 0, role: "button", onclick: () => vote(letter) });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter") vote(letter);
  });
}

const caddylabCharts = Promise.all([...document.querySelectorAll(".caddylab-chart")].map(caddylabDraw));
const fitCurrent = () => fit(Reveal.getCurrentSlide());

for (const change of ["slidechanged", "fragmentshown", "fragmenthidden"]) Reveal.on(change, fitCurrent);
Reveal.initialize({
  width: WIDTH, height: HEIGHT, margin: 0.04, center: false, hash: true, transition: "none",
  slideNumber: "c/t", controlsTutorial: false, plugins: [RevealNotes],
  keyboard: { // B means a pause where there is nothing to vote on
    65: () => vote("A"), 66: () => vote("B") || Reveal.togglePause(), 67: () => vote("C"), 68: () => vote("D"),
  },
}).then(() => caddylabCharts).then(fitCurrent);
