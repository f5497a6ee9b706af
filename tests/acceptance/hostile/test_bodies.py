"""Bodies made to hurt: each is answered with a clear status, in bounded memory, and nobody else waits for it."""

import gzip
import threading
import zlib
from collections.abc import Callable

import pytest

JSON = "application/json"
FORM = "multipart/form-data; boundary=B"
#: For a body of a megabyte: it, its values twice (as they came, and converted), and what the allocator keeps.
MEGABYTES = 40


def form(*parts: bytes) -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"


def field(name: bytes, value: bytes = b"") -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value


def file(name: bytes, value: bytes = b"x") -> bytes:
    return b'Content-Disposition: form-data; name="files"; filename="' + name + b'"\r\n\r\n' + value


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 500_000 + b"]" * 500_000, 400),
        (b"[" * 1_000_000, 400),
        (b'{"a":' * 150_000 + b"1" + b"}" * 150_000, 400),
        (b'{"name":"x","more":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}", 400),
        (b'{"name":"x","unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"name":"\xff\xfe"}', 400),
        (rb'{"name":"\ud800"}', 400),
        ('{"name":"x"}'.encode("utf-16"), 400),
        (b'{"name":"x","count":' + b"9" * 100_000 + b"}", 400),
        (b'{"name":"x","price":1e999999999}', 400),
        (b'{"name":"x","price":NaN}', 400),
        (b'{"name":"x","tags":[' + b"1," * 400_000 + b"1]}", 422),
        (b'{"name":1,"tags":[' + b'"a",' * 200_000 + b'"a"]}', 422),
        (b'{"name":"x"' + b',"k":1' * 150_000 + b"}", 200),
        (b'{"name":"x","name":"y"}', 200),
        (b'{"name":"x"}' + b" " * 1_048_576, 413),
        (b"", 400),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else str(value),
)
def test_json(target, body, status):
    """REST-118, REST-133, REST-135, REST-141"""
    with target.bounded(MEGABYTES):
        answer = target.post("/orders", JSON, body)
    assert answer.status == status
    if status == 200:
        assert answer.json()["count"] == 1
    else:
        assert answer.code in ("MALFORMED_BODY", "VALIDATION_FAILED", "PAYLOAD_TOO_LARGE", "MISSING_REQUIRED_PARAMETER")
        assert len(answer.body) < 200_000


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", gzip.compress(b"\0" * 100_000_000), 413),
        ("deflate", zlib.compress(b"\0" * 100_000_000), 413),
        ("gzip", gzip.compress(b"[" * 1_000_000), 400),
        ("gzip", gzip.compress(b"") * 45_000 + gzip.compress(b"1"), 200),
        ("gzip", gzip.compress(b"") * 60_000, 413),
        ("gzip", gzip.compress(b"1") + b"more" * 200_000, 400),
        ("gzip", gzip.compress(b"[1]" * 100)[:-9], 400),
        ("gzip", b"no gzip", 400),
        ("gzip, gzip", gzip.compress(gzip.compress(b"1")), 415),
        ("br", b"x", 415),
    ],
    ids=lambda value: str(len(value)) if isinstance(value, bytes) else str(value),
)
def test_coded_bodies(target, coding, body, status):
    """HTTP-012"""
    with target.bounded(MEGABYTES):
        assert target.post("/anything", JSON, body, f"Content-Encoding: {coding}").status == status


def test_a_coded_body_without_a_length_is_not_kept_beyond_its_limit(target):
    """HTTP-012, REST-133"""
    chunk = b"10000\r\n" + b"\0" * 65536 + b"\r\n"
    head = b"POST /uploads HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
    head += b"Content-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole = zlib.compress(b"x")
    first = b"%x\r\n%b\r\n" % (len(whole), whole)
    with target.bounded(MEGABYTES):
        answers = target.send(head + first, *[chunk] * 500, b"0\r\n\r\n")
    assert [answer.status for answer in answers] == [400]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (form(*[field(b"a")] * 50_000), 413),
        (form(*[file(b"f")] * 50_000), 413),
        (form(*[file(b"")] * 50_000), 413),
        (form(b"X: y\r\n" * 50_000 + field(b"a")), 400),
        (form(b"X: " + b"y" * 1_000_000 + b"\r\n" + field(b"a")), 400),
        (form(field(b"title", b"y" * 2_000_000)), 413),
        (form(file(b"f", b"\r\n--" * 1_000_000)), 200),
        (form(file(b"f", b"x" * 9_000_000)), 200),
        (form(file(b"f", b"x" * 11_000_000)), 413),
        (form(field(b"title", b"\xff\xfe")), 400),
        (form(field(b"_charset_", b"punycode"), field(b"title", b"a-" + b"z9" * 200_000)), 400),
        (form(field(b"_charset_", b"\0"), field(b"title")), 400),
        (form(file(b"a\0b\xff", b"x")), 200),
        (b"x\r\n" * 1_000_000, 400),
        (form(field(b"title"))[:-6], 400),
        (form(*[field(b"title" + b"[a]" * 300)] * 900), 400),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else str(value),
)
def test_forms(target, body, status):
    """HTTP-030, HTTP-031, HTTP-032"""
    with target.bounded(MEGABYTES):
        answer = target.post("/forms", FORM, body)
    assert answer.status == status, answer
    if status != 200:
        assert answer.header("content-type") == "application/problem+json"


@pytest.mark.parametrize("kind", ["multipart/form-data", 'multipart/form-data; boundary=""', f"{FORM}{'b' * 500}"])
def test_forms_without_a_sensible_boundary(target, kind):
    """HTTP-031"""
    assert target.post("/forms", kind, form(field(b"title"))).status == 400


def test_file_names_are_names_only(target):
    """HTTP-031"""
    for sent, kept in ((b"../../etc/passwd", "passwd"), (b"C:\\x\\a.txt", "a.txt"), (b"..", None)):
        files = target.post("/forms", FORM, form(file(sent))).json()["files"]
        assert [name for name, _ in files] == ([kept] if kept is not None else [])


def test_half_a_body_is_nothing(target):
    """HTTP-033"""
    for path, kind in (("/orders", JSON), ("/forms", FORM), ("/uploads", "application/octet-stream")):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 1000000\r\n\r\n"
        for begin in (b"", form(file(b"a", b"x" * 500_000))[:-8], b"x" * 500_000):
            with target.connect() as client:
                client.sendall(head.encode() + begin)
                target.is_undisturbed()


def test_others_are_served_while_large_bodies_come(target):
    """HTTP-048"""
    body = form(file(b"f", b"x" * 9_000_000))
    attacks: list[Callable[[], object]] = [
        lambda: target.post("/forms", FORM, body),
        lambda: target.post("/orders", JSON, b'{"name":"x","tags":[' + b"1," * 400_000 + b"1]}"),
        lambda: target.post("/anything", JSON, b"[" * 500_000 + b"]" * 500_000),
    ]
    threads = [threading.Thread(target=attack) for attack in attacks * 3]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        target.is_undisturbed()
    for thread in threads:
        thread.join()


def test_an_upload_needs_no_memory(target):
    """HTTP-051, REST-139"""
    piece = b"x" * 1_000_000
    head = b"POST /uploads HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/octet-stream\r\n"
    with target.bounded(4):
        (answer,) = target.send(head + b"Content-Length: 100000000\r\n\r\n", *[piece] * 100)
    assert answer.body == b"100000000"


def test_what_nobody_reads_needs_no_memory(target):
    """REST-133, REST-138"""
    piece = b"x" * 1_000_000
    for line in (b"POST /nothing HTTP/1.1", b"POST /orders HTTP/1.1", b"GET /hello HTTP/1.1"):
        with target.bounded(4):
            head = line + b"\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n"
            with target.connect() as client:
                client.sendall(head)
                assert client.recv(100).startswith(b"HTTP/1.1 ")
                try:
                    for _ in range(50):
                        client.sendall(piece)
                except ConnectionError:
                    pass  # it may close instead
        target.is_undisturbed()
