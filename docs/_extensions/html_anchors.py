"""Links to ``<a id="…"></a>`` of another page: MyST knows the anchors of headings only."""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

_ANCHOR = re.compile(r'<a id="([\w-]+)">')


def add_anchors(app: Sphinx, doctree: nodes.document) -> None:
    """Tell MyST about each anchor of a page."""
    docname = app.env.current_document.docname
    slugs = app.env.metadata[docname].setdefault("myst_slugs", {})
    for node in doctree.findall(nodes.raw):
        for name in _ANCHOR.findall(node.astext()):
            slugs[name] = (node.line, name, "")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension."""
    app.connect("doctree-read", add_anchors)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
