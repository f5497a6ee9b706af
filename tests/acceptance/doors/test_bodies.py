"""Bodies of requests: whole and in pieces, JSON, forms and files, coded, too large, never complete."""

import asyncio
import gzip
import zlib

import pytest
from tests.acceptance.doors.talking import PATIENCE

JSON = ("Content-Type", "application/json")
OCTETS = ("Content-Type", "application/octet-stream")
FORM = ("Content-Type", "multipart/form-data; boundary=B")
FILE = b'--B\r\nContent-Disposition: form-data; name="files"; filename="%b"\r\nContent-Type: text/plain\r\n\r\n%b\r\n'
FIELD = b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nhello\r\n'


@pytest.mark.parametrize("body", [b'{"name":"x"}', [b'{"na', b'me":"x', b'"}']], ids=["whole", "pieces"])
async def test_json(site, body):
    """REST-112"""
    answer = await site.ask("POST", "/things", JSON, body=body)
    assert (answer.status, answer.json()) == (200, {"name": "x", "count": 1})


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 1_048_576])
@pytest.mark.parametrize("is_whole", [True, False])
async def test_bodies_of_every_size(site, size, is_whole):
    """REST-125, REST-133"""
    body = b"x" * size
    answer = await site.ask("PUT", "/octets", OCTETS, body=body if is_whole else [body[:7], body[7:]])
    expected = (200, b"%d" % size) if size else (400, b"")
    assert (answer.status, answer.body if size else b"") == expected


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_body_above_its_limit(site, is_whole):
    """REST-133, ERR-022"""
    body = b"x" * 1_048_577
    answer = await site.ask("PUT", "/octets", OCTETS, body=body if is_whole else [body[:1_000_000], body[1_000_000:]])
    assert (answer.status, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(site):
    """REST-133"""
    talk = await site.begin("PUT", "/octets", OCTETS, ("Content-Length", "1048577"))
    assert (await talk.rest()).status == 413
    await talk.leave()


@pytest.mark.parametrize("body", [b"", b"null"])
async def test_no_body_where_one_is_needed(site, body):
    """REST-119"""
    answer = await site.ask("POST", "/things", JSON, body=body)
    assert (answer.status, answer.json()["code"]) == (400, "MISSING_REQUIRED_PARAMETER")


@pytest.mark.parametrize("body", [b"{", b'{"name":"\xff"}', b'{"name":"x"}x'])
async def test_json_that_is_none(site, body):
    """REST-118"""
    answer = await site.ask("POST", "/things", JSON, body=body)
    assert (answer.status, answer.json()["code"]) == (400, "MALFORMED_BODY")


async def test_a_kind_that_is_not_taken(site):
    """REST-117, ERR-022"""
    answer = await site.ask("POST", "/things", ("Content-Type", "text/csv"), body=b"a,b")
    assert (answer.status, answer.header("accept")) == (415, "application/json")


async def test_a_body_that_nobody_wants(site):
    """REST-138"""
    answer = await site.ask("POST", "/ignores", OCTETS, body=b"x" * 100_000)
    assert (answer.status, answer.body) == (200, b"ignored")


@pytest.mark.parametrize("is_whole", [True, False])
async def test_an_upload_in_pieces(site, is_whole):
    """REST-125, REST-139"""
    body = b"x" * 5_000_000
    answer = await site.ask("POST", "/pieces", OCTETS, body=body if is_whole else [body[:99], body[99:]])
    assert answer.body == b"5000000"


async def test_pieces_arrive_before_the_body_is_complete(site):
    """REST-125"""
    talk = await site.begin("POST", "/pieces", OCTETS, ("Transfer-Encoding", "chunked"))
    await talk.send(b"first")
    await asyncio.wait_for(site.watch.entered.wait(), PATIENCE)
    await talk.send(b"second")
    await talk.end()
    assert (await talk.rest()).body == b"11"


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@pytest.mark.parametrize("is_whole", [True, False])
async def test_coded_bodies(site, coding, pack, is_whole):
    """HTTP-012"""
    body = pack(b'{"name":"x"}')
    answer = await site.ask("POST", "/things", JSON, ("Content-Encoding", coding), body=body if is_whole else [body])
    assert (answer.status, answer.json()["name"]) == (200, "x")


async def test_coded_bodies_that_are_not_taken(site):
    """HTTP-012"""
    bomb = gzip.compress(b"\0" * 10_000_000)
    assert (await site.ask("PUT", "/octets", OCTETS, ("Content-Encoding", "gzip"), body=bomb)).status == 413
    assert (await site.ask("POST", "/things", JSON, ("Content-Encoding", "compress"), body=b"x")).status == 415


@pytest.mark.parametrize("is_whole", [True, False])
async def test_fields_and_files(site, is_whole):
    """HTTP-028"""
    body = FIELD + FILE % (b"a.txt", b"first") + FILE % (b"b.txt", b"second") + b"--B--\r\n"
    answer = await site.ask("POST", "/forms", FORM, body=body if is_whole else [body[:50], body[50:]])
    assert answer.json() == {"title": "hello", "files": [["a.txt", 5, "first"], ["b.txt", 6, "second"]]}


async def test_a_large_file(site):
    """HTTP-030"""
    body = FILE % (b"a.bin", b"x" * 5_000_000) + b"--B--\r\n"
    assert (await site.ask("POST", "/forms", FORM, body=body)).json()["files"] == [["a.bin", 5_000_000, "x" * 10]]


async def test_forms_beyond_their_limits(site):
    """HTTP-031"""
    body = FILE % (b"a.bin", b"x" * 11_000_000) + b"--B--\r\n"
    assert (await site.ask("POST", "/forms", FORM, body=body)).status == 413
    assert (await site.ask("POST", "/forms", FORM, body=FIELD)).status == 400


async def test_a_form_of_the_other_kind(site):
    """REST-122"""
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    assert (await site.ask("POST", "/fields", kind, body=b"title=a+b&more=%C4%8D")).json() == ["a b", "č"]


async def test_a_client_that_leaves_in_the_middle_of_its_body(site):
    """HTTP-033"""
    talk = await site.begin("POST", "/pieces", OCTETS, ("Content-Length", "1000"))
    await talk.send(b"x" * 10)
    await asyncio.wait_for(site.watch.entered.wait(), PATIENCE)
    await talk.leave()
    await asyncio.wait_for(site.watch.closed.wait(), PATIENCE)
    assert site.watch.notes == ["gone"]
