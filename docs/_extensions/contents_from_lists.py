"""The site's navigation, from the lists of ``index.md``, which a code host shows as they are.

Each heading of the second level becomes a caption, and each page that an entry of a list links to
comes below it. An entry in a comment counts as soon as its page exists.
"""

import re

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

_ENTRY = re.compile(r"^(<!-- )?- \[[^\]]+\]\(([\w/-]+)\.md\)", re.MULTILINE)


def add_contents(app: Sphinx, docname: str, source: list[str]) -> None:
    """Append a hidden table of contents for each section of the index."""
    if docname != "index":
        return
    for section in source[0].split("\n## ")[1:]:
        caption, _, body = section.partition("\n")
        entries = []
        for is_comment, page in _ENTRY.findall(body):
            if not is_comment or (app.srcdir / f"{page}.md").is_file():
                entries.append(page)
        lines = ["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```"]
        source[0] += "\n" + "\n".join(lines) + "\n"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension."""
    app.connect("source-read", add_contents)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
