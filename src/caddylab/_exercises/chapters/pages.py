"""What clients get to read when no backend answers, and when one does."""

from __future__ import annotations

from caddylab._errors import LabError
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.hints08 import NO_PAGE, SOME_PAGES, STATUS_CHANGED, STATUS_LOST
from caddylab._exercises.task import Finding, Findings
from caddylab._traffic.traffic import Traffic

OWN = (
    ("/no-such-page", 404, '{"detail":"Not Found"}'),
    *((f"/status/{code}", code, f'"status":{code}') for code in (500, 403, 502, 503)),
)
"""What a backend says of a path that it does not know, and of those that are errors."""


def honest_pages(run: Traffic) -> Findings:
    """Everybody gets a page, and with it the status of Caddy's own error."""
    codes = [request.status or 0 for request in run.requests]
    yield Finding(
        "With both backends down, the status says so.",
        all(500 <= code <= 599 for code in codes),
        f"Six clients got the status {', '.join(map(str, codes))}.",
        STATUS_LOST,
        run,
    )
    pages = sum(bool(request.body.strip()) for request in run.requests)
    yield Finding(
        "Everybody gets a page.",
        pages == len(run),
        f"{pages} of {len(run)} answers had a text.",
        SOME_PAGES if pages else NO_PAGE,
        run,
    )
    wanted = [502 if request.attempts else 503 for request in run.requests]
    yield Finding(
        "The status is that of Caddy's error.",
        codes == wanted,
        f"Six clients got {', '.join(map(str, codes))}; Caddy's errors were "
        f"{', '.join(map(str, wanted))}.",
        STATUS_CHANGED,
        run,
    )


def page(bench: Bench, path: str) -> tuple[int, str, str]:
    """The status, the type and the text of an answer."""
    try:
        answer = bench.get(path, timeout=4)
    except LabError as error:  # cut off in the middle, for one
        return 0, "", str(error)
    return answer.status_code, answer.headers.get("Content-Type", ""), answer.text
