"""How Sphinx makes pages of the executed notebooks; `tools/make_html.py` runs it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Break the Balancer"
extensions = ["myst_nb"]
root_doc = "index"
language = "en"

nb_execution_mode = "off"  # they come executed
nb_merge_streams = True
nb_ipywidgets_js = {}  # no script from another host

# Links say glossary.ipynb#Round-robin, as JupyterLab wants them.
myst_heading_anchors = 6
myst_heading_slug_func = "anchors.anchor"
# What a cell holds that begins with another magic, Sphinx would colour as Python, and complain.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "sphinx_book_theme"
html_title = project
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "secondary_sidebar_items": [],  # the charts want the room
    "navbar_persistent": [],  # one search is enough
    "footer_content_items": [],
}
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_js_files = [
    ("vega.js", {"defer": "defer"}),
    ("charts.js", {"defer": "defer"}),
    ("folds.js", {"defer": "defer"}),
]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False


def setup(app):
    """Colour a Caddyfile in a cell as what it is."""
    from cells import CellLexer

    for name in ("ipython3", "ipython", "python"):  # executed or not
        app.add_lexer(name, CellLexer)
