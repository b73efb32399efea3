"""Environment variables in a Caddyfile: the lab reads them as Caddy does, and misses none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from caddylab import CaddyfileError
from caddylab._caddy.text.variables import fill, unset

PROXY = "reverse_proxy backend1:8080 backend2:8080"


@pytest.mark.parametrize(
    "written",
    ["{$FRUIT}", "{$FRUIT:x}", "{$NONE:x}", "{$NONE:a:b}", "{$NONE}", "{$NONE:}", "{$}",
     "{$EMPTY:x}", "a{$FRUIT}b{$FRUIT}", "{ $FRUIT}", "{$ FRUIT}", "{$NONE:{env.X}}"],
)  # fmt: skip
def test_we_fill_in_what_caddy_would(tmp_path: Path, written):
    values = {"FRUIT": "pear", "EMPTY": ""}
    (tmp_path / "filled").write_text(f':80 {{\n\trespond "{fill(written, values)}"\n}}\n')
    (tmp_path / "given").write_text(f':80 {{\n\trespond "{written}"\n}}\n')

    filled, given = (adapted(tmp_path / name, values) for name in ("filled", "given"))

    assert filled == given


def adapted(path: Path, values: dict[str, str]) -> str:
    from caddylab._caddy.running.program import executable

    command = [str(executable()), "adapt", "--adapter", "caddyfile", "--config", str(path)]
    environment = {**os.environ, **values}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout


def test_only_what_has_neither_value_nor_default_is_missing():
    text = "# {$A}\n{$B}:80 {\n\tlog {$C:x} {$D} {$B}\n}\n"

    assert [(v.name, v.line) for v in unset(text, {"D": ""})] == [("B", 2)]


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("{$NONE} {\n\tencode gzip\n\t" + PROXY + "\n}\n", "NONE", 1),
        ("{\n\temail {$NONE}\n}\n:80 {\n\t" + PROXY + "\n}\n", "NONE", 2),
        (":80 {\n\t" + PROXY + " {\n\t\tfail_duration {$NONE}\n\t}\n}\n", "NONE", 3),
        (":80 {\n\t" + PROXY + " {\n\t\tfail_duration {$A}\n\t\tmax_fails {$B}\n\t}\n}\n", "A", 3),
        (":{$NONE} {\n\t" + PROXY + "\n}\n", "NONE", None),
        (":80 {\n\treverse_proxy {$NONE}:8080\n}\n", "NONE", None),
    ],
)  # fmt: skip
def test_a_refusal_for_want_of_a_variable_names_it(lab, text, name, line):
    with pytest.raises(CaddyfileError, match=rf"environment variable {name} is not set") as caught:
        lab.load(text)

    if line is not None:
        assert caught.value.line == line
        assert f'os.environ["{name}"]' in caught.value.help


def test_another_mistake_is_not_blamed_on_a_variable(lab):
    with pytest.raises(CaddyfileError, match="unrecognized directive: nonsense") as caught:
        lab.load(f":80 {{\n\tnonsense\n\theader X {{$NONE}}\n\t{PROXY}\n}}\n")

    assert "NONE" not in str(caught.value)


def test_the_notebooks_variables_count(lab, monkeypatch):
    monkeypatch.setenv("CADDYLAB_TEST_UPSTREAMS", "backend2:8080")

    lab.load(":80 {\n\treverse_proxy {$CADDYLAB_TEST_UPSTREAMS}\n}\n")

    assert set(lab.fire(4).backends) == {2}
