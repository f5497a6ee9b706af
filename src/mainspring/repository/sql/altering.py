"""Changes of a table that stay in place: what PostgreSQL and MySQL have statements for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, ForeignKeyConstraint, MetaData, Table, bindparam, inspect
from sqlalchemy.schema import AddConstraint, CreateColumn

from mainspring.repository.kinds import Kind
from mainspring.repository.sql.checks import allowed_values
from mainspring.repository.sql.dialects import Dialect
from mainspring.repository.sql.operations import Operation
from mainspring.repository.sql.tables import ModelTable
from mainspring.repository.sql.types import enum_values

__all__ = ["Alterations", "Form", "uncollated"]

_SIZE = re.compile(r"^([A-Z ]+?)(?:\((\d+)(?:, ?(\d+))?\))?$")
_CLAUSES = re.compile(r" (?:COLLATE|CHARACTER SET) (?:\"[^\"]*\"|\S+)")

#: Other names of the same type.
_FAMILIES: Mapping[str, str] = {
    "BOOL": "BOOLEAN",
    "TINYINT": "BOOLEAN",
    "SMALLINT": "INTEGER",
    "INT": "INTEGER",
    "BIGINT": "INTEGER",
    "FLOAT": "REAL",
    "DOUBLE": "REAL",
    "DOUBLE PRECISION": "REAL",
    "DECIMAL": "NUMERIC",
    "VARCHAR": "TEXT",
    "CHAR": "TEXT",
    "MEDIUMTEXT": "TEXT",
    "LONGTEXT": "TEXT",
    "BLOB": "BYTES",
    "MEDIUMBLOB": "BYTES",
    "LONGBLOB": "BYTES",
    "VARBINARY": "BYTES",
    "BYTEA": "BYTES",
}

#: What a value keeps by being moved. Everything else may lose something.
_LOSSLESS = frozenset(
    (("INTEGER", "REAL"), ("INTEGER", "TEXT"), ("INTEGER", "NUMERIC"), ("REAL", "TEXT"), ("NUMERIC", "TEXT"))
)

_UNBOUNDED = 10**9


@dataclass(frozen=True, slots=True)
class Form:
    """A declared type, as far as it matters whether values fit.

    Attributes:
        family: What is the same under several names.
        size: Characters, bytes or digits at most.
        scale: Digits behind the point.
    """

    family: str
    size: int
    scale: int

    @classmethod
    def of(cls, declared: str) -> "Form":
        """That of a type as it stands in SQL."""
        text = uncollated(declared.upper()).replace(" UNSIGNED", "").strip()
        found = _SIZE.match(text)
        if found is None:
            return cls(text, 0, 0)
        family = _FAMILIES.get(found[1], found[1])
        if family not in ("TEXT", "BYTES", "NUMERIC"):
            return cls(family, 0, 0)
        if family == "NUMERIC":
            return cls(family, int(found[2] or _UNBOUNDED), int(found[3] or 0) if found[2] else _UNBOUNDED // 2)
        return cls(family, int(found[2] or _UNBOUNDED), 0)

    def __str__(self) -> str:
        numbers = [str(each) for each in (self.size, self.scale) if 0 < each < _UNBOUNDED // 2]
        return f"{self.family}({', '.join(numbers)})" if numbers else self.family

    def fits_into(self, other: "Form") -> bool:
        """Whether every value of this form is one of the other's."""
        if self.family != other.family:
            return (self.family, other.family) in _LOSSLESS
        return self.scale <= other.scale and self.size - self.scale <= other.size - other.scale


def uncollated(declared: str) -> str:
    """A declared type without its collation and character set, which a cast takes none of."""
    return _CLAUSES.sub("", declared)


class Alterations:
    """The changes of one table.

    Args:
        dialect: The database.
        table: The table of the model.
        columns: The columns that are there, by name.
    """

    def __init__(self, dialect: Dialect, table: ModelTable, columns: Mapping[str, Any]) -> None:
        self._dialect, self._model, self._there = dialect, table, columns
        self._preparer = dialect.sql_dialect.identifier_preparer
        self._name = table.table.name
        self._alter = f"ALTER TABLE {self._preparer.format_table(table.table)}"

    @property
    def _is_mysql(self) -> bool:
        return self._dialect.name == "mysql"

    def add(self, column: Column[Any], *, stored: Any, has_rows: bool) -> list[Operation]:
        """Add a column; rows that are there get a value first, if it must have one."""
        required = not column.nullable
        declared = self._declared(column, nullable=True if has_rows else bool(column.nullable))
        found = [Operation("add_column", self._name, f"{self._alter} ADD COLUMN {declared}")]
        if has_rows and stored is not None:
            filled = self._model.table.update().values({column: bindparam("filled")})
            text = str(filled.compile(dialect=self._dialect.sql_dialect))
            found.append(Operation("fill_column", self._name, text, True, (stored,)))
        if has_rows and required:
            found.append(self._nullability(column))
        return found

    def _declared(self, column: Column[Any], *, nullable: bool) -> str:
        plain = Column(column.name, column.type, nullable=nullable)
        Table(self._name, MetaData(), plain)
        return str(CreateColumn(plain).compile(dialect=self._dialect.sql_dialect)).strip()

    def _nullability(self, column: Column[Any]) -> Operation:
        if self._is_mysql:
            declared = self._declared(column, nullable=bool(column.nullable))
            return Operation("alter_column", self._name, f"{self._alter} MODIFY COLUMN {declared}")
        what = "DROP" if column.nullable else "SET"
        text = f"{self._alter} ALTER COLUMN {self._preparer.format_column(column)} {what} NOT NULL"
        return Operation("alter_column", self._name, text)

    def changes(self, connection: Connection) -> tuple[list[Operation], list[str]]:
        """What changes in columns that are there, and why some of it may lose data."""
        found: list[Operation] = []
        reasons: list[str] = []
        for column in self._model.table.columns:
            there = self._there.get(column.name)
            if there is None:
                continue
            before, after = self._form(there["type"]), self._form(column.type)
            if before != after:
                safe = before.fits_into(after)
                if not safe:
                    reasons.append(f"the column {column.name!r} of {self._name!r} changes from {before} to {after}")
                found.append(self._retyped(column, safe=safe))
            if column.nullable and not there["nullable"]:
                found.append(self._nullability(column))
        return found + self._grown_enums(connection), reasons

    def _form(self, type: Any) -> Form:
        return Form.of(type.compile(dialect=self._dialect.sql_dialect))

    def _retyped(self, column: Column[Any], *, safe: bool) -> Operation:
        if self._is_mysql:
            declared = self._declared(column, nullable=bool(column.nullable))
            return Operation("alter_column", self._name, f"{self._alter} MODIFY COLUMN {declared}", safe)
        name, kind = self._preparer.format_column(column), column.type.compile(dialect=self._dialect.sql_dialect)
        bare = uncollated(kind)
        text = f"{self._alter} ALTER COLUMN {name} TYPE {kind} USING CAST({name} AS {bare})"
        return Operation("alter_column", self._name, text, safe)

    def _grown_enums(self, connection: Connection) -> list[Operation]:
        schema = self._model.table.schema
        there = {
            check["name"]: str(check["sqltext"])
            for check in inspect(connection).get_check_constraints(self._name, schema)
        }
        found: list[Operation] = []
        for check in self._model.table.constraints:
            text = there.get(str(check.name)) if isinstance(check, CheckConstraint) else None
            if text is not None and not self._values(str(check.name)) <= allowed_values(text, self._dialect.name):
                found += self.replaced(check)
        return found

    def _values(self, check: str) -> set[str]:
        return next(
            set(map(str, enum_values(prop.value_type)))
            for name, prop in self._model.definition.properties.items()
            if prop.value_type.kind in (Kind.ENUM, Kind.LITERAL)
            and check == f"ck_{self._name}_{self._model.columns[name].name}"
        )

    def replaced(self, constraint: Any) -> list[Operation]:
        """Drop a constraint and make it anew."""
        return [self.dropped(constraint), self.added(constraint)]

    def dropped(self, constraint: Any) -> Operation:
        """Drop a constraint."""
        what = "FOREIGN KEY" if self._is_mysql and isinstance(constraint, ForeignKeyConstraint) else "CONSTRAINT"
        name = self._preparer.quote(str(constraint.name))
        return Operation("drop_constraint", self._name, f"{self._alter} DROP {what} {name}")

    def added(self, constraint: Any) -> Operation:
        """Make a constraint."""
        text = str(AddConstraint(constraint).compile(dialect=self._dialect.sql_dialect)).strip()
        return Operation("add_constraint", self._name, text)
