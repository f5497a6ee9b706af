"""Columns of JSON, and of arrays where a database has them."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Double, Text
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from mainspring.repository.kinds import Kind, ValueType
from mainspring.repository.sql.texts import StoredText
from mainspring.repository.stored_json import from_stored, to_stored

__all__ = ["StoredJson", "json_text"]


class _JsonText(UserDefinedType[str]):
    """PostgreSQL's ``JSON``, which keeps the text as it came: the order of keys, 1.0 apart from 1."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name."""
        return "JSON"


_ARRAY_ITEMS: dict[Kind, Callable[[], TypeEngine[Any]]] = {
    Kind.STR: Text,
    Kind.INT: BigInteger,
    Kind.FLOAT: Double,
    Kind.BOOL: Boolean,
}


def is_native_array(value_type: ValueType) -> bool:
    """Whether it is an array of scalars where a database has such columns."""
    item = value_type.item
    return value_type.kind in (Kind.LIST, Kind.SET) and item is not None and item.kind in _ARRAY_ITEMS


class StoredJson(TypeDecorator[Any]):
    """Lists, mappings, nested models and whatever else is JSON, as text: what was written is what is read."""

    impl = Text
    cache_ok = True

    def __init__(self, value_type: ValueType) -> None:
        super().__init__()
        self.value_type = value_type
        self.is_array = is_native_array(value_type)

    def load_dialect_impl(self, dialect: Any) -> TypeEngine[Any]:
        """PostgreSQL has arrays and a type for JSON; elsewhere it is text."""
        if dialect.name != "postgresql":
            return StoredText().load_dialect_impl(dialect)
        own: TypeEngine[Any] = _JsonText()
        if self.is_array and self.value_type.item is not None:
            own = ARRAY(_ARRAY_ITEMS[self.value_type.item.kind]())
        return dialect.type_descriptor(own)  # type: ignore[no-any-return]  # its signature says Any

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """JSON text, or the list; ``None`` is SQL's null."""
        if value is None:
            return None
        stored = to_stored(value)
        return stored if self.is_array and dialect.name == "postgresql" else json_text(stored)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The value, nested models as instances of their classes."""
        if value is None:
            return None
        return from_stored(value if dialect.name == "postgresql" else json.loads(value), self.value_type)


def json_text(value: Any) -> str:
    """JSON as it is stored: compact, readable, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
