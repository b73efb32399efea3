"""How Sphinx makes pages from the executed notebooks; `tools/make_html.py` runs it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from reference import GROUPS

LONG = ["lint", "findings", "versions", "sites", "instructor-guide", *(f"api/{n}" for n in GROUPS)]

project = "Break the Balancer"
html_baseurl = "https://break-the-balancer.github.io/caddylab/"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
language = "en"

nb_execution_mode = "off"  # they are executed already
nb_merge_streams = True
nb_ipywidgets_js = {}  # no scripts from other hosts

# Docstrings
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
default_role = "code"

# Links have JupyterLab's form: glossary.ipynb#Round-robin.
myst_heading_anchors = 6
myst_heading_slug_func = "anchors.anchor"
# Sphinx would colour cells with other magics as Python, and complain.
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "sphinx_book_theme"
html_title = project
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    # Charts need the room; pages with many headings have no charts.
    "secondary_sidebar_items": {"**": []} | {name: ["page-toc"] for name in LONG},
    "navbar_persistent": [],  # one search box is enough
    "footer_content_items": [],
}
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
templates_path = ["_templates"]
html_css_files = ["course.css"]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False


def setup(app):
    """Colour Caddyfiles in cells as such, and give each page the head that it needs."""
    from cells import CellLexer
    from heads import prepare
    from reference import plain

    app.connect("html-page-context", prepare)
    app.connect("autodoc-process-signature", plain)

    for name in ("ipython3", "ipython", "python"):  # executed or not
        app.add_lexer(name, CellLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
