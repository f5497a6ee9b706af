"""The operators of a ``where``: which there are, what they take, and what each means as a condition."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mainspring.repository.conditions import (
    AnyOf,
    Between,
    Compare,
    Condition,
    IsIn,
    IsNull,
    Matches,
    Not,
    PropertyPath,
)
from mainspring.repository.errors import InvalidFilterError, UnsupportedOperationError
from mainspring.repository.kinds import Kind

__all__ = ["LIST_OPERATORS", "OPERATORS", "TEXT_OPERATORS", "condition_of", "operand_types"]

#: Operators that take a list.
LIST_OPERATORS = frozenset(("inq", "nin", "between"))

#: Operators whose value is a text, whatever the property's type.
TEXT_OPERATORS = frozenset(("like", "nlike", "ilike", "nilike", "regexp"))

_ORDERED = frozenset(("gt", "gte", "lt", "lte", "between"))

#: Kinds that have no order and no text.
_COMPOSITE = frozenset((Kind.LIST, Kind.SET, Kind.DICT, Kind.MODEL, Kind.STRUCT))

_WITH_TEXT = frozenset((Kind.STR, Kind.ENUM, Kind.LITERAL, Kind.ANY, Kind.UNION, Kind.UUID))

#: Converts a value to the type of what is compared, or raises ``InvalidFilterError``.
Convert = Callable[[Any], Any]


def condition_of(path: PropertyPath, operator: str, value: Any, options: Any, convert: Convert) -> Condition:
    """The condition of one operator.

    Args:
        path: What is compared.
        operator: Its name.
        value: As it was given.
        options: What stands beside it under ``options``, the flags of a pattern.
        convert: Converts one value to the type of ``path`` (of its items for ``contains``).

    Raises:
        InvalidFilterError: There is no such operator, or it does not take this value.
        UnsupportedOperationError: ``near``, which no built-in data source has.
    """
    maker = OPERATORS.get(operator)
    if maker is None:
        if operator == "near":
            raise UnsupportedOperationError(f"The operator 'near' (on {path}) is not built in; filter by ranges.")
        raise InvalidFilterError(f"There is no operator {operator!r} (on {path}); there are {', '.join(OPERATORS)}.")
    _check_kind(path, operator)
    if operator in TEXT_OPERATORS:
        return maker(path, operator, (value, options), convert)
    if options is not None:
        raise InvalidFilterError(f"'options' (on {path}) goes with like and regexp, not with {operator!r}.")
    return maker(path, operator, value, convert)


def _check_kind(path: PropertyPath, operator: str) -> None:
    kind = path.value_type.kind
    if operator in _ORDERED and kind in _COMPOSITE:
        raise InvalidFilterError(f"{operator!r} compares by order, which {path} ({kind}) has not.")
    if operator in TEXT_OPERATORS and kind not in _WITH_TEXT:
        raise InvalidFilterError(f"{operator!r} is for text; {path} is {kind}.")
    if operator == "contains" and kind not in (Kind.LIST, Kind.SET, Kind.ANY):
        raise InvalidFilterError(f"'contains' is for lists; {path} is {kind}.")


def operand_types(path: PropertyPath, operator: str) -> Any:
    """The type of one value the operator takes for this path."""
    if operator == "contains" and path.value_type.item is not None:
        return path.value_type.item
    return path.value_type


def _eq(path: PropertyPath, _operator: str, value: Any, convert: Convert) -> Condition:
    return IsNull(path) if value is None else Compare(path, "eq", convert(value))


def _neq(path: PropertyPath, operator: str, value: Any, convert: Convert) -> Condition:
    return Not(_eq(path, operator, value, convert))


def _ordered(path: PropertyPath, operator: str, value: Any, convert: Convert) -> Condition:
    if value is None:
        raise InvalidFilterError(f"{operator!r} (on {path}) takes a value, not null; use exists.")
    return Compare(path, operator, convert(value))


def _listed(path: PropertyPath, operator: str, value: Any) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, list | tuple | set | frozenset):
        raise InvalidFilterError(f"{operator!r} (on {path}) takes a list, not {type(value).__name__}.")
    return list(value)


def _inq(path: PropertyPath, operator: str, value: Any, convert: Convert) -> Condition:
    given = _listed(path, operator, value)
    values = tuple(convert(each) for each in given if each is not None)
    inside = IsIn(path, values)
    return AnyOf((inside, IsNull(path))) if len(values) < len(given) else inside


def _nin(path: PropertyPath, operator: str, value: Any, convert: Convert) -> Condition:
    return Not(_inq(path, operator, value, convert))


def _between(path: PropertyPath, operator: str, value: Any, convert: Convert) -> Condition:
    given = _listed(path, operator, value)
    if len(given) != 2 or None in given:
        raise InvalidFilterError(f"'between' (on {path}) takes exactly two values.")
    return Between(path, convert(given[0]), convert(given[1]))


def _exists(path: PropertyPath, _operator: str, value: Any, _convert: Convert) -> Condition:
    if not isinstance(value, bool):
        raise InvalidFilterError(f"'exists' (on {path}) takes true or false, not {type(value).__name__}.")
    return Not(IsNull(path)) if value else IsNull(path)


def _contains(path: PropertyPath, _operator: str, value: Any, convert: Convert) -> Condition:
    return Compare(path, "contains", convert(value))


def _like(path: PropertyPath, operator: str, value: Any, _convert: Convert) -> Condition:
    text, options = value
    if not isinstance(text, str):
        raise InvalidFilterError(f"{operator!r} (on {path}) takes text, not {type(text).__name__}.")
    if options not in (None, "", "i"):
        raise InvalidFilterError(f"The options of {operator!r} (on {path}) are 'i' or nothing, not {options!r}.")
    ignore_case = operator in ("ilike", "nilike") or options == "i"
    found = Matches(path, text, ignore_case)
    return Not(found) if operator in ("nlike", "nilike") else found


def _regexp(path: PropertyPath, _operator: str, value: Any, _convert: Convert) -> Condition:
    text, options = value
    return Matches(path, compiled(str(path), text, options))


_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


def compiled(place: str, expression: Any, options: Any = None) -> re.Pattern[str]:
    """The pattern of a text, of ``"/text/flags"``, or one that is compiled already.

    Raises:
        InvalidFilterError: It is no regular expression.
    """
    if isinstance(expression, re.Pattern):
        if isinstance(expression.pattern, bytes):
            raise InvalidFilterError(f"'regexp' (on {place}) takes a pattern of text, not of bytes.")
        return expression
    if not isinstance(expression, str):
        raise InvalidFilterError(f"'regexp' (on {place}) takes text or a pattern, not {type(expression).__name__}.")
    body, flags = _split(expression)
    letters = flags + (options if isinstance(options, str) else "")
    if any(letter not in _FLAGS for letter in letters) or not isinstance(options, str | None):
        raise InvalidFilterError(f"The flags of 'regexp' (on {place}) are i, m and s, not {letters!r}.")
    try:
        return re.compile(body, sum({_FLAGS[letter] for letter in letters}))
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidFilterError(f"'regexp' (on {place}) is no regular expression: {error}.") from error


def _split(expression: str) -> tuple[str, str]:
    end = expression.rfind("/")
    if expression.startswith("/") and end > 0 and expression[end + 1 :].isalpha() | (end == len(expression) - 1):
        return expression[1:end], expression[end + 1 :]
    return expression, ""


OPERATORS: Mapping[str, Callable[[PropertyPath, str, Any, Convert], Condition]] = {
    "eq": _eq,
    "neq": _neq,
    "gt": _ordered,
    "gte": _ordered,
    "lt": _ordered,
    "lte": _ordered,
    "inq": _inq,
    "nin": _nin,
    "between": _between,
    "exists": _exists,
    "like": _like,
    "nlike": _like,
    "ilike": _like,
    "nilike": _like,
    "regexp": _regexp,
    "contains": _contains,
}
