"""Every violation of a schema by a value, in the order of the schema.

This is the slow, complete reading: decoders stop at the first fault, and only then this walk lists them all. It knows
JSON Schema 2020-12 and the older spellings that documents of OpenAPI 3.0 use.
"""

import inspect
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from mainspring.openapi.check_options import CHECK, CheckOptions
from mainspring.openapi.errors import DocumentError, Violation
from mainspring.openapi.formats import FORMATS
from mainspring.openapi.keywords import (
    check_number,
    check_size,
    check_string,
    compiled_pattern,
    first_twins,
    has_type,
    json_type,
    same_value,
    type_violation_of,
)
from mainspring.openapi.references import follow_pointer, pointer_escape
from mainspring.openapi.stated_types import StatedTypes

__all__ = ["LISTED", "TooManyPlacesError", "check", "check_async"]

LISTED = 1000
"""Violations that are told of the items of one list: more than anybody reads, and an answer of bounded size."""


class TooManyPlacesError(Exception):
    """A value has more places to look at than was allowed. Never seen outside: the caller has another answer."""


def check(value: Any, schema: Any, options: CheckOptions | None = None, places: int | None = None) -> list[Violation]:
    """Every violation, the first `LISTED` of each list and of each mapping of further names.

    Args:
        value: Plain data.
        schema: The schema.
        options: What is known besides.
        places: How many pairs of a value and a schema are looked at, at most; ``None`` for all.

    Raises:
        DocumentError: A ``$ref`` names nothing, or an own keyword is asynchronous; use `check_async` then.
        TooManyPlacesError: There are more places than that.
    """
    walk = _Walk(schema, options or CheckOptions(), places)
    found = list(walk.visit(value, schema, ""))
    if walk.pending:
        for _, awaitable in walk.pending:
            if inspect.iscoroutine(awaitable):
                awaitable.close()
        raise DocumentError(
            "schema", f"the keyword {walk.pending[0][0].code!r} is asynchronous and cannot be checked here"
        )
    return found


async def check_async(value: Any, schema: Any, options: CheckOptions | None = None) -> list[Violation]:
    """Every violation, own asynchronous keywords awaited one after the other.

    Raises:
        DocumentError: A ``$ref`` names nothing.
    """
    walk = _Walk(schema, options or CheckOptions())
    found = list(walk.visit(value, schema, ""))
    for violation, awaitable in walk.pending:
        if not await awaitable:
            found.append(violation)
    return found


class _Walk:
    """One check: the schema's root, and what is still to be awaited."""

    def __init__(self, root: Any, options: CheckOptions, places: int | None = None) -> None:
        self.root, self.options = root, options
        self.places = math.inf if places is None else places
        self.pending: list[tuple[Violation, Awaitable[bool]]] = []

    def visit(self, value: Any, schema: Any, path: str) -> Iterator[Violation]:
        self.places -= 1
        if self.places < 0:
            raise TooManyPlacesError
        if schema is True or not isinstance(schema, Mapping):
            if schema is False:
                yield Violation(path, "false schema", "is not allowed here")
            return
        if "$ref" in schema:
            yield from self.visit(value, self._resolved(schema["$ref"]), path)
        found = list(self._own_violations(value, schema, path))
        message = schema.get("errorMessage", schema.get("error_message"))
        yield from found if message is None else (_reworded(item, message, path) for item in found)

    def _own_violations(self, value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
        if CHECK in schema:
            yield from (violation.below(path) for violation in schema[CHECK](value))
            return
        if "x-type" in schema:
            yield from (violation.below(path) for violation in _type_violations(schema["x-type"], value))
        if value is None and schema.get("nullable") is True:
            return
        wrong = type_violation_of(value, schema.get("type"), path)
        if wrong is not None:
            yield wrong
            return
        found = [
            *self._values(value, schema, path),
            *self._kind_checks(value, schema, path),
            *self._combinations(value, schema, path),
            *self._own_keywords(value, schema, path),
        ]
        after = schema.get(f"{CHECK}-after")
        if after is not None and not found:  # a model's own check speaks of data that is right so far
            found = [violation.below(path) for violation in after(value)]
        yield from found

    def _kind_checks(self, value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
        kind = json_type(value)
        plain = _PLAIN_CHECKS.get(kind)
        if plain is not None:
            return plain(value, schema, path)
        checks = _KIND_CHECKS.get(kind)
        return iter(()) if checks is None else checks(self, value, schema, path)

    def _values(self, value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
        if "enum" in schema and not any(same_value(value, allowed) for allowed in schema["enum"]):
            allowed = list(schema["enum"])
            yield Violation(path, "enum", "must be equal to one of the allowed values", {"allowedValues": allowed})
        if "const" in schema and not same_value(value, schema["const"]):
            yield Violation(path, "const", "must be equal to the constant", {"allowedValue": schema["const"]})
        name = schema.get("format")
        if name is not None:
            known = self.options.formats.get(name) or FORMATS.get(name)
            if known is not None and not known(value):
                yield Violation(path, "format", f'must match format "{name}"', {"format": name})

    def _combinations(self, value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
        for member in schema.get("allOf", ()):
            yield from self.visit(value, member, path)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield from self._alternatives(value, schema, keyword, path)
        if "not" in schema and not list(self.visit(value, schema["not"], path)):
            yield Violation(path, "not", "must NOT be valid")
        if "if" in schema:
            fits = not list(self.visit(value, schema["if"], path))
            yield from self.visit(value, schema.get("then" if fits else "else", True), path)

    def _alternatives(self, value: Any, schema: Mapping[str, Any], keyword: str, path: str) -> Iterator[Violation]:
        members = list(schema[keyword])
        real = [member for member in members if not _is_null(member)]
        if len(real) < len(members):
            if value is None:
                return
            if len(real) == 1:  # "nullable" is no choice: the violations are those of the one real member
                yield from self.visit(value, real[0], path)
                return
        tag = schema.get("discriminator", {}).get("propertyName")
        if tag is not None:
            yield from self._tagged(value, schema, keyword, tag, path)
            return
        results = [list(self.visit(value, member, path)) for member in real]
        fitting = sum(not result for result in results)
        if fitting == 0:
            alternatives = [[violation.to_entry() for violation in result] for result in results]
            message = "must match a schema in anyOf" if keyword == "anyOf" else "must match exactly one schema in oneOf"
            yield Violation(path, keyword, message, {"alternatives": alternatives})
        elif keyword == "oneOf" and fitting > 1:
            positions = [position for position, result in enumerate(results) if not result]
            yield Violation(path, "oneOf", "must match exactly one schema in oneOf", {"passingSchemas": positions})

    def _tagged(self, value: Any, schema: Mapping[str, Any], keyword: str, tag: str, path: str) -> Iterator[Violation]:
        mapping = schema["discriminator"].get("mapping", {})
        message = f"must match the schema that the tag {tag!r} names"
        info: dict[str, Any] = {"tag": tag}
        if not isinstance(value, Mapping):
            yield Violation(path, "type", "must be object", {"type": "object"})
            return
        chosen = mapping.get(str(value.get(tag)))
        if tag not in value:
            wrong = [Violation(path, "required", f"must have required property '{tag}'", {"missingProperty": tag})]
        elif chosen is None:
            allowed = {"allowedValues": list(mapping)}
            wrong = [
                Violation(
                    f"{path}/{pointer_escape(tag)}", "enum", "must be equal to one of the allowed values", allowed
                )
            ]
        else:
            wrong = list(self.visit(value, {"$ref": chosen}, path))
        if wrong:
            info["alternatives"] = [[violation.to_entry() for violation in wrong]]
            yield Violation(path, keyword, message, info)

    def _own_keywords(self, value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
        for name, keyword in self.options.keywords.items():
            if name not in schema or not (keyword.type is None or has_type(value, keyword.type)):
                continue
            answer = keyword.validate(schema[name], value)
            violation = Violation(path, name, f'must pass "{name}" keyword validation', {"keyword": name})
            if inspect.isawaitable(answer):
                self.pending.append((violation, answer))
            elif not answer:
                yield violation

    def _resolved(self, reference: str) -> Any:
        for document in (self.root, self.options.document):
            try:
                return follow_pointer(document, reference)
            except KeyError:
                continue
        raise DocumentError(f"the reference {reference!r}", "names nothing; add it to the components")


def _array(walk: _Walk, value: Sequence[Any], schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    yield from check_size(len(value), schema, path, ("minItems", "maxItems", "items"))
    if schema.get("uniqueItems") is True:
        twins = first_twins(value)
        if twins is not None:
            message = f"must NOT have duplicate items (items {twins[0]} and {twins[1]} are identical)"
            yield Violation(path, "uniqueItems", message, {"i": twins[1], "j": twins[0]})
    yield from islice(_items(walk, value, schema, path), LISTED)
    if "contains" in schema:
        fitting = sum(not list(walk.visit(item, schema["contains"], path)) for item in value)
        if fitting < schema.get("minContains", 1) or fitting > schema.get("maxContains", fitting):
            yield Violation(path, "contains", "must contain at least one valid item", {"minContains": 1})


def _items(walk: _Walk, value: Sequence[Any], schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    prefix = schema.get("prefixItems") or ()
    for position, item in enumerate(value):
        member = prefix[position] if position < len(prefix) else schema.get("items", True)
        if isinstance(member, list):  # the spelling of older drafts
            member = member[position] if position < len(member) else True
        yield from walk.visit(item, member, f"{path}/{position}")


def _object(walk: _Walk, value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    yield from _properties(walk, value, schema, path)
    yield from check_size(len(value), schema, path, ("minProperties", "maxProperties", "properties"))
    yield from islice(_further_properties(walk, value, schema, path), LISTED)
    yield from _dependencies(walk, value, schema, path)


def _properties(walk: _Walk, value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    """Named properties in the order of the schema, missing ones in their places."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    required = schema.get("required")
    required = () if not isinstance(required, list | tuple) else required
    for name in dict.fromkeys((*properties, *required)):
        if name in value and name in properties:
            yield from walk.visit(value[name], properties[name], f"{path}/{pointer_escape(name)}")
        elif name not in value and name in required:
            yield Violation(path, "required", f"must have required property '{name}'", {"missingProperty": name})


def _further_properties(
    walk: _Walk, value: Mapping[str, Any], schema: Mapping[str, Any], path: str
) -> Iterator[Violation]:
    properties = schema.get("properties") or {}
    names = schema.get("propertyNames", True)
    patterns = schema.get("patternProperties") or {}
    additional = schema.get("additionalProperties", True)
    for name, item in value.items():
        yield from walk.visit(name, names, path)
        matching = [member for pattern, member in patterns.items() if compiled_pattern(pattern).search(name)]
        for member in matching:
            yield from walk.visit(item, member, f"{path}/{pointer_escape(name)}")
        if name in properties or matching:
            continue
        if additional is False:
            info = {"additionalProperty": name}
            yield Violation(path, "additionalProperties", f"must NOT have the additional property '{name}'", info)
        else:
            yield from walk.visit(item, additional, f"{path}/{pointer_escape(str(name))}")


def _dependencies(walk: _Walk, value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[Violation]:
    for name, wanted in (schema.get("dependentRequired") or {}).items():
        for other in wanted if name in value else ():
            if other not in value:
                info = {"property": name, "missingProperty": other}
                yield Violation(
                    path, "dependentRequired", f"must have property '{other}' when '{name}' is present", info
                )
    for name, member in (schema.get("dependentSchemas") or {}).items():
        if name in value:
            yield from walk.visit(value, member, path)


_PLAIN_CHECKS: dict[str, Callable[[Any, Mapping[str, Any], str], Iterator[Violation]]] = {
    "integer": check_number,
    "number": check_number,
    "string": check_string,
}
_KIND_CHECKS: dict[str, Callable[[_Walk, Any, Mapping[str, Any], str], Iterator[Violation]]] = {
    "array": _array,
    "object": _object,
}


def _type_violations(annotation: Any, value: Any) -> list[Violation]:
    """What a type that stands in a hand-written schema says of a value."""
    found: list[Violation] = StatedTypes.codec_of(annotation).violations(value)
    return found


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _reworded(violation: Violation, message: Any, path: str) -> Violation:
    """The violation with the schema's own words: one text for all, or one per keyword."""
    if violation.path != path:
        return violation
    text = message if isinstance(message, str) else message.get(violation.code)
    return violation if text is None else Violation(violation.path, violation.code, str(text), violation.info)
