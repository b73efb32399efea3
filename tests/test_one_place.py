"""What has one place stays in it: nobody writes it again elsewhere."""

import re
from pathlib import Path

import pytest

import caddylab
from caddylab import Claim
from caddylab._claims.claims import Verdicts
from caddylab._gameday.report import Report
from caddylab._gameday.status import Deed
from caddylab._look import fault_kinds
from caddylab._look.html_table import code, element, markup, row, table
from caddylab._panel.html import note, report
from caddylab._rig.backends import faults
from caddylab._rig.backends.breakable import Breakable
from caddylab._rig.backends.names import KINDS as OF_NAMES
from caddylab._runtimes.base import BACKLOG
from caddylab._view.scene import scene
from caddylab._view.script import EXPORT, FOLDER, IMPORT, pack

ROOT = Path(caddylab.__file__).parent
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for pattern in ("*.py", "*.js")
    for path in ROOT.rglob(pattern)
}


@pytest.mark.parametrize(
    ("what", "pattern", "places"),
    [
        ("cells of tables", r"</t[dhr]>|<t[dhr][ >]", set()),
        ("names of files that are half written", r"mkstemp", {"_machine/files.py"}),
        ("threads", r"\bThread\(", {"_machine/steady.py"}),
        ("addresses", r"^Address = ", {"_machine/ports.py"}),
        ("the listen queue", r"^BACKLOG = ", {"_runtimes/base.py"}),
        ("the manifest of a folder", r"\.caddylab\.json", {"_cli/bundle/installer/machine.py"}),
        ("the course's folder", r"\"break-the-balancer\"", {"_cli/bundle/installer/__init__.py"}),
        ("the font", r"Liberation Sans", {"_look/palette.py"}),
        ("ink", r"#1F2328", {"_look/palette.py"}),
        ("how a cut-off backend is called", r"[\"'](is|was) cut off", {"_look/fault_kinds.py"}),
        ("who is down", r"stopped.{0,4}killed", set()),
        ("Caddy's image", r"library/caddy", {"_caddy/running/version.py"}),
    ],
)
def test_it_stands_in_one_place(what, pattern, places):
    found = re.compile(pattern, re.MULTILINE)
    assert {name for name, text in SOURCES.items() if found.search(text)} == places, what


def test_a_partition_knows_how_many_connections_the_app_lets_wait():
    text = (ROOT.parents[1] / "containers" / "app" / "servers.py").read_text()
    assert f"BACKLOG = {BACKLOG}\n" in text


class TestTables:
    def test_every_text_is_escaped(self):
        page = table(["<i>"], [["a & b", element("b", "<script>")]])
        assert page == (
            "<table><tr><th style='text-align:left'>&lt;i&gt;</th></tr>"
            "<tr><td style='text-align:left'>a &amp; b</td>"
            "<td style='text-align:left'><b>&lt;script&gt;</b></td></tr></table>"
        )

    def test_an_attribute_cannot_be_left(self):
        assert element("p", style="x' onload='y") == "<p style='x&#x27; onload=&#x27;y'></p>"

    def test_a_whole_cell_stays_as_it_is(self):
        cell = element("td", "5", style="color:red")
        assert row([cell]) == f"<tr>{cell}</tr>"

    def test_a_text_that_looks_like_a_cell_is_a_text(self):
        assert "&lt;td&gt;" in row(["<td>"])

    def test_backticks_are_code_and_all_else_is_text(self):
        assert code("`<a>` & b") == "<code>&lt;a&gt;</code> &amp; b"
        assert markup(code("`x`")) == "<code>x</code>"


CLAIM = Claim("`80 {` is a site.", True, "`:80`", only_if="`log` is on")
GAME = Report(1, 1, 60, 1, 10, (), (Deed(0.5, "noted: `lb_retries` is missing"),), ())
SHOWN = {
    "verdicts": lambda: Verdicts([CLAIM], "the course")._repr_html_(),
    "a game": lambda: GAME._repr_html_(),
    "the panel": lambda: report("Did you mean `lb_retries`?", "What Caddy says"),
    "a note in the panel": lambda: note("`lab.reset()` starts it again."),
}


class TestCode:
    """What stands in backticks in a sentence is code wherever HTML shows the sentence."""

    @pytest.mark.parametrize("shown", SHOWN)
    def test_no_backtick_reaches_the_reader(self, shown):
        page = SHOWN[shown]()
        assert "<code>" in page
        assert "`" not in page

    def test_a_line_of_a_caddyfile_is_shown_as_it_was_written(self):
        assert "respond `hello`" in report("   3 │ respond `hello`", "What Caddy says")


class TestFaults:
    def test_each_kind_that_a_lab_knows_has_its_words(self):
        known = faults.DOWN | faults.SILENT | faults.IN_APP | OF_NAMES
        assert known == fault_kinds.KINDS.keys() == scene_of_faults().keys()

    def test_it_has_the_name_of_the_method_that_makes_it(self):
        """A polite stop is a stop, wherever it is named."""
        down = {name for name in vars(Breakable) if name in faults.DOWN | {"crashed"}}
        assert down == faults.DOWN - {faults.DIED} == {"stopped", "killed"}
        assert all(fault_kinds.KINDS[name].going_on for name in down)

    def test_what_is_down_is_drawn_in_grey(self):
        grey = {name for name, kind in scene_of_faults().items() if kind["colour"] == "#7A7A7A"}
        assert grey == faults.DOWN


def scene_of_faults():
    return scene(2, projector=False, speed=1, live=True)["faults"]


class TestScript:
    @pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
    def test_a_module_says_all_that_it_takes_and_gives(self, path):
        """In forms that the script is put together from; else a name would be lost in silence."""
        text = path.read_text("utf-8")
        assert len(re.findall(r"^import\b", text, re.MULTILINE)) == len(IMPORT.findall(text))
        assert len(re.findall(r"^export\b", text, re.MULTILINE)) == len(EXPORT.findall(text))
        for names, other in IMPORT.findall(text):
            given = EXPORT.findall((FOLDER / f"{other}.js").read_text("utf-8"))
            assert {name.strip() for name in names.split(",")} <= set(given)
        assert len(text.splitlines()) <= 250

    def test_every_module_stands_in_it_once(self):
        script = pack("view")
        for path in FOLDER.glob("*.js"):
            assert script.count(f"const {path.stem} = (() => {{") == 1
