"""The OpenAPI document of a server: assembled from what is registered, kept until something changes, served as text."""

import copy
import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mainspring.core import CoreBindings
from mainspring.http import weak_match
from mainspring.openapi.derived import DocumentedOperation
from mainspring.openapi.descriptions import HandlerDescription
from mainspring.openapi.documents import DocumentSource, assemble_document, finished_document
from mainspring.openapi.notes import method_notes
from mainspring.openapi.writing import to_json_text, to_yaml_text
from mainspring.rest.errors import RegistrationError, SettingError
from mainspring.rest.exchange import Exchange, Header, Reply
from mainspring.rest.heads import CONTENT_LENGTH, CONTENT_TYPE
from mainspring.rest.routes import AnyRoute, ControllerRoute

__all__ = ["DocumentEndpoint", "default_endpoints", "documented", "export_document", "metadata_info", "read_endpoint"]

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


def documented(route: AnyRoute, description: HandlerDescription) -> DocumentedOperation:
    """A route as the document sees it."""
    declaration = getattr(route, "declaration", None)
    if declaration is not None:
        return DocumentedOperation.of_declaration(declaration, description)
    if isinstance(route, ControllerRoute):
        return _of_controller_route(route, description)
    return DocumentedOperation.of_function(description, method_notes(description.handler))


def _of_controller_route(route: ControllerRoute, description: HandlerDescription) -> DocumentedOperation:
    """A route to a method that was made by hand: the class still names and tags it."""
    from mainspring.openapi.operations import describe_controller  # noqa: PLC0415 - few routes are made by hand

    plain = DocumentedOperation.of_function(description, method_notes(description.handler))
    return DocumentedOperation(
        description=description,
        name=route.description,
        method=route.method_name,
        controller=describe_controller(route.controller_class),
        tags=plain.tags,
        deprecated=plain.deprecated,
        visible=plain.visible,
        responses=plain.responses,
    )


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


def assemble(  # the sources of a document
    operations: Sequence[DocumentedOperation],
    specs: Sequence[Mapping[str, Any]],
    mounts: Sequence[tuple[str, Mapping[str, Any]]],
    info: Mapping[str, Any],
    servers: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The document before enhancers."""
    return assemble_document(
        DocumentSource(operations=operations, specs=specs, mounts=mounts, info=info, servers=servers)
    )


async def enhanced(document: dict[str, Any], enhancers: Sequence[Any]) -> dict[str, Any]:
    """The document as the enhancers leave it, in their order."""
    for enhancer in enhancers:
        result = enhancer.modify_spec(copy.deepcopy(document))
        if inspect.isawaitable(result):
            result = await result
        document = result if result is not None else document
    return document


def finished(document: Mapping[str, Any], *, consolidate: bool) -> dict[str, Any]:
    """The document as it is served."""
    return finished_document(document, consolidate=consolidate)


def as_text(document: Mapping[str, Any], endpoint: DocumentEndpoint) -> bytes:
    """The document in the version and format of an endpoint."""
    if endpoint.version == "3.0":
        from mainspring.openapi.dialects import to_openapi_30  # noqa: PLC0415 - few ask for the older version

        document = to_openapi_30(document)
    text = to_yaml_text(document) if endpoint.format == "yaml" else json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


async def read_endpoint(exchange: Exchange, endpoint: DocumentEndpoint) -> Reply:
    """The document as the answer to a request."""
    server = exchange.plan.server
    body: bytes = await server.document.text(exchange, endpoint)
    import hashlib  # noqa: PLC0415 - a library of its own, for who asks for the document

    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    lines: list[Header] = [(b"etag", etag.encode())]
    condition = exchange.header(b"if-none-match")
    if condition is not None and weak_match(condition.decode("latin-1"), etag):
        return Reply(304, lines, b"")
    return Reply(200, [(CONTENT_TYPE, _TYPES[endpoint.format]), (CONTENT_LENGTH, b"%d" % len(body)), *lines], body)


def export_document(document: Mapping[str, Any], target: str) -> None:
    """Write the document to a file (YAML by its suffix, else JSON), or to standard output for ``-``."""
    if target == "-":
        sys.stdout.write(to_json_text(document) + "\n")
        return
    path = Path(target)
    text = to_yaml_text(document) if path.suffix in (".yaml", ".yml") else to_json_text(document) + "\n"
    path.write_text(text, encoding="utf-8")
