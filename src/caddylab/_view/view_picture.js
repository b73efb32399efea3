// --- the picture ------------------------------------------------------------------------------

const FONT = 'system-ui, "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif';
const FLOW = 500; // more dots than this: each dot stands for several
const CELL = 13, DOT = 5.5, SPRITE = 20;

class Picture {
  constructor(scene, back, front) {
    this.scene = scene;
    this.marks = scene.marks.map(([colour, path]) => ({ colour, path: new Path2D(path) }));
    this.cross = new Path2D(scene.cross);
    this.sheet = new Path2D(scene.sheet);
    this.disc = new Path2D("M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z");
    this.layers = [back, front];
    [this.back, this.front] = this.layers.map((canvas) => canvas.getContext("2d"));
  }

  // Lay out for so many CSS pixels; `zoom` is the projector's enlargement.
  resize(width, zoom) {
    const n = this.marks.length;
    this.row = n <= 3 ? 122 : n <= 6 ? 104 : 92;
    this.width = width / zoom;
    this.height = Math.max(200, n * this.row + 12);
    const narrow = this.width < 700;
    this.card = { w: narrow ? 252 : 328, pen: narrow ? 64 : 128 };
    this.card.x = this.width - this.card.w - 2;
    this.client = { x: 44, y: this.height / 2 };
    this.caddy = { w: narrow ? 96 : 132, h: 112, y: this.height / 2 };
    this.caddy.x = (this.client.x + this.card.x) / 2 - 10;
    const ratio = this.ratio = (window.devicePixelRatio || 1) * zoom;
    this.sprites = new Map();
    for (const canvas of this.layers) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    return this.height * zoom;
  }

  rowOf(backend) {
    return (this.height - this.marks.length * this.row) / 2 + (backend - 0.5) * this.row;
  }

  clientAt(client, clients) {
    const shown = Math.min(clients, 8);
    const gap = Math.min(34, (this.height - 60) / shown);
    return this.client.y + ((client % shown) - (shown - 1) / 2) * gap;
  }

  // A point of a way, from left (u = 0) to right (1); those who return keep to their own side.
  way(road, u, client, clients, side) {
    const from = road ? this.caddy.x + this.caddy.w / 2 : this.client.x + 16;
    const to = road ? this.card.x : this.caddy.x - this.caddy.w / 2;
    const y0 = road ? this.caddy.y : this.clientAt(client, clients);
    const y1 = road ? this.rowOf(road) : this.caddy.y;
    const s = u * u * (3 - 2 * u);
    return [from + (to - from) * u, y0 + (y1 - y0) * s + side];
  }

  // Where dot number i of so many stands in a backend; they stand closer when they are many.
  cell(backend, i, total) {
    const w = this.card.pen - 12, h = this.row - 46;
    let step = CELL;
    while (Math.floor(w / step) * Math.floor(h / step) < total && step > 1) step *= 0.95;
    const across = Math.floor(w / step);
    const x = this.card.x + 12 + (i % across) * step;
    return [x, this.rowOf(backend) - this.row / 2 + 17 + Math.floor(i / across) * step];
  }

  // `most` is the room there is: longer words are set narrower.
  text(words, x, y, size = 13, weight = 400, align = "left", most = 999) {
    const g = this.back;
    g.font = `${weight} ${size}px ${FONT}`;
    g.textAlign = align;
    g.fillStyle = this.ink;
    g.fillText(words, x, y, most);
  }

  // What changes seldom: Caddy, the clients, the backends and the roads between them.
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
    for (let u = 0; u <= 1.0001; u += 0.05) g.lineTo(...this.way(backend, u, 0, 1, 0));
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
      const y = this.clientAt(k, tape.clients);
      g.beginPath();
      for (let u = 0; u <= 1.0001; u += 0.1) g.lineTo(...this.way(0, u, k, tape.clients, 0));
      g.globalAlpha = 0.4;
      g.stroke();
      g.globalAlpha = 1;
      g.fillStyle = this.ink;
      g.beginPath();
      g.arc(this.client.x, y - 7, 5.5, 0, 7);
      g.fill();
      g.beginPath();
      g.arc(this.client.x, y + 9, 9.5, Math.PI, 0);
      g.fill();
    }
    const words = tape.clients === 1 ? "client" : `${tape.clients} clients`;
    this.text(words, this.client.x, this.clientAt(shown - 1, tape.clients) + 28, 13, 400, "center");
  }

  paintCaddy(tape, tally) {
    const g = this.back;
    const { x, y, w, h } = this.caddy;
    this.box(x - w / 2, y - h / 2, w, h, this.ink, 2.5);
    this.text("Caddy", x, y - 30, 18, 700, "center", w - 8);
    const { policy, health_interval: check, fail_duration: memory } = tape.stage;
    this.text(policy ?? "", x, y - 9, 13, 400, "center", w - 8);
    const asks = check ? `checks every ${trim(check)} s` : "no health checks";
    this.text(asks, x, y + 9, 12, 400, "center", w - 8);
    const keeps = memory ? `remembers for ${trim(memory)} s` : "forgets failures";
    this.text(keeps, x, y + 26, 12, 400, "center", w - 8);
    if (tally.each > 1) this.text(`1 dot = ${tally.each} requests`, x, y - h / 2 - 12, 13, 600, "center");
    if (tally.atCaddy) this.text(`${tally.atCaddy} waiting`, x, y + h / 2 + 42, 13, 600, "center");
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
    const down = /stopped|crashed|killed|died/.test(state);
    if (down) g.setLineDash([7, 6]);
    this.box(x, y, w, h, colour, 3);
    g.setLineDash([]);
    const well = state === "up" || state === HIDDEN;
    if (!well) this.hatch(x, y, pen, h, down ? this.grey : this.scene.error);
    g.fillStyle = colour;
    this.stamp(g, path, x + pen + 9, y + 18, 8);
    this.text(`backend ${backend}`, x + pen + 24, y + 23, 16, 700);
    const left = x + pen, room = w - pen - 8;
    const line = (h - 34) / 3;
    const row = (k) => y + 26 + line * k;
    this.text("in truth", left, row(1), 13);
    const told = state === HIDDEN ? "find it out" : state;
    this.text(told, left + 62, row(1), well ? 14 : 16, well ? 400 : 700, "left", room - 62);
    const rest = until === null || until < tape.time ? "" : ` ${Math.ceil(until - tape.time)} s`;
    const says = tape.uses(backend) ? opinion + rest : "not in this Caddyfile";
    this.text("to Caddy", left, row(2), 13);
    this.text(says, left + 62, row(2), 14, opinion === "healthy" ? 400 : 700, "left", room - 62);
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

  stamp(g, path, x, y, size, stroke) {
    g.save();
    g.translate(x, y);
    g.scale(size, size);
    if (stroke) {
      g.lineWidth = stroke / size;
      g.stroke(path);
    } else g.fill(path);
    g.restore();
  }

  colours(ink, paper) {
    if (ink === this.ink && paper === this.paper) return;
    Object.assign(this, { ink, paper, grey: this.scene.caddy, sprites: new Map() });
  }

  // What moves.
  paintFront(tape, tally, wide, still) {
    const g = this.front;
    const { time } = tape;
    g.clearRect(0, 0, this.width, this.height);
    const bursts = [];
    const pens = this.marks.map(() => []);
    let queued = 0;
    for (const request of tape.active) {
      const crowd = tally.each > 1 && scatter(request.key) % tally.each;
      const rare = request.over !== null && request.outcome !== "ok";
      const at = crowd && !rare ? this.skim(request, time, wide) :
        locate(request, time, wide, (backend, since) => bursts.push([backend, since]));
      if (at === null) tape.active.delete(request);
      else if (at.place > 0) pens[at.place - 1].push(at.leg);
      else if (still || at.place === -1) continue;
      else if (at.place === 0) this.paintQueued(queued++);
      else if (at.road !== undefined) this.paintTraveller(tape, request, at);
    }
    pens.forEach((legs, i) => legs.forEach((leg, k) => this.paintHeld(leg, i + 1, k, legs.length)));
    bursts.forEach(([backend, since], i) => this.paintBurst(backend, since, i));
    if (!still) this.paintChecks(tape, wide);
  }

  // Of a crowd only some are drawn; the others are kept for as long as they could be seen.
  skim(request, time, wide) {
    const ways = 2 * wide * (TRAVEL.near + TRAVEL.far * Math.max(1, request.legs.length));
    if (request.over !== null && time > request.over + ways) return null;
    const leg = request.legs.at(-1);
    const held = leg?.backend && leg.start + wide <= time && time < leg.end && request.over === null;
    return held ? { place: leg.backend, leg } : {};
  }

  // What is where now, by the records.
  tally(tape, wide) {
    const zeros = () => this.marks.map(() => 0);
    const tally = { inside: zeros(), oldest: zeros(), atCaddy: 0, unsure: 0 };
    const { time } = tape;
    for (const request of tape.active) {
      if (request.over !== null && request.over <= time) continue;
      const leg = legsOf(request).findLast((leg) => leg.start <= time);
      if (!leg?.backend || leg.end <= time) {
        if (time - request.sent > 0.3) tally.atCaddy++;
        continue;
      }
      const i = leg.backend - 1;
      if (leg.end === Infinity && !leg.certain) tally.unsure++;
      tally.inside[i]++;
      tally.oldest[i] = Math.max(tally.oldest[i], time - leg.start);
    }
    const held = tally.inside.reduce((sum, n, i) => sum + (tally.oldest[i] > wide ? n : 0), 0);
    tally.each = Math.max(1, Math.ceil((tape.active.size - held) / FLOW));
    tally.rates = tape.lately.map((times) => {
      while (times.length && times[0] < time - 1) times.shift();
      return times.length;
    });
    return tally;
  }

  paintTraveller(tape, request, { road, u, look, leg }) {
    const side = look === "new" || look === "out" ? -6 : 6;
    let [x, y] = this.way(road, u, request.client, tape.clients, side);
    if (side > 0 && request.over - request.sent > 0.5) { // set free together: a swarm, no single dot
      const spread = Math.min(1, 4 * u * (1 - u)) * 9;
      x += spread * Math.sin(request.key * 2.4);
      y += spread * Math.cos(request.key * 5.1);
    }
    const answered = look === "back" && !road ? request.by : leg?.backend;
    this.dot(look, x, y, answered, leg?.certain);
  }

  paintQueued(i) {
    const { x, y, w, h } = this.caddy;
    const across = Math.floor(w / CELL);
    if (i < 2 * across) {
      this.dot("new", x - w / 2 + CELL * (0.6 + (i % across)), y + h / 2 + 10 + CELL * Math.floor(i / across));
    }
  }

  paintHeld(leg, backend, k, total) {
    let [x, y] = this.cell(backend, k, total);
    const since = leg.moved ? (performance.now() - leg.moved.at) / 400 : 1;
    if (since < 1) { // the log has told better: it was here all the time
      const [x0, y0] = this.cell(leg.moved.from, k, total);
      [x, y] = [x0 + (x - x0) * since, y0 + (y - y0) * since];
    }
    this.dot("held", x, y, backend, leg.certain);
  }

  // A request. Each look is drawn once and then copied: a thousand copies are cheap.
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
    if (look === "nobody") colour = this.scene.error; // a ring: nothing is in it
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

// Numbers in no order, so that of a crowd not only every second client is drawn.
const scatter = (key) => Math.imul(key, 2654435761) >>> 16;

const trim = (seconds) => String(Math.round(seconds * 1000) / 1000);
