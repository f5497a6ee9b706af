"""Forms with files."""

import asyncio
import tempfile
from typing import Annotated, Any

import pytest

from mainspring.rest import Form, Request, RequestContext, RestApplication, UploadFile, param, request_body

BOUNDARY = "----boundary"
HEADERS = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, data: bytes, filename: str | None = None, content_type: str | None = None, *more: str) -> bytes:
    lines = [
        f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    ]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    head = "\r\n".join([f"--{BOUNDARY}", *lines, *more]).encode()
    return head + b"\r\n\r\n" + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def app_of(handler: Any, config: Any = None, spec: Any = None) -> RestApplication:
    app = RestApplication({"rest": config or {}})
    app.route("post", "/x", spec, handler)
    return app


async def send(web: Any, app: Any, *parts: bytes, **options: Any) -> Any:
    return await web(app)("POST", "/x", body=form(*parts), headers=HEADERS, **options)


async def test_fields_and_files_are_parameters(web: Any) -> None:
    """HTTP-028"""

    async def handler(
        title: Annotated[str, param.form()],
        count: Annotated[int, param.form("n")],
        photo: Annotated[UploadFile, param.file("photo")],
        more: list[UploadFile],
        tags: Annotated[list[str] | None, param.form()] = None,
    ) -> dict[str, Any]:
        first = await photo.read(2)
        rest = await photo.read()
        await photo.seek(0)
        return {
            "title": title,
            "count": count,
            "photo": [photo.filename, photo.content_type, photo.size, photo.field_name, first.decode(), rest.decode()],
            "again": (await photo.read()).decode(),
            "header": photo.headers["x-own"],
            "more": [each.filename for each in more],
            "tags": tags,
        }

    app = app_of(handler)
    parts = [
        part("title", "grüße".encode()),
        part("n", b"3"),
        part("photo", b"abcd", "a.png", "image/png", "X-Own: 1"),
        part("more", b"1", "1.txt"),
        part("tags", b"x"),
        part("more", b"2", "2.txt"),
        part("tags", b"y"),
    ]
    assert (await send(web, app, *parts)).json() == {
        "title": "grüße",
        "count": 3,
        "photo": ["a.png", "image/png", 4, "photo", "ab", "cd"],
        "again": "abcd",
        "header": "1",
        "more": ["1.txt", "2.txt"],
        "tags": ["x", "y"],
    }
    missing = await send(web, app, parts[0], parts[1])
    assert missing.status == 400
    assert missing.json()["code"] == "MISSING_REQUIRED_PARAMETER"
    assert {entry["info"]["name"] for entry in missing.json()["errors"]} == {"photo", "more"}
    assert (await send(web, app, parts[0], part("n", b"x"), parts[2], parts[3])).json()["errors"][0]["info"][
        "name"
    ] == "n"
    content = (await app.get_api_spec())["paths"]["/x"]["post"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"]["properties"]["photo"] == {"type": "string", "format": "binary"}


async def test_how_many_files_may_be_limited(web: Any) -> None:
    """HTTP-028"""

    def handler(
        some: Annotated[list[UploadFile], param.file(max_length=2)],
        more: Annotated[list[UploadFile] | None, param.file(min_length=2)] = None,
    ) -> list[int]:
        return [len(some), len(more or ())]

    app = app_of(handler)
    one, other = part("some", b"1", "1.txt"), part("more", b"1", "1.txt")
    assert (await send(web, app, one, one)).json() == [2, 0]
    assert (await send(web, app, one, other, other)).json() == [1, 2]
    for parts, code, name in (([one] * 3, "maxItems", "some"), ([one, other], "minItems", "more")):
        answer = await send(web, app, *parts)
        assert answer.status == 400
        (entry,) = answer.json()["errors"]
        assert (entry["code"], entry["info"]["limit"], entry["info"]["name"]) == (code, 2, name)


async def test_plain_forms_give_fields(web: Any) -> None:
    """REST-121, HTTP-028"""

    def handler(a: Annotated[int, param.form()], b: Annotated[str, param.form()] = "none") -> list[Any]:
        return [a, b]

    app = app_of(handler)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await web(app)("POST", "/x", body=b"a=1&b=x+y", headers=headers)).json() == [1, "x y"]
    assert (await send(web, app, part("a", b"2"))).json() == [2, "none"]
    assert (await web(app)("POST", "/x", body=b"b=1", headers=headers)).status == 400
    assert (await web(app)("POST", "/x", body=b"{}", headers={"content-type": "application/json"})).status == 415


async def test_the_unread_request_is_handed_over(web: Any) -> None:
    """HTTP-029"""

    async def handler(body: Annotated[Request, request_body.file()]) -> Any:
        form = await body.form()
        assert isinstance(form, Form)
        return [[name, value if isinstance(value, str) else value.filename] for name, value in form.pairs]

    answer = await send(web, app_of(handler), part("a", b"1"), part("f", b"x", "f.txt"), part("a", b"2"))
    assert answer.json() == [["a", "1"], ["f", "f.txt"], ["a", "2"]]


async def test_large_files_are_spooled_and_removed(web: Any) -> None:
    """HTTP-030"""
    seen: list[UploadFile] = []

    async def handler(ctx: RequestContext, f: UploadFile, fail: bool = False) -> list[Any]:
        seen.append(f)
        if fail:
            raise RuntimeError
        return [f.in_memory, f.size, len(await f.read())]

    app = app_of(handler)
    small, large = b"a" * 1024 * 1024, b"a" * (1024 * 1024 + 1)
    assert (await send(web, app, part("f", small, "f"))).json() == [True, len(small), len(small)]
    assert (await send(web, app, part("f", large, "f"))).json() == [False, len(large), len(large)]
    failed = await web(app)("POST", "/x?fail=1", body=form(part("f", large, "f")), headers=HEADERS)
    assert failed.status == 500
    assert [each.file.closed for each in seen] == [True] * 3
    assert tempfile.gettempdir()


@pytest.mark.parametrize(
    ("options", "parts", "named"),
    [
        ({"file_size": 3}, [part("f", b"1234", "f")], "file_size"),
        ({"files": 1}, [part("f", b"1", "f"), part("g", b"1", "g")], "files"),
        ({"fields": 1}, [part("f", b"1"), part("g", b"1")], "fields"),
        ({"field_size": "2b"}, [part("f", b"123")], "field_size"),
        ({"part_headers": 2}, [part("f", b"1", "f", "a/b", "X-A: 1")], "part_headers"),
        ({"limit": 10}, [part("f", b"1", "f")], "larger than 10 bytes"),
    ],
)
async def test_forms_are_limited(web: Any, options: Any, parts: Any, named: str) -> None:
    """HTTP-031"""

    async def handler(request: Request) -> int:
        return len((await request.form()).pairs)

    async def fields(f: Annotated[Any, param.file()] = None, g: Annotated[Any, param.form()] = None) -> None: ...

    for each in (handler, fields) if "limit" in options else (handler,):
        app = app_of(each, {"request_body_parser": {"multipart": options}})
        answer = await send(web, app, *parts)
        assert answer.status == 413, answer
        assert named in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"nonsense", form(part("a", b"1"))[:-10], b"--wrong\r\n"])
async def test_malformed_forms_are_400(web: Any, body: bytes) -> None:
    """HTTP-031"""

    async def handler(request: Request) -> None:
        await request.form()

    app = app_of(handler)
    assert (await web(app)("POST", "/x", body=body, headers=HEADERS)).status == 400
    no_boundary = {"content-type": "multipart/form-data"}
    assert (await web(app)("POST", "/x", body=form(part("a", b"1")), headers=no_boundary)).status == 400


@pytest.mark.parametrize(
    ("filename", "expected"),
    [("../../etc/passwd", "passwd"), ("C:\\\\x\\\\y.txt", "y.txt"), ("a\tb.txt", "ab.txt"), ("grüße.txt", "grüße.txt")],
)
async def test_file_names_are_reduced(web: Any, filename: str, expected: str) -> None:
    """HTTP-031"""

    async def handler(f: UploadFile) -> Any:
        return f.filename

    assert (await send(web, app_of(handler), part("f", b"1", filename))).text == expected


async def test_charsets_and_empty_files(web: Any) -> None:
    """HTTP-032"""

    async def handler(
        a: Annotated[str, param.form()], b: Annotated[str, param.form()], f: UploadFile | None = None
    ) -> list[Any]:
        return [a, b, f]

    answer = await send(
        web,
        app_of(handler),
        part("_charset_", b"iso-8859-1"),
        part("a", "ü".encode("latin-1")),
        part("b", "ü".encode(), None, "text/plain; charset=utf-8"),
        part("f", b"", ""),
    )
    assert answer.json() == ["ü", "ü", None]


@pytest.mark.parametrize("charset", [b"nonsense", b"punycode", b"undefined", b"zlib_codec", b"a\0b", b"a" * 5000])
async def test_what_is_no_charset_is_400(web: Any, charset: bytes) -> None:
    """HTTP-032"""

    def handler(a: Annotated[str, param.form()]) -> str:
        return a

    answer = await send(web, app_of(handler), part("_charset_", charset), part("a", b"a-z9z9"))
    assert (answer.status, answer.json()["code"]) == (400, "MALFORMED_BODY")


async def test_empty_file_fields_are_not_without_end(web: Any) -> None:
    """HTTP-031, HTTP-032"""

    async def handler(request: Request) -> int:
        return len((await request.form()).pairs)

    app = app_of(handler, {"request_body_parser": {"multipart": {"files": 1}}})
    assert (await send(web, app, *[part("f", b"", "")] * 1000, part("f", b"1", "f"))).json() == 1
    assert (await send(web, app, *[part("f", b"", "")] * 1001)).status == 413


async def test_malformed_forms_are_no_news_for_the_log(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """HTTP-031"""

    async def handler(request: Request) -> int:
        return len((await request.form()).pairs)

    assert (await web(app_of(handler))("POST", "/x", body=b"no form", headers=HEADERS)).status == 400
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_a_form_into_a_model(web: Any) -> None:
    """REST-122, HTTP-028"""
    import msgspec  # noqa: PLC0415 - used here only

    class Person(msgspec.Struct):
        name: str
        age: int

    def handler(person: Annotated[Person, request_body(content={"multipart/form-data": {}})]) -> str:
        return repr(person)

    answer = await send(web, app_of(handler), part("name", b"a"), part("age", b"3"))
    assert answer.text == "Person(name='a', age=3)" or "Person" in answer.text


async def test_others_have_their_turn_while_a_form_is_parsed(web: Any) -> None:
    """REST-137"""
    app = RestApplication({"rest": {"request_body_parser": {"multipart": {"limit": "8mb", "field_size": "8mb"}}}})

    async def take(text: Annotated[str, param.form()]) -> int:
        return len(text)

    app.route("post", "/", None, take)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    head = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    body = [head, *([b"a" * 65536] * 64), b"\r\n--x--\r\n"]
    waiting = asyncio.create_task(others())
    try:
        answer = await web(app)("POST", "/", headers={"Content-Type": "multipart/form-data; boundary=x"}, body=body)
    finally:
        waiting.cancel()
    assert answer.json() == 64 * 65536
    assert turns > 64  # once for each piece, though all of them were there
