"""The documentation as a site: ``make docs`` builds it from the Markdown of this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Auto-graded labs"
author = "The authors of the course"
html_title = "Auto-graded labs"
language = "en"

extensions = ["myst_parser", "contents_from_lists", "html_anchors"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_static", "_extensions", "ci"]
nitpicky = True

myst_heading_anchors = 4

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
highlight_language = "text"
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
