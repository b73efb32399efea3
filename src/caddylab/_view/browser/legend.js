// What each symbol in the picture means: the usual ones are always shown, the others on demand.

import { FLOW } from "./layout.js";

export function legendOf(scene) {
  const [[colour, shape]] = scene.marks;
  const circle = "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z";
  const ring = (path, look, more = "") => sign(path, `fill="none" stroke="${look}" stroke-width=".4" ${more}`);
  const usual = [
    [ring(circle, "currentColor"), "a request"],
    [sign(shape, `fill="${colour}"`), "an answer, in its backend’s colour and shape"],
    [sign(scene.cross, `fill="${scene.error}"`), "an error"],
    [sign(scene.cross, `fill="${scene.caddy}"`), "Caddy’s own 502, 503 or 504, for want of a backend"],
  ];
  const seldom = [
    [sign(scene.sheet, `fill="${scene.page}"`), "a page that Caddy made on purpose"],
    [ring(circle, scene.error), "an empty 200: no handler took the request"],
    [ring(circle, "currentColor", 'stroke-dasharray=".5 .4"'), "which of several requests it is shows at its end"],
    [sign(circle, 'fill="currentColor" transform="scale(.45)"'), "Caddy’s health check (live only, up to half a second late)"],
  ];
  return `<ul class="legend">${usual.map(item).join("")}</ul>
    <details><summary>More signs, and what is not to scale</summary>
    <ul class="legend">${seldom.map(item).join("")}</ul>
    <p>Every dot is a real request. It stays in a backend for as long as the backend really takes;
    only the ways are drawn slower than they are, 0.7 s each, or nobody could see them.</p>
    <p>Above ${FLOW} dots each one stands for several, and the roads’ width shows the requests a
    second. The counts are always exact.</p></details>`;
}

const item = ([picture, words]) => `<li>${picture} ${words}</li>`;

const sign = (path, look) => `<svg viewBox="-1.5 -1.5 3 3" aria-hidden="true"><path d="${path}" ${look}/></svg>`;
