"""What an answer is: kinds of results, verbs, errors in both formats, validators, ranges, compression, CORS."""

import gzip
from urllib.parse import urljoin

import pytest
from tests.acceptance.doors.target import LARGE

ORIGIN = ("Origin", "http://app.example")

# Results


async def test_json(site):
    """REST-157"""
    answer = await site.get("/hello")
    assert (answer.status, answer.body) == (200, b'{"hello":"world"}')
    assert (answer.header("content-type"), answer.header("content-length")) == ("application/json", "17")


async def test_text(site):
    """REST-158"""
    answer = await site.get("/text")
    assert (answer.body, answer.header("content-type")) == ("čaj".encode(), "text/plain; charset=utf-8")


async def test_nothing(site):
    """REST-160, REST-173"""
    answer = await site.get("/nothing")
    assert (answer.status, answer.body) == (204, b"")
    assert (answer.header("content-type"), answer.header("content-length")) == (None, None)


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_statuses_without_a_body_have_none(site, status):
    """REST-173"""
    answer = await site.get(f"/statuses/{status}")
    assert (answer.status, answer.body) == (status, b"")


@pytest.mark.parametrize("status", [200, 201, 226, 299, 418, 499, 599])
async def test_every_other_status_may_have_one(site, status):
    """REST-161"""
    answer = await site.get(f"/statuses/{status}")
    assert (answer.status, answer.body) == (status, b"body")


async def test_more_than_a_buffer_holds(site):
    """REST-157, REST-158"""
    answer = await site.get("/large")
    assert (answer.body.decode(), answer.header("content-length")) == (LARGE, str(len(LARGE)))


async def test_lines_of_one_name_stay_lines(site):
    """HTTP-016, REST-172"""
    lines = (await site.get("/cookies")).lines
    assert [value.partition(";")[0] for name, value in lines if name == "set-cookie"] == ["a=1", "b=2"]


async def test_no_line_tells_what_serves(site):
    """HTTP-020"""
    answer = await site.get("/hello")
    assert (answer.header("server"), answer.header("x-powered-by")) == (None, None)


async def test_a_request_has_an_id(site):
    """HTTP-018"""
    assert (await site.get("/hello", ("X-Request-ID", "a-1"))).header("x-request-id") == "a-1"
    made = (await site.get("/hello", ("X-Request-ID", "a b"))).header("x-request-id")
    assert made not in (None, "a b")
    assert (await site.get("/fails", ("X-Request-ID", "a-1"))).header("x-request-id") == "a-1"


# What was asked


async def test_parameters(site):
    """REST-082, REST-100, REST-091"""
    assert (await site.get("/items/7?q=a+b%20c&tags=x&tags=y")).json() == [7, "a b c", ["x", "y"]]
    assert (await site.get("/items/seven")).json()["code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("a%2Fb", "a/b"), ("a%2525", "a%25"), ("%C4%8Daj", "čaj"), ("a+b", "a+b"), ("a;b=c", "a;b=c"), ("..%2Fx", "../x")],
)
async def test_paths_are_read_as_they_were_sent(site, sent, meant):
    """REST-110"""
    assert (await site.get(f"/names/{sent}")).body == meant.encode()


@pytest.mark.parametrize("sent", ["%C4", "%zz", "a%"])
async def test_paths_that_mean_nothing(site, sent):
    """REST-109"""
    assert (await site.get(f"/names/{sent}")).status == 400


async def test_the_head(site):
    """REST-083, REST-084, HTTP-016"""
    lines = [("x-SAID", "here"), ("X-Twice", "1"), ("X-Twice", "2"), ("Cookie", "c=v")]
    said = (await site.get("/said?a=1&b[c]=2", *lines)).json()
    assert (said["said"], said["twice"], said["cookie"]) == ("here", ["1", "2"], "v")
    assert (said["query"], said["client"]) == ({"a": "1", "b": {"c": "2"}}, True)


async def test_bytes_of_the_head_are_latin_1(site):
    """HTTP-019"""
    assert (await site.get("/said", ("X-Said", "é"))).json()["said"] == "é"


async def test_where_it_was_asked(site):
    """REST-179"""
    said = (await site.get("/said", ("Host", "shop.example:8080"))).json()
    assert (said["url"], said["scheme"], said["version"]) == ("http://shop.example:8080", "http", "1.1")


async def test_what_a_proxy_says_is_believed_when_it_is_trusted(open_site):
    """HTTP-013"""
    lines = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "shop.example")]
    trusting, wary = await open_site(trusted_proxies=["127.0.0.1"]), await open_site()
    assert (await trusting.get("/said", *lines)).json()["url"] == "https://shop.example"
    assert (await wary.get("/said", *lines)).json()["url"] == "http://x"


async def test_hosts_that_are_not_allowed(open_site):
    """HTTP-017"""
    site = await open_site(allowed_hosts=["shop.example"])
    assert (await site.get("/hello", ("Host", "evil.example"))).status == 400
    assert (await site.get("/hello", ("Host", "shop.example"))).status == 200


# Verbs


@pytest.mark.parametrize("target", ["/hello", "/text", "/nothing", "/old", "/files/ten.txt", "/tagged", "/absent"])
async def test_head_is_get_without_a_body(site, target):
    """HTTP-001, ERR-019"""
    whole, head = await site.get(target), await site.ask("HEAD", target)

    def fixed(answer):
        return {(name, value) for name, value in answer.lines if name not in ("date", "x-request-id")}

    assert (head.status, head.body) == (whole.status, b"")
    if target != "/absent":  # whose body says the verb
        assert fixed(head) == fixed(whole)


async def test_a_stream_is_not_begun_for_head(site):
    """HTTP-001"""
    assert (await site.ask("HEAD", "/endless")).status == 200
    assert site.watch.sent == 0


async def test_a_verb_that_a_path_has_not(site):
    """HTTP-002, ERR-022"""
    answer = await site.ask("DELETE", "/hello")
    assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, OPTIONS")
    assert (await site.ask("DELETE", "/absent")).status == 404


async def test_options(site):
    """HTTP-003"""
    answer = await site.ask("OPTIONS", "/things")
    assert (answer.status, answer.body, answer.header("allow")) == (204, b"", "POST, OPTIONS")
    assert (await site.ask("OPTIONS", "/absent")).status == 404


async def test_options_of_everything(site):
    """HTTP-003"""
    assert (await site.ask("OPTIONS", "*")).status == 204


@pytest.mark.parametrize("verb", ["FLY", "get"])
async def test_a_verb_that_nobody_knows(site, verb):
    """HTTP-004"""
    assert (await site.ask(verb, "/hello")).status == 501


# Errors


@pytest.mark.parametrize("status", [400, 404, 409, 422, 451])
async def test_an_error_in_the_problem_format(site, status):
    """ERR-001, ERR-005"""
    answer = await site.get(f"/errors/{status}")
    assert (answer.status, answer.header("content-type"), answer.header("x-why")) == (
        status,
        "application/problem+json",
        "asked",
    )
    said = answer.json()
    assert (said["status"], said["detail"], said["code"]) == (status, "Said so.", "SAID")


@pytest.mark.parametrize("status", [400, 404, 409, 422, 451])
async def test_an_error_in_the_envelope(open_site, status):
    """ERR-002"""
    answer = await (await open_site(error_format="loopback")).get(f"/errors/{status}")
    assert (answer.status, answer.header("content-type")) == (status, "application/json")
    said = answer.json()["error"]
    assert (said["statusCode"], said["message"], said["code"]) == (status, "Said so.", "SAID")


@pytest.mark.parametrize("form", ["problem", "loopback"])
async def test_a_mistake_tells_nothing(open_site, form):
    """ERR-003, ERR-007"""
    answer = await (await open_site(error_format=form)).get("/fails")
    assert answer.status == 500
    assert b"secret" not in answer.body
    said = answer.json()
    assert (said["title"] if form == "problem" else said["error"]["message"]) == "Internal Server Error"


@pytest.mark.parametrize("form", ["problem", "loopback"])
async def test_what_is_not_there(open_site, form):
    """REST-057"""
    answer = await (await open_site(error_format=form)).get("/absent/path?q")
    assert answer.status == 404
    said = answer.json()
    text = said["detail"] if form == "problem" else said["error"]["message"]
    assert text == 'Endpoint "GET /absent/path" not found.'


async def test_every_fault_of_a_body_is_told(site):
    """REST-141, ERR-024"""
    answer = await site.ask("POST", "/things", ("Content-Type", "application/json"), body=b'{"count":"x"}')
    assert (answer.status, answer.json()["code"]) == (422, "VALIDATION_FAILED")
    assert {entry["code"] for entry in answer.json()["errors"]} == {"required", "type"}


# Redirects, files, validators


async def test_a_redirect(site):
    """REST-190"""
    answer = await site.get("/old")
    assert (answer.status, answer.header("location")) == (303, "/hello")


async def test_a_file(site):
    """REST-193"""
    answer = await site.get("/files/ten.txt")
    assert (answer.status, answer.body, answer.header("accept-ranges")) == (200, b"0123456789", "bytes")
    assert (answer.header("content-length"), answer.header("content-type")) == ("10", "text/plain; charset=utf-8")


async def test_a_large_file(site, files):
    """REST-203"""
    answer = await site.get("/files/large.bin")
    assert answer.body == (files / "large.bin").read_bytes()


async def test_a_folder(site):
    """REST-197"""
    answer = await site.get("/files?q=1")
    assert answer.status == 301
    assert urljoin("http://x/files?q=1", answer.header("location")) == "http://x/files/?q=1"
    assert (await site.get("/files/")).body == b"<p>Home</p>"


@pytest.mark.parametrize("target", ["/files/../target.py", "/files/%2e%2e/x", "/files/..%2fx", "/files/%00"])
async def test_files_outside_are_not_there(site, target):
    """REST-199"""
    assert (await site.get(target)).status in (400, 404)


async def test_a_download(site, files):
    """REST-204"""
    answer = await site.get(f"/download?path={files}/ten.txt")
    assert answer.body == b"0123456789"
    assert "filename*=UTF-8''%C5%BE.txt" in (answer.header("content-disposition") or "")


@pytest.mark.parametrize(
    ("asked", "status", "said", "body"),
    [
        ("bytes=2-5", 206, "bytes 2-5/10", b"2345"),
        ("bytes=5-", 206, "bytes 5-9/10", b"56789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
        ("bytes=0-1,3-4", 200, None, b"0123456789"),
        ("pages=1-2", 200, None, b"0123456789"),
    ],
)
async def test_a_range(site, asked, status, said, body):
    """REST-201"""
    answer = await site.get("/files/ten.txt", ("Range", asked))
    assert (answer.status, answer.header("content-range"), answer.body) == (status, said, body)
    assert answer.header("content-length") == str(len(body))


async def test_a_range_beyond_the_end(site):
    """REST-201, ERR-022"""
    answer = await site.get("/files/ten.txt", ("Range", "bytes=10-"))
    assert (answer.status, answer.header("content-range")) == (416, "bytes */10")


async def test_a_file_that_did_not_change(site):
    """REST-200"""
    tag = (await site.get("/files/ten.txt")).header("etag")
    answer = await site.get("/files/ten.txt", ("If-None-Match", tag))
    assert (answer.status, answer.body, answer.header("etag")) == (304, b"", tag)
    assert (await site.get("/files/ten.txt", ("If-Match", '"other"'))).status == 412


async def test_an_answer_that_did_not_change(site):
    """REST-171"""
    answer = await site.get("/tagged", ("If-None-Match", 'W/"v1", "v0"'))
    assert (answer.status, answer.body, answer.header("cache-control")) == (304, b"", "max-age=60")
    assert (await site.get("/tagged", ("If-None-Match", '"v0"'))).body == b"tagged"


# Compression


async def test_a_large_answer_is_compressed_where_that_is_on(open_site):
    """HTTP-010"""
    site = await open_site(compression=True)
    answer = await site.get("/large", ("Accept-Encoding", "gzip;q=0.5"))
    assert (answer.header("content-encoding"), answer.header("vary")) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(answer.body).decode() == LARGE
    assert (await site.get("/large", ("Accept-Encoding", "gzip;q=0"))).body.decode() == LARGE
    assert (await site.get("/hello", ("Accept-Encoding", "gzip"))).header("content-encoding") is None


async def test_a_stream_is_compressed_too(open_site):
    """HTTP-011"""
    answer = await (await open_site(compression=True)).get("/files/index.html", ("Accept-Encoding", "gzip"))
    assert answer.status == 200
    events = await (await open_site(compression=True)).begin("GET", "/events", ("Accept-Encoding", "gzip"))
    await events.end()
    assert (await events.head()).header("content-encoding") is None
    await events.leave()


# CORS


async def test_cors_is_off(site):
    """HTTP-005"""
    assert (await site.get("/hello", ORIGIN)).header("access-control-allow-origin") is None


@pytest.mark.parametrize("target", ["/hello", "/absent", "/fails", "/openapi.json"])
async def test_cors_is_on_every_answer(open_site, target):
    """HTTP-005, ERR-023"""
    site = await open_site(cors={"origin": ["http://app.example"], "credentials": True})
    answer = await site.get(target, ORIGIN)
    assert answer.header("access-control-allow-origin") == "http://app.example"
    assert "Origin" in (answer.header("vary") or "")
    assert (await site.get(target, ("Origin", "http://evil.example"))).header("access-control-allow-origin") is None


async def test_a_preflight(open_site):
    """HTTP-006"""
    asked = [ORIGIN, ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "X-A")]
    answer = await (await open_site(cors=True)).ask("OPTIONS", "/anything", *asked)
    assert (answer.status, answer.body, answer.header("access-control-allow-headers")) == (204, b"", "X-A")
    assert "PUT" in (answer.header("access-control-allow-methods") or "")


# The document


async def test_the_document_and_the_page(site):
    """OAS-034, OAS-039"""
    answer = await site.get("/openapi.json")
    assert "/items/{id}" in answer.json()["paths"]
    assert (await site.get("/openapi.json", ("If-None-Match", answer.header("etag")))).status == 304
    assert b"<html" in (await site.get("/explorer/")).body.lower()
