// Draws every chart of the page from the specification beside it. No chart waits for another.
for (const chart of document.querySelectorAll(".caddylab-chart")) {
  const spec = JSON.parse(chart.querySelector("script").textContent);
  const actions = { export: true, source: false, compiled: false, editor: false };
  vegaEmbed(chart, spec, { mode: "vega-lite", renderer: "svg", actions });
}
