"""Where a server's document is served, and how a request is answered there. Making it is left to `documents`."""

from collections.abc import Mapping, Sequence
from typing import Any

from mainspring.core import CoreBindings
from mainspring.rest.errors import RegistrationError, SettingError
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE

__all__ = ["DocumentEndpoint", "check_endpoint", "default_endpoints", "metadata_info", "read_endpoint"]

_TYPES = {"json": b"application/json", "yaml": b"application/yaml"}
VERSIONS = ("3.1", "3.0")


class DocumentEndpoint:
    """A path at which the document is served, in one version and format."""

    __slots__ = ("format", "path", "version")

    def __init__(self, path: str, version: str = "3.1", format: str = "json") -> None:
        self.path = "/" + path.strip("/")
        self.version = ".".join(str(version).split(".")[:2])
        self.format = format
        if self.version not in VERSIONS:
            raise SettingError("openapi", version, f"the version of a document is one of {', '.join(VERSIONS)}")
        if format not in _TYPES:
            raise SettingError("openapi", format, f"the format of a document is one of {', '.join(_TYPES)}")


def default_endpoints(options: Mapping[str, Any]) -> list[DocumentEndpoint]:
    """The endpoints that the ``openapi`` setting says."""
    version = str(options.get("version") or "3.1")
    mapping = options.get("endpoint_mapping")
    if mapping is None:
        mapping = {"/openapi.json": {"format": "json"}, "/openapi.yaml": {"format": "yaml"}}
    return [
        DocumentEndpoint(path, str(entry.get("version") or version), entry.get("format") or "json")
        for path, entry in mapping.items()
    ]


def check_endpoint(known: Sequence[DocumentEndpoint], path: str) -> None:
    """Refuse a second endpoint at one path.

    Raises:
        RegistrationError: There is one already.
    """
    if any(endpoint.path == "/" + path.strip("/") for endpoint in known):
        raise RegistrationError(f"the OpenAPI endpoint {path}", "is already configured; give it another path")


def metadata_info(server: Any) -> dict[str, Any]:
    """What the application's metadata says of it, as members of ``info``."""
    metadata = server.get_sync(CoreBindings.APPLICATION_METADATA, optional=True) or {}
    info: dict[str, Any] = {
        "title": metadata.get("name"),
        "version": metadata.get("version"),
        "description": metadata.get("description"),
        "contact": _contact(metadata.get("author") or metadata.get("authors")),
    }
    return {name: value for name, value in info.items() if value is not None}


def _contact(author: Any) -> dict[str, Any] | None:
    """``Name <mail> (url)``, or a mapping, as a contact."""
    if isinstance(author, list | tuple):
        author = author[0] if author else None
    if isinstance(author, Mapping):
        found = {name: author[name] for name in ("name", "email", "url") if author.get(name)}
        return found or None
    if not isinstance(author, str) or not author.strip():
        return None
    rest, _, url = author.partition("(")
    name, _, mail = rest.partition("<")
    contact = {"name": name.strip(), "email": mail.strip(" >"), "url": url.strip(" )")}
    return {key: value for key, value in contact.items() if value} or None


async def read_endpoint(exchange: Exchange, endpoint: DocumentEndpoint) -> Reply:
    """The document as the answer to a request."""
    import hashlib  # noqa: PLC0415 - a library of its own, for who asks for the document

    from mainspring.http import weak_match  # noqa: PLC0415 - as above

    server = exchange.plan.server
    body: bytes = await server.document.text(exchange, endpoint)

    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    lines: list[Header] = [(b"etag", etag.encode())]
    condition = exchange.header(b"if-none-match")
    if condition is not None and weak_match(condition.decode("latin-1"), etag):
        return Reply(304, lines, b"")
    return Reply(200, [(CONTENT_TYPE, _TYPES[endpoint.format]), (CONTENT_LENGTH, b"%d" % len(body)), *lines], body)
