"""A Caddyfile has its colours: in a cell that is written, in what a notebook shows, on pages."""

from __future__ import annotations

import sys

import pytest

from caddylab._look.caddyfile_text import CaddyfileText
from caddylab._machine import shipped

pytest_plugins = ["browser_support"]

TEXT = """:80 {
	# Who takes over?
	reverse_proxy backend1:8080 {
		fail_duration 10s  # new
	}
}
"""
CELL = f"%%caddyfile\n{TEXT}"
SHOW = "from caddylab._look.caddyfile_text import CaddyfileText as C; "
COLOUR = "element => getComputedStyle(element).color"
MIMES = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.mimeType)"
WRITE = """([number, text]) => window.jupyterapp.shell.currentWidget.content.widgets[number]
    .model.sharedModel.setSource(text)"""


def test_it_is_the_text_and_shown_in_colours():
    text = CaddyfileText(TEXT)
    assert text == TEXT
    shown = text._repr_html_()
    assert "<span class=" in shown
    assert "data-jp-theme-light=false" in shown


def told(text):
    """The lines of a Caddyfile as a terminal shows it, and those that HTML marks."""
    from IPython.lib.pretty import pretty

    return pretty(text).splitlines(), text._repr_html_().count('<span class="hll">')


def test_what_is_new_in_it_is_marked_where_it_is_shown_and_nowhere_else():
    before = ":80 {\n\treverse_proxy one:1\n\tlog\n}\n"
    after = ":80 {\n\treverse_proxy one:1 {\n\t\tlb_retries 1\n\t}\n\tlog shop\n}\n"
    text = CaddyfileText(after).since(before)
    assert text == after
    lines, marked = told(text)
    assert [line.strip() for line in lines if "#" in line] == [
        "lb_retries 1  # new", "log shop  # changed",
    ]  # fmt: skip
    assert marked == 2
    assert told(CaddyfileText(after)) == (after.splitlines(), 0)


@pytest.mark.parametrize("lab", ["process"], indirect=True)
def test_a_lab_marks_the_lines_that_it_writes(lab):
    more = lab.with_lines(TEXT, "backend1:8080", "fail_duration 5s", "lb_retries 1")
    lines, marked = told(more)
    assert marked == 2
    assert "\t\tlb_retries 1  # new" in lines


def test_a_page_colours_a_cell_by_what_it_holds(monkeypatch):
    monkeypatch.syspath_prepend(shipped.checkout() / "tools" / "html")
    from cells import CellLexer
    from pygments.token import Comment, Keyword, Name

    tokens = list(CellLexer().get_tokens_unprocessed(CELL))
    assert "".join(value for _, _, value in tokens) == CELL
    assert [start for start, _, _ in tokens] == sorted({start for start, _, _ in tokens})
    assert tokens[0][1] is Comment.Preproc
    assert any(value == "reverse_proxy" and kind in Keyword for _, kind, value in tokens)
    python = list(CellLexer().get_tokens_unprocessed("import time"))
    assert python[0][1] in Keyword
    assert python[-1][1] in Name
    sys.modules.pop("cells")


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_cells_have_the_colours_of_what_they_hold(open_notebook):
    notebook = open_notebook([CELL, "x = 1", f"{SHOW}C({TEXT!r})"])
    page = notebook.page
    page.wait_for_function(f"() => ({MIMES})()[1] === 'text/x-ipython'")
    assert page.evaluate(MIMES) == ["text/x-caddyfile", "text/x-ipython", "text/x-ipython"]
    lines = page.locator(".jp-CodeCell").first.locator(".cm-line")
    lines.locator("span", has_text="reverse_proxy").wait_for()
    shown = {
        word: lines.locator("span", has_text=word).first.evaluate(COLOUR)
        for word in ("%%caddyfile", "reverse_proxy", "10s", "# Who takes over?")
    }
    plain = lines.nth(3).evaluate(COLOUR)
    assert len({*shown.values(), plain}) == 5, shown
    page.evaluate(WRITE, [1, CELL])
    page.wait_for_function(f"() => ({MIMES})()[1] === 'text/x-caddyfile'")
    page.evaluate(WRITE, [1, "x = 1"])
    page.wait_for_function(f"() => ({MIMES})()[1] === 'text/x-ipython'")
    what_a_notebook_shows_is_legible_on_light_and_dark(notebook)
    assert not notebook.complaints


def what_a_notebook_shows_is_legible_on_light_and_dark(notebook):
    notebook.command("notebook:move-cursor-down")
    notebook.page.evaluate(
        "() => { const n = window.jupyterapp.shell.currentWidget.content; n.activeCellIndex = 2 }"
    )
    notebook.command("notebook:run-cell")
    word = notebook.page.locator(".caddylab-caddyfile span", has_text="reverse_proxy").first
    word.wait_for()
    light = word.evaluate(COLOUR)
    notebook.screenshot("caddyfile-light")
    notebook.theme("JupyterLab Dark")
    assert word.evaluate(COLOUR) != light
    notebook.screenshot("caddyfile-dark")
