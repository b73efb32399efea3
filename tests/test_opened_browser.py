"""What JupyterLab does when a chapter is only opened and read: nothing that is to be saved."""

from __future__ import annotations

import json
import shutil

import pytest

from caddylab._machine import shipped

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

DIRTY = "() => jupyterapp.shell.currentWidget.context.model.dirty"
CURRENT = "jupyterapp.shell.currentWidget"
GLOSSARY = f"() => {CURRENT}.context?.path === 'glossary.ipynb' && {CURRENT}.sessionContext.isReady"
KERNEL = f"() => {CURRENT}.sessionContext.session?.kernel?.name ?? null"
TOP = """word => {
    const page = document.querySelector('.caddylab-glossary');
    const words = [...page?.querySelectorAll('h2') ?? []];
    const heading = words.find((each) => each.textContent.startsWith(word));
    const from = heading && heading.getBoundingClientRect().top - page.getBoundingClientRect().top;
    return heading && from > -1 && from < 60;
}"""


@pytest.fixture
def plain_jupyterlab(tmp_path):
    """A JupyterLab in which our extension is switched off."""
    from browser_support import JupyterLab

    settings = tmp_path / "config" / "labconfig"
    settings.mkdir(parents=True)
    off = {"disabledExtensions": {"caddylab-slides": True}}
    (settings / "page_config.json").write_text(json.dumps(off))
    server = JupyterLab(tmp_path)
    try:
        server.wait()
        yield server
    finally:
        server.end_sessions()
        server.close()


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
    page.wait_for_function(GLOSSARY)
    assert page.evaluate(KERNEL) is None


WHOLE = """() => [...document.querySelectorAll('.jp-MarkdownOutput')]
    .filter(text => text.scrollWidth > text.clientWidth + 1).map(text => text.textContent)"""


def test_a_chapter_begins_with_what_the_article_says_and_ends_with_folded_answers(open_notebook):
    notebook = open_notebook(shipped.course() / "02-crash.ipynb", width=1440, height=30_000)
    page = notebook.page
    box = page.locator(".jp-MarkdownOutput blockquote").first
    assert box.inner_text().startswith("What the article says.")
    page.locator(".jp-MarkdownOutput em", has_text="A place to rest").nth(1).wait_for()
    answers = page.locator(".jp-MarkdownOutput details")
    answers.nth(3).wait_for()
    assert not answers.nth(0).locator("p").first.is_visible()
    answers.nth(0).locator("summary").press("Enter")  # as good as a click
    assert answers.nth(0).locator("p").first.is_visible()
    assert answers.nth(0).locator("pre").count() == 2  # a Caddyfile, and the run that shows it
    assert page.evaluate(WHOLE) == []
    assert notebook.complaints == []


SHOWN = """() => [...document.querySelectorAll('.jp-Notebook .jp-Cell')]
    .every(cell => cell.offsetHeight > 0)"""


def test_without_our_extension_nothing_is_hidden_that_cannot_be_opened(plain_jupyterlab, open_page):
    """As in an editor that has none: what would wait for a choice is simply there."""
    from browser_support import READY, Notebook

    name = plain_jupyterlab.place(shipped.course() / "02-crash.ipynb")
    address = f"{plain_jupyterlab.url}/doc/tree/{name}?token={plain_jupyterlab.token}"
    opened = open_page(address, Notebook, width=1440, height=30_000)
    opened.page.wait_for_function(READY)
    assert opened.page.get_by_role("button", name="Show me anyway").count() == 0
    assert opened.page.evaluate(SHOWN)
    opened.screenshot("without-extension")
