"""What JupyterLab does when a chapter is only opened and read: nothing that is to be saved."""

from __future__ import annotations

import shutil

import pytest

from caddylab._machine import shipped

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

DIRTY = "() => jupyterapp.shell.currentWidget.context.model.dirty"
CURRENT = "jupyterapp.shell.currentWidget"
READY = f"() => {CURRENT}.context?.path === 'glossary.ipynb' && {CURRENT}.sessionContext.isReady"
KERNEL = f"() => {CURRENT}.sessionContext.session?.kernel?.name ?? null"
TOP = """word => {
    const page = document.querySelector('.caddylab-glossary');
    const words = [...page?.querySelectorAll('h2') ?? []];
    const heading = words.find((each) => each.textContent.startsWith(word));
    const from = heading && heading.getBoundingClientRect().top - page.getBoundingClientRect().top;
    return heading && from > -1 && from < 60;
}"""


def test_reading_changes_nothing_and_words_open_at_once(open_notebook, jupyterlab):
    shutil.copy(shipped.course() / "glossary.ipynb", jupyterlab.folder)
    notebook = open_notebook(shipped.course() / "00-start-here.ipynb", width=1440)
    page = notebook.page
    assert not page.evaluate(DIRTY)
    page.locator(".jp-MarkdownOutput a", has_text="round robin").first.click()
    page.wait_for_function(TOP, arg="Round robin")
    assert page.evaluate("() => [...jupyterapp.serviceManager.sessions.running()].length") == 1
    page.locator(".caddylab-glossary a", has_text="policy").first.click()
    page.wait_for_function(TOP, arg="Policy")
    notebook.screenshot("glossary")
    assert not notebook.complaints
    # From the file browser it opens as a notebook, and there is nothing in it to run.
    notebook.command("docmanager:open", path="glossary.ipynb", factory="Notebook")
    page.wait_for_function(READY)
    assert page.evaluate(KERNEL) is None
