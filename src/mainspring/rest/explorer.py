"""The explorer: a page that shows the operations and tries them. Everything it needs is served from this package.

The page has no inline script and names no other host; it reads the document next to it, so prefixes do it no harm.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from mainspring.rest.document_endpoints import DocumentEndpoint, read_endpoint
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE
from mainspring.rest.settings import as_options

__all__ = ["Answer", "explorer_pages"]

Answer = Callable[[Exchange], Any]

_ASSETS = {
    "swagger-ui.css": b"text/css; charset=utf-8",
    "swagger-ui-bundle.js": b"text/javascript; charset=utf-8",
    "favicon.png": b"image/png",
}

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="icon" type="image/png" href="./favicon.png">
<link rel="stylesheet" href="./swagger-ui.css">
$theme</head>
<body>
<div id="swagger-ui" data-url="$spec_url"></div>
<script src="./swagger-ui-bundle.js"></script>
<script src="./initializer.js"></script>
</body>
</html>
""")

# Without `validatorUrl: null` the page would ask a public validator about documents it takes for public.
_INITIALIZER = b"""window.addEventListener("load", function () {
  var node = document.getElementById("swagger-ui");
  window.ui = SwaggerUIBundle({
    url: node.dataset.url,
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout"
  });
});
"""


def explorer_pages(setting: Any, title: str, spec_url: Callable[[Exchange], str]) -> dict[str, Answer]:
    """What the explorer answers, by path.

    Args:
        setting: The ``explorer`` setting.
        title: The title unless the setting has one.
        spec_url: Where the document is, for a page that does not read the one next to it.
    """
    options = {"disabled": True} if setting is False else as_options(setting, "explorer")
    if options.get("disabled"):
        return {}
    path = "/" + str(options.get("path") or "/explorer").strip("/")
    title = str(options.get("title") or f"{title} - Explorer")
    self_hosted = options.get("use_self_hosted_spec", True)
    pages: dict[str, Answer] = {
        path: _to_slash(path),
        f"{path}/": _index(options, title, "./openapi.json" if self_hosted else spec_url),
        f"{path}/index.html": _index(options, title, "./openapi.json" if self_hosted else spec_url),
        f"{path}/initializer.js": lambda _: _content(b"text/javascript; charset=utf-8", _INITIALIZER),
        **{f"{path}/{name}": _asset(name) for name in _ASSETS},
    }
    if self_hosted:
        endpoint = DocumentEndpoint(f"{path}/openapi.json")
        pages[f"{path}/openapi.json"] = lambda exchange: read_endpoint(exchange, endpoint)
    theme = options.get("theme_file")
    if theme:
        file = Path(str(theme))
        pages[f"{path}/theme.css"] = lambda _: _content(b"text/css; charset=utf-8", file.read_bytes())
    return pages


def _content(content_type: bytes, body: bytes) -> Reply:
    lines: list[Header] = [
        (CONTENT_TYPE, content_type),
        (CONTENT_LENGTH, b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Reply(200, lines, body)


def _to_slash(path: str) -> Answer:
    location = f"./{path.rpartition('/')[2]}/".encode()

    def answer(_: Exchange) -> Reply:
        return Reply(301, [(b"location", location), (CONTENT_LENGTH, b"0")], b"")

    return answer


def _asset(name: str) -> Answer:
    kept: list[bytes] = []

    def answer(_: Exchange) -> Reply:
        from importlib.resources import files  # noqa: PLC0415 - for who looks at the page, as its files are

        if not kept:  # read once
            kept.append(files("mainspring.rest").joinpath("explorer_assets", name).read_bytes())
        return _content(_ASSETS[name], kept[0])

    return answer


def _index(options: Mapping[str, Any], title: str, spec_url: Any) -> Answer:
    def answer(exchange: Exchange) -> Reply:
        from html import escape  # noqa: PLC0415 - as above

        given = options.get("index_template")
        page = _PAGE if given is None else _template(given)
        theme = '<link rel="stylesheet" href="./theme.css">\n' if options.get("theme_file") else ""
        url = spec_url if isinstance(spec_url, str) else spec_url(exchange)
        text = page.safe_substitute(title=escape(title), spec_url=escape(url), theme=theme)
        return _content(b"text/html; charset=utf-8", text.encode())

    return answer


def _template(given: Any) -> Template:
    """A template given as text, or as the path of a file."""
    if isinstance(given, Path) or (isinstance(given, str) and "<" not in given):
        return Template(Path(given).read_text(encoding="utf-8"))
    return Template(str(given))
