"""Bindings and contexts as plain data for people and programs to read. Nothing here resolves anything."""

import math
from typing import Any, get_origin

from mainspring.context.errors import ResolutionError
from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.context.keys import BindingKey, is_type
from mainspring.context.signatures import class_spec, unwrap_callable

__all__ = ["ClassNames", "inspect_binding", "inspect_context", "plain"]


class ClassNames:
    """Tells different classes of one name apart within one report: ``Name``, ``Name #1``, ``Name #2``."""

    def __init__(self) -> None:
        self._seen: dict[str, list[Any]] = {}

    def name_of(self, cls: Any) -> str:
        """The name of the class, with a number from the second of that name on."""
        name = getattr(cls, "__name__", None) or repr(cls)
        seen = self._seen.setdefault(name, [])
        position = next((i for i, other in enumerate(seen) if other is cls), None)
        if position is None:
            position = len(seen)
            seen.append(cls)
        return f"{name} #{position}" if position else name


def inspect_context(
    ctx: Any, include_parent: bool, include_injections: bool, names: ClassNames | None = None
) -> dict[str, Any]:
    """A context as plain data: its name, its bindings, its parent."""
    names = names or ClassNames()
    bindings = {key: inspect_binding(each, names, include_injections) for key, each in list(ctx._bindings.items())}
    found: dict[str, Any] = {"name": ctx.name, "bindings": bindings}
    if include_parent and ctx.parent is not None:
        found["parent"] = inspect_context(ctx.parent, True, include_injections, names)
    return found


def inspect_binding(binding: Any, names: ClassNames | None = None, include_injections: bool = False) -> dict[str, Any]:
    """Key, scope, tags, lock, kind and the name of what it was made from."""
    names = names or ClassNames()
    found: dict[str, Any] = {
        "key": binding.key,
        "scope": binding.scope.value,
        "tags": {name: plain(value, names) for name, value in binding.tag_map.items()},
        "is_locked": binding.is_locked,
    }
    source = binding.source
    if source is None:
        return found
    found["type"] = source.type.value
    if source.type in ("class", "provider"):
        found[found["type"]] = names.name_of(source.value)
    elif source.type == "dynamic_value":
        found["factory"] = (
            names.name_of(source.value) if isinstance(source.value, type) else _name_of_call(source.value)
        )
    elif source.type == "alias":
        found["alias"] = str(source.key if source.key is not None else names.name_of(source.value))
    if include_injections and source.type in ("class", "provider"):
        injections = inspect_injections(source.value)
        if injections:
            found["injections"] = injections
    return found


def _name_of_call(call: Any) -> str:
    """The name of a function, also below a partial; of a callable object, the name of its class."""
    function = unwrap_callable(call)
    is_object = getattr(function, "__name__", "__call__") == "__call__"
    return type(call).__name__ if is_object else str(function.__name__)


def inspect_injections(cls: type[Any]) -> dict[str, Any]:
    """What the constructor and the properties of a class are injected with; empty when nothing is."""
    spec = class_spec(cls)
    found: dict[str, Any] = {}
    if spec.constructor.points:
        found["constructor_arguments"] = [_inspect_point(point) for point in spec.constructor.points]
    if spec.properties:
        found["properties"] = {point.member: _inspect_point(point) for point in spec.properties}
    return found


def _inspect_point(point: InjectionPoint) -> dict[str, Any]:
    found: dict[str, Any] = {"target": point.target_name, **_wanted(point)}
    if point.optional:
        found["optional"] = True
    if point.marker is not None and point.marker.decorator != "inject":
        found["decorator"] = point.marker.decorator
    return found


def _wanted(point: InjectionPoint) -> dict[str, Any]:
    """What is looked for there: a key, a tag, a filter, or a type."""
    marker = point.marker
    if marker is None:
        return {"type": _type_text(point)}
    if "tag" in marker.details:
        return {"tag": plain(marker.details["tag"], ClassNames())}
    if isinstance(marker.key, BindingKey):
        return {"key": str(marker.key)}
    matches = marker.details.get("filter", marker.key)
    if isinstance(matches, str):
        return {"filter": matches}
    if callable(matches) and not is_type(matches):
        return {"filter": getattr(matches, "__name__", None) or repr(matches)}
    return {"type": _type_text(point)}


def _type_text(point: InjectionPoint) -> str:
    marker = point.marker
    try:
        wanted = point.wanted if marker is None or marker.key is None else marker.key
    except ResolutionError:  # what cannot be evaluated is shown as it was written
        return str(point.written)
    if wanted is EMPTY:
        wanted = marker.expects if marker is not None and marker.expects is not None else ""
    return wanted.__name__ if isinstance(wanted, type) and get_origin(wanted) is None else str(wanted)


def plain(value: Any, names: ClassNames) -> Any:
    """JSON data as it is, everything else as text."""
    if value is None or isinstance(value, bool | int | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, names) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, names) for key, item in value.items()}
    if isinstance(value, type):
        return names.name_of(value)
    return str(value)
