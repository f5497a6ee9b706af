"""Texts of a request to values of one type, worked out once per parameter.

A type is read as a ``scalar`` (one text), a ``list`` (several), or an ``object`` (JSON text, or brackets).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import msgspec

from mainspring.openapi.check_options import CheckOptions
from mainspring.openapi.checking import check
from mainspring.openapi.errors import MalformedJsonError, SchemaViolation, Violation
from mainspring.openapi.json_codecs import JsonCodec, decode_json
from mainspring.openapi.kinds import bare, extras_of, is_readable, non_null, union_members
from mainspring.openapi.parameters import MISSING
from mainspring.openapi.scalars import Reader, scalar_reader, type_violation
from mainspring.openapi.schemas import constraint_keywords

__all__ = ["TextCodec", "text_codec"]

Kind = Literal["scalar", "list", "object"]

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
}


class TextCodec:
    """How texts become values of one type.

    Attributes:
        kind: ``scalar``, ``list`` or ``object``.
        takes_text: Whether an empty text is a value of the type (it has ``str`` in it).
        decode: One text to a value, a plain function. Of a list type the text is its only element.

    Raises:
        AnnotationError: No value of the type can be read from text.
    """

    __slots__ = ("_elements", "_json", "annotation", "decode", "kind", "takes_text")

    def __init__(self, annotation: Any, constraints: Mapping[str, Any] | None = None) -> None:
        self.annotation = annotation
        wanted = str if annotation is MISSING or bare(annotation) is Any else non_null(annotation)
        self._json: JsonCodec | None = None
        self._elements: Reader | None = None
        self.kind: Kind = "scalar" if is_readable(wanted) else "list" if _is_list(wanted) else "object"
        self.takes_text = self.kind == "scalar" and any(bare(member) is str for member in union_members(wanted))
        self.decode: Callable[[str], Any]
        keywords = {**_keywords(wanted, self.kind), **(constraints or {})}
        if self.kind == "scalar":
            self.decode = _constrained(scalar_reader(wanted), keywords)
            return
        if self.kind == "list":
            keywords = {_LIST_KEYWORDS.get(name, name): limit for name, limit in keywords.items()}
            element = get_args(bare(wanted))[0] if _is_uniform(wanted) else MISSING
            self._elements = scalar_reader(element) if element is not MISSING and is_readable(element) else None
            if self._elements is not None:
                self._elements = _constrained(self._elements, _keywords(element, "scalar"))
            self.decode = self._decode_one_element
        else:
            self.decode = self._decode_json
        self._json = JsonCodec(wanted, extra_keywords=keywords)

    def decode_list(self, texts: Sequence[Any]) -> Any:
        """The collection of elements given as texts (or trees of texts).

        Raises:
            SchemaViolation: With the positions of the elements that do not fit.
        """
        codec = self._json
        if codec is None:
            raise TypeError(f"{self.annotation!r} is no list. Use decode.")
        if self._elements is None:
            return codec.convert_text(list(texts))
        values, violations = [], []
        for position, text in enumerate(texts):
            try:
                values.append(self._elements(text) if isinstance(text, str) else _no_text())
            except SchemaViolation as error:
                violations += [violation.below(f"/{position}") for violation in error.violations]
        if violations:
            raise SchemaViolation(violations)
        return codec.collected(values)

    def decode_tree(self, tree: Any) -> Any:
        """The value of an object spelt with brackets.

        Raises:
            SchemaViolation: It does not fit.
        """
        if self._json is None or self.kind != "object":
            raise type_violation(_JSON_KINDS[self.kind])
        return self._json.convert_text(tree)

    def _decode_one_element(self, text: str) -> Any:
        return self.decode_list([text])

    def _decode_json(self, text: str) -> Any:
        try:
            plain = decode_json(text.encode("utf-8", "surrogatepass"))
        except MalformedJsonError as error:
            place = "" if error.position is None else f" at position {error.position}"
            info = {"type": "object", "syntaxError": f"{error.reason}{place}"}
            raise SchemaViolation([Violation("", "type", "must be object (as JSON text)", info)]) from error
        if plain is not None and not isinstance(plain, dict):
            raise type_violation("object")
        codec = self._json
        return None if codec is None or plain is None else codec.convert(plain)


def text_codec(annotation: Any, constraints: Mapping[str, Any] | None = None) -> TextCodec:
    """The codec of a type for query, path, header, cookie and form values.

    Args:
        annotation: The type, ``Annotated`` constraints included; without one text is text.
        constraints: Further keywords of JSON Schema, of a marker say.

    Raises:
        AnnotationError: No value of the type can be read from text.
    """
    return TextCodec(annotation, constraints)


_JSON_KINDS: Mapping[Kind, str] = {"scalar": "string", "list": "array", "object": "object"}
_LIST_KEYWORDS = {"minLength": "minItems", "maxLength": "maxItems"}


def _is_list(annotation: Any) -> bool:
    members = [bare(member) for member in union_members(annotation)]
    origins = [get_origin(member) or member for member in members]
    return all(
        isinstance(origin, type)
        and issubclass(origin, list | tuple | set | frozenset)
        and not hasattr(origin, "_fields")
        for origin in origins
    )


def _is_uniform(annotation: Any) -> bool:
    """Whether all elements have one type, which the annotation says."""
    found = bare(annotation)
    arguments = get_args(found)
    origin = get_origin(found)
    if origin is tuple:
        return len(arguments) == 2 and arguments[1] is Ellipsis
    return origin in (list, set, frozenset) and len(arguments) == 1


def _keywords(annotation: Any, kind: Kind) -> dict[str, Any]:
    schema = {"scalar": {"type": "string"}, "list": {"type": "array"}, "object": {"type": "object"}}[kind]
    found: dict[str, Any] = {}
    for extra in extras_of(annotation):
        if isinstance(extra, msgspec.Meta):
            found = {**constraint_keywords(extra, schema), **found}
    return {name: limit for name, limit in found.items() if name not in ("title", "description", "examples")}


def _constrained(reader: Reader, keywords: Mapping[str, Any]) -> Reader:
    """The reader, followed by its constraints: comparisons first, the complete check where they fail or do not do."""
    if not keywords:
        return reader
    simple = [(_COMPARISONS[name], limit) for name, limit in keywords.items() if name in _COMPARISONS]
    complete = len(simple) < len(keywords)

    def read(text: str) -> Any:
        value = reader(text)
        if complete or not all(holds(value, limit) for holds, limit in simple):
            violations = check(_checked_form(value, text), keywords, CheckOptions())
            if violations:
                raise SchemaViolation(violations)
        return value

    return read


def _checked_form(value: Any, text: str) -> Any:
    """What keywords speak of: numbers by their value, everything else by its text."""
    return value if isinstance(value, int | float | str) or type(value).__name__ == "Decimal" else text


def _no_text() -> Any:
    raise type_violation("string")
