// A request as a dot: its position, its look, and the burst where an attempt fails.

import { Backdrop } from "./backdrop.js";
import { DOT, SPRITE } from "./layout.js";
import { FADE, TRAVEL } from "./where.js";

export class Dots extends Backdrop {
  paintTraveller(tape, request, { road, u, look, leg }) {
    const side = look === "new" || look === "out" ? -6 : 6;
    let [x, y] = this.way(road, u, request.client, tape.clients, side);
    if (side > 0 && request.over - request.sent > 0.5) { // released together: a swarm, not one dot
      const spread = Math.min(1, 4 * u * (1 - u)) * 9;
      x += spread * Math.sin(request.key * 2.4);
      y += spread * Math.cos(request.key * 5.1);
    }
    const answered = look === "back" && !road ? request.by : leg?.backend;
    this.dot(look, x, y, answered, leg?.certain);
  }

  paintQueued(i) {
    const place = this.waiting(i);
    if (place) this.dot("new", ...place);
  }

  paintHeld(leg, backend, k, total) {
    let [x, y] = this.cell(backend, k, total);
    const since = leg.moved ? (performance.now() - leg.moved.at) / 400 : 1;
    if (since < 1) { // Caddy's log has corrected us: it was here all along
      const [x0, y0] = this.cell(leg.moved.from, k, total);
      [x, y] = [x0 + (x - x0) * since, y0 + (y - y0) * since];
    }
    this.dot("held", x, y, backend, leg.certain);
  }

  // Draws a request. Each look is drawn once and then copied, since a thousand copies are cheap.
  dot(look, x, y, backend = 0, certain = true) {
    const name = `${look} ${backend} ${certain}`;
    const sprite = this.sprites.get(name) ?? this.makeSprite(name, look, backend, certain);
    this.front.drawImage(sprite, x - SPRITE / 2, y - SPRITE / 2, SPRITE, SPRITE);
  }

  makeSprite(name, look, backend, certain) {
    const sprite = new OffscreenCanvas(Math.ceil(SPRITE * this.ratio), Math.ceil(SPRITE * this.ratio));
    const g = sprite.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawDot(g, look, backend ? this.marks[backend - 1] : { colour: this.ink, path: this.disc }, certain);
    this.sprites.set(name, sprite);
    return sprite;
  }

  drawDot(g, look, { colour, path }, certain) {
    const middle = SPRITE / 2;
    if (look === "error" || look === "failed" || look === "refusal") {
      g.fillStyle = look === "refusal" ? this.grey : this.scene.error;
      this.stamp(g, this.cross, middle, middle, 7);
      return;
    }
    if (look === "page") {
      g.fillStyle = this.scene.page;
      this.stamp(g, this.sheet, middle, middle, 7);
      return;
    }
    if (look === "nobody") colour = this.scene.error; // a ring, since there is nothing in it
    g.fillStyle = look === "back" ? colour : look === "caddy" ? this.grey : this.paper;
    this.stamp(g, path, middle, middle, DOT);
    if (look === "back") return;
    g.strokeStyle = colour;
    if (!certain) g.setLineDash([0.35, 0.35]);
    this.stamp(g, path, middle, middle, DOT, 2.2);
    if (look === "held" && certain) {
      g.fillStyle = colour;
      this.stamp(g, path, middle, middle, DOT * 0.5);
    }
  }

  paintBurst(backend, since, i) {
    const g = this.front;
    g.globalAlpha = 1 - since;
    g.fillStyle = this.scene.error;
    const spread = ((i * 7) % 5) * 12 - 24;
    this.stamp(g, this.cross, this.card.x + 4, this.rowOf(backend) + spread, 9 + 5 * since);
    g.globalAlpha = 1;
  }

  paintChecks(tape, wide) {
    const g = this.front;
    const far = TRAVEL.far * wide;
    tape.checks = tape.checks.filter(({ time }) => tape.time < time + 2 * far + FADE * wide);
    for (const { time, backend, passed } of tape.checks) {
      const u = (tape.time - time) / far;
      if (u > 1 && !passed) {
        const [x, y] = this.way(backend, 1, 0, 1, 16);
        g.fillStyle = this.scene.error;
        this.stamp(g, this.cross, x - 6, y, 5);
      } else if (u < 2) {
        const [x, y] = this.way(backend, u < 1 ? u : 2 - u, 0, 1, 16);
        g.fillStyle = this.ink;
        this.stamp(g, this.disc, x, y, 2.8);
      }
    }
  }
}
