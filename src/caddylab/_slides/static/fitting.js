// Fits charts to the width there is: beside the live view a notebook is narrow, and a picture of
// fixed width would be cut off on the right. Text keeps its size.

const CHART = "application/vnd.vegalite.v5+json";
const RANK = 57; // that of JupyterLab's own: ahead of pictures, since a chart comes with one
const LEAST = 300; // pixels that a plot needs at least
const FRAME = 130; // pixels for the names beside the plot, until they are measured
const MENU = 46; // pixels for the menu button beside it, with its margins
const MARGINS = MENU + 24; // and for the padding around the picture
const LETTER = 0.56; // the width of a letter, as a fraction of its height
const BOLD = 0.66;
const ENTRY = 8; // letters in a legend's entry
const APART = 8; // pixels between two numbers on an axis
const CALM = 150; // milliseconds for which a width must not change

/** A plugin for JupyterLab; `sharedModule(name)` loads one of JupyterLab's own modules. */
export async function fittingCharts(sharedModule) {
  const { INotebookTracker } = await sharedModule("@jupyterlab/notebook");
  const { MimeModel } = await sharedModule("@jupyterlab/rendermime");
  const { Panel } = await sharedModule("@lumino/widgets");
  const attend = ({ content: { rendermime } }) => {
    const drawn = rendermime.getFactory(CHART);
    if (!drawn || rendermime.caddylabFits) return;
    rendermime.caddylabFits = true;
    const createRenderer = (options) => new (fitting(Panel, MimeModel))(drawn.createRenderer(options));
    rendermime.addFactory({ ...drawn, mimeTypes: [CHART], createRenderer }, RANK);
  };

  return {
    id: "caddylab-slides:fitting",
    description: "Draws charts as wide as the notebook.",
    autoStart: true,
    requires: [INotebookTracker],
    activate(app, tracker) {
      tracker.widgetAdded.connect((_, panel) => attend(panel));
      tracker.forEach(attend);
    },
  };
}

const fitting = (Panel, MimeModel) => class extends Panel {
  constructor(chart) {
    super();
    this.chart = chart;
    this.addClass("caddylab-fitting");
    this.addWidget(chart);
    this.observer = new ResizeObserver(() => this.drawSoon());
    this.observer.observe(this.node);
  }

  dispose() {
    this.observer.disconnect();
    clearTimeout(this.timer);
    super.dispose();
  }

  async renderModel(model) {
    this.model = model;
    await this.draw();
  }

  get room() {
    return this.node.clientWidth;
  }

  drawSoon() {
    if (!this.model || !this.room || this.room === this.drawnIn) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isDisposed || this.draw(), this.drawnIn ? CALM : 0);
  }

  /** Draw with a guess of how wide the names are, and again if the guess was wrong. */
  async draw() {
    const spec = this.model.data[CHART];
    const room = (this.drawnIn = this.room);
    const narrow = room && spec.width > room - FRAME;
    const width = narrow ? room - FRAME : spec.width;
    await this.drawAt(spec, width);
    if (this.isDisposed || room !== this.drawnIn) return; // it is being drawn again already
    const beyond = this.taken - room;
    if (!room || !this.taken || (beyond <= 0 && !narrow)) return;
    if (spec.hconcat) await this.show(below(spec, room - MARGINS));
    else await this.drawAt(spec, Math.min(spec.width, width - beyond));
  }

  get taken() {
    const picture = this.node.querySelector("svg.marks");
    return picture && Number(picture.getAttribute("width")) + MENU;
  }

  drawAt(spec, width) {
    return this.show(fitted(spec, Math.max(LEAST, width), this.room - MARGINS));
  }

  async show(spec) {
    const data = { ...this.model.data, [CHART]: spec };
    await this.chart.renderModel(new MimeModel({ data, metadata: this.model.metadata, trusted: true }));
  }
};

/** Two pictures, one below the other, whose titles fit the width. */
function below({ hconcat, ...spec }, room) {
  const narrow = (part) => part.title?.text
    ? { ...part, title: wrapped(part.title, { ...spec.config?.title, ...part.title }, room) }
    : part;
  return { ...narrow(spec), vconcat: hconcat.map(narrow) };
}

/** The specification of a chart with a plot of this width, in this much room. */
export function fitted(spec, width, room) {
  if (!(width < spec.width)) return spec;
  const { axis = {}, title = {}, legend = {} } = spec.config ?? {};
  const moved = spec.usermeta?.ownWidth ? cut(spec, width) : pixels(spec, spec.width / 2, spec.width - width);
  return {
    ...moved,
    width,
    title: spec.title?.text ? wrapped(spec.title, title, room) : spec.title,
    config: {
      ...spec.config,
      axis: { ...axis, labelSeparation: APART },
      legend: { ...legend, columns: columns(legend, room) },
    },
  };
}

const columns = ({ labelFontSize = 14 }, room) => Math.max(1, Math.floor(room / (labelFontSize * ENTRY)));

/** Move positions in pixels along with the right edge, if they are in the plot's right half. */
function pixels(part, half, by) {
  if (Array.isArray(part)) return part.map((each) => pixels(each, half, by));
  if (!part || typeof part !== "object") return part;
  const entries = Object.entries(part).map(([name, value]) => {
    if (name === "data" || name === "datasets") return [name, value];
    return [name, name === "x" || name === "x2" ? shifted(value, half, by) : pixels(value, half, by)];
  });
  return withData(Object.fromEntries(entries), half, by);
}

/** The same for a plot that may be narrower than there is room: its axis ends where the room does. */
function cut(part, width) {
  if (Array.isArray(part)) return part.map((each) => cut(each, width));
  if (!part || typeof part !== "object") return part;
  const ends = ([name, value]) => {
    if (name === "data" || name === "datasets") return [name, value];
    if (name !== "x" || !Array.isArray(value?.scale?.range)) return [name, cut(value, width)];
    const range = value.scale.range.map((pixel) => Math.min(pixel, width));
    return [name, { ...value, scale: { ...value.scale, range } }];
  };
  return Object.fromEntries(Object.entries(part).map(ends));
}

/** Move the positions in pixels that are in the data, too. */
function withData(part, half, by) {
  const { x, x2 } = part.encoding ?? {};
  if (x?.scale !== null) return part;
  const fields = [x.field, x2?.field].filter(Boolean);
  const moves = fields.map((name) => ({
    calculate: `datum['${name}'] > ${half} ? datum['${name}'] - ${by} : datum['${name}']`, as: name,
  }));
  return { ...part, transform: [...(part.transform ?? []), ...moves] };
}

function shifted(x, half, by) {
  const move = (pixel) => (typeof pixel === "number" && pixel > half ? pixel - by : pixel);
  if (typeof x?.value === "number") return { ...x, value: move(x.value) };
  if (Array.isArray(x?.scale?.range)) return { ...x, scale: { ...x.scale, range: x.scale.range.map(move) } };
  return x;
}

function wrapped(title, { fontSize = 19, subtitleFontSize = 14 }, room) {
  return {
    ...title,
    text: lines(title.text, room / (fontSize * BOLD)),
    subtitle: title.subtitle && lines(title.subtitle, room / (subtitleFontSize * LETTER)),
  };
}

/** The same text in as few lines as possible, all about as long, of at most `longest` letters. */
function lines(text, longest) {
  const given = [text].flat();
  if (given.every((line) => line.length <= longest)) return text;
  const words = given.join(" ").split(" ");
  const fewest = broken(words, longest).length;
  let width = longest;
  while (width > 20 && broken(words, width - 1).length === fewest) width -= 1;
  return broken(words, width);
}

function broken(words, longest) {
  const made = [];
  for (const word of words) {
    const longer = made.length ? `${made.at(-1)} ${word}` : word;
    if (made.length && longer.length <= longest) made[made.length - 1] = longer;
    else made.push(word);
  }
  return made;
}
