// Plays a tape: the clock, the buttons and the text.

import { Picture } from "./picture.js";
import { legendOf } from "./legend.js";
import { headline, countsText, SELDOM } from "./words.js";

const DELAY = 0.15; // seconds behind the lab, so that what is shown is already known
const SPEEDS = { 10: "10 × faster", 5: "5 × faster", 2: "2 × faster", 1: "real time", 0.5: "½ speed",
  0.2: "⅕ speed", 0.05: "1/20 speed", 0.01: "1/100 speed" };

export class Player {
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
      ${live ? '<button type="button" class="now" title="Leave the past, and show what happens now">Back to now</button>' : ""}
      <button type="button" class="large" aria-pressed="${this.scene.projector}" title="For a room: everything larger">Larger</button></div>
      ${legendOf(this.scene)}
      <div class="spoken" role="status" aria-live="polite"></div>
      <div class="caddylab-still" hidden></div>`;
    const find = (selector) => root.querySelector(selector);
    this.parts = { headline: find(".headline"), stage: find(".stage"), play: find(".play"),
      range: find("input"), clock: find(".clock"), spoken: find(".spoken"), select: find("select") };
    this.parts.select.value = String(this.speed);
    this.parts.play.onclick = () => this.toggle();
    this.parts.select.onchange = (event) => this.setSpeed(Number(event.target.value));
    this.parts.range.oninput = (event) => this.scrub(event.target.value / 1000);
    if (live) find(".now").onclick = () => this.catchUp();
    find(".large").onclick = (event) => this.enlarge(event.target);
    find(".caddylab-still").addEventListener("caddylab:still", () => this.keepStill());
  }

  watchVisibility() {
    this.visible = true;
    this.onVisibility = () => this.wake();
    document.addEventListener("visibilitychange", this.onVisibility);
    const sight = new IntersectionObserver((seen) => { this.visible = seen.at(-1).isIntersecting; this.wake(); });
    const size = new ResizeObserver(() => this.resize());
    sight.observe(this.root); // its counts are read out even when the picture is off the screen
    size.observe(this.parts.stage);
    this.observers = [sight, size];
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

  hear(now) { // the lab's clock, from the batch that arrived fastest
    this.offset = Math.max(this.offset ?? -Infinity, now - performance.now() / 1000);
  }

  begin() {
    return this.tape.events.length ? this.tape.events[0][1] : 0;
  }

  end() {
    const over = this.tape.end + 2 * this.speed; // by then what is on its way has arrived
    if (!this.live) return over;
    const now = this.offset === undefined ? 0 : performance.now() / 1000 + this.offset - DELAY;
    return this.tape.complete ? Math.min(now, over) : now;
  }

  advance(seconds) {
    const end = this.end();
    if (!this.playing) return;
    if (this.live && this.follow && this.speed === 1) this.time = end;
    else this.time = Math.min(end, this.time + seconds * this.speed);
    if (this.live && !this.tape.active.size) { // nothing to see, so nothing to see slowly
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

  // Keeps what is seen now as a picture, for when the kernel has ended.
  keepStill() {
    const { width, height } = this.parts.stage.getBoundingClientRect();
    if (!width || !this.tally) return;
    const layers = this.root.querySelectorAll("canvas");
    const paper = Object.assign(document.createElement("canvas"), { width: layers[0].width, height: layers[0].height });
    const g = paper.getContext("2d");
    g.fillStyle = this.picture.paper;
    g.fillRect(0, 0, paper.width, paper.height);
    layers.forEach((layer) => g.drawImage(layer, 0, 0));
    const said = Object.assign(document.createElement("b"), { textContent: this.parts.headline.textContent });
    const image = Object.assign(document.createElement("img"), {
      src: paper.toDataURL(), width: Math.round(width), height: Math.round(height),
      alt: this.parts.stage.getAttribute("aria-label"),
    });
    const counts = countsText(this.tape.counts).filter(([name, value]) => value || !SELDOM.has(name));
    const sums = Object.assign(document.createElement("p"), {
      textContent: counts.map(([name, value]) => `${name} ${value}`).join(" · "),
    });
    const lines = [document.createElement("p"), image, sums];
    lines[0].append(said);
    this.root.querySelector(".caddylab-still").replaceChildren(...lines);
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
    const { tape, parts: { range, clock } } = this;
    const begin = this.begin(), length = Math.max(0.001, this.end() - begin), at = this.time - begin;
    const behind = length - at;
    if (document.activeElement !== range || this.playing) range.value = String((1000 * at) / length);
    clock.textContent = !this.live ? `${at.toFixed(2)} of ${length.toFixed(2)} s`
      : tape.closed ? "closed" : behind < 0.5 ? "live" : `${behind.toFixed(1)} s behind`;
    range.setAttribute("aria-valuetext", clock.textContent);
  }
}
