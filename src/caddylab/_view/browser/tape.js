// The tape holds what happened (see tape.py). Where a dot is drawn depends only on the facts about
// its request and on the clock; so the same code shows a lab live, in slow motion, and rewound.

const MOST = 150000; // events kept; older runs are dropped

export class Tape {
  constructor(scene) {
    this.scene = scene;
    this.backends = scene.marks.length;
    this.who = scene.who; // who may have answered: Python's `Answerer`
    this.clear();
  }

  // The fault that comes first in a state; Python's table of faults is in the scene.
  kind(state) {
    return this.scene.faults[state.split(/[ ,]/)[0]];
  }

  clear() {
    this.events = [];
    this.requests = new Map();
    this.complete = false; // whether its lab is closed, so that nothing more will happen
    this.crowds = [[-Infinity, 1]]; // when a run began, and how many clients it has
    this.rewind();
  }

  rewind() {
    this.cursor = 0;
    this.time = -Infinity;
    this.active = new Set();
    this.checks = [];
    this.stage = {};
    this.names = "up"; // the lab's name server
    this.closed = false; // whether the lab is
    this.states = Array.from({ length: this.backends }, () => ["up", "healthy", null]);
    this.mended = new Set(); // backends that are up again but that Caddy does not use yet
    this.restart();
    for (const request of this.requests.values()) Object.assign(request, { tries: 0, told: null, last: null, broken: false });
  }

  restart() {
    const none = () => new Array(this.backends).fill(0);
    this.lap = (this.lap ?? 0) + 1;
    this.counts = { sent: 0, over: 0, ok: 0, pages: 0, errors: 0, nobody: 0, retries: 0 };
    this.answered = none();
    this.failed = none();
    this.lately = Array.from({ length: this.backends }, () => []);
  }

  // How many clients the run has that was the last to begin.
  get clients() {
    return this.crowds.findLast(([began]) => began <= this.time)?.[1] ?? this.crowds[0][1];
  }

  // A backend's name: the one in its Caddyfile, or its number.
  nameOf(backend) {
    return this.named.get(backend) ?? `backend ${backend}`;
  }

  get named() {
    return new Map(this.stage.names ?? []);
  }

  // Whether Caddy may send requests to that backend at all.
  uses(backend) {
    return this.stage.used?.includes(backend) ?? true;
  }

  get end() {
    return this.events.length ? this.events[this.events.length - 1][1] : 0;
  }

  add(events) {
    for (const event of events) {
      this.learn(event);
      let i = this.events.length;
      while (i > 0 && this.events[i - 1][1] > event[1]) i--;
      if (i === this.events.length) this.events.push(event);
      else this.events.splice(i, 0, event);
      if (i < this.cursor) {
        this.cursor++;
        this.pass(event, true); // it became known only after its time
      }
    }
  }

  // Takes in what an event says about a request, whatever the time on the clock.
  learn([letter, time, key, ...rest]) {
    if (letter === "z") this.complete = true;
    if (letter === "s") {
      this.requests.set(key, { key, client: rest[0], sent: time, legs: [], tries: 0, over: null });
      const crowd = this.crowds.findLast(([began]) => began <= time);
      crowd[1] = Math.max(crowd[1], rest[0] + 1);
    }
    if (letter === "g") this.crowds.push([time, this.active.size ? this.clients : 1]);
    const request = this.requests.get(key);
    if (!request) return;
    if (letter === "a") this.assign(request, time, rest[0], rest[1]);
    if (letter === "r") {
      const [start, backend, status, error] = rest;
      if (request.legs.at(-1)?.end === Infinity) request.legs.pop();
      request.legs.push({ start, end: time, backend, status, error, certain: true });
    }
    if (letter === "d") {
      [request.outcome, request.status, request.by, request.who] = rest;
      request.over = time;
      request.look = this.answerLook(request);
    }
  }

  answerLook({ outcome, by, who }) {
    const { CADDY, NOBODY, NO_BACKEND } = this.who;
    if (who === NO_BACKEND) return "refusal";
    if (outcome === "ok") return by ? "back" : who === CADDY ? "page" : "caddy";
    return who === NOBODY ? "nobody" : "error";
  }

  assign(request, start, backend, certain) {
    const last = request.legs.at(-1);
    const open = last?.end === Infinity ? request.legs.pop() : null;
    if (backend === null) return;
    const moved = open && open.backend !== backend ? { from: open.backend, at: performance.now() } : null;
    request.legs.push({ start, end: Infinity, backend, error: "", certain, moved });
  }

  // Moves the clock: passes every event up to `time`.
  seek(time) {
    if (time < this.time) this.rewind();
    this.time = time;
    while (this.cursor < this.events.length && this.events[this.cursor][1] <= time) {
      this.pass(this.events[this.cursor++]);
    }
  }

  pass([letter, time, key, ...rest], late = false) {
    const request = this.requests.get(key);
    if (letter === "g" && this.counts.sent === this.counts.over) this.restart();
    if (letter === "s") {
      this.counts.sent++;
      this.active.add(request);
    }
    if (letter === "r" && request) this.passAttempt(request, time, rest);
    if (letter === "d" && request) this.passAnswer(request, rest);
    if (letter === "b") this.passChange(key, rest);
    if (letter === "l") this.stage = key;
    if (letter === "z") this.closed = true;
    if (letter === "n") this.names = key;
    if (letter === "c") this.checks.push({ time: late ? this.time : time, backend: key, passed: rest[0] });
  }

  passChange(backend, [state, opinion, until]) {
    const [before, thought] = this.states[backend - 1];
    this.states[backend - 1] = [state, opinion, until];
    if (state !== "up" || opinion === "healthy") this.mended.delete(backend);
    else if (before !== "up" && thought !== "healthy") this.mended.add(backend);
  }

  passAttempt(request, time, [, backend, , error]) {
    if (++request.tries > 1) {
      this.counts.retries++;
      this.blame(request.last); // its answer was not passed on
    }
    request.last = backend ? { backend } : null;
    if (!backend) return;
    if (error) this.blame(request.last);
    this.lately[backend - 1].push(time);
  }

  // Counts an attempt as failed, once.
  blame(attempt) {
    if (!attempt || attempt.blamed) return false;
    this.failed[attempt.backend - 1]++;
    return (attempt.blamed = true);
  }

  // Notes the end of a request; called again when Caddy's log knows better who answered.
  passAnswer(request, answer) {
    if (request.told && request.lap !== this.lap) return; // of a run that no longer counts
    if (request.told) this.count(request.told, -1);
    if (request.broken) this.failed[request.last.backend - 1]--;
    if (request.broken) request.last.blamed = false;
    this.count(answer, 1);
    const [outcome, , by] = answer;
    const broken = outcome !== "ok" && !by && this.blame(request.last); // off in the middle
    Object.assign(request, { told: answer, lap: this.lap, broken });
  }

  count([outcome, , by, who], n) {
    this.counts.over += n;
    this.counts[outcome !== "ok" ? "errors" : who === this.who.CADDY ? "pages" : "ok"] += n;
    if (who === this.who.NOBODY) this.counts.nobody += n;
    if (by) this.answered[by - 1] += n;
  }

  // Forgets finished runs once the tape is too long, but never while requests are open.
  prune() {
    if (this.events.length < MOST || this.counts.sent > this.counts.over) return;
    this.events.splice(0, this.cursor);
    this.cursor = 0;
    this.requests.clear();
    this.active.clear();
  }
}
