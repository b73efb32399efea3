// Draws a chart in its place, from the specification found there.
function caddylabDraw(chart) {
  const spec = JSON.parse(chart.querySelector("script").textContent);
  const actions = { export: true, source: false, compiled: false, editor: false };
  return vegaEmbed(chart, spec, { mode: "vega-lite", renderer: "svg", actions }).then(() => {
    chart.querySelector("summary").ariaLabel = "Save the chart as a picture";
  });
}
