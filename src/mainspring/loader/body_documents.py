"""What ``body_params("address.city")`` reads, in the document: one body with all the paths of an operation."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from msgspec import Meta

from mainspring.context.injection import EMPTY, InjectionPoint
from mainspring.openapi.components import Components
from mainspring.openapi.failures import ErrorFormat, with_statuses
from mainspring.openapi.schemas import SchemaBuilder

__all__ = ["BODY_PATH", "BodyDocuments", "annotation_of"]

#: By which a body, or what is read of it, may be refused: it is malformed or lacks a path, is too large, of a media
#: type that is not read, or violates a model.
_REFUSED = (400, 413, 415, 422)

#: The name under which a marker tells the steps of its path.
BODY_PATH = "body_path"


class BodyDocuments:
    """Adds the body to the operations of a document that describe none and read parts of one.

    Args:
        points: Gives the verb and path of every operation, and what the container gives to its handler.
        error_format: Tells how the server words errors; ``None`` where the document shall not say which there are.
    """

    def __init__(
        self,
        points: Callable[[], Iterable[tuple[str, str, Iterable[InjectionPoint]]]],
        error_format: Callable[[], ErrorFormat | None],
    ) -> None:
        self._points = points
        self._error_format = error_format

    def modify_spec(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The document with these bodies, and with the models in them as components."""
        builder, error_format = SchemaBuilder(Components()), self._error_format()
        is_changed = False
        for verb, path, points in self._points():
            operation = spec.get("paths", {}).get(path, {}).get(verb)
            read = {each.marker.details[BODY_PATH]: each for each in points if each.marker and _reads_body(each)}
            if operation is not None and read and "requestBody" not in operation:
                operation["requestBody"] = _body(read, builder)
                if error_format is not None:
                    said = operation.get("responses", {})
                    operation["responses"] = with_statuses(said, _REFUSED, error_format, builder.components)
                is_changed = True
        if not is_changed:
            return spec
        known = spec.get("components", {}).get("schemas", {})
        finished, schemas = builder.components.finish(spec, known)
        if schemas:
            finished.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
        document: dict[str, Any] = finished
        return document


def _reads_body(point: InjectionPoint) -> bool:
    return point.marker is not None and BODY_PATH in point.marker.details


def _body(read: dict[tuple[str, ...], InjectionPoint], builder: SchemaBuilder) -> dict[str, Any]:
    whole: dict[str, Any] = {"type": "object"}
    for steps, point in sorted(read.items(), key=lambda item: len(item[0])):
        _put(whole, steps, point, builder)
    is_required = any(_is_required(point) for point in read.values())
    return {"content": {"application/json": {"schema": whole}}, "required": is_required}


def _put(schema: dict[str, Any], steps: tuple[str, ...], point: InjectionPoint, builder: SchemaBuilder) -> None:
    """Describe what stands at a path; what is described as a whole already is left so, and so are lists."""
    name, *deeper = steps
    if schema.get("type") != "object" or (deeper and deeper[0].isdecimal()):
        return
    known = schema.setdefault("properties", {})
    if deeper:
        _put(known.setdefault(name, {"type": "object"}), tuple(deeper), point, builder)
    else:
        known[name] = {} if point.wanted is EMPTY else builder.schema(annotation_of(point))
    if _is_required(point) and name not in (required := schema.setdefault("required", [])):
        required.append(name)


def annotation_of(point: InjectionPoint) -> Any:
    """What a value has to be: the type, with the constraints beside it."""
    constraints = [each for each in getattr(point.annotation, "__metadata__", ()) if isinstance(each, Meta)]
    return Annotated[(point.wanted, *constraints)] if constraints else point.wanted


def _is_required(point: InjectionPoint) -> bool:
    return point.default is EMPTY and not point.optional
