"""What the hostile clients attack: one of everything that takes input or lets a handler write into the head."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from mainspring import RestApplication, rest
from mainspring.rest import FileResponse, Request, RequestContext, Response, UploadFile, param, request_body

OCTETS: Any = {"application/octet-stream": {"x-parser": "stream", "x-limit": "1gb"}}
FILES = Path(os.environ["HOSTILE_FILES"])


class Order(msgspec.Struct):
    """Something to decode."""

    name: str
    count: int = 1
    price: float = 0.0
    tags: list[str] = []
    more: dict[str, Any] = {}


class TargetController:
    """One operation for each way in."""

    @rest.get("/hello")
    async def hello(self) -> dict[str, str]:
        """What the undisturbed ask for."""
        return {"message": "Hello, world"}

    @rest.get("/items/{id}")
    async def item(self, id: int, q: str = "", limit: int = 10, price: float = 1.0) -> list[Any]:
        """Text from the request line, converted."""
        return [id, q, limit, price]

    @rest.get("/names/{name}")
    async def name(self, name: str, where: dict[str, Any] | None = None) -> list[Any]:
        """Text from the request line, as it is."""
        return [name, where]

    @rest.get("/fields")
    async def fields(
        self, x_text: Annotated[str, param.header("X-Text")] = "", c: Annotated[str, param.cookie("c")] = ""
    ) -> list[str]:
        """Text from the head."""
        return [x_text, c]

    @rest.post("/orders")
    async def order(self, order: Order) -> Order:
        """A body with a type."""
        return order

    @rest.post("/anything")
    async def anything(self, body: Annotated[Any, request_body()]) -> str:
        """A body of any shape."""
        return type(body).__name__

    @rest.post("/forms")
    async def form(
        self, title: Annotated[str, param.form()] = "", files: list[UploadFile] | None = None
    ) -> dict[str, Any]:
        """Fields and files."""
        return {"title": len(title), "files": [[file.filename, file.size] for file in files or ()]}

    @rest.post("/uploads")
    async def upload(self, body: Annotated[Request, request_body(content=OCTETS)]) -> int:
        """A body that is read piece by piece."""
        count = 0
        async for piece in body.stream():
            count += len(piece)
        return count

    @rest.get("/streams")
    async def stream(self) -> AsyncIterator[bytes]:
        """A body without an end."""
        while True:
            yield b"x" * 65536

    @rest.get("/downloads")
    async def download(self, name: str = "large") -> FileResponse:
        """A file, under a name that the client chose."""
        return FileResponse(FILES / "large", filename=name)

    @rest.get("/head")
    async def head(self, response: Response, name: str = "X-Said", value: str = "") -> None:
        """A header line of the client's choice."""
        response.headers[name] = value

    @rest.get("/cookies")
    async def cookie(self, response: Response, name: str = "c", value: str = "", path: str = "/") -> None:
        """A cookie of the client's choice."""
        response.set_cookie(name, value, path=path)

    @rest.get("/redirects")
    async def redirect(self, response: Response, to: str) -> None:
        """A redirect to where the client likes."""
        await response.redirect(to)

    @rest.get("/errors")
    async def error(self, text: str = "") -> None:
        """A mistake of ours, with a secret in it."""
        raise RuntimeError(f"secret {text}")

    @rest.get("/inside")
    async def inside(self, context: RequestContext) -> str:
        """The id of the request."""
        return context.request_id


class TargetApplication(RestApplication):
    """Everything at its defaults."""

    def __init__(self) -> None:
        super().__init__({"name": "target", "rest": {"server": os.environ["HOSTILE_SERVER"]}})
        self.controller(TargetController)
        self.static("/files", FILES / "public")
