// What the picture shows, in words.

const NTH = ["", "every", "every second", "every third", "every fourth"];

// "a", "a and b", "a, b and c".
const and = (words) => [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(String).join(" and ");
const backends = (some) => some.some((b) => b.own)
  ? and(some.map((b) => b.name))
  : `backend${some.length === 1 ? "" : "s"} ${and(some.map((b) => String(b.number)))}`;
// A name is written as it is, even at the beginning of a sentence.
const capital = (text, some) => some.some((b) => b.own && text.startsWith(b.name)) ? text : text[0].toUpperCase() + text.slice(1);
const MANY = { is: "are", has: "have", was: "were" };
const plural = (what) => what.replace(/^\w+/, (verb) => MANY[verb] ?? verb.replace(/s$/, ""));

// "Backends 1 and 2 were killed": what was done to these backends, each of them named.
function said(some) {
  const kinds = [...new Set(some.map((b) => b.what))].map((what) => {
    const who = some.filter((b) => b.what === what);
    return `${backends(who)} ${who.length === 1 ? what : plural(what)}`;
  });
  return capital(and(kinds), some);
}

// What the picture shows; trouble with the name server comes first, since it cannot be seen.
export function headline(tape, tally) {
  if (tape.closed) return "This lab is closed. The picture shows how it ended.";
  const told = tape.names === "up" ? "" : `The name server ${tape.kind(tape.names)?.now ?? `is ${tape.names}`}. `;
  return told + ofBackends(tape, tally);
}

function ofBackends(tape, tally) {
  const all = tape.states.map(([state, opinion, until], i) => ({
    number: i + 1, name: tape.nameOf(i + 1), own: tape.named.has(i + 1), up: state === "up" || state === tape.scene.hidden, hidden: state === tape.scene.hidden,
    what: tape.kind(state)?.now ?? `is ${state}`,
    trusted: opinion === "healthy", opinion, full: opinion === "full", torn: opinion.includes(" for "),
    mended: tape.mended.has(i + 1), inside: tally.inside[i], oldest: tally.oldest[i],
    left: until === null ? 0 : Math.max(0, until - tape.time),
  })).filter((_, i) => tape.uses(i + 1));
  const { over, nobody } = tape.counts;
  if (!all.length) return "This Caddyfile passes requests on to no backend.";
  if (nobody && nobody === over) return "No handler takes these requests: Caddy answers each with an empty 200.";
  const broken = all.filter((b) => !b.up);
  const stuck = broken.filter((b) => b.inside && b.oldest > 1);
  if (stuck.length) return sayStuck(tape, all, broken, stuck);
  if (all.every((b) => b.opinion === "unknown")) return "Caddy has ended: nobody takes requests.";
  if (all.every((b) => b.full)) return "Every backend is full: Caddy turns requests away itself, with status 503.";
  if (all.every((b) => !b.trusted && !b.torn)) {
    const why = broken.length ? `${said(broken)}. ` : "";
    return `${why}Caddy trusts no backend: it turns requests away itself, with status 503.`;
  }
  const unknown = broken.filter((b) => b.trusted);
  if (unknown.length) return `${said(broken)}, and Caddy thinks ${whom(unknown, broken)} healthy.`;
  return sayKnown(all, broken);
}

// "it is", "they are", or names where not all of `broken` are meant.
function whom(some, broken) {
  const are = some.length === 1 ? "is" : "are";
  if (some.length < broken.length) return `${backends(some)} ${are}`;
  return some.length === 1 ? "it is" : "they are";
}

function sayStuck(tape, all, broken, stuck) {
  const one = stuck.length === 1, trusting = stuck.filter((b) => b.trusted);
  const turns = tape.stage.policy === "round_robin" ? NTH[all.filter((b) => b.trusted).length] : null;
  const gets = one && turns ? `gives it ${turns} request` : `goes on sending ${trusting.length > 1 ? "them" : "it"} requests`;
  const why = trusting.length
    ? `but Caddy thinks ${whom(trusting, stuck)} healthy and ${gets}` : "and Caddy has noticed";
  const inside = stuck.reduce((sum, b) => sum + b.inside, 0);
  const many = inside === 1 ? "One stands still" : `${inside} stand still`;
  const oldest = Math.max(...stuck.map((b) => b.oldest)).toFixed(0);
  const others = broken.filter((b) => !stuck.includes(b));
  const also = others.length ? ` ${said(others)}.` : "";
  return `${said(stuck)}, ${why}. ${many} in ${one ? "it" : "them"}, for up to ${oldest}\u00a0s.${also}`;
}

function sayKnown(all, broken) {
  const torn = all.find((b) => b.torn);
  if (torn) return `Caddy’s proxies do not agree on ${backends([torn])}: it is ${torn.opinion}.`;
  const left = ([b, ...more]) => b.left && !more.length ? ` for another ${Math.ceil(b.left)}\u00a0s` : "";
  if (broken.length) {
    const them = broken.length === 1 ? "it" : "them";
    return `${said(broken)}. Caddy has noticed and leaves ${them} out${left(broken)}.`;
  }
  const out = all.filter((b) => !b.trusted && !b.full), full = all.filter((b) => b.full);
  const who = out.length ? out : full, name = capital(backends(who), who), one = who.length === 1;
  if (out.some((b) => b.hidden)) return `Caddy leaves ${backends(out)} out${left(out)}.`;
  if (out.length && out.every((b) => b.mended)) {
    const remembered = out.every((b) => b.opinion === "failed");
    const still = left(out) || (remembered ? " while it remembers the failure" : " until its next check");
    return `${name} ${one ? "is" : "are"} up again, but Caddy still leaves ${one ? "it" : "them"} out${still}.`;
  }
  if (out.length) {
    const thinks = and([...new Set(out.map((b) => b.opinion))]);
    return `${name} ${one ? "is" : "are"} up, but Caddy leaves ${one ? "it" : "them"} out${left(out)}: ${thinks}.`;
  }
  if (full.length) {
    const they = one ? "it" : "them", have = one ? "it has" : "they have";
    return `${name} ${one ? "is" : "are"} full: Caddy sends ${they} nothing until ${have} answered.`;
  }
  if (all.some((b) => b.hidden)) return "Caddy trusts every backend. Is it right?";
  const many = all.length === 1 ? "The backend is" : all.length === 2 ? "Both backends are" : "All backends are";
  return `${many} up, and Caddy thinks so too.`;
}

export function countsText({ sent, over, ok, pages, errors, nobody, retries }) {
  return [["sent", sent], ["ok", ok], ["pages of Caddy’s own", pages], ["errors", errors],
    ["of them answered by nobody", nobody], ["on the way", sent - over], ["retries", retries]];
}

export const SELDOM = new Set(["pages of Caddy’s own", "of them answered by nobody"]); // only if there are any
