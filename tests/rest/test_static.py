"""Static files."""

import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainspring.rest import FileResponse, RestApplication
from mainspring.rest.errors import SettingError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    public = tmp_path / "public"
    (public / "sub").mkdir(parents=True)
    (public / "a.txt").write_text("0123456789")
    (public / "index.html").write_text("<h1>index</h1>")
    (public / "sub" / "index.html").write_text("sub")
    (public / "page.html").write_text("page")
    (public / "s p ü.txt").write_text("blank")
    (public / ".hidden").write_text("hidden")
    os.symlink(tmp_path / "secret.txt", public / "link.txt")
    return public


def app_of(folder: Any, path: Any = "/public", options: Any = None, config: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.static(path, folder, options)
    return app


async def test_a_file_is_served(web: Any, folder: Path) -> None:
    """REST-193, HTTP-020, REST-019"""
    app = app_of(folder, config={"base_path": "/api"})
    answer = await web(app).get("/api/public/a.txt")
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == "10"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"]
    assert answer.headers["last-modified"].endswith("GMT")
    head = await web(app)("HEAD", "/api/public/a.txt")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "10")
    assert (await web(app).get("/public/a.txt")).status == 404
    assert (await web(app).get("/api/public/s%20p%20%C3%BC.txt")).text == "blank"


async def test_files_are_served_when_added_late(web: Any, folder: Path) -> None:
    """REST-193, REST-035"""
    app = RestApplication()
    assert (await web(app).get("/public/a.txt")).status == 404
    app.static("/public", folder)
    assert (await web(app).get("/public/a.txt")).status == 200


@pytest.mark.parametrize("path", ["/", "", ["/x", "/"], re.compile(r"/(?=[a-z]+\.txt)")])
async def test_paths_of_static_files(web: Any, folder: Path, path: Any) -> None:
    """REST-194"""
    app = app_of(folder, path)
    assert (await web(app).get("/a.txt")).status == 200
    if isinstance(path, list):
        assert (await web(app).get("/x/a.txt")).status == 200


async def test_directories_are_searched_in_order(web: Any, folder: Path, tmp_path: Path) -> None:
    """REST-195, REST-196"""
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("other")
    (other / "b.txt").write_text("b")
    app = app_of(folder)
    app.static("/public", other)
    assert (await web(app).get("/public/a.txt")).text == "0123456789"
    assert (await web(app).get("/public/b.txt")).text == "b"
    missing = await web(app).get("/public/c.txt")
    assert missing.json()["detail"] == 'Endpoint "GET /public/c.txt" not found.'
    closed = app_of(folder, options={"fallthrough": False})
    closed.static("/public", other)
    assert (await web(closed).get("/public/b.txt")).status == 404


async def test_operations_and_mounts_come_first(web: Any, folder: Path) -> None:
    """REST-207, REST-196"""
    app = app_of(folder)
    app.route("get", "/public/a.txt", None, lambda: "operation")
    assert (await web(app).get("/public/a.txt")).text == "operation"


async def test_directories(web: Any, folder: Path) -> None:
    """REST-197"""
    app = app_of(folder)
    answer = await web(app).get("/public/sub?x=1")
    assert (answer.status, answer.headers["location"]) == (301, "./sub/?x=1")
    assert (await web(app).get("/public/sub/")).text == "sub"
    assert (await web(app).get("/public")).headers["location"] == "./public/"
    assert (await web(app).get("/public/")).text == "<h1>index</h1>"
    plain = app_of(folder, options={"index": None})
    for path in ("/public/", "/public/sub/", "/public/sub"):
        assert (await web(plain).get(path)).status == 404, path


async def test_options(web: Any, folder: Path) -> None:
    """REST-198"""
    options = {
        "max_age": 60,
        "immutable": True,
        "etag": False,
        "last_modified": False,
        "extensions": ["html"],
        "headers": {"X-A": "1"},
        "dotfiles": "allow",
    }
    app = app_of(folder, options=options)
    answer = await web(app).get("/public/page")
    assert (answer.text, answer.headers["x-a"]) == ("page", "1")
    assert answer.headers["cache-control"] == "public, max-age=60, immutable"
    assert "etag" not in answer.headers
    assert "last-modified" not in answer.headers
    assert (await web(app).get("/public/.hidden")).text == "hidden"
    assert (await web(app_of(folder, options={"dotfiles": "deny"})).get("/public/.hidden")).status == 403
    by_path = app_of(folder, options={"headers": lambda path: {"X-Path": Path(path).name}})
    assert (await web(by_path).get("/public/a.txt")).headers["x-path"] == "a.txt"
    with pytest.raises(SettingError, match="nonsense"):
        app_of(folder, options={"nonsense": 1})


@pytest.mark.parametrize(
    "path",
    [
        "/public/../secret.txt",
        "/public/%2e%2e/secret.txt",
        "/public/..%2fsecret.txt",
        "/public/..%5csecret.txt",
        "/public/sub/../../secret.txt",
        "/public//etc/passwd",
        "/public/%2fetc%2fpasswd",
        "/public/c:%5cwindows",
        "/public/C:/windows",
        "/public/a.txt%00",
        "/public/link.txt",
        "/public/.hidden",
        "/public/sub/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/public/%ff",
    ],
)
async def test_nothing_outside_is_read(web: Any, folder: Path, path: str) -> None:
    """REST-199"""
    answer = await web(app_of(folder)).get(path)
    assert answer.status == 404
    assert "secret" not in answer.json()["detail"] or "secret" in path


async def test_links_may_be_followed(web: Any, folder: Path) -> None:
    """REST-199"""
    assert (await web(app_of(folder, options={"follow_symlinks": True})).get("/public/link.txt")).text == "secret"


async def test_conditions(web: Any, folder: Path) -> None:
    """REST-200"""
    app = app_of(folder)
    first = await web(app).get("/public/a.txt")
    etag, modified = first.headers["etag"], first.headers["last-modified"]

    async def status(**headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await web(app).get("/public/a.txt", headers=sent)
        assert answer.status == 200 or answer.body == b"" or answer.status == 412
        return int(answer.status)

    assert await status(if_none_match=etag) == 304
    assert await status(if_none_match='"x"', if_modified_since=modified) == 200
    assert await status(if_modified_since=modified) == 304
    assert await status(if_match='"x"') == 412
    assert await status(if_match=etag) == 200
    assert await status(if_unmodified_since="Thu, 01 Jan 1970 00:00:00 GMT") == 412
    (folder / "a.txt").write_text("changed")
    assert await status(if_none_match=etag) == 200


@pytest.mark.parametrize(
    ("asked", "status", "part", "content_range"),
    [
        ("bytes=2-5", 206, b"2345", "bytes 2-5/10"),
        ("bytes=5-", 206, b"56789", "bytes 5-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=x", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
    ],
)
async def test_ranges(web: Any, folder: Path, asked: str, status: int, part: Any, content_range: Any) -> None:
    """REST-201, ERR-022"""
    answer = await web(app_of(folder)).get("/public/a.txt", headers={"range": asked})
    assert answer.status == status
    assert answer.headers.get("content-range") == content_range
    if part is not None:
        assert answer.body == part
        assert answer.headers["content-length"] == str(len(part))
    else:
        assert answer.headers["content-type"] == "application/problem+json"


async def test_ranges_with_conditions(web: Any, folder: Path) -> None:
    """REST-201"""
    app = app_of(folder)
    etag = (await web(app).get("/public/a.txt")).headers["etag"]
    for condition, status in ((etag, 206), ('"x"', 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)):
        headers = {"range": "bytes=0-1", "if-range": condition}
        assert (await web(app).get("/public/a.txt", headers=headers)).status == status
    head = await web(app)("HEAD", "/public/a.txt", headers={"range": "bytes=0-1"})
    assert (head.status, head.headers["content-length"]) == (200, "10")


async def test_other_verbs_are_405(web: Any, folder: Path) -> None:
    """REST-202"""
    answer = await web(app_of(folder))("POST", "/public/a.txt")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (await web(app_of(folder))("POST", "/public/none.txt")).status == 404


async def test_a_file_that_shrinks_ends_the_connection(web: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST-203"""
    from mainspring.rest import files  # noqa: PLC0415 - patched here only

    monkeypatch.setattr(files, "CHUNK", 4)
    read = files._FilePart._read

    def shrinking(self: Any, count: int) -> bytes:
        data = read(self, count)
        os.truncate(folder / "a.txt", 4)
        return data

    monkeypatch.setattr(files._FilePart, "_read", shrinking)
    client = web(app_of(folder))
    with pytest.raises(OSError, match="shorter"):
        await client.get("/public/a.txt")
    assert client.messages[-1]["more_body"] is True


async def test_file_responses(web: Any, folder: Path) -> None:
    """REST-204, HTTP-015"""
    app = RestApplication()
    app.route("get", "/plain", None, lambda: FileResponse(folder / "a.txt"))
    app.route("get", "/named", None, lambda: FileResponse(folder / "a.txt", 'grüße\r\n".txt', "text/csv", inline=True))
    app.route("get", "/missing", None, lambda: FileResponse(folder / "none.txt"))
    app.route("get", "/folder", None, lambda: FileResponse(folder))
    plain = await web(app).get("/plain", headers={"range": "bytes=0-1"})
    assert (plain.status, plain.body) == (206, b"01")
    assert plain.headers["content-disposition"] == 'attachment; filename="a.txt"'
    named = await web(app).get("/named")
    assert named.headers["content-type"] == "text/csv; charset=utf-8"
    disposition = named.headers["content-disposition"]
    assert disposition == "inline; filename=\"gr__e_.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe%22.txt"
    assert (await web(app).get("/missing")).status == 404
    assert (await web(app).get("/folder")).status == 404
    tag = plain.headers["etag"]
    assert (await web(app).get("/plain", headers={"if-none-match": tag})).status == 304


@pytest.mark.parametrize("name", ["a" * 256, "a/" * 3000, "a" * 256 + "/"], ids=["long", "deep", "long folder"])
@pytest.mark.parametrize("options", [{}, {"follow_symlinks": True}, {"extensions": ["html"]}], ids=str)
async def test_a_name_that_no_file_can_have_is_missing(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    """REST-196, REST-199"""
    app = RestApplication()
    app.static("/public", tmp_path, options)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get(f"/public/{name}")).status_code == 404
