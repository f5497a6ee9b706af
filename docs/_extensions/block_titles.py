"""A fenced block may say which file it is: ``python title="app.py"`` becomes its caption.

A forge shows such a block like any other, which is why a page has no directive in its place.
"""

import re
from typing import Any

from sphinx.application import Sphinx

TITLED = re.compile(r'^(?P<indent> *)(?P<fence>`{3,})(?P<language>\w+) title="(?P<title>[^"]+)"$', re.MULTILINE)


def captioned(source: str) -> str:
    """The page with the titles of its blocks as captions."""
    return TITLED.sub(r"\g<indent>\g<fence>{code-block} \g<language>\n\g<indent>:caption: \g<title>\n", source)


def read(_app: Sphinx, _page: str, content: list[str]) -> None:
    """Change a page before it is parsed."""
    content[0] = captioned(content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True}
