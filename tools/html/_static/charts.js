// Draws every chart of the page from the specification beside it. No chart waits for another.
const caddylabCharts = Promise.all(
  [...document.querySelectorAll(".caddylab-chart")].map((chart) => {
    const spec = JSON.parse(chart.querySelector("script").textContent);
    const actions = { export: true, source: false, compiled: false, editor: false };
    return vegaEmbed(chart, spec, { mode: "vega-lite", renderer: "svg", actions });
  }),
);
