"""The claims of chapter 13."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()
DOCUMENTATION = "Caddy's documentation"
PEOPLE = "people"


@book.claim(
    "A site with a host name is served over HTTPS, and plain HTTP is sent there.",
    by=DOCUMENTATION,
)
def secure(plain: Any) -> tuple[bool, str]:
    to = plain.headers["Location"]
    return plain.status_code == 308 and to.startswith("https://"), f"{plain.status_code} to {to}"


@book.claim("handle_path takes the prefix away that it has matched.", by=DOCUMENTATION)
def stripped(order: Any) -> tuple[bool, str]:
    came = order.json()["path"]
    return came == "/orders/7", f"/account/orders/7 came to the backend as {came}"


@book.claim(
    "With lb_try_duration clients wait while an upstream is down, and are served when it is back.",
    only_if="it is back in time, nothing was sent yet, and no long fail_duration stands beside it",
    by=DOCUMENTATION,
)
def waits(waiting: Any) -> tuple[bool, str]:
    errors = sum(run.errors for run in waiting)
    longest = max(request.latency for run in waiting for request in run.requests)
    return errors == 0, f"{errors} of 20 failed; the longest wait was {longest:.1f} s"


@book.claim("There are two servers, so nobody notices when one dies.", by=PEOPLE)
def pair(died: Any) -> tuple[bool, str]:
    return died.errors == 0, f"{died.errors} of {len(died)} customers got an error"


@book.claim("fail_duration makes every proxy more robust.", by=PEOPLE)
def recipe(back: Any) -> tuple[bool, str]:
    return back.errors == 0, (
        f"one upstream, restarted: {back.errors} of {len(back)} who came afterwards failed"
    )


@book.claim("header -Server hides that Caddy answers.", by=PEOPLE)
def quiet(telling: Any) -> tuple[bool, str]:
    return not telling, f"{', '.join(telling) or 'no header'} tells of it"


@book.claim("Caddy accepts the file without a complaint, so the site is ready.", by=PEOPLE)
def ready(report: Any) -> tuple[bool, str]:
    return not report.bad, (
        f"accepted; and users feel {len(report.bad)} of {len(report.rows)} failures tried"
    )


@book.claim(
    "The proposed lines spare every reader, when one of the pair hangs.",
    by="this course",
)
def lines(report: Any) -> tuple[bool, str]:
    rows = {row: (report[row].readers, after.readers) for row, after in report.mended.items()}
    told = (f"{row}: {b.good} → {a.good} of {a.total}" for row, (b, a) in rows.items())
    return all(after.bad == 0 for _, after in rows.values()), ", ".join(told)
