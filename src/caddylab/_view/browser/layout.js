// Where things are in the picture, and how outlines are drawn.

export const FLOW = 500; // with more dots than this, each stands for several
export const CELL = 13;
export const DOT = 5.5;
export const SPRITE = 20;
const UPRIGHT = 560; // in pixels; narrower pictures go from top to bottom
const LANE = 9, LANES = 4; // roads side by side where they run along the edge

const smooth = (u) => u * u * (3 - 2 * u);

export class Layout {
  constructor(scene, back, front) {
    this.scene = scene;
    this.marks = scene.marks.map(([colour, path]) => ({ colour, path: new Path2D(path) }));
    this.cross = new Path2D(scene.cross);
    this.sheet = new Path2D(scene.sheet);
    this.disc = new Path2D("M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z");
    this.layers = [back, front];
    [this.back, this.front] = this.layers.map((canvas) => canvas.getContext("2d"));
  }

  // Lays it all out for a width in CSS pixels; `zoom` is the enlargement for a projector.
  resize(width, zoom) {
    const n = this.marks.length;
    this.row = n <= 3 ? 122 : n <= 6 ? 104 : 92;
    this.width = width / zoom;
    this.upright = this.width < UPRIGHT;
    if (this.upright) this.standUpright(n);
    else this.lieFlat(n);
    const ratio = this.ratio = (window.devicePixelRatio || 1) * zoom;
    this.sprites = new Map();
    for (const canvas of this.layers) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    return this.height * zoom;
  }

  // From left to right: clients, Caddy, backends.
  lieFlat(n) {
    this.height = Math.max(200, n * this.row + 12);
    const narrow = this.width < 700;
    this.card = { w: narrow ? 252 : 328, pen: narrow ? 64 : 128 };
    this.card.x = this.width - this.card.w - 2;
    this.card.top = (this.height - n * this.row) / 2;
    this.client = { x: 44, y: this.height / 2 };
    this.caddy = { w: narrow ? 96 : 132, h: 112, y: this.height / 2 };
    this.caddy.x = (this.client.x + this.card.x) / 2 - 10;
  }

  // From top to bottom, for a narrow place beside a notebook; the roads run along the left edge.
  standUpright(n) {
    const left = 20 + LANE * Math.min(n, LANES);
    this.card = { x: left, w: this.width - left - 2, pen: Math.min(96, this.width * 0.2), top: 188 };
    this.height = this.card.top + n * this.row + 4;
    this.caddy = { w: 132, h: 104, x: this.width / 2, y: 124 };
    this.client = { x: this.width / 2, y: 24 };
  }

  rowOf(backend) {
    return this.card.top + (backend - 0.5) * this.row;
  }

  clientAt(client, clients) {
    const shown = Math.min(clients, 8);
    const along = (client % shown) - (shown - 1) / 2;
    if (this.upright) return [this.client.x + along * Math.min(34, (this.width - 190) / shown), this.client.y];
    return [this.client.x, this.client.y + along * Math.min(34, (this.height - 60) / shown)];
  }

  // A point on a road, from the clients' end (u = 0) to the other end (1); answers keep to their
  // own side.
  way(road, u, client, clients, side) {
    if (this.upright) return road ? this.alongTheEdge(road, u, side) : this.downwards(u, client, clients, side);
    const [x0, y0] = road ? [this.caddy.x + this.caddy.w / 2, this.caddy.y] : this.clientAt(client, clients);
    const from = road ? x0 : x0 + 16;
    const to = road ? this.card.x : this.caddy.x - this.caddy.w / 2;
    const y1 = road ? this.rowOf(road) : this.caddy.y;
    return [from + (to - from) * u, y0 + (y1 - y0) * smooth(u) + side];
  }

  downwards(u, client, clients, side) {
    const [x, y] = this.clientAt(client, clients);
    const to = this.caddy.y - this.caddy.h / 2;
    return [x + (this.caddy.x - x) * smooth(u) + side, y + 14 + (to - y - 14) * u];
  }

  alongTheEdge(road, u, side) {
    const lane = this.card.x - 14 - LANE * ((road - 1) % LANES);
    const y = this.caddy.y, row = this.rowOf(road);
    const way = [this.caddy.x - this.caddy.w / 2 - lane, row - y, this.card.x - lane];
    let left = u * (way[0] + way[1] + way[2]);
    if (left < way[0]) return [lane + way[0] - left, y + side];
    if ((left -= way[0]) < way[1]) return [lane - side, y + left];
    return [lane + left - way[1], row + side];
  }

  // The position of the i-th request waiting at Caddy; null if there is no more room.
  waiting(i) {
    const { x, y, w, h } = this.caddy;
    const across = Math.floor((this.upright ? (this.width - w) / 2 - 12 : w) / CELL);
    if (i >= across * (this.upright ? 5 : 2)) return null;
    const [column, line] = [CELL * (0.6 + (i % across)), CELL * Math.floor(i / across)];
    return this.upright ? [x + w / 2 + 6 + column, y - 22 + line] : [x - w / 2 + column, y + h / 2 + 10 + line];
  }

  // The position of dot i of `total` in a backend; the more there are, the closer they are.
  cell(backend, i, total) {
    const w = this.card.pen - 12, h = this.row - 46;
    let step = CELL;
    while (Math.floor(w / step) * Math.floor(h / step) < total && step > 1) step *= 0.95;
    const across = Math.floor(w / step);
    const x = this.card.x + 12 + (i % across) * step;
    return [x, this.rowOf(backend) - this.row / 2 + 17 + Math.floor(i / across) * step];
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
    const pale = isDark(paper) ? 0.3 : 0; // a blue line would be hard to see on dark paper
    this.marks.forEach((mark, i) => (mark.colour = mixed(this.scene.marks[i][0], pale)));
  }
}

const channels = (colour) => colour.startsWith("#")
  ? [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16))
  : colour.match(/[\d.]+/g).slice(0, 3).map(Number);

function isDark(paper) {
  const [red, green, blue] = channels(paper);
  return 0.299 * red + 0.587 * green + 0.114 * blue < 110;
}

// The colour mixed with this share of white.
function mixed(colour, white) {
  if (!white) return colour;
  return `rgb(${channels(colour).map((c) => Math.round(c + (255 - c) * white)).join()})`;
}
