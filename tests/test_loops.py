"""Requests that would go round in a Caddy for ever."""

from __future__ import annotations

import pytest
from test_safety import site

from caddylab import CaddyfileError

BACK = ":81 {\n\treverse_proxy localhost:80\n}\n"
LOOPS = {
    "itself": (site("reverse_proxy localhost:80"), 2, ":80 → :80"),
    "by its address": (site("reverse_proxy 127.0.0.1:80"), 2, ":80 → :80"),
    "by its bare port": (site("reverse_proxy :80"), 2, ":80 → :80"),
    "with a backend": (site("reverse_proxy backend1:8080 localhost:80"), 2, ":80 → :80"),
    "two sites": (site("reverse_proxy localhost:81") + BACK, 2, ":80 → :81 → :80"),
    "for one path": (site("handle /api/* {", "reverse_proxy localhost:80", "}"), 3, ":80 → :80"),
    "one path, two sites": (site("reverse_proxy /api/* localhost:81") + BACK, 2, ":80 → :81"),
    "later": (site("reverse_proxy localhost:81") + ":81 {\n\treverse_proxy localhost:82\n}\n"
              ":82 {\n\treverse_proxy localhost:81\n}\n", 5, ":81 → :82 → :81"),
}  # fmt: skip
FINE = {
    "another site": site("reverse_proxy localhost:81") + ":81 {\n\trespond other\n}\n",
    "another path": site("handle /old {", "rewrite /new", "reverse_proxy localhost:80", "}",
                         "respond /new new"),
    "another host": "http://a.test {\n\treverse_proxy localhost:80 {\n\t\theader_up Host b.test\n"
    "\t}\n}\nhttp://b.test {\n\trespond b\n}\n",
    "another condition": site("reverse_proxy /a localhost:81")
    + ":81 {\n\treverse_proxy /b localhost:80\n\trespond other\n}\n",
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "way"), LOOPS.values(), ids=LOOPS)
def test_a_loop_is_refused_with_its_line(lab, text, line, way):
    with pytest.raises(CaddyfileError, match="back to where it came from") as caught:
        lab.load(text)
    assert caught.value.line == line
    assert way in caught.value.reason


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_a_way_through_two_sites_is_none(lab, text):
    lab.load(text)


def test_a_request_that_is_rewritten_may_come_by_again(lab):
    lab.load(FINE["another path"])
    assert lab.get("/old").text == "new"


def test_one_that_goes_round_all_the_same_is_ended(lab):
    lab.load(site("rewrite * /again{uri}", "reverse_proxy localhost:80"))
    assert lab.get("/").status_code == 508
