"""From definitions to tables: one SQLAlchemy ``Table`` per model and data source, made when it is first needed.

Unique constraints are unique indexes: they can be added to a table that exists, on every database.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, MetaData, Table
from sqlalchemy.schema import ColumnCollectionConstraint, SchemaItem

from mainspring.repository.definitions import ModelDefinition, PropertyDefinition, definition_of
from mainspring.repository.errors import ModelDefinitionError
from mainspring.repository.fields import names_of
from mainspring.repository.kinds import Kind
from mainspring.repository.sql.masking import HIDDEN, hidden_columns
from mainspring.repository.sql.texts import StoredText
from mainspring.repository.sql.types import column_type, enum_values

__all__ = ["EXTRA_COLUMN", "ModelTable", "Tables"]

#: The column that holds the free properties of a model that is not strict.
EXTRA_COLUMN = "extra_properties"

#: Bytes of a name in PostgreSQL; others take more.
_LONGEST_NAME = 63

_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class ModelTable:
    """The table of a model.

    Attributes:
        definition: The model's definition.
        table: The table.
        columns: Property name to column.
        ids: The names of the id properties.
        extra: The column of free properties, if there is one.
        autoincrement: The id property that the database counts, if there is one.
    """

    def __init__(self, definition: ModelDefinition, table: Table, columns: Mapping[str, Column[Any]]) -> None:
        self.definition, self.table, self.columns = definition, table, dict(columns)
        self.ids = definition.id_properties()
        self.extra: Column[Any] | None = table.c.get(EXTRA_COLUMN) if definition.strict is False else None
        self.autoincrement = counted_id(definition)
        self._by_column = {column.name: name for name, column in columns.items()}
        #: What a column makes of the value of a property, where it is not stored as it was given.
        self.stored: dict[str, Callable[[Any], Any]] = {}

    def properties_of(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The properties that columns belong to; a column that belongs to none is left out."""
        return tuple(self._by_column[name] for name in columns if name in self._by_column)

    def columns_of(self, constraint: str | None) -> tuple[str, ...]:
        """The columns of an index or a constraint that the database names."""
        if constraint in ("PRIMARY", f"{self.table.name}_pkey"):
            return tuple(column.name for column in self.table.primary_key.columns)
        items: list[Any] = [*self.table.indexes, *self.table.constraints]
        for item in items:
            if item.name == constraint and isinstance(item, Index | ColumnCollectionConstraint):
                return tuple(column.name for column in item.columns)
        return tuple(name for name in self._by_column if constraint == f"ck_{self.table.name}_{name}")


class Tables:
    """The tables of a data source.

    Args:
        dialect_name: ``sqlite``, ``postgresql`` or ``mysql``: the setting of a field that counts.
        schema: The schema of the tables.
    """

    def __init__(self, dialect_name: str, schema: str | None = None) -> None:
        self.metadata = MetaData(schema=schema, naming_convention=_CONVENTION)
        self._dialect_name = dialect_name
        self._tables: dict[int, ModelTable] = {}

    def of(self, definition: ModelDefinition) -> ModelTable:
        """The table of a model."""
        found = self._tables.get(id(definition))
        if found is None:
            found = self._tables[id(definition)] = self._make(definition)
        return found

    def _make(self, definition: ModelDefinition) -> ModelTable:
        name = definition.table_name
        if any(table.name == name for table in self.metadata.tables.values()):
            raise ModelDefinitionError(definition.name, None, f"another model has the table {name!r} already")
        columns = {each: self._column(definition, prop) for each, prop in definition.properties.items()}
        _check_names(definition, columns)
        items: list[SchemaItem] = list(columns.values())
        if definition.strict is False:
            items.append(Column(EXTRA_COLUMN, StoredText()))
        items += self._checks(definition, columns)
        options: dict[str, Any] = {"sqlite_autoincrement": True} if counted_id(definition) else {}
        hidden = hidden_columns(definition)
        marks = {column.key for each, column in columns.items() if each in hidden}
        if definition.strict is False and not hidden <= columns.keys():
            marks.add(EXTRA_COLUMN)
        table = Table(name, self.metadata, *items, info={HIDDEN: frozenset(marks)}, **options)
        self._add_indexes(definition, table, columns)
        made = ModelTable(definition, table, columns)
        self._tables[id(definition)] = made
        self._add_foreign_keys(definition, made)
        return made

    def _column(self, definition: ModelDefinition, prop: PropertyDefinition) -> Column[Any]:
        if prop.value_type.kind is Kind.UNKNOWN:
            raise ModelDefinitionError(
                definition.name, prop.name, f"the type {prop.value_type.python!r} cannot be stored", "UNSUPPORTED_TYPE"
            )
        is_id = prop.name in definition.id_properties()
        counted = counted_id(definition) == prop.name
        return Column(
            self.column_name(prop),
            column_type(prop, is_key=is_id or _is_key(definition, prop)),
            primary_key=is_id,
            autoincrement=counted,
            nullable=not (is_id or prop.required),
        )

    def column_name(self, prop: PropertyDefinition) -> str:
        """The name of a property's column: of this database's setting, of ``field(name=…)``, or its own."""
        own = prop.options.get(self._dialect_name) or {}
        return str(own.get("column") or own.get("column_name") or prop.options.get("name") or prop.name)

    def _checks(self, definition: ModelDefinition, columns: Mapping[str, Column[Any]]) -> list[SchemaItem]:
        found: list[SchemaItem] = []
        for name, prop in definition.properties.items():
            if prop.value_type.kind in (Kind.ENUM, Kind.LITERAL) and prop.value_type.values:
                column = columns[name]
                allowed = ", ".join(_quoted(value) for value in enum_values(prop.value_type))
                quote = "`" if self._dialect_name == "mysql" else '"'
                if self._dialect_name == "mysql":
                    allowed = allowed.replace("\\", "\\\\")
                quoted = f"{quote}{column.name.replace(quote, quote * 2)}{quote}"
                found.append(CheckConstraint(f"{quoted} IN ({allowed})".replace(":", "\\:"), name=column.name))
        return found

    def _add_indexes(self, definition: ModelDefinition, table: Table, columns: Mapping[str, Column[Any]]) -> None:
        for name, prop in definition.properties.items():
            if prop.options.get("unique") and definition.id_properties() != [name]:
                self._index(table, [columns[name]], unique=True)
            elif prop.options.get("index"):
                self._index(table, [columns[name]], unique=False)
        for setting in definition.settings.get("indexes") or ():
            fields = [columns[name] for name in _known(definition, setting)]
            self._index(table, fields, unique=bool(setting.get("unique")), name=setting.get("name"))
        self._add_relation_indexes(definition, table, columns)

    def _add_relation_indexes(
        self, definition: ModelDefinition, table: Table, columns: Mapping[str, Column[Any]]
    ) -> None:
        """``has_one(..., unique=True)`` of another model is a constraint on its target."""
        for name in names_of(definition.settings.get("unique_keys")):
            self._index(table, [columns[name]], unique=True)

    def _index(self, table: Table, columns: list[Column[Any]], *, unique: bool, name: str | None = None) -> None:
        prefix = "uq" if unique else "ix"
        name = name or _shortened("_".join((prefix, table.name, *(column.name for column in columns))))
        if all(index.name != name for index in table.indexes):
            Index(name, *columns, unique=unique)

    def _add_foreign_keys(self, definition: ModelDefinition, made: ModelTable) -> None:
        for relation in definition.relations.values():
            key = relation.key_from
            if relation.type != "belongsTo" or key not in definition.properties:
                continue
            setting = definition.properties[key].options.get("foreign_key")
            if setting and relation.key_to:
                target = self.of(definition_of(relation.target))
                actions = setting if isinstance(setting, Mapping) else {}
                made.table.append_constraint(
                    ForeignKeyConstraint(
                        [made.columns[key]],
                        [target.columns[relation.key_to]],
                        ondelete=actions.get("on_delete"),
                        onupdate=actions.get("on_update"),
                    )
                )


def _shortened(name: str) -> str:
    """A name that every database takes."""
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    return f"{name.encode()[: _LONGEST_NAME - 9].decode(errors='ignore')}_{zlib.crc32(name.encode()):08x}"


def counted_id(definition: ModelDefinition) -> str | None:
    """The single integer id that the database counts up."""
    ids = definition.id_properties()
    if len(ids) != 1:
        return None
    prop = definition.properties[ids[0]]
    return ids[0] if prop.value_type.kind is Kind.INT and "default_fn" not in prop.options else None


def _is_key(definition: ModelDefinition, prop: PropertyDefinition) -> bool:
    """Whether an index is made for a property, or a foreign key."""
    options = prop.options
    indexed = {name for setting in definition.settings.get("indexes") or () for name in names_of(setting.get("fields"))}
    indexed.update(names_of(definition.settings.get("unique_keys")))
    return bool(options.get("unique") or options.get("index") or options.get("foreign_key")) or prop.name in indexed


def _known(definition: ModelDefinition, setting: Mapping[str, Any]) -> list[str]:
    names = names_of(setting.get("fields"))
    for name in names:
        if name not in definition.properties:
            raise ModelDefinitionError(definition.name, name, "an index names it, but it is no property")
    return names


def _check_names(definition: ModelDefinition, columns: Mapping[str, Column[Any]]) -> None:
    taken: dict[str, str] = {EXTRA_COLUMN: "its free properties"} if definition.strict is False else {}
    for name, column in columns.items():
        other = taken.setdefault(column.name.lower(), name)  # SQLite and MySQL do not tell case apart
        if other != name:
            raise ModelDefinitionError(definition.name, name, f"its column {column.name!r} is that of {other} as well")


def _quoted(value: Any) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
