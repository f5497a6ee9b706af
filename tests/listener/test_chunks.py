"""Bodies in chunks, from raw bytes."""

import pytest
from tests.listener.conftest import Peer

from mainspring.listener import Limits

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"

GOOD = [
    (b"0\r\n\r\n", b""),
    (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"00003\r\nabc\r\n000\r\n\r\n", b"abc"),
    (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
    (b"1;a\r\nx\r\n0;b\r\n\r\n", b"x"),
    (b'1 ; a = "b\\"; c" ;d=e\r\nx\r\n0\r\n\r\n', b"x"),
    (b"1\r\nx\r\n0\r\nTrailer: 1\r\nX: 9\r\n\r\n", b"x"),
    (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n"),
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("sent", "body"), GOOD, ids=[repr(sent) for sent, _ in GOOD])
async def test_chunks_in_any_pieces(peer: Peer, sent: bytes, body: bytes, at_once: bool) -> None:
    """HTTP-038; RFC 9112 section 7.1, trailers 7.1.2"""
    whole = HEAD + sent + NEXT
    await peer.send(*([whole] if at_once else [bytes([byte]) for byte in whole]))
    assert [(seen.path, seen.body) for seen in peer.seen] == [(b"/", body), (b"/next", b"")]
    assert peer.is_open


BAD = [
    b"zz\r\n",
    b"-1\r\nx\r\n",
    b"+1\r\nx\r\n",
    b"0x1\r\nx\r\n",
    b" 1\r\nx\r\n",
    b"1 \r\nx\r\n",
    b"1_0\r\n",
    b"\r\n",
    b"1\nx\r\n",
    b"1\rx\r\n",
    b"fffffffffffffffff\r\n",
    b"ffffffffffffffff\r\n",
    b"1\r\nxy\r\n",
    b"1\r\nx\n0\r\n\r\n",
    b"1\r\nx\rx0\r\n\r\n",
    b"1\r\nx0\r\n\r\n",
    b"1;\r\nx\r\n",
    b"1;a\nb\r\nx\r\n",
    b"1;a\0\r\nx\r\n",
    b'1;a="\r\nx\r\n',
    b"1;a=b c\r\nx\r\n",
    b"1;a=\r\nx\r\n",
    b"1," + b"a" * 5000,
    b"1;" + b"a" * 5000,
    b"1;" + b"a" * 5000 + b"\r\nx\r\n",
    (b"1;" + b"a" * 3000 + b"\r\nx\r\n") * 6,
    b"0\r\nX : 1\r\n\r\n",
    b"0\r\n folded\r\n\r\n",
    b"0\r\nX: 1\n\r\n\r\n",
    b"0\r\nX: 1\n\r\n",
    b"0\r\nContent-Length: 1\r\n\r\n",
    b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"0\r\nHost: y\r\n\r\n",
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("sent", BAD, ids=[repr(sent[:40]) for sent in BAD])
async def test_what_is_no_chunk_ends_the_connection(peer: Peer, sent: bytes, at_once: bool) -> None:
    """HTTP-039; RFC 9112 section 7.1 (sizes), 7.1.1 (extensions), 7.1.2 (trailers)"""
    whole = HEAD + sent + NEXT
    await peer.send(*([whole] if at_once else [whole[at : at + 1] for at in range(len(whole))]))
    (seen,) = peer.seen
    assert seen.error is not None
    assert (peer.statuses, peer.is_open) == ([400], False)


@pytest.mark.parametrize("trailers", [b"A: " + b"a" * 300, b"\r\n".join([b"A: 1"] * 9)])
async def test_trailers_without_an_end(peers: "type[Peer]", trailers: bytes) -> None:
    """HTTP-040"""
    peer = peers(Limits(head=200, headers=8))
    await peer.send(HEAD + b"0\r\n" + trailers + b"\r\n\r\n")
    assert (peer.statuses, peer.is_open) == ([431], False)


async def test_many_small_chunks_are_one_piece(peer: Peer) -> None:
    """HTTP-048: what is kept of a body is the body"""
    await peer.send(HEAD + b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n")
    assert peer.seen[0].body == b"x" * 10_000
