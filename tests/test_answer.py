"""What `lab.get` hands out: types of our own, whatever library asked."""

from __future__ import annotations

import inspect
import typing

import pytest

import caddylab
from caddylab import Answer, Lab, LabError

TEXT = """\
:80 {
	header /twice {
		+Set-Cookie a=1
		+Set-Cookie b=2
		X-Who me
	}
	respond /twice "{\\"x\\": 1}"
	respond /latin "gr\u00fcn"
	redir /away /twice
	error /nothing 404
}
"""


@pytest.fixture(scope="module")
def lab():
    with Lab(runtime="process") as lab:
        lab.load(TEXT)
        yield lab


def test_an_answer_has_what_people_ask_for(lab):
    answer = lab.get("/twice")
    assert isinstance(answer, Answer)
    assert (answer.status_code, answer.is_success, answer.json()) == (200, True, {"x": 1})
    assert answer.raise_for_status() is answer
    assert answer.headers["x-WHO"] == answer.headers.get("X-Who") == "me"
    assert "x-who" in answer.headers
    assert answer.headers.get("nothing", "else") == "else"
    assert answer.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["set-cookie"] == "a=1, b=2"
    assert answer.cookies == {"a": "1", "b": "2"}
    assert 0 < answer.elapsed < 30
    assert len(answer.headers) == len(dict(answer.headers))
    assert lab.get("/latin").text == "gr\u00fcn"


def test_a_redirect_is_followed_on_demand(lab):
    assert lab.get("/away").status_code == 302
    answer = lab.get("/away", follow_redirects=True)
    assert (answer.status_code, answer.url) == (200, f"{lab.url}/twice")


def test_what_is_wrong_with_an_answer_is_said(lab):
    answer = lab.get("/nothing")
    with pytest.raises(LabError, match="answered 404"):
        answer.raise_for_status()
    with pytest.raises(LabError, match="is no JSON"):
        answer.json()


def test_nothing_public_hands_out_types_of_httpx():
    for name in caddylab.__all__:
        thing = getattr(caddylab, name)
        functions = [thing] if inspect.isfunction(thing) else inspect.getmembers(thing)
        for each in functions:
            called, function = each if isinstance(each, tuple) else (name, each)
            if called.startswith("_") or not callable(function):
                continue
            hints = getattr(function, "__annotations__", {})
            assert "httpx" not in repr(typing.cast(object, hints)), f"{name}.{called}"
