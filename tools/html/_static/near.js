// A page draws the charts that are in the window, and the others once the reader does something.
// Vega (vega.js) is loaded for the first of them to be drawn. So a page with twenty charts opens as
// fast as one without any.
const caddylabVega = new URL("vega.js", document.currentScript.src);
let caddylabDrawer;

function caddylabFetch() {
  caddylabDrawer ??= new Promise((done) => {
    document.head.append(
      Object.assign(document.createElement("script"), { src: caddylabVega, onload: () => setTimeout(done) }),
    );
  });
  return caddylabDrawer;
}

const caddylabWaiting = new Set(document.querySelectorAll(".caddylab-chart"));

function caddylabNow(chart) {
  if (!caddylabWaiting.delete(chart)) return Promise.resolve();
  return caddylabFetch().then(() => caddylabDraw(chart));
}

const caddylabSeen = new IntersectionObserver((entries) =>
  entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => caddylabNow(target)),
);
caddylabWaiting.forEach((chart) => caddylabSeen.observe(chart));

function caddylabRest() {
  const [next] = caddylabWaiting;
  if (next) caddylabNow(next).then(() => requestIdleCallback(caddylabRest));
}

for (const sign of ["scroll", "keydown", "pointerdown"]) {
  addEventListener(sign, caddylabRest, { once: true, passive: true });
}
