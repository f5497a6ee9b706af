"""What a proxy says before the first request, from raw bytes."""

import asyncio
import struct
from ipaddress import ip_address
from typing import Any

import pytest
from tests.listener.conftest import Peer, Wire

from mainspring.listener import ProxiedConnection

REQUEST = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


@pytest.fixture
async def proxied(peer: Peer) -> Peer:
    peer.wire = Wire()
    peer.connection = peer.wire.protocol = ProxiedConnection(peer.service)
    peer.connection.connection_made(peer.wire)
    return peer


def block(client: str, local: str, *, command: int = 0x21, more: bytes = b"") -> bytes:
    addresses = [ip_address(client).packed, ip_address(local).packed]
    data = b"".join(addresses) + struct.pack("!HH", 5000, 80) + more
    return SIGNATURE + struct.pack("!BBH", command, 0x11 if len(addresses[0]) == 4 else 0x21, len(data)) + data


GOOD: list[tuple[bytes, Any]] = [
    (b"PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\r\n", (("192.0.2.1", 5000), ("198.51.100.2", 80))),
    (b"PROXY TCP6 2001:db8::1 2001:db8::2 5000 80\r\n", (("2001:db8::1", 5000), ("2001:db8::2", 80))),
    (block("192.0.2.1", "198.51.100.2"), (("192.0.2.1", 5000), ("198.51.100.2", 80))),
    (block("2001:db8::1", "2001:db8::2", more=b"\x04\x00\x01a"), (("2001:db8::1", 5000), ("2001:db8::2", 80))),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN a b c d\r\n", None),
    (block("192.0.2.1", "198.51.100.2", command=0x20), None),
    (SIGNATURE + b"\x21\x31\x00\x02ab", None),
]


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("preface", "said"), GOOD, ids=[repr(preface[:30]) for preface, _ in GOOD])
async def test_whom_a_proxy_speaks_for(proxied: Peer, preface: bytes, said: Any, at_once: bool) -> None:
    """HTTP-013"""
    sent = preface + REQUEST
    await proxied.send(*([sent] if at_once else [sent[at : at + 1] for at in range(len(sent))]))
    assert [seen.path for seen in proxied.seen] == [b"/a"]
    assert (proxied.connection.client, proxied.connection.local) == (said or (None, ("None", None)))


BAD = [
    REQUEST,
    b"PROXY TCP4 192.0.2.1 198.51.100.2 5000\r\n",
    b"PROXY TCP4 2001:db8::1 198.51.100.2 5000 80\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.2 5000 80000\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.2 -1 80\r\n",
    b"PROXY TCP4 x y 1 2\r\n",
    b"PROXY UDP4 192.0.2.1 198.51.100.2 5000 80\r\n",
    b"PROXY " + b"a" * 200,
    b"PROXY TCP4 \xff 198.51.100.2 5000 80\r\n",
    SIGNATURE + b"\x11\x11\x00\x0c" + b"a" * 12,
    SIGNATURE + b"\x21\x11\x00\x02ab",
    SIGNATURE + b"\x21\x11\xff\xff",
    SIGNATURE[:-1] + b"x" + REQUEST,
]


@pytest.mark.parametrize("sent", BAD, ids=[repr(sent[:40]) for sent in BAD])
async def test_who_does_not_say_whose_it_is_is_cut_off(proxied: Peer, sent: bytes) -> None:
    """HTTP-013: nothing of it is taken for a request"""
    await proxied.send(sent + b"\r\n" + REQUEST)
    assert proxied.wire.is_aborted
    assert (proxied.seen, proxied.wire.written) == ([], b"")


async def test_a_preface_has_to_come_in_time(proxied: Peer) -> None:
    """HTTP-040"""
    proxied.connection._expect_by(0.01)
    await proxied.send(b"PROXY TCP4 ")
    async with asyncio.timeout(20):
        while not proxied.wire.is_closed:  # noqa: ASYNC110 - a transport tells nobody
            await asyncio.sleep(0.005)
    assert proxied.wire.written == b""
