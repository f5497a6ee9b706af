"""Static files: what is shown, what never is, and what is said about it."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainspring.rest import RestApplication, get
from mainspring.rest.errors import SettingError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "public"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "hello.txt").write_text("0123456789")
    (root / "page.html").write_text("<p>page</p>")
    (root / "with blank.txt").write_text("blank")
    (root / ".hidden").write_text("hidden")
    (root / "index.html").write_text("root index")
    (root / "sub" / "index.html").write_text("sub index")
    (tmp_path / "secret.txt").write_text("not to be seen")
    return root


def web(app: RestApplication) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def serving(
    folder: Any, path: Any = "/public", config: dict[str, Any] | None = None, **options: Any
) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.static(path, folder, options)
    return app


async def test_a_file_is_served_with_all_that_is_known_of_it(folder: Path) -> None:
    """REST-193, HTTP-020"""
    async with web(serving(folder)) as client:
        answer = await client.get("/public/hello.txt")
        assert answer.status_code == 200
        assert answer.text == "0123456789"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["content-length"] == "10"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["etag"]
        assert answer.headers["last-modified"]
        head = await client.head("/public/hello.txt")
        assert head.headers["content-length"] == "10"
        assert head.content == b""
        assert (await client.get("/public/with%20blank.txt")).text == "blank"


async def test_files_lie_below_the_base_path_and_operations_come_first(folder: Path) -> None:
    """REST-019, REST-193, REST-196"""

    class Pages:
        @get("/public/hello.txt")
        async def hello(self) -> str:
            return "operation"

    app = serving(folder, config={"base_path": "/api"})
    app.controller(Pages)
    async with web(app) as client:
        assert (await client.get("/api/public/hello.txt")).text == "operation"
        assert (await client.get("/api/public/page.html")).text == "<p>page</p>"
        assert (await client.get("/public/page.html")).status_code == 404


@pytest.mark.parametrize("path", ["/", ""])
async def test_the_root_can_be_a_directory(folder: Path, path: str) -> None:
    """REST-194, REST-197"""
    async with web(serving(folder, path)) as client:
        assert (await client.get("/")).text == "root index"
        assert (await client.get("/hello.txt")).text == "0123456789"


async def test_the_first_directory_that_has_the_file_wins(folder: Path, tmp_path: Path) -> None:
    """REST-195, REST-196"""
    other = tmp_path / "other"
    other.mkdir()
    (other / "hello.txt").write_text("other")
    (other / "only.txt").write_text("only")
    app = serving(folder)
    app.static("/public", other)
    async with web(app) as client:
        assert (await client.get("/public/hello.txt")).text == "0123456789"
        assert (await client.get("/public/only.txt")).text == "only"
        missing = await client.get("/public/none.txt")
        assert missing.status_code == 404
        assert missing.json()["detail"] == 'Endpoint "GET /public/none.txt" not found.'


async def test_a_directory_redirects_to_its_slash_and_shows_its_index(folder: Path) -> None:
    """REST-197"""
    async with web(serving(folder)) as client:
        answer = await client.get("/public/sub?x=1")
        assert answer.status_code == 301
        assert answer.headers["location"] == "/public/sub/?x=1"
        assert (await client.get("/public/sub/")).text == "sub index"
        assert (await client.get("/public")).headers["location"] == "/public/"
        assert (await client.get("/public/sub/deep/")).status_code == 404
    async with web(serving(folder, index=None)) as client:
        assert (await client.get("/public/sub/")).status_code == 404
    async with web(serving(folder, "/")) as client:
        raw = await client.get("http://test//sub")
        assert not raw.headers.get("location", "").startswith("//")


@pytest.mark.parametrize(
    "path",
    [
        "/public/../secret.txt",
        "/public/%2e%2e/secret.txt",
        "/public/..%2fsecret.txt",
        "/public/%2e%2e%2fsecret.txt",
        "/public/..%5csecret.txt",
        "/public//etc/passwd",
        "/public/hello.txt%00.html",
        "/public/link.txt",
        "/public/.hidden",
        "/public/sub/%ff",
    ],
)
async def test_nothing_outside_and_nothing_hidden_is_shown(folder: Path, path: str) -> None:
    """REST-199"""
    os.symlink(folder.parent / "secret.txt", folder / "link.txt")
    app = serving(folder)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
    scope |= {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": []}
    await app(scope, receive, send)  # type: ignore[arg-type]  # a hand-made scope, sent as no client would
    assert sent[0]["status"] == 404
    assert b"not to be seen" not in b"".join(message.get("body", b"") for message in sent[1:])


async def test_options_change_what_is_shown(folder: Path) -> None:
    """REST-198, REST-199"""
    os.symlink(folder.parent / "secret.txt", folder / "link.txt")
    options: dict[str, Any] = {"dotfiles": "allow", "follow_symlinks": True, "max_age": 60, "immutable": True}
    options |= {"extensions": ["html"], "headers": {"X-Own": "yes"}, "etag": False}
    async with web(serving(folder, **options)) as client:
        assert (await client.get("/public/.hidden")).text == "hidden"
        assert (await client.get("/public/link.txt")).text == "not to be seen"
        page = await client.get("/public/page")
        assert page.text == "<p>page</p>"
        assert page.headers["cache-control"] == "public, max-age=60, immutable"
        assert page.headers["x-own"] == "yes"
        assert "etag" not in page.headers
    async with web(serving(folder, dotfiles="deny")) as client:
        assert (await client.get("/public/.hidden")).status_code == 403
    with pytest.raises(SettingError, match="idnex"):
        serving(folder, idnex="x")


async def test_conditions_and_ranges_are_honoured(folder: Path) -> None:
    """REST-200, REST-201"""
    async with web(serving(folder)) as client:
        tag = (await client.get("/public/hello.txt")).headers["etag"]
        assert (await client.get("/public/hello.txt", headers={"if-none-match": tag})).status_code == 304
        assert (await client.get("/public/hello.txt", headers={"if-match": '"x"'})).status_code == 412
        part = await client.get("/public/hello.txt", headers={"range": "bytes=2-5"})
        assert (part.status_code, part.text, part.headers["content-range"]) == (206, "2345", "bytes 2-5/10")
        assert (await client.get("/public/hello.txt", headers={"range": "bytes=-3"})).text == "789"
        beyond = await client.get("/public/hello.txt", headers={"range": "bytes=20-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */10")


async def test_other_verbs_on_a_file_are_refused(folder: Path) -> None:
    """REST-202"""
    async with web(serving(folder)) as client:
        answer = await client.post("/public/hello.txt")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
