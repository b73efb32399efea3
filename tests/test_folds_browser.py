"""Folds in a real JupyterLab: closed until one has chosen and measured, or wants to see anyway."""

from __future__ import annotations

import nbformat
import pytest

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

ASK = "guess = predict('How many?', {'none': 0, 'all': 10})\nguess"
AGAIN = "other = predict('How much?', {'a little': 1, 'a lot': 2})\nother"
CONTENT = "jupyterapp.shell.currentWidget.content"
STANDS = f"() => {CONTENT}.activeCellIndex"
SHOWN = "() => [...document.querySelectorAll('.jp-Cell')].map(c => c.offsetHeight > 0)"


@pytest.fixture
def notebook(open_notebook, tmp_path):
    def explains(name, cell):
        return cell | {"metadata": {"caddylab": {"explains": name}}}

    code, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell
    cells = [
        code("from caddylab import predict"), code(ASK), code("guess.compare(0)"),
        explains("guess", text("Because.")), explains("guess", code("ran = 'ran'\nran")),
        text("Next."), code(AGAIN), code("other.compare(1)"), explains("other", text("So.")),
        text("The end."),
    ]  # fmt: skip
    written = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell in cells])
    written.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(written, tmp_path / "n.ipynb")
    return open_notebook(tmp_path / "n.ipynb")


def test_what_explains_waits_for_a_choice_and_a_measurement(notebook):
    page = notebook.page
    bars = page.get_by_role("button", name="Show me anyway")
    bars.nth(1).wait_for()
    assert folded(page) == [3, 4, 8]
    notebook.run_all()  # what is folded runs as well
    assert page.evaluate(f"() => {CONTENT}.widgets[4].model.outputs.length") == 1
    assert folded(page) == [3, 4, 8]

    page.get_by_label("none", exact=True).check()  # measured already: now it is chosen, too
    page.get_by_text("You chose after that").wait_for()
    page.wait_for_function(f"() => ({SHOWN})()[3] && ({SHOWN})()[4]")
    assert folded(page) == [8]

    bars.focus()
    page.keyboard.press("Enter")
    bars.wait_for(state="detached")
    assert folded(page) == []
    assert "Show me anyway" not in page.locator(".jp-Notebook").inner_text()
    assert not notebook.complaints


def test_nobody_stands_on_a_cell_out_of_sight(notebook):
    page = notebook.page
    page.get_by_role("button", name="Show me anyway").nth(1).wait_for()
    notebook.command("notebook:run-cell-and-select-next")
    notebook.command("notebook:run-cell-and-select-next")
    page.get_by_label("all", exact=True).check()
    notebook.command("notebook:move-cursor-down")  # from the answers to the measurement
    notebook.command("notebook:run-cell-and-select-next")
    page.get_by_text("Worth a second look").wait_for()
    page.wait_for_function(f"{STANDS} === 3")
    for _ in range(5):
        notebook.command("notebook:move-cursor-down")
    assert page.evaluate(STANDS) == 9
    notebook.command("notebook:move-cursor-up")
    assert page.evaluate(STANDS) == 7


def folded(page) -> list[int]:
    return [n for n, shown in enumerate(page.evaluate(SHOWN)) if not shown]
