"""The addresses of the context explorer. Each request passes the guard first."""

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import Any

from mainspring.explorer.guarding import Guard
from mainspring.explorer.picture import Picture
from mainspring.explorer.watching import watch
from mainspring.http import HttpErrors
from mainspring.rest import RequestContext, Response, api, get, visibility

__all__ = ["ExplorerController", "controller_at"]

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_PAGE = ("details.js", "dom.js", "graph.js", "icon.svg", "list.js", "main.js", "model.js", "style.css")
_VENDORED = ("cytoscape.esm.min.js", "dagre.esm.js")

#: The page runs its own files alone, asks its own server alone, and is shown in no other page.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_EVENTS = {"responses": {"200": {"description": "What changes.", "content": {"text/event-stream": {}}}}}


@visibility("undocumented")
class ExplorerController:
    """Serves the page and its data."""

    picture: Picture
    guard: Guard

    @get("/")
    async def page(self, context: RequestContext) -> Response[Any]:
        """The page; below its path, so that what it names is found behind every prefix."""
        await self.guard.check(context)
        path = context.request.raw_path
        if not path.endswith("/"):
            return Response(status=301, headers={"Location": f"./{path.rpartition('/')[2]}/"})
        return _file("index.html", {**_HEADERS, "Content-Security-Policy": _POLICY})

    @get("/page/{name}")
    async def file(self, context: RequestContext, name: str) -> Response[Any]:
        """A file of the page."""
        await self.guard.check(context)
        if name not in (*_PAGE, *_VENDORED):
            raise HttpErrors.NotFound(f"The context explorer has no file {name!r}.")
        return _file(name, _HEADERS)

    @get("/data/changes", _EVENTS)
    async def changes(self, context: RequestContext) -> Any:
        """All bindings, and from then on what changes of them."""
        await self.guard.check(context)
        return watch(self.picture)

    @get("/data/edges")
    async def edges(self, context: RequestContext) -> Response[Any]:
        """Who injects what."""
        await self.guard.check(context)
        return _data(await self.picture.edges())

    @get("/data/binding")
    async def binding(self, context: RequestContext, of: int, key: str) -> Response[Any]:
        """All that is told of one binding."""
        await self.guard.check(context)
        found = self.picture.details(of, key)
        if found is None:
            raise HttpErrors.NotFound(f"There is no binding {key!r} in this context any more.")
        return _data(found)


def controller_at(path: str, server: str | None, picture: Picture, guard: Guard) -> type[ExplorerController]:
    """A controller class of its own, since the path of one belongs to its class."""
    members = {"picture": picture, "guard": guard, "__doc__": ExplorerController.__doc__}
    cls = type("ContextExplorerController", (ExplorerController,), members)
    return api(base_path=path, server=server)(cls)


def _file(name: str, headers: dict[str, str]) -> Response[Any]:
    body, etag = _read(name)
    media_type = _TYPES[name.rpartition(".")[2]]
    return Response(body, headers={**headers, "ETag": etag, "Cache-Control": "no-cache"}, media_type=media_type)


@cache
def _read(name: str) -> tuple[bytes, str]:
    """A file of the package, and its tag."""
    folder = files("mainspring.explorer").joinpath("page")
    body = folder.joinpath("vendor" if name in _VENDORED else ".", name).read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _data(value: Any) -> Response[Any]:
    body = json.dumps(value, separators=(",", ":")).encode()  # as ASCII: a key may hold what is no text in UTF-8
    return Response(body, headers={**_HEADERS, "Cache-Control": "no-store"}, media_type="application/json")
