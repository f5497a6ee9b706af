"""Changes of a table that SQLite has no statement for: a copy with the new shape takes the old one's place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, MetaData, inspect, text
from sqlalchemy.schema import CreateTable, DropTable

from mainspring.repository.kinds import Kind
from mainspring.repository.sql.checks import allowed_values
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.sql.types import enum_values

__all__ = ["LOSSLESS", "Rebuild", "affinity", "dependents", "needs_rebuild"]

#: Affinity before and after: what a value keeps by being moved. Everything else may lose something.
LOSSLESS = frozenset(
    (("INTEGER", "REAL"), ("INTEGER", "TEXT"), ("INTEGER", "NUMERIC"), ("REAL", "TEXT"), ("NUMERIC", "TEXT"))
)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A table that has to be made anew around its rows.

    Attributes:
        table: The table as it shall be.
        kept: Columns that are there and that the model does not know.
        copied: The columns whose values are taken over.
        reason: Why.
        safe: Whether no data can be lost.
    """

    table: ModelTable
    kept: tuple[Any, ...]
    copied: tuple[str, ...]
    reason: str
    safe: bool
    quote: Callable[[str], str]

    def statements(self, sql: Callable[[Any], str]) -> list[str]:
        """Make the new one, copy, drop the old one, rename."""
        name = self.table.table.name
        metadata = MetaData()
        for other in {key.referred_table for key in self.table.table.foreign_key_constraints} - {self.table.table}:
            other.to_metadata(metadata)  # known by its name and columns, not made
        new = self.table.table.to_metadata(metadata, name=f"mainspring_new_{name}")
        for index in list(new.indexes):
            new.indexes.discard(index)
        for column in self.kept:
            new.append_column(Column(column["name"], column["type"], nullable=True))
        columns = ", ".join(self.quote(column) for column in self.copied)
        copied = f"INSERT INTO {self.quote(new.name)} ({columns}) SELECT {columns} FROM {self.quote(name)}"
        renamed = f"ALTER TABLE {self.quote(new.name)} RENAME TO {self.quote(name)}"
        return [sql(CreateTable(new)), copied, sql(DropTable(self.table.table)), renamed]


@dataclass(frozen=True, slots=True)
class Dependent:
    """An index or a trigger, which goes with the table that a copy takes the place of."""

    kind: str
    name: str
    sql: str


def dependents(connection: Connection, table: str) -> list[Dependent]:
    """The indexes and triggers that were made for a table of SQLite, by whomever."""
    wanted = text("SELECT type, name, sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY rowid")
    rows = connection.execute(wanted, {"name": table})
    return [Dependent(*map(str, row)) for row in rows if row[0] in ("index", "trigger")]


def needs_rebuild(
    dialect: Dialect,
    connection: Connection,
    table: ModelTable,
    columns: Mapping[str, Any],
    *,
    has_rows: bool,
) -> Rebuild | None:
    """The rebuild that the difference between table and model needs, if it needs one."""
    reasons = [*_changed_types(dialect, table, columns), *_widened(connection, table, columns)]
    reasons += [
        (f"the column {column.name!r} is required", True)
        for column in table.table.columns
        if column.name not in columns and not column.nullable and not has_rows
    ]
    if not reasons:
        return None
    own = {column.name for column in table.table.columns}
    return Rebuild(
        table,
        kept=tuple(column for name, column in columns.items() if name not in own),
        copied=tuple(columns),
        reason="; ".join(reason for reason, _ in reasons),
        safe=all(safe for _, safe in reasons),
        quote=dialect.sql_dialect.identifier_preparer.quote_identifier,
    )


def _changed_types(dialect: Dialect, table: ModelTable, columns: Mapping[str, Any]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for column in table.table.columns:
        if column.name in columns:
            before = affinity(columns[column.name]["type"].compile(dialect.sql_dialect))
            after = affinity(column.type.compile(dialect.sql_dialect))
            if before != after:
                reason = f"the column {column.name!r} of {table.table.name!r} changes from {before} to {after}"
                found.append((reason, (before, after) in LOSSLESS))
    return found


def affinity(declared: str) -> str:
    """The affinity of a declared type, by the rules of SQLite."""
    text = declared.upper()
    for words, affinity in (
        (("INT",), "INTEGER"),
        (("CHAR", "CLOB", "TEXT"), "TEXT"),
        (("BLOB",), "BLOB"),
        (("REAL", "FLOA", "DOUB"), "REAL"),
    ):
        if any(word in text for word in words):
            return affinity
    return "BLOB" if not text or text == "NULL" else "NUMERIC"


def _widened(connection: Connection, table: ModelTable, columns: Mapping[str, Any]) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for column in table.table.columns:
        there = columns.get(column.name)
        if there is not None and column.nullable and not there["nullable"]:
            found.append((f"the column {column.name!r} may be null now", True))
    checks = {
        check["name"]: str(check["sqltext"]) for check in inspect(connection).get_check_constraints(table.table.name)
    }
    for name, prop in table.definition.properties.items():
        if prop.value_type.kind in (Kind.ENUM, Kind.LITERAL) and table.columns[name].name in columns:
            text = checks.get(f"ck_{table.table.name}_{table.columns[name].name}")
            if text is not None and not set(map(str, enum_values(prop.value_type))) <= allowed_values(text, "sqlite"):
                found.append((f"the column {table.columns[name].name!r} has new values", True))
    return found
