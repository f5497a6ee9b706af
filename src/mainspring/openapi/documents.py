"""Assemble a document: operations as their handlers say, specs merged over them, components by name.

Pure functions: plain data in, plain data out. The same input gives the same bytes, in any process.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from mainspring.openapi.components import Components
from mainspring.openapi.consolidating import consolidate_schemas
from mainspring.openapi.derived import DocumentedOperation, derive_operation
from mainspring.openapi.failures import ErrorFormat
from mainspring.openapi.merging import add_fragment, moved_below, renamed_references
from mainspring.openapi.notes import VERBS
from mainspring.openapi.operations import ControllerDescription
from mainspring.openapi.schemas import SchemaBuilder
from mainspring.openapi.specs import published, resolved_models

__all__ = ["DocumentSource", "DocumentedOperation", "assemble_document", "empty_document", "finished_document"]

OPENAPI_VERSION = "3.1.0"
DEFAULT_TITLE = "Mainspring Application"
DEFAULT_VERSION = "1.0.0"

#: Members in the order of the specification, so that equal content is equal text.
_ORDER = (
    "openapi",
    "info",
    "jsonSchemaDialect",
    "servers",
    "paths",
    "webhooks",
    "components",
    "security",
    "tags",
    "externalDocs",
)


class DocumentSource(Struct, frozen=True):
    """Everything a document is made of.

    Attributes:
        operations: In the order of registration.
        specs: Documents registered as a whole, in order; their own members win over derived ones.
        mounts: Mounted paths with the documents served below them.
        info: What the application's metadata says.
        servers: The servers, where no spec names any.
        error_format: How the server words its own errors; ``None`` leaves them out of the document.
    """

    operations: Sequence[DocumentedOperation] = ()
    specs: Sequence[Mapping[str, Any]] = ()
    mounts: Sequence[tuple[str, Mapping[str, Any]]] = ()
    info: Mapping[str, Any] = {}
    servers: Sequence[Mapping[str, Any]] = ({"url": "/"},)
    error_format: ErrorFormat | None = None


def empty_document() -> dict[str, Any]:
    """The document of an application without operations."""
    return finished_document(assemble_document(DocumentSource()))


def assemble_document(source: DocumentSource) -> dict[str, Any]:
    """The document of all sources, before enhancers and consolidation; give it to `finished_document` after them.

    Raises:
        AnnotationError: A type in a signature or spec cannot be described.
    """
    builder = SchemaBuilder(Components())
    document: dict[str, Any] = {}
    for spec in source.specs:
        _add_spec(document, resolved_models(_without_operations(spec), builder))
    renames = _add_controllers(document, source.operations, builder)
    paths, tags = _derived_paths(source, renames, builder)
    add_fragment(document, {"paths": paths, "tags": tags})
    reserved = document.get("components", {}).get("schemas", {})
    document, schemas = builder.components.finish(document, reserved)
    if schemas:
        known = document.setdefault("components", {}).setdefault("schemas", {})
        known.update({name: schema for name, schema in schemas.items() if name not in known})
    for prefix, spec in source.mounts:
        moved = moved_below(spec, prefix)
        wanted: dict[str, Any] = {key: moved[key] for key in ("paths", "components", "tags") if key in moved}
        add_fragment(document, resolved_mount(wanted))
    document["info"] = _info(source.info, document.get("info", {}))
    document.setdefault("servers", [dict(server) for server in source.servers])
    return ordered(published(document))


def finished_document(document: Mapping[str, Any], *, consolidate: bool = True) -> dict[str, Any]:
    """The document as it is served: titled inline schemas as components (unless switched off), members in order."""
    return ordered(published(consolidate_schemas(document) if consolidate else document))


def ordered(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its members in the order of the specification, and with those it must have."""
    full = {"openapi": OPENAPI_VERSION, "info": _info({}, {}), "servers": [{"url": "/"}], "paths": {}, **document}
    known = {key: full[key] for key in _ORDER if key in full}
    return {**known, **{key: value for key, value in full.items() if key not in known}}


def resolved_mount(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A mounted document on its own: models in it become components of it."""
    builder = SchemaBuilder(Components())
    plain, schemas = builder.components.finish(
        resolved_models(spec, builder), spec.get("components", {}).get("schemas")
    )
    if schemas:
        plain.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
    result: dict[str, Any] = plain
    return result


def _add_spec(document: dict[str, Any], spec: Mapping[str, Any]) -> None:
    """A whole document: where two of them say a thing, the first is kept; ``info`` is merged."""
    info = {**spec.get("info", {}), **document.get("info", {})}
    add_fragment(document, spec)
    if info:
        document["info"] = info


def _without_operations(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A registered document without its operations: those come as routes, with what their handlers say."""
    paths = {
        path: {key: value for key, value in item.items() if key not in VERBS}
        for path, item in (spec.get("paths") or {}).items()
        if isinstance(item, Mapping)
    }
    kept = {path: item for path, item in paths.items() if item}
    return {**{key: value for key, value in spec.items() if key != "paths"}, **({"paths": kept} if kept else {})}


def _add_controllers(
    document: dict[str, Any], operations: Iterable[DocumentedOperation], builder: SchemaBuilder
) -> dict[type, dict[str, str]]:
    """Members that controllers bring; gives the references that had to be renamed, by class."""
    renames: dict[type, dict[str, str]] = {}
    for operation in operations:
        controller = operation.controller
        if controller is None or controller.cls in renames:
            continue
        members = {key: value for key, value in controller.members.items() if key not in ("info", "servers", "openapi")}
        renames[controller.cls] = add_fragment(document, resolved_models(members, builder))
    return renames


def _derived_paths(
    source: DocumentSource, renames: Mapping[type, Mapping[str, str]], builder: SchemaBuilder
) -> tuple[dict[str, Any], list[Any]]:
    paths: dict[str, Any] = {}
    tags: dict[str, Any] = {}
    ids: set[str] = set()
    for operation in source.operations:
        verb = operation.description.verb
        if not operation.visible or verb not in VERBS:
            continue
        derived = derive_operation(operation, builder, source.error_format)
        if operation.controller is not None:
            derived = renamed_references(derived, renames.get(operation.controller.cls, {}))
            _note_tag(tags, operation.controller, derived)
        if "operationId" in derived:
            derived["operationId"] = _distinct_id(derived["operationId"], ids)
        paths.setdefault(operation.description.template.openapi, {}).setdefault(verb, derived)
    return paths, list(tags.values())


def _note_tag(tags: dict[str, Any], controller: ControllerDescription, derived: Mapping[str, Any]) -> None:
    """The docstring of a class describes its own tag."""
    name = controller.cls.__name__
    text = controller.cls.__dict__.get("__doc__")
    if text and name in derived.get("tags", ()) and name not in tags:
        tags[name] = {"name": name, "description": inspect.cleandoc(text)}


def _distinct_id(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name)
    return name


def _info(metadata: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    default = {"title": DEFAULT_TITLE, "version": DEFAULT_VERSION}
    found = {key: value for key, value in metadata.items() if value is not None}
    return {**default, **found, **said}
