// The picture at one time of the tape: what moves, and how many requests are where.

import { Dots } from "./dots.js";
import { FLOW } from "./layout.js";
import { legsOf, locate, TRAVEL } from "./where.js";

export class Picture extends Dots {
  // Draws what moves.
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

  // Only some of a crowd are drawn; the others are kept for as long as they could be seen.
  skim(request, time, wide) {
    const ways = 2 * wide * (TRAVEL.near + TRAVEL.far * Math.max(1, request.legs.length));
    if (request.over !== null && time > request.over + ways) return null;
    const leg = request.legs.at(-1);
    const held = leg?.backend && leg.start + wide <= time && time < leg.end && request.over === null;
    return held ? { place: leg.backend, leg } : {};
  }

  // How many requests are where now, according to the records.
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
}

// Scrambled numbers, so that what is drawn of a crowd is not just every second client.
const scatter = (key) => Math.imul(key, 2654435761) >>> 16;
