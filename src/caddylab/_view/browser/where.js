// Where a request is at a given time.

export const TRAVEL = { near: 0.28, far: 0.42 }; // seconds for the eye: client-Caddy, Caddy-backend
const LEFT = new Set(["timeout", "cancelled"]); // the client went away: no answer travels back
export const FADE = 0.8;

export function legsOf(request) {
  if (request.legs.length || !request.by || request.over === null) return request.legs;
  // The answer says who gave it; Caddy's log does not yet.
  return [{ start: request.sent, end: request.over, backend: request.by, error: "", certain: true }];
}

// Where the dot is at `time`; null once it is back home. `wide` stretches the journeys, since what
// takes milliseconds must be seen, but not the waiting. `burst` is called for failed attempts.
export function locate(request, time, wide, burst) {
  const near = TRAVEL.near * wide, far = TRAVEL.far * wide;
  const { outcome, over } = request;
  const gone = over !== null && LEFT.has(outcome);
  let clock = request.sent;
  if (time < clock + near) return { road: 0, u: (time - clock) / near, look: "new" };
  clock += near;
  for (const leg of legsOf(request)) {
    const { backend } = leg;
    clock = Math.max(clock, leg.start);
    if (time < clock) return { place: 0 };
    if (!backend) continue;
    if (time < clock + far) return { road: backend, u: (time - clock) / far, look: "out", leg };
    const end = over === null ? leg.end : Math.min(leg.end, over);
    clock = Math.max(clock + far, end);
    if (time < clock) return { place: backend, leg };
    const since = (time - clock) / (FADE * wide);
    if ((leg.error || gone) && since < 1) burst(backend, since);
    if (gone) return since < 1 ? { place: -1 } : null;
    if (time < clock + far) {
      const look = leg.error ? "failed" : outcome === undefined || outcome === "ok" ? "back" : "error";
      return { road: backend, u: 1 - (time - clock) / far, look, leg };
    }
    clock += far;
  }
  if (over === null || time < over) return { place: 0 };
  clock = Math.max(clock, over);
  if (gone || time >= clock + near) return null;
  return { road: 0, u: 1 - (time - clock) / near, look: request.look };
}
