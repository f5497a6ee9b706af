"""Up, down, in parts; limits, names that lead elsewhere, clients that go away, many at once."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from file_transfer.application import FileTransferApplication
from file_transfer.services.store_service import INCOMING, StoreService

from mainspring.testing import Harness, harness

Kit = Harness[FileTransferApplication]

BYTES = {"content-type": "application/octet-stream"}
DATA = bytes(range(256)) * 40
NAMES_THAT_LEAD_ELSEWHERE = [
    "..",
    ".",
    "../secret",
    "a/b",
    "a\\b",
    "/etc/passwd",
    "C:secret",
    ".hidden",
    f"{INCOMING}x",
    "nul\0byte",
    "line\nbreak",
    "x" * 61,
    "a*",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"not yours")
    return tmp_path / "files"


@pytest.fixture
async def t(folder: Path) -> AsyncIterator[Kit]:
    async with harness(application, {"folder": str(folder)}) as t:
        yield t


def application(files: dict[str, Any]) -> FileTransferApplication:
    return FileTransferApplication({"files": {"max_size": "20 KB", **files}})


def form(*files: tuple[str, bytes]) -> dict[str, Any]:
    """A body with files, as browsers send it."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in files
    ]
    headers = {"content-type": "multipart/form-data; boundary=edge"}
    return {"body": b"".join(parts) + b"--edge--\r\n", "headers": headers}


def inside(folder: Path) -> list[str]:
    """The names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def is_coming(folder: Path) -> bool:
    """Whether a file is."""
    return any(name.startswith(INCOMING) for name in inside(folder))


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what nobody tells."""
    while not holds():  # noqa: ASYNC110 - it happens on the disk
        await asyncio.sleep(0.01)


async def names(t: Kit) -> list[str]:
    return [file["name"] for file in (await t.request("GET", "/files")).json()]


async def test_files_of_a_form_are_kept_listed_and_removed(t: Kit, folder: Path) -> None:
    answer = await t.request("POST", "/files", **form(("b.bin", DATA), ("Žluťoučký kůň.txt", b"horse")))
    assert answer.status == 200, answer.text
    assert [(file["name"], file["size"]) for file in answer.json()] == [("b.bin", len(DATA)), ("Žluťoučký kůň.txt", 5)]
    assert (await t.request("GET", "/files")).json() == answer.json()
    assert (folder / "b.bin").read_bytes() == DATA
    assert (await t.request("DELETE", "/files/b.bin")).status == 204
    assert (await t.request("DELETE", "/files/b.bin")).status == 404
    assert await names(t) == ["Žluťoučký kůň.txt"]


async def test_a_body_is_kept_as_it_comes_and_replaces_what_was_there(t: Kit) -> None:
    for data in (DATA, b"", b"new"):
        assert (await t.request("PUT", "/files/a.bin", body=data, headers=BYTES)).json()["size"] == len(data)
        assert (await t.request("GET", "/files/a.bin")).body == data
    assert await names(t) == ["a.bin"]


async def test_a_download_says_what_it_is(t: Kit) -> None:
    await t.request("PUT", "/files/kůň.html", body=b"<script>", headers=BYTES)
    headers = (await t.request("GET", "/files/kůň.html")).headers
    assert headers["content-disposition"] == "attachment; filename=\"k__.html\"; filename*=UTF-8''k%C5%AF%C5%88.html"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["accept-ranges"] == "bytes"


async def test_parts_and_conditions(t: Kit) -> None:
    await t.request("PUT", "/files/a.bin", body=DATA, headers=BYTES)
    whole = await t.request("GET", "/files/a.bin")
    tag = whole.headers["etag"]

    async def get(**headers: str) -> tuple[int, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await t.request("GET", "/files/a.bin", headers=named)
        return answer.status, answer.body

    assert await get(range="bytes=10-19") == (206, DATA[10:20])
    assert await get(range="bytes=-5") == (206, DATA[-5:])
    assert (await get(range=f"bytes={len(DATA)}-"))[0] == 416
    assert await get(if_none_match=tag) == (304, b"")
    assert (await get(if_match='"other"'))[0] == 412
    assert await get(range="bytes=0-4", if_range=tag) == (206, DATA[:5])
    assert await get(range="bytes=0-4", if_range='"other"') == (200, DATA)
    head = await t.request("HEAD", "/files/a.bin")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(DATA)))
    await t.request("PUT", "/files/a.bin", body=b"changed", headers=BYTES)
    assert await get(if_none_match=tag) == (200, b"changed")


@pytest.mark.parametrize("name", NAMES_THAT_LEAD_ELSEWHERE)
async def test_no_name_leads_out_of_the_folder(t: Kit, folder: Path, name: str) -> None:
    """In a path whatever is no plain name is refused, in a form all but the last part of a name is dropped first."""
    escaped = "".join(f"%{byte:02X}" for byte in name.encode())
    for method in ("GET", "DELETE", "PUT"):
        answer = await t.request(method, f"/files/{escaped}", body=b"x", headers=BYTES)
        assert answer.status in (400, 404, 405), method
    sent = "".join(character for character in name if character.isprintable())
    assert (await t.request("POST", "/files", **form((sent, b"x")))).status in (200, 400, 422)
    assert (folder.parent / "secret").read_bytes() == b"not yours"
    assert set(inside(folder)) <= {"secret", "b", "passwd", "nulbyte", "linebreak"}
    assert set(inside(folder.parent)) <= {"files", "secret"}


async def test_a_link_in_the_folder_is_no_file(t: Kit, folder: Path) -> None:
    os.makedirs(folder / "sub")
    (folder / "link").symlink_to(folder.parent / "secret")
    assert await names(t) == []
    assert (await t.request("GET", "/files/link")).status == 404
    assert (await t.request("GET", "/files/sub")).status == 404


async def test_of_a_form_with_a_bad_name_nothing_is_kept(t: Kit) -> None:
    answer = await t.request("POST", "/files", **form(("good", b"x"), (".bad", b"x")))
    assert (answer.status, answer.json()["errors"][0]["path"]) == (422, "/name")
    assert await names(t) == []


async def test_beyond_a_limit_nothing_is_kept(t: Kit, folder: Path) -> None:
    large = b"x" * 20_481
    assert (await t.request("POST", "/files", **form(("large", large)))).status == 413
    assert (await t.request("PUT", "/files/large", body=large, headers=BYTES)).status == 413
    assert (await t.request("POST", "/files", **form(*((str(n), b"x") for n in range(11))))).status == 400
    assert await names(t) == []
    assert inside(folder) == []


async def test_what_is_no_upload_is_refused(t: Kit) -> None:
    assert (await t.request("POST", "/files", json={})).status == 415
    assert (await t.request("PUT", "/files/a", body=b"x")).status == 415
    assert (await t.request("POST", "/files", **form())).status == 400
    cut = form(("a", b"x"))
    assert (await t.request("POST", "/files", body=cut["body"][:-12], headers=cut["headers"])).status == 400
    assert await names(t) == []


async def test_a_client_that_goes_away_leaves_nothing_and_what_was_there_stays(folder: Path) -> None:
    async with harness(application, {"folder": str(folder)}, network=True) as t:
        await t.request("PUT", "/files/a.bin", body=b"before", headers=BYTES)
        address = t.app.rest_server.url or ""
        host, port = address.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"PUT /files/a.bin HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n")
        writer.write(b"Content-Length: 1000\r\n\r\nhalf")
        await until(lambda: is_coming(folder))
        writer.close()
        await until(lambda: not is_coming(folder))
        assert (folder / "a.bin").read_bytes() == b"before"


async def test_what_a_killed_process_left_is_swept(folder: Path) -> None:
    os.mkdir(folder)
    (folder / f"{INCOMING}left").write_bytes(b"half")
    async with harness(application, {"folder": str(folder)}) as t:
        assert await names(t) == []
        assert inside(folder) == []


async def test_of_many_who_write_one_file_at_once_one_is_kept_whole(t: Kit, folder: Path) -> None:
    bodies = [bytes([number]) * 15_000 for number in range(10)]
    stop = asyncio.Event()

    async def read() -> set[int]:
        seen = set()
        while not stop.is_set():
            answer = await t.request("GET", "/files/a.bin")
            if answer.status == 200:
                assert answer.body in bodies
                seen.add(answer.body[0])
            await asyncio.sleep(0)
        return seen

    reading = asyncio.ensure_future(read())
    puts = (t.request("PUT", "/files/a.bin", body=body, headers=BYTES) for body in bodies)
    assert {answer.status for answer in await asyncio.gather(*puts)} == {200}
    stop.set()
    await reading
    assert (folder / "a.bin").read_bytes() in bodies
    assert await names(t) == ["a.bin"]


async def test_a_large_file_is_never_in_memory_at_once(t: Kit) -> None:
    """Pieces go to the disk one by one: the next is asked for when the last is written."""
    store = await t.app.get(StoreService)
    most = 0
    out = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal most, out
        for _ in range(50):
            out += 1
            most = max(most, out)
            yield b"x" * 10_000
            out -= 1

    assert (await store.put("large", pieces())).size == 500_000
    assert most == 1
