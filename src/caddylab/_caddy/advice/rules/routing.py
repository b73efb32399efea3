"""Rules about which request reaches which handler."""

from __future__ import annotations

from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Json, Step, answers, shared, takes_all
from caddylab._caddy.adapted.placing import line_of
from caddylab._caddy.advice.rules.addresses import paths_in_addresses
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.text.tokens import ways

_ROOT = ["/"]
_EXCEPTIONS = {
    "static_response": ("respond", "abort", "redir"),
    "error": ("error",),
    "metrics": ("metrics",),
}
"""Handlers that may be meant for some requests only, with the directives that make them."""
_APART = (
    "Put it into a `handle` of its own, with its matcher; in a `route`, above what takes every"
    " request."
)


@rule(
    "never-reached",
    "A handler behind one that takes everything",
    write="Give each its own paths: `handle /api/* { … }` and `handle { … }`.",
)
def never_reached(subject: Subject) -> Findings:
    """A request ends with the first handler that answers it. Caddy sorts a site's directives:
    `redir` comes before `handle`, that before `abort`, `error` and `respond`, these before
    `reverse_proxy`, and that before `file_server`.
    """
    yield from _exceptions(subject)
    blocks = {id(proxy.handler): proxy for proxy in subject.proxies}
    for step in subject.steps:
        if step.before is None or step.name not in ("reverse_proxy", "file_server"):
            continue
        proxy = blocks.get(id(step.handler))
        line = proxy.line() if proxy else _file_server(subject, step)
        yield Remark(line, _unreached(step, step.before), _advice(step))


def _exceptions(subject: Subject) -> Findings:
    """What is said of some requests only, behind what ends them all: `respond /admin/* 403`.

    Without a matcher it would be no more than a fallback.
    """
    places = {id(step.handler): step for step in subject.steps}
    for step in subject.steps:
        taker = places.get(id(step.before))
        if taker and step.name in _EXCEPTIONS and _is_narrower(step, taker):
            line = line_of(subject.outline, _EXCEPTIONS[step.name], step)
            yield Remark(line, _unreached(step, taker.handler, _taken(step, taker)), _APART)


def _is_narrower(step: Step, other: Step) -> bool:
    """Whether a handler has a matcher that does not stand around the other one, too."""
    own = step.conditions[shared(step.conditions, other.conditions) :]
    return any(not takes_all(matchers) for matchers in own)


def _taken(step: Step, taker: Step) -> str:
    return "all of its requests" if _is_narrower(taker, step) else "every request"


def _unreached(step: Step, taker: Json, taken: str = "every request") -> str:
    this, other = _directive(step.handler), _directive(taker)
    article = "an" if other[1] in "aeiou" else "a"
    which = "another one" if other == this else f"{article} {other}"
    return f"This {this} is never reached: {which} before it takes {taken}."


def _advice(step: Step) -> str:
    if step.name == "reverse_proxy" and (step.before or {}).get("handler") == "reverse_proxy":
        return "Name all upstreams behind one `reverse_proxy`, or give each its own path."
    return ""


def _directive(handler: Json) -> str:
    name = handler.get("handler")
    if name != "static_response":
        return f"`{name}`" if name else "`handle`"
    if handler.get("abort"):
        return "`abort`"
    return "`redir`" if "Location" in handler.get("headers", {}) else "`respond`"


def _file_server(subject: Subject, step: Step) -> int | None:
    """The line of this `file_server`; known for those without a matcher, which keep their order."""
    plain = [
        s for s in subject.steps if s.name == "file_server" and s.conditions == step.conditions
    ]
    lines = list(_plain_lines(subject, step))
    place = next(i for i, other in enumerate(plain) if other.handler is step.handler)
    if len(lines) == len(plain):
        return lines[place]
    return line_of(subject.outline, ("file_server",), step)


def _plain_lines(subject: Subject, step: Step) -> Iterator[int]:
    """The lines of the `file_server` without a matcher, in the step's own sites."""
    hosts = {host for match in step.hosts for host in match["host"]}
    for way in ways(subject.outline.statements):
        here = not hosts or any(host in word for host in hosts for word in way[0].words)
        if here and way[-1].name == "file_server" and way[-1].words[1:2] in ([], ["*"]):
            yield way[-1].line


def _line(subject: Subject, name: str) -> int | None:
    lines = [statement.line for statement in subject.statements(name)]
    return lines[0] if len(lines) == 1 else None


@rule(
    "only-the-root",
    "A proxy for `/` alone",
    write="Leave the `/` out: `reverse_proxy backend1:8080`.",
)
def only_root(subject: Subject) -> Findings:
    """The matcher `/` is the path `/` alone. Every other path is taken by nobody: an empty 200."""
    for proxy in subject.proxies:
        step = proxy.step
        if (
            step.main
            and _is_root(step)
            and "/" not in paths_in_addresses(subject)  # of which another rule tells
            and not any(_takes_the_rest(s, step) for s in subject.steps)
        ):
            line, advice = _root_at(subject, proxy.line())
            yield Remark(
                line,
                "`/` is the path `/` and no other: Caddy answers any other path with an empty 200.",
                advice,
            )


def _root_at(subject: Subject, line: int | None) -> tuple[int | None, str]:
    """The line of that `/`, and what to do where the matcher is not the proxy's own."""
    for way in ways(subject.outline.statements):
        around = [s for s in way[:-1] if s.words[1:2] == _ROOT]
        if way[-1].line == line and around:
            return around[-1].line, f"Leave the `/` out: `{around[-1].name} {{`."
    return line, ""


def _is_root(step: Step) -> bool:
    return any(m and all(match.get("path") == _ROOT for match in m) for m in step.conditions)


def _takes_the_rest(other: Step, step: Step) -> bool:
    """Whether something in the same site answers other paths too."""
    same = other.server is step.server and other.hosts == step.hosts and other.main
    ends = answers(other.handler) or other.name in ("reverse_proxy", "file_server", "invoke")
    return same and ends and not _is_root(other)


@rule(
    "fallback-file-before-api",
    "A fallback page that takes the API's requests",
    write="Put `try_files` into the same `handle` as `file_server`, beside `handle /api/*`.",
)
def fallback_file(subject: Subject) -> Findings:
    """`try_files` runs before `handle` and `reverse_proxy`. Where no such file exists it makes
    every path that of the fallback page, so the path of the API matches no more.
    """
    for rewrite in subject.steps:
        page = _page(rewrite)
        if page is None:
            continue
        for step in subject.steps[subject.steps.index(rewrite) + 1 :]:
            inside = step.conditions[: len(rewrite.conditions) - 1] == rewrite.conditions[:-1]
            paths = _paths(step.conditions[len(rewrite.conditions) - 1 :])
            hidden = paths and not any(_matches(page, path) for path in paths)
            same = step.server is rewrite.server and step.main and step.before is None
            if step.name == "reverse_proxy" and inside and same and hidden:
                name = "rewrite" if _is_negated(rewrite) else "try_files"
                line = _line(subject, name) or next(
                    (p.line() for p in subject.proxies if p.handler is step.handler), None
                )
                what = "This `rewrite`" if _is_negated(rewrite) else "`try_files`"
                message = (
                    f"{what} makes every path without a file `{page}`, before `{paths[0]}` is"
                    " looked for: this `reverse_proxy` is not reached."
                )
                yield Remark(line, message)
                break


def _page(step: Step) -> str | None:
    """The page that every path without a file falls back on: by `try_files`, or by hand."""
    if _is_negated(step):
        uri = str(step.handler.get("uri", ""))
        return uri if uri.startswith("/") and "{" not in uri else None
    if step.name != "rewrite" or step.handler.get("uri") != "{http.matchers.file.relative}":
        return None
    matchers = step.conditions[-1] if step.conditions else []
    if len(matchers) != 1 or matchers[0].keys() != {"file"}:
        return None
    last = (matchers[0]["file"].get("try_files") or [""])[-1]
    return last if last.startswith("/") and "{" not in last else None


def _is_negated(step: Step) -> bool:
    """Whether it rewrites requests for files that do not exist: `@missing not file`."""
    matchers = step.conditions[-1] if step.conditions else []
    negated = [match["not"] for match in matchers if match.keys() == {"not"}]
    return step.name == "rewrite" and [[*part] for each in negated for part in each] == [["file"]]


def _paths(conditions: tuple[list[Json], ...]) -> list[str]:
    """The paths that some condition is about; none where a condition may be met without."""
    for matchers in conditions:
        if matchers and not takes_all(matchers) and all("path" in match for match in matchers):
            return [path for match in matchers for path in match["path"]]
    return []


def _matches(page: str, pattern: str) -> bool:
    start, star, _ = pattern.partition("*")
    return page.startswith(start) if star else page == pattern


@rule(
    "named-route-cut",
    "A named route of which one directive is left",
    write="Put its directives into a `route { … }`.",
)
def named_route_cut(subject: Subject) -> Findings:
    """Of a named route in which no directive has a matcher Caddy keeps only the one that comes
    first, and drops the others in silence.
    """
    named = [pair for s in subject.servers for pair in (s.get("named_routes") or {}).items()]
    for name, route in named:
        kept = [handler.get("handler") for handler in route.get("handle") or []]
        for statement in subject.statements(f"&({name})"):
            stood = [inner.name for inner in statement.body if not inner.name.startswith("@")]
            if len(stood) > 1 and len(kept) == 1 and kept[0] not in ("subroute", "invoke"):
                message = (
                    f"Of this named route Caddy keeps one directive of {len(stood)}, and drops"
                )
                yield Remark(statement.line, f"{message} the others in silence.")
