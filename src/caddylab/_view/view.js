// --- words ------------------------------------------------------------------------------------

const IS = { stopped: "is stopped", crashed: "has crashed", killed: "was killed", died: "has died",
  hung: "hangs", partitioned: "is cut off", slow: "is slow", failing: "fails" };
const NTH = ["", "every", "every second", "every third", "every fourth"];

// "a", "a and b", "a, b and c".
const and = (words) => [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(String).join(" and ");
const backends = (some) => `backend${some.length === 1 ? "" : "s"} ${and(some.map((b) => String(b.number)))}`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const plural = (what) => what.replace(/^is /, "are ").replace(/^has /, "have ").replace(/^was /, "were ")
  .replace(/^(hang|fail)s$/, "$1");

// "Backends 1 and 2 were killed": what was made of these backends; each of them is named.
function said(some) {
  const kinds = [...new Set(some.map((b) => b.what))].map((what) => {
    const who = some.filter((b) => b.what === what);
    return `${backends(who)} ${who.length === 1 ? what : plural(what)}`;
  });
  return capital(and(kinds));
}

// One sentence that says what there is to see.
function headline(tape, tally) {
  const all = tape.states.map(([state, opinion, until], i) => ({
    number: i + 1, up: state === "up" || state === HIDDEN, hidden: state === HIDDEN,
    what: IS[state.split(/[ ,]/)[0]] ?? `is ${state}`,
    trusted: opinion === "healthy", opinion, full: opinion === "full", torn: opinion.includes(" for "),
    mended: tape.mended.has(i + 1), inside: tally.inside[i], oldest: tally.oldest[i],
    left: until === null ? 0 : Math.max(0, until - tape.time),
  })).filter((_, i) => tape.uses(i + 1));
  const { over, nobody } = tape.counts;
  if (!all.length) return "This Caddyfile passes requests on to no backend.";
  if (nobody && nobody === over) return "No handler takes these requests: Caddy answers each with an empty 200.";
  const broken = all.filter((b) => !b.up);
  const stuck = broken.filter((b) => b.inside && b.oldest > 1);
  if (stuck.length) return sayStuck(tape, all, broken, stuck);
  if (all.every((b) => b.opinion === "unknown")) return "Caddy has ended: nobody takes requests.";
  if (all.every((b) => b.full)) return "Every backend is full: Caddy turns requests round itself, with status 503.";
  if (all.every((b) => !b.trusted && !b.torn)) {
    const why = broken.length ? `${said(broken)}. ` : "";
    return `${why}Caddy trusts no backend: it turns requests round itself, with status 503.`;
  }
  const unknown = broken.filter((b) => b.trusted);
  if (unknown.length) return `${said(broken)}, and Caddy thinks ${whom(unknown, broken)} healthy.`;
  return sayKnown(all, broken);
}

// "it is", "they are", or by name where not all of `broken` are meant.
function whom(some, broken) {
  const are = some.length === 1 ? "is" : "are";
  if (some.length < broken.length) return `${backends(some)} ${are}`;
  return some.length === 1 ? "it is" : "they are";
}

function sayStuck(tape, all, broken, stuck) {
  const one = stuck.length === 1, trusting = stuck.filter((b) => b.trusted);
  const turns = tape.stage.policy === "round_robin" ? NTH[all.filter((b) => b.trusted).length] : null;
  const gets = one && turns ? `gives it ${turns} request` : `goes on sending ${trusting.length > 1 ? "them" : "it"} requests`;
  const why = trusting.length
    ? `but Caddy thinks ${whom(trusting, stuck)} healthy and ${gets}` : "and Caddy has noticed";
  const inside = stuck.reduce((sum, b) => sum + b.inside, 0);
  const many = inside === 1 ? "One stands still" : `${inside} stand still`;
  const oldest = Math.max(...stuck.map((b) => b.oldest)).toFixed(0);
  const others = broken.filter((b) => !stuck.includes(b));
  const also = others.length ? ` ${said(others)}.` : "";
  return `${said(stuck)}, ${why}. ${many} in ${one ? "it" : "them"}, for up to ${oldest}\u00a0s.${also}`;
}

function sayKnown(all, broken) {
  const torn = all.find((b) => b.torn);
  if (torn) return `Caddy’s proxies do not agree on ${backends([torn])}: it is ${torn.opinion}.`;
  const left = ([b, ...more]) => b.left && !more.length ? ` for another ${Math.ceil(b.left)}\u00a0s` : "";
  if (broken.length) {
    const them = broken.length === 1 ? "it" : "them";
    return `${said(broken)}. Caddy has noticed and leaves ${them} out${left(broken)}.`;
  }
  const out = all.filter((b) => !b.trusted && !b.full), full = all.filter((b) => b.full);
  const name = capital(backends(out.length ? out : full)), one = (out.length ? out : full).length === 1;
  if (out.some((b) => b.hidden)) return `Caddy leaves ${backends(out)} out${left(out)}.`;
  if (out.length && out.every((b) => b.mended)) {
    const still = left(out) || " until its next check";
    return `${name} ${one ? "is" : "are"} up again, but Caddy still leaves ${one ? "it" : "them"} out${still}.`;
  }
  if (out.length) {
    const thinks = and([...new Set(out.map((b) => b.opinion))]);
    return `${name} ${one ? "is" : "are"} up, but Caddy leaves ${one ? "it" : "them"} out${left(out)}: ${thinks}.`;
  }
  if (full.length) {
    const they = one ? "it" : "them", have = one ? "it has" : "they have";
    return `${name} ${one ? "is" : "are"} full: Caddy sends ${they} nothing until ${have} answered.`;
  }
  if (all.some((b) => b.hidden)) return "Caddy trusts every backend. Is it right?";
  const many = all.length === 1 ? "The backend is" : all.length === 2 ? "Both backends are" : "All backends are";
  return `${many} up, and Caddy thinks so too.`;
}

function countsText({ sent, over, ok, pages, errors, nobody, retries }) {
  return [["sent", sent], ["ok", ok], ["pages of Caddy’s own", pages], ["errors", errors],
    ["of them answered by nobody", nobody], ["on the way", sent - over], ["retries", retries]];
}

const SELDOM = new Set(["pages of Caddy’s own", "of them answered by nobody"]); // shown if there are any

// --- the player -------------------------------------------------------------------------------

const DELAY = 0.15; // seconds behind the lab, so that what is shown is known
const SPEEDS = { 10: "10 × faster", 5: "5 × faster", 2: "2 × faster", 1: "real time", 0.5: "½ speed",
  0.2: "⅕ speed", 0.05: "1/20 speed", 0.01: "1/100 speed" };
const HELP = `Every dot is a real request. It leaves a client, Caddy passes it to a backend, and the
answer comes back: filled, in the colour and shape of the backend; a vermilion cross is an error, a
grey cross is Caddy’s own 502, 503 or 504, for want of a backend. A sheet is a page that Caddy made on
purpose; a vermilion ring is a request that no handler took, which Caddy answers with an empty 200. A dot stays in a backend for as long as the backend really takes. Only
the ways are drawn slower than they are (0.7 s there, 0.7 s back, whatever the speed), or nobody could
see them. A dashed dot: which of several requests it is shows at its end. Tiny dots are Caddy’s health
checks (live only, and up to half a second late). Above ${FLOW} dots each one stands for several, and the roads’ width shows
the requests a second; the counts are always exact.`;

class Player {
  constructor(root, scene, tape) {
    Object.assign(this, { root, scene, tape, live: scene.live });
    this.playing = true;
    this.follow = true;
    this.speed = scene.speed;
    this.time = 0;
    this.zoom = scene.projector ? 1.5 : 1;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.build();
    this.picture = new Picture(scene, ...root.querySelectorAll("canvas"));
    this.watchVisibility();
    this.resize();
  }

  build() {
    const { root, live } = this;
    const speeds = { ...SPEEDS, [this.speed]: SPEEDS[this.speed] ?? `${this.speed} ×` };
    const options = Object.keys(speeds).map(Number).sort((a, b) => b - a)
      .filter((speed) => !live || speed <= 1)
      .map((speed) => `<option value="${speed}">${speeds[speed]}</option>`).join("");
    root.className = `caddylab-view${this.scene.projector ? " projector" : ""}`;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", live ? "Live view of the lab" : "Replay of a run");
    root.innerHTML = `<div class="headline">&nbsp;</div>
      <div class="stage" role="img"><canvas aria-hidden="true"></canvas><canvas aria-hidden="true"></canvas></div>
      <div class="counts">${countsText({}).map(([name]) => `<span${SELDOM.has(name) ? " hidden" : ""}>${name} <b data-count="${name}">0</b></span>`).join("")}</div>
      <div class="bar"><button type="button" class="play">Pause</button>
      <label>Speed <select>${options}</select></label>
      <input type="range" min="0" max="1000" value="0" step="1" aria-label="Time">
      <span class="clock"></span>
      ${live ? '<button type="button" class="now">Now</button>' : ""}
      <button type="button" class="large" aria-pressed="${this.scene.projector}">Large</button></div>
      <details><summary>How to read it</summary><p>${HELP}</p></details>
      <div class="spoken" role="status" aria-live="polite"></div>`;
    const find = (selector) => root.querySelector(selector);
    this.parts = { headline: find(".headline"), stage: find(".stage"), play: find(".play"),
      range: find("input"), clock: find(".clock"), spoken: find(".spoken"), select: find("select") };
    this.parts.select.value = String(this.speed);
    this.parts.play.onclick = () => this.toggle();
    this.parts.select.onchange = (event) => this.setSpeed(Number(event.target.value));
    this.parts.range.oninput = (event) => this.scrub(event.target.value / 1000);
    if (live) find(".now").onclick = () => this.catchUp();
    find(".large").onclick = (event) => this.enlarge(event.target);
  }

  watchVisibility() {
    this.visible = true;
    this.onVisibility = () => this.wake();
    document.addEventListener("visibilitychange", this.onVisibility);
    this.observers = [
      new IntersectionObserver(([entry]) => { this.visible = entry.isIntersecting; this.wake(); }),
      new ResizeObserver(() => this.resize()),
    ];
    for (const observer of this.observers) observer.observe(this.parts.stage);
    this.wake();
  }

  close() {
    document.removeEventListener("visibilitychange", this.onVisibility);
    for (const observer of this.observers) observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  wake() {
    cancelAnimationFrame(this.frame);
    if (!this.visible || document.hidden) return;
    this.last = performance.now();
    this.frame = requestAnimationFrame((now) => this.step(now));
  }

  resize() {
    const width = this.parts.stage.clientWidth;
    if (!width) return;
    this.parts.stage.style.height = `${this.picture.resize(width, this.zoom)}px`;
    this.stale = true;
  }

  enlarge(button) {
    const large = this.root.classList.toggle("projector");
    button.setAttribute("aria-pressed", large);
    this.zoom = large ? 1.5 : 1;
    this.resize();
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && !this.live && this.time >= this.end()) this.time = this.begin();
    if (!this.playing) this.follow = false;
    this.parts.play.textContent = this.playing ? "Pause" : "Play";
  }

  setSpeed(speed) {
    this.speed = speed;
    if (speed === 1 && this.live) this.catchUp();
  }

  catchUp() {
    this.follow = true;
    if (!this.playing) this.toggle();
    this.time = this.end();
  }

  scrub(share) {
    this.follow = false;
    this.time = this.begin() + share * (this.end() - this.begin());
    this.stale = true;
  }

  hear(now) { // the lab's clock, by the batch that took the least time to come
    this.offset = Math.max(this.offset ?? -Infinity, now - performance.now() / 1000);
  }

  begin() {
    return this.tape.events.length ? this.tape.events[0][1] : 0;
  }

  end() {
    if (this.live) return this.offset === undefined ? 0 : performance.now() / 1000 + this.offset - DELAY;
    return this.tape.end + 2 * this.speed;
  }

  advance(seconds) {
    const end = this.end();
    if (!this.playing) return;
    if (this.live && this.follow && this.speed === 1) this.time = end;
    else this.time = Math.min(end, this.time + seconds * this.speed);
    if (this.live && !this.tape.active.size) { // nothing to see: no need to see it slowly
      const next = this.tape.events[this.tape.cursor];
      this.time = Math.max(this.time, next ? Math.min(end, next[1]) : end);
    }
    if (this.live && this.time >= end) this.follow = true;
    if (!this.live && this.time >= end) this.toggle();
  }

  step(now) {
    this.advance(Math.min(0.25, (now - this.last) / 1000));
    this.last = now;
    const slow = this.picture.width && (now - (this.slowly ?? 0) > 100 || this.stale);
    if (slow) this.readColours();
    if (slow || (!this.still.matches && (this.tape.active.size || this.tape.checks.length || this.moving))) {
      this.moving = this.tape.active.size > 0;
      this.draw(now, slow);
    }
    this.frame = requestAnimationFrame((next) => this.step(next));
  }

  draw(now, slow) {
    const { tape, picture } = this;
    tape.seek(this.time);
    const wide = this.still.matches ? 0.001 : this.speed;
    if (slow) this.tally = picture.tally(tape, wide);
    picture.paintFront(tape, this.tally, wide, this.still.matches);
    this.frames = (this.frames ?? 0) + 1;
    if (!slow) return;
    this.slowly = now;
    this.stale = false;
    picture.paintBack(tape, this.tally, this.still.matches);
    this.say(this.tally, now);
    if (this.live) tape.prune();
  }

  readColours() {
    const style = getComputedStyle(this.root);
    this.picture.colours(style.color, style.backgroundColor);
  }

  say(tally, now) {
    const { tape, parts, root } = this;
    const text = headline(tape, tally);
    const counts = countsText(tape.counts);
    parts.headline.textContent = text;
    for (const [name, value] of counts) {
      const place = root.querySelector(`[data-count="${name}"]`);
      place.textContent = value;
      place.parentElement.hidden = SELDOM.has(name) && !value;
    }
    const told = counts.filter(([name, value]) => value || !SELDOM.has(name));
    parts.stage.setAttribute("aria-label", `${text} ${told.map(([name, value]) => `${name} ${value}`).join(", ")}.`);
    if (text !== this.spoken && now - (this.spokenAt ?? 0) > 4000) {
      parts.spoken.textContent = this.spoken = text;
      this.spokenAt = now;
    }
    this.sayTime();
    Object.assign(root.dataset, tape.counts, {
      answered: tape.answered.join(), failed: tape.failed.join(), inside: tally.inside.join(),
      states: tape.states.map(([state]) => state).join(), each: tally.each, frames: this.frames,
      opinions: tape.states.map(([, opinion]) => opinion).join(), unsure: tally.unsure,
    });
  }

  sayTime() {
    const { range, clock } = this.parts;
    const begin = this.begin(), length = Math.max(0.001, this.end() - begin), at = this.time - begin;
    const behind = length - at;
    if (document.activeElement !== range || this.playing) range.value = String((1000 * at) / length);
    clock.textContent = !this.live ? `${at.toFixed(2)} of ${length.toFixed(2)} s`
      : behind < 0.5 ? "live" : `${behind.toFixed(1)} s behind`;
    range.setAttribute("aria-valuetext", clock.textContent);
  }
}

// --- in a notebook, and in a page of its own --------------------------------------------------

function replay(root, scene, events) {
  const tape = new Tape(scene);
  tape.add(events);
  return new Player(root, scene, tape);
}

export default () => {
  const players = new Set();
  let tape;
  let number = 0;

  function initialize({ model }) {
    const scene = model.get("scene");
    tape = new Tape(scene);
    model.on("msg:custom", (batch) => {
      if (batch.whole) tape.clear();
      else if (batch.number !== number + 1) model.send({ want: "tape" });
      number = batch.number;
      if (batch.whole || batch.events.length) tape.add(batch.events);
      for (const player of players) player.hear(batch.now);
      tape.now = batch.now - performance.now() / 1000;
    });
    if (!number) setTimeout(() => number || model.send({ want: "tape" }), 500);
  }

  function render({ model, el }) {
    const player = new Player(el.appendChild(document.createElement("div")), model.get("scene"), tape);
    if (tape.now !== undefined) player.offset = tape.now;
    players.add(player);
    return () => {
      player.close();
      players.delete(player);
    };
  }

  return { initialize, render };
};
