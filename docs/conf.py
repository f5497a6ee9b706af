"""How the site is built: ``python3 dev.py docs``. Warnings are errors, and nothing is loaded from a network."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions"), str(HERE.parent / "src")]

project = "Mainspring"
author = "The Mainspring authors"
copyright = "The Mainspring authors; MIT licence"  # noqa: A001 - Sphinx's name

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "block_titles",
    "diagrams",
    "rooms",
    "error_pages",
]
exclude_patterns = ["_*", "**/_*"]
nitpick_ignore_regex: list[tuple[str, str]] = []

# Markdown
myst_heading_anchors = 4
myst_links_external_new_tab = False

# Docstrings: one backtick is a name, linked where it is known.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_use_type_comments = False
python_use_unqualified_type_names = True
python_display_short_literal_types = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Remedy", "Note")]
add_module_names = False
toc_object_entries = False  # a thousand names in the sidebar of every page would cost most of the build

# Pages
html_theme = "furo"
html_title = "Mainspring"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"sidebar_hide_name": False, "navigation_with_keys": True}
pygments_style = "default"
pygments_dark_style = "github-dark"
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True
highlight_language = "text"
