"""The PROXY protocol, versions 1 and 2: a line, or a block of bytes, by which a proxy tells whom it speaks for.

https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt. It stands before the first request of a connection, and
is read only where the program says that every connection comes through such a proxy.
"""

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from mainspring.listener.connection import Connection
from mainspring.listener.service import Service

__all__ = ["ProxiedConnection", "read_preface"]

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
#: Bytes of the longest line of version 1, and of the longest block that is read of version 2.
_LINE, _BLOCK = 107, 4096
_FAMILIES: dict[int, tuple[int, type[IPv4Address] | type[IPv6Address]]] = {
    0x11: (4, IPv4Address),
    0x21: (16, IPv6Address),
}

Address = tuple[str, int]
Preface = tuple[int, Address | None, Address | None]


class ProxiedConnection(Connection):
    """A connection of a proxy. One that does not begin by saying whose it is is cut."""

    __slots__ = ("_preface",)

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._preface: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        """The preface, then requests."""
        if self._preface is None:
            super().data_received(data)
            return
        data = self._preface + data
        try:
            found = read_preface(data)
        except ValueError:
            self.abort()
            return
        if found is None:
            self._preface = data
            return
        end, client, local = found
        self._preface = None
        if client is not None:
            self._client, self._local = client, local
        if len(data) > end:
            super().data_received(data[end:])


def read_preface(data: bytes) -> Preface | None:
    """Where the preface ends, whom the proxy speaks for, and whom that one has called; ``None``: it is not all there.

    Client and address are ``None`` where the proxy speaks for itself, or of something else than TCP.

    Raises:
        ValueError: It is none.
    """
    if data.startswith(_SIGNATURE[: len(data)]):
        return _read_block(data) if len(data) >= len(_SIGNATURE) + 4 else None
    if not data.startswith(b"PROXY "[: len(data)]):
        raise ValueError("no preface")
    end = data.find(b"\r\n", 0, _LINE)
    if end < 0:
        if len(data) >= _LINE:
            raise ValueError("a preface without an end")
        return None
    return _read_line(data[:end].decode("ascii").split(" "), end + 2)


def _read_line(words: list[str], end: int) -> Preface:
    if words[1:2] == ["UNKNOWN"]:
        return end, None, None
    _, family, source, target, source_port, target_port = words
    if family not in ("TCP4", "TCP6"):
        raise ValueError(family)
    version = int(family[-1])
    if ip_address(source).version != version or ip_address(target).version != version:
        raise ValueError(family)
    return end, (source, _port(source_port)), (target, _port(target_port))


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def _read_block(data: bytes) -> Preface | None:
    command, family, length = struct.unpack_from("!BBH", data, len(_SIGNATURE))
    begin = len(_SIGNATURE) + 4
    if command >> 4 != 2 or command & 15 > 1 or length > _BLOCK:
        raise ValueError("a preface of another version")
    if len(data) < begin + length:
        return None
    known: Any = _FAMILIES.get(family)
    if command & 15 == 0 or known is None:  # LOCAL: the proxy itself asks; or what is no TCP
        return begin + length, None, None
    size, kind = known
    if length < 2 * size + 4:
        raise ValueError("a preface that is too short")
    source, target, source_port, target_port = struct.unpack_from(f"!{size}s{size}sHH", data, begin)
    return begin + length, (str(kind(source)), source_port), (str(kind(target)), target_port)
