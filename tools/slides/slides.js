// Shows the slides, and makes what is too high for one as small as it has to be.
const [WIDTH, HEIGHT] = [1280, 720];

function fit(slide) {
  slide.style.zoom = 1;
  // A chart that wraps less text when it is smaller may fit before the computed size: look again.
  for (let zoom = 1; zoom > 0.3 && slide.scrollHeight * zoom > HEIGHT; zoom -= 0.02) {
    slide.style.zoom = zoom;
  }
}

const fitCurrent = () => fit(Reveal.getCurrentSlide());

Reveal.on("slidechanged", fitCurrent);
Reveal.initialize({
  width: WIDTH, height: HEIGHT, margin: 0.03, center: false, hash: true, transition: "none",
  slideNumber: "c/t", controlsTutorial: false, plugins: [RevealNotes],
}).then(() => caddylabCharts).then(fitCurrent);
