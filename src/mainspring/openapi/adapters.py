"""How a model class describes itself to the web, so that who serves and who stores need not know each other.

A class with ``__mainspring_model__()`` gives its own adapter. Pydantic models are known by their methods; pydantic
itself is never imported here.
"""

from typing import Any, Protocol, get_origin, runtime_checkable

import msgspec

from mainspring.openapi.caching import remembered
from mainspring.openapi.errors import SchemaViolation, Violation
from mainspring.openapi.kinds import bare, has_adapter
from mainspring.openapi.references import pointer_escape

__all__ = ["ModelAdapter", "adapter_of"]


@runtime_checkable
class ModelAdapter(Protocol):
    """What the web asks of a model. Wire names everywhere; options are those of `request_body`."""

    def json_schema(self, **options: Any) -> dict[str, Any]:
        """The schema, nested models in ``$defs``."""
        ...

    def filter_schema(self, **options: Any) -> dict[str, Any]:
        """The schema of a filter of the model; ``exact`` asks for one that says every name and value."""
        ...

    def where_schema(self, **options: Any) -> dict[str, Any]:
        """The schema of a condition on the model; ``exact`` asks for one that says every name and value."""
        ...

    def decode(self, value: Any, **options: Any) -> Any:
        """An instance from plain JSON data.

        Raises:
            SchemaViolation: The data does not fit; lists every violation.
        """
        ...

    def encode(self, instance: Any) -> Any:
        """Plain JSON-ready data, hidden properties left out."""
        ...

    def decode_filter(self, value: Any, *, text: bool, exclude: Any = ()) -> Any:
        """A filter from plain data; with ``text`` the leaves are texts of a query string."""
        ...

    def decode_where(self, value: Any, *, text: bool) -> Any:
        """A condition from plain data; with ``text`` the leaves are texts of a query string."""
        ...


@remembered
def adapter_of(cls: Any) -> ModelAdapter | None:
    """The adapter of a class, ``None`` for one that needs none."""
    found = bare(cls)
    found = get_origin(found) or found
    if not has_adapter(found):
        return None
    own = getattr(found, "__mainspring_model__", None)
    if own is not None:
        adapter: ModelAdapter = own()
        return adapter
    return _PydanticAdapter(found)


#: Kinds of pydantic's errors by their beginnings -> keyword, and the name of the limit in the error's context.
_PYDANTIC_KINDS: tuple[tuple[str, str, str | None], ...] = (
    ("missing", "required", None),
    ("extra_forbidden", "additionalProperties", None),
    ("greater_than_equal", "minimum", "ge"),
    ("greater_than", "exclusiveMinimum", "gt"),
    ("less_than_equal", "maximum", "le"),
    ("less_than", "exclusiveMaximum", "lt"),
    ("multiple_of", "multipleOf", "multiple_of"),
    ("string_too_short", "minLength", "min_length"),
    ("string_too_long", "maxLength", "max_length"),
    ("string_pattern_mismatch", "pattern", "pattern"),
    ("too_short", "minItems", "min_length"),
    ("too_long", "maxItems", "max_length"),
    ("literal_error", "enum", "expected"),
    ("enum", "enum", "expected"),
    ("value_error", "value_error", None),
    ("assertion_error", "value_error", None),
    ("uuid_parsing", "format", None),
    ("datetime", "format", None),
    ("date", "format", None),
    ("time", "format", None),
    ("union_tag", "oneOf", "expected_tags"),
)


_PYDANTIC_TYPES = {
    "int": "integer",
    "float": "number",
    "decimal": "number",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "frozen": "array",
    "dict": "object",
    "model": "object",
    "none": "null",
}


class _PydanticAdapter:
    """A pydantic model, through the methods it has itself."""

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def json_schema(self, **options: Any) -> dict[str, Any]:
        self._refuse(options)
        schema: dict[str, Any] = self._cls.model_json_schema(by_alias=True)
        for model in (schema, *schema.get("$defs", {}).values()):
            for item in model.get("properties", {}).values():
                item.pop("title", None)  # made of the property's name; a document would take it for a schema's name
        return schema

    def filter_schema(self, **_: Any) -> dict[str, Any]:
        raise TypeError(f"{self._cls.__name__} is no Mainspring model, so it has no filters. Use param.query.")

    where_schema = filter_schema

    def decode(self, value: Any, **options: Any) -> Any:
        self._refuse(options)
        try:
            # The strict mode of JSON text takes dates and ids from text and coerces nothing else, as others do.
            return self._cls.model_validate_json(msgspec.json.encode(value), strict=True)
        except ValueError as error:
            details = getattr(error, "errors", None)
            if details is None:
                raise SchemaViolation([Violation("", "value_error", str(error))]) from error
            raise SchemaViolation([_from_pydantic(item) for item in details(include_url=False)]) from error

    def encode(self, instance: Any) -> Any:
        return instance.model_dump(mode="json", by_alias=True)

    def decode_filter(self, value: Any, *, text: bool, exclude: Any = ()) -> Any:  # noqa: ARG002  # the protocol's
        return self.filter_schema()

    def decode_where(self, value: Any, *, text: bool) -> Any:  # noqa: ARG002  # the protocol's
        return self.filter_schema()

    def _refuse(self, options: dict[str, Any]) -> None:
        if options:
            raise TypeError(f"{sorted(options)[0]!r} is an option of Mainspring models; {self._cls.__name__} is none.")


def _from_pydantic(item: dict[str, Any]) -> Violation:
    kind = item["type"]
    location = list(item["loc"])
    context = item.get("ctx") or {}
    code, limit = next(
        ((code, limit) for start, code, limit in _PYDANTIC_KINDS if kind.startswith(start)), ("type", None)
    )
    info: dict[str, Any] = {}
    if code in ("required", "additionalProperties") and location:
        info = {"missingProperty" if code == "required" else "additionalProperty": location.pop()}
    elif limit is not None and limit in context:
        info = {{"enum": "allowedValues", "pattern": "pattern", "oneOf": "tag"}.get(code, "limit"): context[limit]}
    elif code == "type":
        info = {"type": _PYDANTIC_TYPES.get(kind.partition("_")[0], "string")}
    path = "".join(f"/{pointer_escape(str(step))}" for step in location)
    return Violation(path, code, item["msg"], info)
