"""From tables that are there to definitions of models: what the database says, and nothing guessed beyond it."""

import keyword
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Inspector, inspect, types
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.interfaces import ReflectedForeignKeyConstraint

from mainspring.repository.definitions import ModelDefinition
from mainspring.repository.errors import DataSourceError
from mainspring.repository.models import Entity, define_model_class
from mainspring.repository.naming import snake_case
from mainspring.repository.sql.checks import allowed_values
from mainspring.repository.sql.declared import declared_columns

__all__ = ["discover"]

#: Alembic's, of revisions.
_OWN = "alembic_version"

#: Words that no property can be called: those of Python, and what a model has already.
_TAKEN = frozenset({*keyword.kwlist, *dir(Entity)})


def discover(
    connection: Connection, datasource: str, tables: Iterable[str] | None, schema: str | None, *, views: bool
) -> list[ModelDefinition]:
    """The definitions of tables, in order of their names.

    Args:
        connection: To the database.
        datasource: The name, for messages.
        tables: Names; all without it.
        schema: The schema they are in; the usual one without it.
        views: Whether views are looked at, too.

    Raises:
        DataSourceError: There is no such table.
    """
    inspector = inspect(connection)
    there = inspector.get_table_names(schema) + (inspector.get_view_names(schema) if views else [])
    wanted = [name for name in there if not name.startswith(_OWN)] if tables is None else list(tables)
    for name in wanted:
        if name not in there:
            raise DataSourceError(datasource, f"there is no table {name!r}; there are {', '.join(sorted(there))}")
    found: dict[str, _Table] = {}
    for name in sorted(set(wanted)):
        found[name] = _Table(connection, inspector, name, schema, [each.definition.name for each in found.values()])
    for table in found.values():
        table.relate(found)
    return [table.definition for table in found.values()]


class _Table:
    """One table and the definition that it gives.

    Args:
        connection: To the database.
        inspector: Of the database.
        name: The table.
        schema: Its schema.
        taken: Names of other models.
    """

    def __init__(
        self, connection: Connection, inspector: Inspector, name: str, schema: str | None, taken: Collection[str]
    ) -> None:
        self._connection, self._inspector, self._name, self._schema = connection, inspector, name, schema
        self.definition = ModelDefinition(_free(_class_name(name), taken))
        if snake_case(self.definition.name) != name:
            self.definition.add_setting("table", name)
        self._ids: list[str] = inspector.get_pk_constraint(name, schema)["constrained_columns"]
        self._declared = declared_columns(connection, name) if connection.dialect.name == "sqlite" else {}
        self._allowed = dict(self._enumerations())
        #: Column -> property.
        self.properties: dict[str, str] = {}
        self._left_out: dict[str, str] = {}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Did not recognize type")  # such a column is left out, and listed
            columns = inspector.get_columns(name, schema)
        for column in columns:
            self._add(column)
        if self._left_out:
            self.definition.add_setting("left_out", self._left_out)
        self._add_indexes()

    def _enumerations(self) -> Iterator[tuple[str, list[str]]]:
        """The columns that a constraint keeps to some values, by Mainspring's naming."""
        start = f"ck_{self._name}_"
        for check in self._inspector.get_check_constraints(self._name, self._schema):
            name = str(check["name"] or "")
            if name.startswith(start):
                yield name.removeprefix(start), sorted(allowed_values(check["sqltext"], self._connection.dialect.name))

    def _add(self, column: Any) -> None:
        name = column["name"]
        described = self._type(name, column["type"])
        if described is None:
            unknown = isinstance(column["type"], types.NullType)
            self._left_out[name] = "of a type that is not known" if unknown else str(column["type"])
            return
        settings = {key: value for key, value in described.items() if value is not None}
        called = _free(_property_name(name), self.definition.properties)
        if called != name:
            settings["name"] = name
        if name in self._ids:
            settings["id"] = True
        if self._is_generated(column):
            settings["generated"] = True
        elif not column["nullable"] and column["default"] is None:
            settings["required"] = True
        self.properties[name] = called
        self.definition.add_property(called, settings)

    def _is_generated(self, column: Any) -> bool:
        """Whether the database counts it up, or makes it."""
        if self._ids != [column["name"]]:
            return False
        if self._connection.dialect.name == "sqlite":
            return isinstance(column["type"], types.INTEGER)
        return column.get("autoincrement") is True or column["default"] is not None or "identity" in column

    def _type(self, name: str, found: Any) -> dict[str, Any] | None:
        """What ``field`` is told of a type; ``None`` where no property can have it."""
        if self._allowed.get(name):
            values = self._allowed[name]
            if isinstance(found, types.Integer):
                return {"type": _literal(sorted(int(value) for value in values))}
            return {"type": _literal(values)}
        if "mainspring_decimal" in self._declared.get(name, ""):
            return {"type": Decimal}
        return _described(found)

    # Constraints

    def _add_indexes(self) -> None:
        foreign = {key["name"] for key in self._foreign_keys()} - {None}  # MySQL makes an index for each
        listed: list[dict[str, Any]] = []
        for name, columns, unique in self._indexes():
            known = [self.properties[each] for each in columns if each in self.properties]
            if name in foreign or not known or len(known) != len(columns):
                continue
            word = "unique" if unique else "index"
            usual = f"{'uq' if unique else 'ix'}_{self._name}_{'_'.join(columns)}"
            if len(known) == 1 and (name is None or name == usual):
                self.definition.properties[known[0]].options[word] = True
            elif name is None:
                listed.append({"fields": known, "unique": unique})
            else:
                listed.append({"fields": known, "unique": unique, "name": name})
        if listed:
            self.definition.add_setting("indexes", listed)

    def _indexes(self) -> Iterator[tuple[str | None, Sequence[str], bool]]:
        done: set[str | None] = set()
        kept: set[tuple[str, ...]] = {tuple(self._ids)}
        for unique in self._inspector.get_unique_constraints(self._name, self._schema):
            done.add(unique["name"])
            kept.add(tuple(unique["column_names"]))
            yield unique["name"], unique["column_names"], True
        is_sqlite = self._connection.dialect.name == "sqlite"  # where constraints are known best by their indexes
        options = {"include_auto_indexes": True} if is_sqlite else {}
        for index in self._inspector.get_indexes(self._name, self._schema, **options):
            columns = [each for each in index["column_names"] if each is not None]
            name = None if is_sqlite and str(index["name"]).startswith("sqlite_autoindex_") else index["name"]
            if len(columns) != len(index["column_names"]) or (name is not None and name in done):
                continue
            if name is not None or tuple(columns) not in kept:
                yield name, columns, bool(index["unique"])

    def _foreign_keys(self) -> list[ReflectedForeignKeyConstraint]:
        return self._inspector.get_foreign_keys(self._name, self._schema)

    def relate(self, tables: Mapping[str, "_Table"]) -> None:
        """Make relations of foreign keys to other tables that are looked at."""
        for key in self._foreign_keys():
            target = tables.get(key["referred_table"])
            columns, others = key["constrained_columns"], key["referred_columns"]
            if (
                target is None
                or len(columns) != 1
                or columns[0] not in self.properties
                or key["referred_schema"] != self._schema
            ):
                continue
            prop, other = self.properties[columns[0]], target.properties.get(others[0])
            if other is None:
                continue
            said: dict[str, Any] = dict(key.get("options") or {})
            options = {name: said[on] for name, on in _ACTIONS.items() if said.get(on)}
            self.definition.properties[prop].options["foreign_key"] = options or True
            called = (
                prop.removesuffix("_id") if prop.endswith("_id") else f"{prop}_{snake_case(target.definition.name)}"
            )
            name = _free(called, {*self.definition.properties, *self.definition.relations})
            setting: dict[str, Any] = {"target": _class_of(target.definition), "key_from": prop}
            if target.definition.id_properties() != [other]:
                setting["key_to"] = other
            self.definition.belongs_to(name, setting)


#: Setting of ``foreign_key`` -> SQLAlchemy's.
_ACTIONS = {"on_delete": "ondelete", "on_update": "onupdate"}


def _class_of(definition: ModelDefinition) -> Callable[[], Any]:
    """The class made of a definition; it is made if nobody did."""
    return lambda: definition.model or define_model_class(Entity, definition)


def _literal(values: Sequence[Any]) -> Any:
    literal: Any = Literal
    return literal[tuple(values)]


def _described(found: Any) -> dict[str, Any] | None:
    for kind, describe in _TYPES:
        if isinstance(found, kind):
            return describe(found)
    return None


def _enum(found: Any) -> dict[str, Any]:
    return {"type": _literal(found.enums)} if found.enums else {"type": str}


def _list(found: Any) -> dict[str, Any] | None:
    item = _described(found.item_type)
    if item is None or found.dimensions not in (None, 1):
        return None
    return {"type": list, "item_type": item["type"]}


def _numeric(found: Any) -> dict[str, Any]:
    return {"type": Decimal, "precision": found.precision, "scale": found.scale}


def _text(found: Any) -> dict[str, Any]:
    if isinstance(found, mysql.CHAR) and found.length == 36 and found.collation == "ascii_bin":
        return {"type": UUID}
    short = isinstance(found, types.String) and not isinstance(found, types.Text)
    return {"type": str, "length": found.length if short else None}


def _only(type: Any) -> Callable[[Any], dict[str, Any]]:
    return lambda _: {"type": type}


#: SQLAlchemy's types, special ones first, and what ``field`` is told.
_TYPES: Sequence[tuple[Any, Callable[[Any], dict[str, Any] | None]]] = (
    (types.Boolean, _only(bool)),
    (mysql.TINYINT, lambda found: {"type": bool if found.display_width == 1 else int}),
    (types.Integer, _only(int)),
    (types.Float, _only(float)),
    (types.Numeric, _numeric),
    (types.DateTime, lambda found: {"type": datetime, "timezone": None if found.timezone else False}),
    (types.Date, _only(date)),
    (types.Time, _only(time)),
    (types.Uuid, _only(UUID)),
    (types.Enum, _enum),
    (types.JSON, _only(Any)),
    (types.ARRAY, _list),
    (types._Binary, lambda found: {"type": bytes, "length": found.length}),
    (types.String, _text),
)


def _class_name(table: str) -> str:
    words = [word for word in re.split(r"[\W_]+", table) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Table"
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"T{name}"


def _property_name(column: str) -> str:
    name = re.sub(r"\W", "_", snake_case(column)).strip("_") or "column"
    name = name if name.isidentifier() else f"c_{name}"
    return f"{name}_" if name in _TAKEN else name


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it if it is taken."""
    used, number, found = set(taken), 2, name
    while found in used:
        found, number = f"{name}_{number}", number + 1
    return found
