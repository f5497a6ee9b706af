"""The decorators of operations. Each notes one thing and returns the very class or function it was given.

Their order does not matter: everything is read together when the class is registered.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from mainspring.http.paths import parse_path_template
from mainspring.openapi.builders import built
from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.notes import (
    VERBS,
    VISIBILITIES,
    WEBSOCKET,
    DeclaredOperation,
    class_notes,
    copied_spec,
    function_behind,
    method_notes,
    note_on_class,
    note_on_method,
    target_kind,
)

__all__ = [
    "api",
    "blocking",
    "delete",
    "deprecated",
    "get",
    "head",
    "operation",
    "options",
    "patch",
    "post",
    "put",
    "tags",
    "visibility",
    "websocket",
]

T = TypeVar("T")
C = TypeVar("C", bound=type)
Spec = Mapping[str, Any]
Decorator = Callable[[T], T]


def api(
    spec: Spec | None = None,
    *,
    base_path: str | None = None,
    paths: Spec | None = None,
    server: str | None = None,
    version: str | None = None,
    **members: Any,
) -> Callable[[C], C]:
    """Say of a controller class where its operations are.

    Args:
        spec: The same as a mapping, ``{"base_path": "/my", "paths": {...}}``; keywords win.
        base_path: What all paths of the class begin with.
        paths: Operations by path and verb; each names its method by ``x-operation-name`` and wins over a decorator.
        server: The name of the one server that serves the class.
        version: The version of the interface that the class belongs to.
        members: More members of a document, ``components`` and ``tags`` say.
    """
    given = {**members, "base_path": base_path, "paths": paths, "server": server, "version": version}
    noted = {**(spec or {}), **{name: value for name, value in given.items() if value is not None}}
    if "basePath" in noted:
        noted.setdefault("base_path", noted.pop("basePath"))
    parse_path_template(noted.get("base_path") or "/")

    def decorate(cls: C) -> C:
        target_kind(cls, "api", functions=False)
        note_on_class(cls, api=copied_spec(noted))
        return cls

    return decorate


def operation(verb: str, path: str, spec: Any = None) -> Callable[[T], T]:
    """Make an operation of a method: a verb on a path template, with a spec that is merged over what is derived.

    Several of them on one method make several operations.

    Raises:
        PathTemplateError: The path is no template.
        DeclarationError: OpenAPI does not know the verb.
    """
    word = verb.lower()
    if word not in VERBS:
        raise DeclarationError(f"@operation({verb!r}, {path!r})", f"the verb is none of {', '.join(VERBS)}")
    return _declaring(word, path, spec)


def _declaring(word: str, path: str, spec: Any) -> Callable[[T], T]:
    parse_path_template(path)
    declared = DeclaredOperation(word, path, copied_spec(built(spec) or {}))

    def decorate(target: T) -> T:
        target_kind(target, word, classes=False)
        notes = method_notes(function_behind(target))
        note_on_method(target, operations=(declared, *(notes.operations if notes else ())))
        return target

    return decorate


def websocket(path: str) -> Callable[[T], T]:
    """Let a method handle the WebSocket connections to a path template. No document describes them.

    Raises:
        PathTemplateError: The path is no template.
    """
    return _declaring(WEBSOCKET, path, None)


def get(path: str, spec: Any = None) -> Callable[[T], T]:
    """``GET path``; see `operation`."""
    return operation("get", path, spec)


def post(path: str, spec: Any = None) -> Callable[[T], T]:
    """``POST path``; see `operation`."""
    return operation("post", path, spec)


def put(path: str, spec: Any = None) -> Callable[[T], T]:
    """``PUT path``; see `operation`."""
    return operation("put", path, spec)


def patch(path: str, spec: Any = None) -> Callable[[T], T]:
    """``PATCH path``; see `operation`."""
    return operation("patch", path, spec)


def delete(path: str, spec: Any = None) -> Callable[[T], T]:
    """``DELETE path``; see `operation`."""
    return operation("delete", path, spec)


def head(path: str, spec: Any = None) -> Callable[[T], T]:
    """``HEAD path``; see `operation`."""
    return operation("head", path, spec)


def options(path: str, spec: Any = None) -> Callable[[T], T]:
    """``OPTIONS path``; see `operation`."""
    return operation("options", path, spec)


def tags(*names: str) -> Callable[[T], T]:
    """Tag all operations of a class, or those of a method; several ``@tags`` on one target add up."""
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"@tags takes texts, not {name!r}.")

    def decorate(target: T) -> T:
        if target_kind(target, "tags") == "class" and isinstance(target, type):
            known = class_notes(target)
            note_on_class(target, tags=(*names, *((known.tags or ()) if known else ())))
        else:
            found = method_notes(function_behind(target))
            note_on_method(target, tags=(*names, *((found.tags or ()) if found else ())))
        return target

    return decorate


@overload
def deprecated(value: bool = True) -> Callable[[T], T]: ...
@overload
def deprecated(value: T) -> T: ...
def deprecated(value: Any = True) -> Any:
    """Mark all operations of a class, or those of a method, as deprecated; ``@deprecated(False)`` exempts a method.

    With and without parentheses.
    """
    if not isinstance(value, bool):
        return _noted("deprecated", value, deprecated=True)
    return lambda target: _noted("deprecated", target, deprecated=value)


def visibility(value: str) -> Callable[[T], T]:
    """Keep operations out of the document (``undocumented``) or in it (``documented``); a method's word wins.

    Raises:
        DeclarationError: It is another word.
    """
    if value not in VISIBILITIES:
        raise DeclarationError(f"@visibility({value!r})", f"say {' or '.join(map(repr, VISIBILITIES))}")
    return lambda target: _noted("visibility", target, visibility=value)


def blocking(function: T) -> T:
    """Run this plain handler in a worker thread, so that it may wait without stalling other requests.

    Raises:
        DeclarationError: It is an ``async def``, which must not wait in that way.
    """
    target_kind(function, "blocking", classes=False)
    plain = function_behind(function)
    if inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain):
        name = getattr(plain, "__qualname__", plain)
        raise DeclarationError(f"@blocking on {name}", "an `async def` runs on the event loop; remove one of the two")
    note_on_method(function, blocking=True)
    return function


def _noted(decorator: str, target: T, **changes: Any) -> T:
    if target_kind(target, decorator) == "class" and isinstance(target, type):
        note_on_class(target, **changes)
    else:
        note_on_method(target, **changes)
    return target
