"""Checks beyond the type: lengths, limits, patterns, and keywords of JSON Schema given in ``json_schema``.

One check looks at a converted value and gives a violation or nothing. Repositories and the decoding of JSON run the
same checks.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from mainspring.openapi.checking import check as check_schema
from mainspring.openapi.errors import Violation
from mainspring.repository.decimals import fraction_fits, is_multiple
from mainspring.repository.definitions import PropertyDefinition
from mainspring.repository.kinds import Kind
from mainspring.repository.serialising import json_of

__all__ = ["Check", "item_checks", "keyword_checks", "keywords_of", "property_checks", "reworded"]

#: Gives what is wrong with a value, or ``None``.
Check = Callable[[Any], Violation | None]

_NUMBERS = frozenset((Kind.INT, Kind.FLOAT, Kind.DECIMAL))


def keywords_of(prop: PropertyDefinition) -> dict[str, Any]:
    """The constraints of a property in the words of JSON Schema, without those of ``json_schema``."""
    options, kind = prop.options, prop.value_type.kind
    found: dict[str, Any] = {}
    is_list = kind in (Kind.LIST, Kind.SET)
    longest = options.get("max_length", options.get("length") if not is_list else None)
    for keyword, value in (
        ("minItems" if is_list else "minLength", options.get("min_length")),
        ("maxItems" if is_list else "maxLength", longest),
        ("minimum", options.get("minimum")),
        ("maximum", options.get("maximum")),
        ("pattern", options.get("pattern")),
    ):
        if value is not None:
            found[keyword] = value
    return found


def property_checks(prop: PropertyDefinition) -> list[Check]:
    """The checks of a property's values; those of ``json_schema`` too, unless it is a list."""
    keywords = keywords_of(prop)
    if prop.value_type.kind not in (Kind.LIST, Kind.SET):
        keywords.update(prop.options.get("json_schema") or {})
    checks = keyword_checks(keywords)
    if prop.value_type.kind is Kind.DECIMAL:
        checks += _digit_checks(prop.options.get("precision"), prop.options.get("scale"))
    return checks


def item_checks(prop: PropertyDefinition) -> list[Check]:
    """The checks of the items of a list: its ``json_schema`` is laid over the items' schema."""
    if prop.value_type.kind not in (Kind.LIST, Kind.SET):
        return []
    return keyword_checks(prop.options.get("json_schema") or {})


def keyword_checks(keywords: Mapping[str, Any]) -> list[Check]:
    """The checks of keywords of JSON Schema; annotations (``title``, ``example``) check nothing."""
    checks = [_MAKERS[name](value) for name, value in keywords.items() if name in _MAKERS]
    rest = {name: value for name, value in keywords.items() if name in _OF_JSON}
    return [*checks, _as_json(rest)] if rest and not _refers(rest) else checks


def reworded(violations: Iterable[Violation], messages: Any) -> list[Violation]:
    """The violations with the author's words: one text for all, or one per keyword; only those of the value itself."""
    if not messages:
        return list(violations)
    return [_reworded(violation, messages) for violation in violations]


def _reworded(violation: Violation, messages: Any) -> Violation:
    if violation.path:
        return violation
    text = messages if isinstance(messages, str) else messages.get(violation.code)
    if text is None:
        return violation
    return Violation(violation.path, violation.code, text, {**violation.info, "custom": True})


def _digit_checks(precision: int | None, scale: int | None) -> list[Check]:
    def fits(value: Decimal) -> Violation | None:
        _, digits, exponent = value.as_tuple()
        if scale is not None and not fraction_fits(value, scale):
            return Violation("", "multipleOf", f"must not have more than {scale} fractional digits", {"scale": scale})
        before = max(0, len(digits) + int(exponent)) if any(digits) else 0
        if precision is not None and before > precision - (scale or 0):
            return Violation("", "maximum", f"must not have more than {precision} digits", {"precision": precision})
        return None

    return [fits] if precision is not None or scale is not None else []


def _limit(code: str, words: str, sign: str, holds: Callable[[Any, Any], bool]) -> Callable[[Any], Check]:
    def make(limit: Any) -> Check:
        def check(value: Any) -> Violation | None:
            if not _is_number(value) and type(value) is not type(limit):
                return None  # keywords about numbers say nothing about other values
            if holds(value, _comparable(limit, value)):
                return None
            return Violation("", code, f"must be {words} {limit}", {"limit": limit, "comparison": sign})

        return check

    return make


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _comparable(limit: Any, value: Any) -> Any:
    return Decimal(str(limit)) if isinstance(value, Decimal) and isinstance(limit, float) else limit


def _multiple_of(step: Any) -> Check:
    def check(value: Any) -> Violation | None:
        if not _is_number(value) or is_multiple(value, step):
            return None
        return Violation("", "multipleOf", f"must be a multiple of {step}", {"multipleOf": step})

    return check


def _length(code: str, types: tuple[type, ...], unit: str, *, is_least: bool) -> Callable[[Any], Check]:
    def make(limit: int) -> Check:
        word = "fewer" if is_least else "more"

        def check(value: Any) -> Violation | None:
            if not isinstance(value, types):
                return None
            size = len(value)  # type: ignore[arg-type]  # the types checked above have one
            if size >= limit if is_least else size <= limit:
                return None
            return Violation("", code, f"must not have {word} than {limit} {unit}", {"limit": limit})

        return check

    return make


def _pattern(text: str) -> Check:
    pattern = re.compile(text)

    def check(value: Any) -> Violation | None:
        shown = str(value) if isinstance(value, Decimal) else value  # which is a text on the wire
        if not isinstance(shown, str) or pattern.search(shown):
            return None
        return Violation("", "pattern", f"must match the pattern {text}", {"pattern": text})

    return check


def _as_json(schema: Mapping[str, Any]) -> Check:
    """What the walk over schemas says of the value in JSON; the first fault is told."""

    def check(value: Any) -> Violation | None:
        return next(iter(check_schema(json_of(value), schema)), None)

    return check


def _refers(schema: Any) -> bool:
    """Whether a schema points elsewhere: to a document that is not known here."""
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(map(_refers, schema.values()))
    return isinstance(schema, list | tuple) and any(map(_refers, schema))


def _enum(allowed: Iterable[Any]) -> Check:
    values = list(allowed)

    def check(value: Any) -> Violation | None:
        if any(_same(value, each) for each in values):
            return None
        return Violation("", "enum", f"must be one of {', '.join(map(repr, values))}", {"allowedValues": values})

    return check


def _const(constant: Any) -> Check:
    def check(value: Any) -> Violation | None:
        return (
            None
            if _same(value, constant)
            else Violation("", "const", f"must be {constant!r}", {"allowedValue": constant})
        )

    return check


def _unique_items(wanted: bool) -> Check:
    def check(value: Any) -> Violation | None:
        if not wanted or not isinstance(value, list):
            return None
        for position, item in enumerate(value):
            if any(_same(item, other) for other in value[:position]):
                return Violation("", "uniqueItems", "must not have the same item twice", {})
        return None

    return check


def _same(value: Any, other: Any) -> bool:
    """Equality as JSON sees it: ``True`` is not 1."""
    return isinstance(value, bool) == isinstance(other, bool) and bool(value == other)


#: Keywords that speak of formats, of other schemas, or of what is inside a value.
_COMBINED = ("format", "allOf", "anyOf", "oneOf", "not", "if", "then", "else")
_OF_ITEMS = ("items", "prefixItems", "contains", "minContains", "maxContains")
_OF_MEMBERS = ("properties", "patternProperties", "additionalProperties", "propertyNames", "required")
_DEPENDENT = ("dependentRequired", "dependentSchemas")
_OF_JSON = frozenset((*_COMBINED, *_OF_ITEMS, *_OF_MEMBERS, *_DEPENDENT))

_MAKERS: dict[str, Callable[[Any], Check]] = {
    "minLength": _length("minLength", (str, bytes), "characters", is_least=True),
    "maxLength": _length("maxLength", (str, bytes), "characters", is_least=False),
    "minItems": _length("minItems", (list, set, frozenset, tuple), "items", is_least=True),
    "maxItems": _length("maxItems", (list, set, frozenset, tuple), "items", is_least=False),
    "minProperties": _length("minProperties", (dict,), "properties", is_least=True),
    "maxProperties": _length("maxProperties", (dict,), "properties", is_least=False),
    "minimum": _limit("minimum", "at least", ">=", lambda value, limit: value >= limit),
    "maximum": _limit("maximum", "at most", "<=", lambda value, limit: value <= limit),
    "exclusiveMinimum": _limit("exclusiveMinimum", "more than", ">", lambda value, limit: value > limit),
    "exclusiveMaximum": _limit("exclusiveMaximum", "less than", "<", lambda value, limit: value < limit),
    "multipleOf": _multiple_of,
    "pattern": _pattern,
    "enum": _enum,
    "const": _const,
    "uniqueItems": _unique_items,
}
