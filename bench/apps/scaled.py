"""The applications that `bench/scale.py` measures."""

import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from mainspring import RestApplication
from mainspring.rest import FileResponse, Request, request_body

FEW = 20
#: Static and variable routes of both applications, in the same proportion.
SIZES = {"few": (16, 4), "many": (2000, 500)}
PIECE = b"x" * 65536


def routed(static: int, variable: int) -> RestApplication:
    """An application with so many routes of each sort, in folders of ten as an API has them."""
    app = RestApplication()
    for number in range(static):
        app.route("get", f"/area{number // 100}/kind{number // 10}/thing{number}", None, answer)
    for number in range(variable):
        app.route("get", f"/shop{number // 100}/{{shop}}/kind{number // 10}/item{number}/{{item}}", None, answer_of)
    return app


def paths_of(static: int, variable: int, count: int) -> list[str]:
    """Paths of routes from the first to the last, as many of each sort as the application has in proportion."""
    plain, named = count * static // (static + variable), count * variable // (static + variable)
    numbers = [number * static // plain for number in range(plain)]
    others = [number * variable // named for number in range(named)]
    return [
        *(f"/area{number // 100}/kind{number // 10}/thing{number}" for number in numbers),
        *(f"/shop{number // 100}/a/kind{number // 10}/item{number}/b" for number in others),
    ]


async def answer() -> dict[str, int]:
    """What a route without variables answers."""
    return {"n": 1}


async def answer_of(shop: str, item: str) -> dict[str, str]:
    """What a route with variables answers."""
    return {"shop": shop, "item": item}


def few() -> RestApplication:
    """The application that the large one is compared with."""
    return routed(*SIZES["few"])


def many() -> RestApplication:
    """The large one."""
    return routed(*SIZES["many"])


def transfers() -> RestApplication:
    """Large bodies both ways. ``SCALE_FILE`` names the file."""
    app = RestApplication()
    app.route("get", "/hello", None, answer)
    app.route("post", "/upload", None, upload)
    app.route("get", "/pieces", None, pieces)
    app.route("get", "/file", None, file)
    return app


OCTETS: Any = {"application/octet-stream": {"x-parser": "stream", "x-limit": "2gb"}}


async def upload(body: Annotated[Request, request_body(content=OCTETS)]) -> int:
    """The bytes of a body that is read piece by piece."""
    count = 0
    async for piece in body.stream():
        count += len(piece)
    return count


async def pieces(count: int) -> AsyncIterator[bytes]:
    """A body of so many pieces, made one by one."""
    for _ in range(count):
        yield PIECE


def file() -> FileResponse:
    """A file."""
    return FileResponse(os.environ["SCALE_FILE"])
