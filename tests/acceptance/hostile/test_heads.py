"""Request lines and header fields made to hurt, and header fields of responses that clients try to write."""

import socket

import pytest
from tests.acceptance.hostile.conftest import answers_in, received

END = b"Host: x\r\nConnection: close\r\n\r\n"
ORDER = b"POST /anything HTTP/1.1\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("target_of_request", "status"),
    [
        ("/items/" + "9" * 5000, 400),
        ("/items/1?limit=" + "9" * 50_000, 400),
        ("/items/1?price=1e999", 400),
        ("/items/1?price=nan", 400),
        ("/items/1?q=%ff", 400),
        ("/items/1?q=%zz", 400),
        ("/names/%ff%fe", 400),
        ("/names/%zz", 400),
        ("/names/%00", 200),
        ("/items/1?" + "&".join(f"a{number}=1" for number in range(5000)), 400),
        ("/items/1?" + "&" * 50_000, 200),
        ("/names/a?where" + "[a]" * 5000 + "=1", 400),
        ("/names/a?where[99999999999]=1", 400),
        ("/names/a?where=" + "%5B" * 5000, 400),
        ("/names/a?where=" + "%7B%22a%22:" * 3000 + "1" + "%7D" * 3000, 400),
        ("/" + "a/" * 30_000, 404),
        ("/names/" + "a" * 60_000, 200),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else str(value),
)
def test_targets(target, target_of_request, status):
    """REST-091, REST-105, REST-109, HTTP-040"""
    with target.bounded(4):
        answer = target.get(target_of_request)
    if target.is_own and len(target_of_request) > 8192:
        assert answer.code == "REQUEST_LINE_TOO_LONG"
        return
    assert answer.status == status
    assert status == 200 or answer.json()["detail"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET /hello HTTP/1.1\r\nX : a\r\n" + END,
        b"GET /hello HTTP/1.1\r\nX: a\r\n b\r\n" + END,
        b"GET /hello HTTP/1.1\r\nX: a\0b\r\n" + END,
        b"GET /hello HTTP/1.1\r\nX: a\rb\r\n" + END,
        b"GET /hello HTTP/9.9\r\n" + END,
        b"GET hello HTTP/1.1\r\n" + END,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
        b"\xff" * 1_000_000,
        ORDER + CHUNKED + b"Content-Length: 3\r\n" + END + b"1\r\n1\r\n0\r\n\r\n",
        ORDER + b"Content-Length: 1\r\nContent-Length: 2\r\n" + END + b"12",
        ORDER + b"Content-Length: -1\r\n" + END + b"1",
        ORDER + b"Content-Length: 1, 1\r\n" + END + b"1",
        ORDER + b"Content-Length: 99999999999999999999999\r\n" + END + b"1",
        ORDER + b"Transfer-Encoding: xchunked\r\n" + END + b"1\r\n1\r\n0\r\n\r\n",
        ORDER + CHUNKED + END + b"zz\r\n1\r\n0\r\n\r\n",
        ORDER + CHUNKED + END + b"-1\r\n1\r\n0\r\n\r\n",
        ORDER + CHUNKED + END + b"fffffffffffffffff\r\n1\r\n0\r\n\r\n",
        ORDER + CHUNKED + END + b"1\r\n12345\r\n0\r\n\r\n",
    ],
    ids=lambda head: repr(head[-60:]),
)
def test_what_is_no_http_is_400_and_the_end(target, head):
    """HTTP-039"""
    with target.bounded(4):
        answers = target.send(head + b"GET /hello HTTP/1.1\r\n" + END)
    status = 505 if target.is_own and b"HTTP/9.9" in head else 400
    assert [answer.status for answer in answers] == [status], "and what follows is not taken for a request"


@pytest.mark.parametrize(
    ("body", "status", "own"),
    [
        (CHUNKED + END + b"1\r\n1\r\n" * 200_000 + b"0\r\n\r\n", 400, 400),
        (CHUNKED + END + b"1;" + b"a" * 1_000_000 + b"\r\n1\r\n0\r\n\r\n", 200, 400),
        (CHUNKED + END + b"1\r\n1\r\n0\r\n" + b"X: y\r\n" * 5000 + b"\r\n", 200, 431),
        (CHUNKED + END + (b"10000\r\n" + b"1" * 65536 + b"\r\n") * 40 + b"0\r\n\r\n", 413, 413),
        (b"Content-Length: 18446744073709551615\r\n" + END + b"1", 413, 413),
        (b"Content-Length: 1\r\n" + END + b"1GARBAGE", 200, 200),
    ],
    ids=lambda value: repr(value[:50]) if isinstance(value, bytes) else str(value),
)
def test_odd_bodies(target, body, status, own):
    """REST-133, HTTP-039, HTTP-040"""
    with target.bounded(8):
        answers = target.send(ORDER + body)
    assert [answer.status for answer in answers] == [own if target.is_own else status]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("TRACE /hello", 405),
        ("OPTIONS *", 204),
        ("OPTIONS /hello", 204),
        ("OPTIONS /nothing", 404),
        ("GET *", 404),
        ("HEAD /hello", 200),
        ("HEAD /nothing", 404),
        ("HEAD /streams", 200),
        ("HEAD /files/a.txt", 200),
        ("HEAD /orders", 405),
    ],
)
def test_verbs(target, line, status):
    """HTTP-001, HTTP-002, HTTP-003"""
    data = b""
    with target.connect() as client:
        client.sendall(f"{line} HTTP/1.1\r\nCookie: c=private\r\n".encode() + END)
        data = received(client)
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"private" not in data
    assert not (line.startswith("HEAD") and body)


def test_pipelined_requests_are_answered_in_order(target):
    """HTTP-038"""
    line = "GET /items/{} HTTP/1.1\r\nHost: x\r\n"
    with target.bounded(32):
        requests = "".join(line.format(number) + "\r\n" for number in range(2000)) + line.format(2000)
        answers = target.send(requests.encode() + b"Connection: close\r\n\r\n")
    assert [answer.json()[0] for answer in answers] == list(range(2001))


def test_a_body_that_is_not_read_is_no_request(target):
    """HTTP-039, REST-138"""
    inner = b"GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n"
    for path in (b"/nothing", b"/hello", b"/orders"):
        head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Type: text/x\r\n"
        answers = target.send(
            head + b"Content-Length: %d\r\n\r\n" % len(inner) + inner + b"GET /items/2 HTTP/1.1\r\n" + END
        )
        assert answers[0].status in (404, 405, 415)
        assert [answer.json()[0] for answer in answers[1:]] in ([2], [])


def test_a_large_body_is_refused_before_it_is_sent(target):
    """HTTP-041, REST-133"""
    for path, status in ((b"/anything", 413), (b"/nothing", 404), (b"/files/a.txt", 405)):
        head = b"POST " + path + b" HTTP/1.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
        with target.connect() as client:
            client.sendall(head + b"Content-Length: 100000000\r\n" + END)
            data = received(client)
        assert data.startswith(b"HTTP/1.1 %d " % status), "no 100 before it"
    with target.connect() as client:
        client.sendall(ORDER + b"Expect: 100-continue\r\nContent-Length: 1\r\n" + END)
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"1")
        (answer,) = answers_in(received(client))
    assert answer.status == 200


@pytest.mark.parametrize(
    "field",
    [
        b"Cookie: c=\xff; ;;;=;a=b=c; c",
        b"Cookie: " + b"; ".join(b"c%d=1" % number for number in range(5000)),
        b"Accept: " + b"a/b;q=1," * 5000,
        b"Accept: */*;q=nan",
        b"Accept-Encoding: gzip;q=1e309",
        b"Content-Type: a/b; " + b'x="\\";' * 5000,
        b"Origin: \xff",
        b"X-Forwarded-For: " + b"1," * 5000,
        b'Forwarded: for="[::',
        b"Host: [::1",
        b"If-Modified-Since: Thu, 99 Xxx 99999 99:99:99 GMT",
        b"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 +9999999",
        b"If-None-Match: " + b'"x",' * 5000,
        b'If-None-Match: "unclosed',
        b"If-Range: nonsense\r\nRange: bytes=0-1",
        b"Range: bytes=" + b"0-," * 5000,
        b"Range: bytes=--1",
        b"Range: items=0-1",
        b"Range: bytes=9-8",
        b"X-Request-ID: a\tb",
        b"X-Text: \xff\xfe",
    ],
    ids=lambda field: repr(field[:40]),
)
def test_fields_that_mean_nothing_are_nothing(target, field):
    """REST-200, REST-201, HTTP-014, HTTP-017, HTTP-018, HTTP-019, HTTP-040"""
    if target.is_own and (len(field) > 32_000 or field.startswith(b"Host")):
        assert target.get("/hello", field).status == (400 if field.startswith(b"Host") else 431)
        return
    whole = target.get("/files/a.txt", field)
    assert (whole.status, whole.body) == (200, b"0123456789")
    assert target.get("/hello", field).json() == {"message": "Hello, world"}
    assert target.get("/fields", field).status == 200
    assert target.get("/nothing", field).status == 404


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=-0", 416, None),
        ("bytes=10-", 416, None),
        ("bytes=99999999999999999999999999-", 416, None),
        ("bytes=" + "9" * 5000 + "-", 416, None),
        ("bytes=0-99999999999999999999999999", 206, b"0123456789"),
        ("bytes=-99999999999999999999999999", 206, b"0123456789"),
        ("bytes=0-1,3-4", 200, b"0123456789"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_absurd_ranges(target, asked, status, body):
    """REST-201"""
    answer = target.get("/files/a.txt", f"Range: {asked}")
    assert answer.status == status
    assert body is None or answer.body == body


BREAKS = ["%0d%0aX-Evil:%201", "%0aX-Evil:1", "%0dX-Evil:1", "%00", "%0d%0a%0d%0aHTTP/1.1%20200%20OK"]


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize(
    "place",
    [
        "/head?value=a",
        "/head?name=X-Said",
        "/cookies?value=a",
        "/cookies?name=c",
        "/cookies?path=/",
        "/redirects?to=/a",
    ],
)
def test_nothing_is_written_into_the_head_of_a_response(attacked, place, broken):
    """HTTP-015"""
    answer = attacked.get(place + broken)
    assert answer.status == 500, "it is the handler that let it through"
    assert "x-evil" not in [name for name, _ in answer.lines]
    assert not any("evil" in value.lower() for _, value in answer.lines)


@pytest.mark.parametrize("broken", BREAKS)
def test_file_names_of_downloads_are_kept_in_their_quotes(target, broken):
    """HTTP-015"""
    answers = target.send(f"HEAD /downloads?name=a{broken}%22;x=%22.txt HTTP/1.1\r\n".encode() + END)
    head = answers[0] if answers else pytest.fail("no answer")
    disposition = head.header("content-disposition")
    assert disposition is not None
    assert "x-evil" not in [name for name, _ in head.lines]
    assert disposition.split('"')[2].startswith(("; filename*=UTF-8''", "")), disposition


def test_slow_heads_disturb_nobody(target):
    """HTTP-048"""
    clients: list[socket.socket] = [target.connect() for _ in range(100)]
    with target.bounded(4):
        for byte in b"GET /hello HTTP/1.1\r\nHost: x\r\n":
            for client in clients:
                client.sendall(bytes([byte]))
        target.is_undisturbed()
        for client in clients:
            client.sendall(b"Connection: close\r\n\r\n")
        assert {answers_in(received(client))[0].status for client in clients} == {200}
