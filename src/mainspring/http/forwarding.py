"""Who the client is when proxies stand between: ``Forwarded`` (RFC 7239) and the ``X-Forwarded-*`` fields.

Nothing a client may have written itself is believed: only what proxies that are trusted by configuration added.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from msgspec import Struct

from mainspring.errors import MainspringError
from mainspring.http.headers import Headers

__all__ = ["Forwarding", "TrustedProxies", "TrustedProxiesError", "authority", "forwarding_of", "split_host"]

_HOST = r"(?a)(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::(?P<port>\d{1,5}))?"
_PREFIX = r"(?:/[A-Za-z0-9\-._~%!$&'()*+,;=:@]+)+"
_PAIR = r'\s*([^=;,\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]*)\s*'
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class TrustedProxiesError(MainspringError, ValueError):
    """An entry of ``trusted_proxies`` that is no address, network, number of hops or ``"*"``.

    Remedy:
        Give addresses or networks (``10.0.0.0/8``), the number of proxies, or ``"*"``.
    """

    def __init__(self, entry: object) -> None:
        super().__init__(entry)
        self.entry = entry

    def __str__(self) -> str:
        return (
            f"rest.trusted_proxies has {self.entry!r}, which is no address or network. "
            "Give addresses such as '10.0.0.1', networks such as '10.0.0.0/8', a number of hops, or '*'."
        )


class TrustedProxies:
    """Which peers are believed: nobody by default."""

    __slots__ = ("_networks", "_others", "everybody", "hops")

    def __init__(self, config: Any = None) -> None:
        self.hops = 0
        self.everybody = config == "*" or config is True
        self._networks: list[IPv4Network | IPv6Network] = []
        self._others: set[str] = set()
        if isinstance(config, int) and not isinstance(config, bool):
            if config < 0:
                raise TrustedProxiesError(config)
            self.hops = config
        elif not self.everybody and config:
            self._read(config.split(",") if isinstance(config, str) else config)

    def _read(self, entries: Any) -> None:
        if not isinstance(entries, Sequence | set | frozenset):
            raise TrustedProxiesError(entries)
        for entry in entries:
            text = str(entry).strip()
            if text == "*":
                self.everybody = True
            elif text in ("unix", "localhost"):
                self._others.add("" if text == "unix" else text)
            else:
                try:
                    self._networks.append(ip_network(text, strict=False))
                except ValueError as error:
                    raise TrustedProxiesError(entry) from error

    def __bool__(self) -> bool:
        return bool(self.everybody or self.hops or self._networks or self._others)

    def trusts(self, address: str | None) -> bool:
        """Whether a peer is believed by its address; ``None`` or empty is the peer of a Unix socket."""
        if self.everybody:
            return True
        found = _address(address or "")
        if found is None:
            return (address or "") in self._others
        return any(found in network for network in self._networks)

    def depth(self, chain: Sequence[str | None]) -> int:
        """How many entries at the end of a chain of addresses, the peer being the last, are believed."""
        if self.hops:
            return min(self.hops, len(chain))
        count = 0
        for address in reversed(chain):
            if not self.trusts(address):
                break
            count += 1
        return count


class Forwarding(Struct, frozen=True):
    """What trusted proxies say of a request, ``None`` where nothing. ``prefix`` is what they cut off the path."""

    client: str | None = None
    client_port: int | None = None
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    prefix: str = ""


def forwarding_of(headers: Headers, peer: str | None, trusted: TrustedProxies) -> Forwarding | None:
    """What is known from trusted proxies about a request that ``peer`` brought; ``None`` when nobody may be believed.

    Of the chain of addresses, the client is the first one, from the end, that is no trusted proxy.
    """
    if not trusted or not (trusted.hops or trusted.trusts(peer)):
        return None
    elements = _forwarded_elements(headers.getlist("forwarded"))
    if elements:
        return _from_forwarded(elements, peer, trusted)
    return _from_fields(headers, peer, trusted)


def split_host(text: str | None) -> tuple[str, int | None] | None:
    """Host and port of the text of a ``Host`` field, IPv6 addresses in brackets; ``None`` for what is no host."""
    match = re.fullmatch(_HOST, text.strip()) if text else None
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    return None if port is not None and not 0 < port < 65536 else (match["host"], port)


def authority(scheme: str, host: str, port: int | None) -> str:
    """``host:port`` as a URL shows it: the scheme's own port is left out, an IPv6 address is in brackets."""
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return shown if port is None or port == _DEFAULT_PORTS.get(scheme) else f"{shown}:{port}"


def _from_forwarded(elements: list[dict[str, str]], peer: str | None, trusted: TrustedProxies) -> Forwarding:
    addresses = [_node(element.get("for", ""))[0] for element in elements]
    position = _first_untrusted([*addresses, peer], trusted)
    # Each proxy writes of the one it was called by, so what is said of the client is in the client's own element.
    element = elements[position] if position < len(elements) else {}
    client, client_port = _node(element.get("for", ""))
    host = split_host(element.get("host"))
    return Forwarding(
        client,
        client_port,
        _scheme(element.get("proto")),
        host[0] if host else None,
        host[1] if host else None,
        _prefix(element.get("prefix", "")),
    )


def _from_fields(headers: Headers, peer: str | None, trusted: TrustedProxies) -> Forwarding:
    nodes = [_node(text) for text in _list(headers, "x-forwarded-for")]
    position = _first_untrusted([*(address for address, _ in nodes), peer], trusted)
    client, client_port = nodes[position] if position < len(nodes) else (None, None)
    from_end = max(len(nodes) - position, 1)
    host = split_host(_at(headers.get("x-forwarded-host", ""), from_end))
    port = _at(headers.get("x-forwarded-port", ""), from_end)
    return Forwarding(
        client,
        client_port,
        _scheme(_at(headers.get("x-forwarded-proto", ""), from_end)),
        host[0] if host else None,
        int(port) if _is_port(port) else (host[1] if host else None),
        _prefix(_at(headers.get("x-forwarded-prefix", ""), from_end)),
    )


def _first_untrusted(chain: list[str | None], trusted: TrustedProxies) -> int:
    """The position of the client in the chain; the farthest one when every one is trusted."""
    return max(len(chain) - trusted.depth(chain) - 1, 0)


def _list(headers: Headers, name: str) -> list[str]:
    return [item.strip() for line in headers.getlist(name) for item in line.split(",") if item.strip()]


def _at(headers_list: str, from_end: int) -> str:
    """The element written by the proxy next to the client; a shorter list (one proxy overwrites) gives its first."""
    items = [item.strip() for item in headers_list.split(",") if item.strip()]
    return items[max(len(items) - from_end, 0)] if items else ""


def _forwarded_elements(lines: list[str]) -> list[dict[str, str]]:
    elements: list[dict[str, str]] = []
    pair = re.compile(_PAIR)
    for line in lines:
        position, element = 0, dict[str, str]()
        while position < len(line):
            match = pair.match(line, position)
            if match is None:
                return []  # garbage: who wrote half a line may have written the rest as well
            value = match[2]
            element.setdefault(match[1].lower(), re.sub(r"\\(.)", r"\1", value[1:-1]) if value[:1] == '"' else value)
            position = match.end()
            if position < len(line) and line[position] == ",":
                elements.append(element)
                element = {}
            position += 1
        if element:
            elements.append(element)
    return elements


def _node(text: str) -> tuple[str | None, int | None]:
    """Address and port of ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1``, ``[2001:db8::1]:80``; of a name nothing."""
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    address = _address(host)
    return (None, None) if address is None else (str(address), int(port) if _is_port(port) else None)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _scheme(text: str | None) -> str | None:
    word = (text or "").strip().lower()
    return word if word in _DEFAULT_PORTS else None


def _prefix(text: str) -> str:
    path = text.rstrip("/")
    return path if re.fullmatch(_PREFIX, path) else ""
