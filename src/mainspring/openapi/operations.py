"""The operations of a controller class: its own, and those of its bases and mixins that it did not replace.

A class is read along its MRO, nearest first. The nearest word counts for each thing that decorators say.
"""

from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

from msgspec import Struct

from mainspring.http.paths import join_paths, parse_path_template
from mainspring.openapi.builders import built
from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.notes import (
    VERBS,
    WEBSOCKET,
    MethodNotes,
    class_notes,
    copied_spec,
    function_behind,
    method_notes,
)

__all__ = [
    "ControllerDescription",
    "OperationDeclaration",
    "controller_declarations",
    "controller_operations",
    "describe_controller",
]


class OperationDeclaration(Struct, frozen=True):
    """One operation of a controller.

    Attributes:
        verb: In lower case.
        path: With the base path of the class; joined to one, it has no trailing slash.
        strict_path: The same with the trailing slash as written, for servers where that is another path.
        spec: What its decorator (or ``@api(paths=...)``) says, a copy on its own.
        method_name: The method; the class need not have it.
        owner: The controller class that was asked.
        notes: What other decorators of the method say.
        controller: What decorators of the class say.
    """

    verb: str
    path: str
    strict_path: str
    spec: dict[str, Any]
    method_name: str
    owner: type
    notes: MethodNotes
    controller: "ControllerDescription"

    @property
    def handler(self) -> Any:
        """The method as got from the class, ``None`` when the class has none of this name."""
        return getattr(self.owner, self.method_name, None)

    @property
    def visible(self) -> bool:
        """Whether the document shows it: the spec's word, else the method's, else the class's."""
        word = self.spec.get("x-visibility") or self.notes.visibility or self.controller.visibility
        return word != "undocumented"

    @property
    def deprecated(self) -> bool:
        """Whether it is marked as deprecated: the spec's word, else the method's, else the class's."""
        for said in (self.spec.get("deprecated"), self.notes.deprecated, self.controller.deprecated):
            if said is not None:
                return bool(said)
        return False

    @property
    def tags(self) -> list[str]:
        """The tags said anywhere, each once: of ``@api`` and spec, then ``@tags`` of the class, then of the method."""
        controller = self.controller
        said = (*controller.api_tags, *self.spec.get("tags", ()), *(controller.tags or ()), *(self.notes.tags or ()))
        return list(dict.fromkeys(said))


class ControllerDescription(Struct, frozen=True):
    """What ``@api``, ``@tags``, ``@deprecated`` and ``@visibility`` say of a class, its bases included.

    ``members`` are the members for the document: ``components``, ``tags`` and others.
    """

    cls: type
    base_path: str
    paths: Mapping[str, Any]
    server: str | None
    version: str | None
    api_tags: tuple[str, ...]
    tags: tuple[str, ...] | None
    deprecated: bool | None
    visibility: str | None
    members: Mapping[str, Any]


def describe_controller(cls: type) -> ControllerDescription:
    """What decorators say of the class as a whole; the nearest class of the MRO that says a thing is heard."""
    api: dict[str, Any] = {}
    tags: tuple[str, ...] | None = None
    deprecated: bool | None = None
    visibility: str | None = None
    for klass in reversed(cls.__mro__):
        notes = class_notes(klass)
        if notes is None:
            continue
        api.update(notes.api)
        tags = notes.tags if notes.tags is not None else tags
        deprecated = notes.deprecated if notes.deprecated is not None else deprecated
        visibility = notes.visibility or visibility
    api = built(copied_spec(api))
    version = api.pop("version", None)
    api_tags, object_tags = _split_tags(api.pop("tags", ()))
    if object_tags:
        api["tags"] = object_tags
    return ControllerDescription(
        cls=cls,
        base_path=api.pop("base_path", None) or "",
        paths=api.pop("paths", None) or {},
        server=api.pop("server", None),
        version=None if version is None else str(version),
        api_tags=tuple(api_tags),
        tags=tags,
        deprecated=deprecated,
        visibility=visibility,
        members=api,
    )


def controller_operations(cls: type) -> list[OperationDeclaration]:
    """The operations of a controller: own ones first, then those of its bases in MRO order, as written in each class.

    What one call returns is not shared with the next.

    Raises:
        PathTemplateError: Base path and path together are no template.
        DeclarationError: An operation of ``@api(paths=...)`` names no method.
    """
    return [declaration for declaration in _declarations(cls) if declaration.verb != WEBSOCKET]


def controller_declarations(cls: type) -> list[OperationDeclaration]:
    """All that a controller declares: its operations, then its WebSocket routes, inherited and ordered as those are.

    Raises:
        PathTemplateError: Base path and path together are no template.
        DeclarationError: An operation of ``@api(paths=...)`` names no method.
    """
    return sorted(_declarations(cls), key=lambda declaration: declaration.verb == WEBSOCKET)


def _declarations(cls: type) -> list[OperationDeclaration]:
    controller = describe_controller(cls)
    found: list[OperationDeclaration] = []
    taken: dict[tuple[str, str], type] = {}
    for declaration in _from_paths(controller):
        found.append(declaration)
        taken[_route(declaration)] = cls
    first = len(found)
    for klass, name in _declaring_methods(cls):
        notes = _merged_notes(cls, name)
        for declared in _own_notes(klass, name).operations:
            declaration = _declaration(controller, declared.verb, declared.path, declared.spec, name, notes)
            route = _route(declaration)
            if taken.setdefault(route, klass) is klass and route not in map(_route, found[:first]):
                found.append(declaration)
    return found


def _declaring_methods(cls: type) -> Iterator[tuple[type, str]]:
    """Each name with the nearest class that declares operations for it; a name set to ``None`` on the way has none."""
    decided: set[str] = set()
    for klass in cls.__mro__[:-1]:  # `object` declares nothing
        for name, member in list(vars(klass).items()):
            if name in decided:
                continue
            notes = method_notes(function_behind(member))
            if notes is not None and notes.operations:
                decided.add(name)
                yield klass, name
            elif member is None:
                decided.add(name)


def _own_notes(klass: type, name: str) -> MethodNotes:
    return method_notes(_own_function(klass, name)) or MethodNotes()


def _own_function(klass: type, name: str) -> FunctionType | None:
    return function_behind(vars(klass).get(name))


def _merged_notes(cls: type, method_name: str) -> MethodNotes:
    """What decorators say of a method: for each thing the word of the nearest class that says it."""
    merged: dict[str, Any] = {}
    nothing = MethodNotes()
    for klass in cls.__mro__:
        notes = method_notes(_own_function(klass, method_name))
        if notes is None:
            continue
        for name in MethodNotes.__struct_fields__:
            value = getattr(notes, name)
            if value != getattr(nothing, name):
                merged.setdefault(name, value)
    return MethodNotes(**merged)


def _route(declaration: OperationDeclaration) -> tuple[str, str]:
    return declaration.verb, parse_path_template(declaration.path).shape


def _from_paths(controller: ControllerDescription) -> Iterator[OperationDeclaration]:
    for path, item in controller.paths.items():
        for verb, spec in item.items():
            if verb.lower() not in VERBS:
                continue
            name = spec.get("x-operation-name")
            if not name:
                place = f"@api(paths=...) of {controller.cls.__name__}"
                raise DeclarationError(place, f"{verb.upper()} {path} names no method; give it an x-operation-name")
            notes = _merged_notes(controller.cls, name)
            yield _declaration(controller, verb.lower(), path, spec, name, notes)


def _declaration(  # the parts of one record
    controller: ControllerDescription, verb: str, path: str, spec: Mapping[str, Any], name: str, notes: MethodNotes
) -> OperationDeclaration:
    base = controller.base_path
    full = join_paths(base, path, strict=not base.strip("/"))
    parse_path_template(full)
    exact = join_paths(base, path, strict=True)
    return OperationDeclaration(verb, full, exact, built(copied_spec(spec)), name, controller.cls, notes, controller)


def _split_tags(tags: Any) -> tuple[list[str], list[Any]]:
    """Names for the operations, and tag objects for the document, whose names are names for the operations as well."""
    names = [tag if isinstance(tag, str) else tag.get("name", "") for tag in tags]
    return [name for name in names if name], [tag for tag in tags if not isinstance(tag, str)]
