"""The OpenAPI document of a server: assembled from what is registered, kept until something changes, served as text."""

import copy
import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mainspring.openapi.derived import DocumentedOperation
from mainspring.openapi.descriptions import HandlerDescription
from mainspring.openapi.documents import DocumentSource, assemble_document, finished_document
from mainspring.openapi.failures import ErrorFormat
from mainspring.openapi.notes import method_notes
from mainspring.openapi.writing import to_json_text, to_yaml_text
from mainspring.rest.document_endpoints import DocumentEndpoint
from mainspring.rest.routes import AnyRoute, ControllerRoute

__all__ = ["as_text", "assemble", "documented", "enhanced", "export_document", "finished"]


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


def assemble(  # the sources of a document
    operations: Sequence[DocumentedOperation],
    specs: Sequence[Mapping[str, Any]],
    mounts: Sequence[tuple[str, Mapping[str, Any]]],
    info: Mapping[str, Any],
    servers: Sequence[Mapping[str, Any]],
    error_format: ErrorFormat | None,
) -> dict[str, Any]:
    """The document before enhancers."""
    return assemble_document(DocumentSource(operations, specs, mounts, info, servers, error_format))


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


def export_document(document: Mapping[str, Any], target: str) -> None:
    """Write the document to a file (YAML by its suffix, else JSON), or to standard output for ``-``."""
    if target == "-":
        sys.stdout.write(to_json_text(document) + "\n")
        return
    path = Path(target)
    text = to_yaml_text(document) if path.suffix in (".yaml", ".yml") else to_json_text(document) + "\n"
    path.write_text(text, encoding="utf-8")
