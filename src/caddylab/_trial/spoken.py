"""The advice in words: what to write, what was proved by it, and what no line can mend."""

from __future__ import annotations

from collections.abc import Iterator

from caddylab._caddy.adapted.sites import PERHAPS
from caddylab._look.compared import CHANGED, GONE, SAME, ComparedLine
from caddylab._trial.advice import Proved
from caddylab._trial.edits import TRANSPORT
from caddylab._trial.ladders import Addition, longer
from caddylab._trial.reasons import RESET
from caddylab._trial.report import Rehearsal
from caddylab._trial.search import Mended
from caddylab._trial.spare import BLOCK, NAME
from caddylab._trial.text import HARD, USUAL, compared, paragraph, short

NOTHING = "Nothing that is written in a `reverse_proxy` mends any of this."
LIMITS, DIAL = ("response_header_timeout", "read_timeout"), "dial_timeout"
CHECKED = "health_uri /"
MEMORY, MOST = "fail_duration", "max_fails"
FORGETS = (
    "as long as Caddy remembers a failure, it leaves that backend out even if it is back already, "
    "and after a rolling restart it may leave out all of them."
)
SPARES = (
    "is for everybody else: without it a single request of a page that is too slow, or fails, on "
    "every upstream would leave out all of them."
)


def busy(report: Rehearsal) -> str:
    """How far the results can be relied on; empty if nothing disturbed them."""
    if not report.busy:
        return ""
    return (
        f"This machine was busy: work took {report.slowness:.1f} times as long as it would have "
        "alone. Do not rely on the slowest times, on what timeouts did, or on advice that follows "
        "from them: try again when it is quiet."
    )


def about_routes(report: Rehearsal) -> str:
    """What the list of the routes leaves open; empty if nothing."""
    said = []
    if any(route.endswith(PERHAPS) for route in report.routes):
        said.append(f"{PERHAPS}: the lab cannot foresee whether a condition there holds.")
    if report.others:
        said.append(f"No upstream, so nothing to try: {', '.join(report.others)}.")
    return " ".join(said)


def advice(report: Rehearsal, columns: int = USUAL) -> str:
    """What to write, where, and what was proved by it, for so many columns."""
    given = report.advice
    if given is None:
        return report.unadvised
    parts = [_lines(report, given), _proofs(given)] if given.mends else [NOTHING]
    if given.rows:
        before = [report.rows[name] for name in given.rows]
        parts.append(compared(before, given.rows.values(), columns))
    parts += [*_costs(report, given), *_reasons(given), *_spare(report, given)]
    return "\n\n".join(filter(None, parts))


def _lines(report: Rehearsal, given: Proved) -> str:
    """The block as it will read."""
    gone = ", - gone" if any(one.mark == GONE for one in given.block) else ""
    said = [paragraph(
        f"ADVICE: let the `{_directive(given)}` in line {given.line} of {report.subject.name} read "
        f"like this (+ new, ~ changed{gone}), all of it tried:"
    ), ""]  # fmt: skip
    for one in given.block:
        opens = one.text.replace(" {", "", 1) == one.was  # nothing but the block is new
        was = f"    # was: {one.was.strip()}" if one.mark == CHANGED and not opens else ""
        number = "" if one.number is None else str(one.number)
        said.append(f"{number:>4} {one.mark} {one.text.expandtabs(4)}{was}".rstrip())
    return "\n".join(said)


def _directive(given: Proved) -> str:
    """What the statement is called: `reverse_proxy`, or `php_fastcgi`."""
    return next((word for one in given.block for word in one.text.split()[:1]), "reverse_proxy")


def _proofs(given: Proved) -> str:
    """Which lines are for which row, and what they did on their own, or beside the others."""
    said = ["What each row needs of it, and what that did by itself:"]
    said += [_proof(given, mended) for mended in given.found if mended.step]
    if more := [mended.more for mended in given.found if mended.more]:
        said.append("And with all of that in place, what did more (it was not tried by itself):")
        said += [_proof(given, mended) for mended in more]
    return "\n".join(said)


def _proof(given: Proved, mended: Mended) -> str:
    latest = {a.option.name: a for a in mended.step if _is_new(given, a)}
    names = ", ".join(f"`{a.option}`".replace(" ", HARD) for a in latest.values())
    after = mended.alone or mended.before
    tried = f"{short(mended.before)} → {short(after)}".replace("→ ", f"→{HARD}")
    text = f"{mended.row}: {tried} in {mended.tries} runs, by {names}"
    return paragraph(text, "  ").replace(HARD, " ")


def _costs(report: Rehearsal, given: Proved) -> Iterator[str]:
    """What to consider before writing these lines, and what they make worse."""
    if given.worse:
        yield paragraph(f"It has a price: {'; '.join(_prices(given))}.")
    if given.by_chance:
        rows = ", ".join(given.by_chance)
        yield paragraph(f"{rows}: worse this once, and not when tried again: chance.")
    if reset := [name for name in _no_longer_well(report, given) if given.rows[name].reset]:
        yield paragraph(f"{', '.join(reset)}: {RESET}")
    if hardly := [name for name in _no_longer_well(report, given) if name not in reset]:
        yield paragraph(f"{', '.join(hardly)}: all well before and not quite now, by so little "
                        "that it may be chance.")  # fmt: skip
    for one in given.block:
        if one.mark == CHANGED and one.text.split()[:1] == [MEMORY] and _shorter(one):
            yield paragraph(f"`{one.text.strip()}` is shorter than yours: {FORGETS}")
        if one.mark not in (SAME, GONE) and one.text.split()[:1] == [MOST]:
            yield paragraph(f"`{one.text.strip()}` {SPARES}")
    added = [a for m in given.found for a in m.additions if _is_new(given, a)]
    options = {a.option.name: a.option for a in added}
    for limit in (options[name] for name in LIMITS if name in options):
        yield paragraph(
            f"`{limit}` cuts off every answer that begins later than that, so it must be "
            "longer than your slowest healthy page takes. It is a third of the patience that users "
            "were given here (`--patience`)."
        )
    if DIAL in options and options[DIAL].inside == TRANSPORT:
        yield paragraph(
            f"`{options[DIAL]}` gives up every connection that takes longer to come about. A "
            "packet that the network loses is sent again after a second: where upstreams are far "
            "away, write `dial_timeout 2s`."
        )
    if any(str(option) == CHECKED for option in options.values()) and CHECKED in given.text:
        yield paragraph(
            "`health_uri /` stands for a page of your service that answers 200 exactly if the "
            "service is well."
        )


def _shorter(one: ComparedLine) -> bool:
    """Whether the value of an option is less than it was."""
    return longer(" ".join(one.was.split()[1:2]), " ".join(one.text.split()[1:2]))


def _prices(given: Proved) -> Iterator[str]:
    """The rows that become worse, those with one cause together."""
    causes: dict[str, list[str]] = {}
    for row, by in given.worse.items():
        causes.setdefault(by, []).append(row)
    for by, rows in causes.items():
        yield f"{', '.join(rows)} become{'s' * (len(rows) == 1)} worse, by {by}"


def _no_longer_well(report: Rehearsal, given: Proved) -> list[str]:
    """Rows in which nobody felt anything before, and somebody does now, as chance might have it."""
    well = {name for name, seen in report.rows.items() if seen.sign == "✓"}
    unexplained = well - {*given.worse, *given.by_chance}
    return [n for n, seen in given.rows.items() if n in unexplained and seen.sign in "◐✗"]


def _is_new(given: Proved, addition: Addition) -> bool:
    """Whether the Caddyfile lacks anything as good."""
    return addition.to(given.before, given.line) != given.before


def _reasons(given: Proved) -> Iterator[str]:
    rows: dict[str, list[str]] = {}
    for mended in given.found:
        after = given.rows.get(mended.row)
        for why in mended.why if after is None or after.sign != "✓" else ():
            rows.setdefault(why, []).append(mended.row)
    said = [paragraph(f"{', '.join(dict.fromkeys(of))}: {why}", "  ") for why, of in rows.items()]
    if said:
        yield "\n".join(["What Caddy cannot mend:", *said])
    for mended in given.found:
        for step in mended.chance[-1:] if not mended.step else ():
            names = ", ".join(f"`{a.option}`" for a in step)
            yield paragraph(f"{mended.row}: {names} helped once, and not when tried again: chance.")


def _spare(report: Rehearsal, given: Proved) -> Iterator[str]:
    if given.spare:
        before, after = report.rows[given.spare.seen.row], given.spare.seen
        said = paragraph(
            f"WITH ONE SERVER MORE (`{NAME}` stands for it), write at the end of the site's block; "
            f"{after.row}: {short(before)} → {short(after)}. It is for readers only: Caddy does "
            "not know there whether an order was sent already."
        ).replace(HARD, " ")
        yield said + "\n\n" + "\n".join(f"       + {each.expandtabs(4)}" for each in BLOCK)
