// The part that seldom changes: Caddy, the clients, the backends and the roads between them.

import { Layout } from "./layout.js";

const SMALL = 11; // pixels: smaller letters are hard to read

export class Backdrop extends Layout {
  // `most` is the width available: longer text is smaller, and condensed if that is not enough.
  text(words, x, y, size = 13, weight = 400, align = "left", most = 999) {
    const g = this.back;
    const write = (pixels) => { g.font = `${weight} ${pixels}px ${this.scene.font}`; };
    write(size);
    const fitting = (size * most) / g.measureText(words).width;
    if (fitting < size) write(Math.max(SMALL, fitting));
    g.textAlign = align;
    g.fillStyle = this.ink;
    g.fillText(words, x, y, most);
  }

  // Draws all of it.
  paintBack(tape, tally, still) {
    const g = this.back;
    g.clearRect(0, 0, this.width, this.height);
    this.marks.forEach((_, i) => this.paintRoad(tape, i + 1, tally, still));
    this.paintClients(tape);
    this.paintCaddy(tape, tally);
    this.marks.forEach((_, i) => this.paintBackend(tape, i + 1, tally));
  }

  paintRoad(tape, backend, tally, still) {
    const g = this.back;
    if (!tape.uses(backend)) return;
    const opinion = tape.states[backend - 1][1];
    const rate = tally.rates[backend - 1];
    g.beginPath();
    for (let u = 0; u <= 1.0001; u += this.upright ? 0.01 : 0.05) g.lineTo(...this.way(backend, u, 0, 1, 0));
    g.strokeStyle = this.marks[backend - 1].colour;
    g.globalAlpha = opinion === "healthy" ? 0.5 : 0.35;
    const flow = tally.each > 1 || still;
    g.lineWidth = flow ? 2 + Math.min(26, 2.2 * Math.sqrt(rate)) : 2;
    const above = -g.lineWidth / 2 - 10;
    g.setLineDash(opinion === "healthy" ? [] : [3, 7]);
    g.stroke();
    g.setLineDash([]);
    g.globalAlpha = 1;
    if (flow && rate) {
      const [x, y] = this.way(backend, 0.86, 0, 1, above);
      this.text(`${Math.round(rate)}/s`, x, y, 14, 600, "center");
    }
  }

  paintClients(tape) {
    const g = this.back;
    const shown = Math.min(tape.clients, 8);
    g.strokeStyle = this.grey;
    g.lineWidth = 2;
    for (let k = 0; k < shown; k++) {
      const [x, y] = this.clientAt(k, tape.clients);
      g.beginPath();
      for (let u = 0; u <= 1.0001; u += 0.1) g.lineTo(...this.way(0, u, k, tape.clients, 0));
      g.globalAlpha = 0.4;
      g.stroke();
      g.globalAlpha = 1;
      g.fillStyle = this.ink;
      g.beginPath();
      g.arc(x, y - 7, 5.5, 0, 7);
      g.fill();
      g.beginPath();
      g.arc(x, y + 9, 9.5, Math.PI, 0);
      g.fill();
    }
    const words = tape.clients === 1 ? "client" : `${tape.clients} clients`;
    const [x, y] = this.clientAt(shown - 1, tape.clients);
    if (this.upright) this.text(words, x + 16, y + 7);
    else this.text(words, x, y + 28, 13, 400, "center");
  }

  paintCaddy(tape, tally) {
    const g = this.back;
    const { x, y, w, h } = this.caddy;
    this.box(x - w / 2, y - h / 2, w, h, this.ink, 2.5);
    this.text("Caddy", x, y - 30, 18, 700, "center", w - 8);
    const { policy, health_interval: check, fail_duration: memory, torn = [], memories = [] } = tape.stage;
    this.text(policy ?? "", x, y - 9, 13, 400, "center", w - 8);
    const asks = check ? `checks every ${trim(check)} s` : "no health checks";
    this.text(asks, x, y + 9, 12, 400, "center", w - 8);
    const all = memory ? `remembers for ${trim(memory)} s` : "forgets failures";
    const keeps = torn.length || memories.length ? "memory differs by proxy" : all;
    this.text(keeps, x, y + 26, 12, 400, "center", w - 8);
    if (tally.each > 1) {
      const words = `1 dot = ${tally.each} requests`;
      if (this.upright) this.text(words, 2, 30, 12, 600, "left", x - 40);
      else this.text(words, x, y - h / 2 - 12, 13, 600, "center");
    }
    if (tally.atCaddy) {
      const [left, top] = this.upright ? [x + w / 2 + 10, y + h / 2 - 4] : [x, y + h / 2 + 42];
      this.text(`${tally.atCaddy} waiting`, left, top, 13, 600, this.upright ? "left" : "center");
    }
  }

  box(x, y, w, h, colour, line) {
    const g = this.back;
    g.beginPath();
    g.roundRect(x, y, w, h, 9);
    g.fillStyle = this.paper;
    g.fill();
    g.lineWidth = line;
    g.strokeStyle = colour;
    g.stroke();
  }

  paintBackend(tape, backend, tally) {
    const g = this.back;
    const [state, opinion, until] = tape.states[backend - 1];
    const { colour, path } = this.marks[backend - 1];
    const { x, w, pen } = this.card;
    const y = this.rowOf(backend) - this.row / 2 + 5, h = this.row - 10;
    const kinds = state.split(", ").map((one) => tape.kind(one)).filter(Boolean);
    const down = kinds.some((kind) => kind.down);
    if (down) g.setLineDash([7, 6]);
    this.box(x, y, w, h, colour, 3);
    g.setLineDash([]);
    const well = state === "up" || state === this.scene.hidden;
    if (!well) this.hatch(x, y, pen, h, (kinds.find((kind) => kind.down) ?? kinds[0])?.colour ?? this.scene.error);
    g.fillStyle = colour;
    this.stamp(g, path, x + pen + 9, y + 18, 8);
    this.text(tape.nameOf(backend), x + pen + 24, y + 23, 16, 700, "left", w - pen - 32);
    const left = x + pen, room = w - pen - 8;
    const line = (h - 34) / 3;
    const row = (k) => y + 26 + line * k;
    this.text("in truth", left, row(1), 13);
    const told = state === this.scene.hidden ? "find it out" : state;
    this.text(told, left + 90, row(1), well ? 14 : 16, well ? 400 : 700, "left", room - 90);
    const rest = until === null || until < tape.time ? "" : ` ${Math.ceil(until - tape.time)} s`;
    const says = tape.uses(backend) ? opinion + rest : "not in this Caddyfile";
    this.text("Caddy thinks", left, row(2), 13);
    this.text(says, left + 90, row(2), 14, opinion === "healthy" ? 400 : 700, "left", room - 90);
    const share = tape.counts.over ? Math.round((100 * tape.answered[backend - 1]) / tape.counts.over) : 0;
    const failed = tape.failed[backend - 1];
    const tail = failed ? ` · ${failed} failed` : ` · ${share} %`;
    this.text(`${tape.answered[backend - 1]} answered${tail}`, left, row(3), 13, 400, "left", room);
    const inside = tally.inside[backend - 1];
    if (inside && tally.oldest[backend - 1] > 0.5) {
      const words = `${inside}${pen > 100 ? " inside" : ""} · ${tally.oldest[backend - 1].toFixed(0)} s`;
      this.text(words, x + 9, y + h - 8, 12, 700, "left", pen - 14);
    }
  }

  hatch(x, y, w, h, colour) {
    const g = this.back;
    g.save();
    g.beginPath();
    g.roundRect(x + 2, y + 2, w - 10, h - 4, 7);
    g.clip();
    g.globalAlpha = 0.28;
    g.strokeStyle = colour;
    g.lineWidth = 3;
    for (let d = -h; d < w; d += 11) {
      g.beginPath();
      g.moveTo(x + d, y + h);
      g.lineTo(x + d + h, y);
      g.stroke();
    }
    g.restore();
  }
}

const trim = (seconds) => String(Math.round(seconds * 1000) / 1000);
