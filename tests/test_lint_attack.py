"""The tokenizer and every rule on Caddyfiles that nobody wrote for them: no foreign exception."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from admin_caddy import AdminCaddy, admin_caddy
from caddyfiles import CADDYFILES
from hypothesis import HealthCheck, given, settings

from caddylab._caddy.advice.lint import RULES, Note, lint
from caddylab._caddy.text.tokens import parse

FOLDER = os.environ.get("CADDYLAB_CADDYFILES")
"""A folder of Caddyfiles, such as `caddytest/integration/caddyfile_adapt` of Caddy's repository."""


@pytest.fixture(scope="module")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


def advice(caddy: AdminCaddy, text: str) -> tuple[bool, list[Note]]:
    """Whether Caddy accepts the text, and what the rules say of it."""
    config = caddy.adapts(text)
    return config is not None, lint(text, config)


def holds(text: str, notes: list[Note]) -> None:
    """What is so of every warning, whatever it is about."""
    last = text.count("\n") + 1
    for note in notes:
        assert note.rule in RULES
        assert note.line is None or 1 <= note.line <= last
        assert note.message.endswith(".")
        assert note.help
    assert len(set(notes)) == len(notes)


def attack(caddy: AdminCaddy, examples: int) -> Counter[str]:
    seen: Counter[str] = Counter()

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=examples < 1000,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(CADDYFILES)
    def on(text: str) -> None:
        parse(text)
        accepted, notes = advice(caddy, text)
        holds(text, notes)
        seen["accepted" if accepted else "refused"] += 1
        seen.update({f"by {note.rule}" for note in notes})

    on()
    return seen


def test_no_caddyfile_breaks_a_rule(caddy: AdminCaddy):
    seen = attack(caddy, 80)
    assert seen["accepted"] > 5


@pytest.mark.attack
def test_no_caddyfile_breaks_a_rule_at_length(caddy: AdminCaddy, figure):
    seen = attack(caddy, 10_000)
    told = [name for name in seen if name.startswith("by ")]
    figure(
        f"{seen['accepted'] + seen['refused']} Caddyfiles by chance, {seen['accepted']} of them"
        f" accepted: {len(told)} of {len(RULES)} rules had something to say, none broke"
    )


@pytest.mark.attack
@pytest.mark.skipif(FOLDER is None, reason="CADDYLAB_CADDYFILES names no folder")
def test_caddys_own_caddyfiles_break_no_rule(caddy: AdminCaddy, figure, capsys):
    paths = sorted(
        path for path in Path(str(FOLDER)).rglob("*") if "caddyfile" in path.name.lower()
    )
    told: Counter[str] = Counter()
    for path in paths:
        text = path.read_text().partition("\n----------\n")[0]
        parse(text)
        _, notes = advice(caddy, text)
        holds(text, notes)
        told.update(note.rule for note in notes)
        with capsys.disabled():
            for note in notes:
                print(f"{path.name}: {note}")
    assert paths
    figure(f"{len(paths)} Caddyfiles of {Path(str(FOLDER)).name}: {dict(told)}")
