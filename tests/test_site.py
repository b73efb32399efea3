"""What makes the site: executed notebooks that are kept, and links that lead to pages."""

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tools"))
import kept  # noqa: E402
import publish  # noqa: E402

PLACES = publish.Places.beside(ROOT / "course")


class TestKept:
    @pytest.fixture
    def chapter(self, tmp_path, monkeypatch):
        monkeypatch.setattr(kept, "ROOT", tmp_path)
        monkeypatch.setattr(kept, "FOLDER", tmp_path / "build")
        monkeypatch.setattr(kept, "DEPENDS", (tmp_path / "library",))
        (tmp_path / "library").mkdir()
        (tmp_path / "library" / "lab.py").write_text("1")
        nbformat.write(nbformat.v4.new_notebook(), tmp_path / "01.ipynb")
        return tmp_path / "01.ipynb"

    @pytest.fixture
    def run(self, chapter):
        runs = []

        def run(anew=False):
            kept.executed(chapter, lambda path: runs.append(path) or publish.read(path), anew=anew)
            return len(runs)

        return run

    def test_what_has_run_need_not_run_again(self, run):
        assert [run(), run()] == [1, 1]

    def test_unless_it_shall(self, run):
        assert [run(), run(anew=True)] == [1, 2]

    def test_or_the_chapter_or_what_it_depends_on_has_changed(self, run, chapter):
        run()
        chapter.with_name("library").joinpath("lab.py").write_text("2")
        assert run() == 2
        nbformat.write(nbformat.v4.new_notebook(metadata={"new": 1}), chapter)
        assert run() == 3
        assert len(list(chapter.with_name("build").iterdir())) == 1

    def test_nothing_is_kept_of_a_folder_elsewhere(self, run, monkeypatch):
        monkeypatch.setattr(kept, "ROOT", kept.ROOT / "elsewhere")
        assert [run(), run()] == [1, 2]


class TestLinks:
    @pytest.mark.parametrize(
        ("file", "link", "page"),
        [
            ("docs/findings.md", "../course/07-random.ipynb", "07-random.ipynb"),
            ("docs/versions.md", "findings.md#weights", "findings.md#weights"),
            ("labs/02-crash/02-crash.ipynb", "../../course/02-crash.ipynb", "../02-crash.ipynb"),
            ("course/instructor-guide.md", "../labs/07-random/07-random.ipynb",
             "labs/07-random.ipynb"),
            ("course/02-crash.ipynb", "glossary.ipynb#Round-robin", "glossary.ipynb#Round-robin"),
            ("docs/lint.md", "#before-each-commit-and-in-github-actions",
             "#Before-each-commit%2C-and-in-GitHub-Actions"),
            ("docs/findings.md", "https://caddyserver.com/docs/", "https://caddyserver.com/docs/"),
            ("course/02-crash.ipynb", "nowhere.ipynb", "nowhere.ipynb"),  # Sphinx complains
        ],
    )  # fmt: skip
    def test_a_link_leads_to_the_page(self, file, link, page):
        assert PLACES.led(f"See [it]({link}).", ROOT / file) == f"See [it]({page})."

    def test_or_to_the_repository_where_there_is_no_page(self):
        led = PLACES.led("[runs](../tools/finding_runs.py)", ROOT / "docs" / "findings.md")
        assert led.endswith("/blob/main/tools/finding_runs.py)")
        assert led.startswith("[runs](https://github.com/")

    def test_code_is_left_alone(self):
        text = "```\n[it](../course/07-random.ipynb)\n```\n"
        assert PLACES.led(text, ROOT / "docs" / "findings.md") == text


def test_no_signature_says_how_an_argument_is_looked_at():
    said = publish.reference.plain(
        "(a: ~typing.Annotated[float, ~x.Between(least=0, most=2)] = 1)", None
    )
    assert said == ("(a: float = 1)", None)
