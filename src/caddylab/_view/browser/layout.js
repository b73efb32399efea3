// Where things stand in the picture, and how outlines are drawn.

export const FLOW = 500; // more dots than this: each dot stands for several
export const CELL = 13;
export const DOT = 5.5;
export const SPRITE = 20;

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
}
