"""The site's one style sheet: what no page needs is not in it, and all else is."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools" / "html"))
import styles

PAGE = """<html><head>
<link href="{0}_static/a.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="{0}_static/theme/b.css" />
<script src="{0}_static/documentation_options.js?v=1"></script>
<link rel="icon" href="{0}_static/favicon.svg"/></head><body class="there"></body></html>"""
A = '@charset "utf-8";\np, .there, .nowhere { color: red }\n.nowhere .there { color: blue }\n'
B = """@media (width < 9px) { .nowhere { top: 0 } #nowhere, .by-script { top: 1px } }
p:not(.nowhere) { left: 0 }
@font-face { src: url(../fonts/icons.woff2) }
"""


def test_all_pages_have_one_sheet_without_what_matches_nothing(tmp_path):
    static = tmp_path / "_static"
    (static / "theme").mkdir(parents=True)
    (tmp_path / "api").mkdir()
    (static / "a.css").write_text(A)
    (static / "theme" / "b.css").write_text(B)
    (static / "documentation_options.js").write_text("const OPTIONS = 1;")
    (static / "own.js").write_text("body.classList.add('by-script')")
    for page, way in ("index.html", ""), ("api/lab.html", "../"):
        (tmp_path / page).write_text(PAGE.format(way))
    styles.gather(tmp_path)
    assert (static / "site.css").read_text() == (
        "p,.there{ color: red }\n"
        "@media (width < 9px) {.by-script{ top: 1px }}\n"
        "p:not(.nowhere){ left: 0 }\n"
        "@font-face { src: url(fonts/icons.woff2) }"
    )
    for page, way in ("index.html", ""), ("api/lab.html", "../"):
        text = (tmp_path / page).read_text()
        assert text.count('rel="stylesheet"') == 1
        assert f'href="{way}_static/site.css"' in text
        assert f'href="{way}_static/favicon.svg"' in text
        assert "<script>const OPTIONS = 1;</script>" in text
