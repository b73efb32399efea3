// Shows the slides, each as large as there is room for.
const [WIDTH, HEIGHT] = [1280, 720];
const ROOM = 670; // what is below belongs to the arrows
const SIZES = [1.25, 1.2, 1.15, 1.1, 1.05, 1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5];

function fits(slide, zoom = 1) {
  const charts = [...slide.querySelectorAll(".caddylab-chart")];
  return slide.scrollHeight * zoom <= ROOM && charts.every((c) => c.scrollWidth <= c.clientWidth);
}

// The charts grow or shrink first; the words only where that is not enough.
function fit(slide) {
  slide.style.zoom = 1;
  const size = SIZES.find((size) => {
    slide.style.setProperty("--charts", size);
    return size >= 0.8 && fits(slide);
  });
  if (size) return;
  slide.style.setProperty("--charts", 0.8);
  slide.style.zoom = SIZES.filter((size) => size <= 1).find((size) => {
    slide.style.zoom = size;
    return fits(slide, size);
  });
}

const fitCurrent = () => fit(Reveal.getCurrentSlide());

Reveal.on("slidechanged", fitCurrent);
Reveal.initialize({
  width: WIDTH, height: HEIGHT, margin: 0.03, center: false, hash: true, transition: "none",
  slideNumber: "c/t", controlsTutorial: false, plugins: [RevealNotes],
}).then(() => caddylabCharts).then(fitCurrent);
