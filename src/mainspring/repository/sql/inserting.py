"""Inserting rows: one statement for many, in chunks that every driver takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from mainspring.repository.connectors import Insertion
from mainspring.repository.sql.rows import column_values
from mainspring.repository.sql.statements import Statements
from mainspring.repository.sql.tables import ModelTable

__all__ = ["insert_rows"]

#: Rows of one statement where the driver does not make chunks itself.
_CHUNK = 500


def insert_rows(
    connection: Connection, statements: Statements, rows: Sequence[Mapping[str, Any]], insertion: Insertion
) -> list[dict[str, Any]]:
    """Insert rows; gives for each what the database made: the counted id, values that it keeps in another form."""
    table = statements.table
    if insertion.conflict is not None:
        return [_upsert(connection, statements, row, insertion) for row in rows]
    counted = table.autoincrement
    made = [_as_stored(table, row) for row in rows]
    for is_counted in (True, False):  # rows that bring their id and rows that do not are two statements
        positions = [
            p for p, row in enumerate(rows) if (counted is not None and row.get(counted) is None) is is_counted
        ]
        if not positions:
            continue
        without = counted if is_counted else None
        values = [_values(statements, {**rows[p], **made[p]}, without) for p in positions]
        if without is None:
            _insert_with_ids(connection, statements, values)
            continue
        for position, own in zip(positions, _insert_counted(connection, statements, values), strict=True):
            made[position][without] = own
    return made


def _as_stored(table: ModelTable, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: form(row[name]) for name, form in table.stored.items() if row.get(name) is not None}


def _insert_with_ids(connection: Connection, statements: Statements, values: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(statements.insert(returning=False), values if len(values) > 1 else values[0])
    _advance(connection, statements, values)


def _advance(connection: Connection, statements: Statements, values: Sequence[Mapping[str, Any]]) -> None:
    advance = statements.advance_counter(values)
    if advance is not None:
        connection.execute(advance)


def _insert_counted(connection: Connection, statements: Statements, values: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows whose ids the database counts; gives the ids in the order of the rows."""
    if len(values) > 1 and not any(values):  # rows of nothing but an id: there is no list of those in SQL
        return [number for row in values for number in _insert_counted(connection, statements, [row])]
    if not statements.returns_inserted:
        return _insert_and_count(connection, statements, values)
    result = connection.execute(statements.insert(), values if len(values) > 1 else values[0])
    ids = [row[0] for row in result.all()]
    if statements.counts_in_order:
        ids.sort()
    return ids


def _insert_and_count(connection: Connection, statements: Statements, values: Sequence[dict[str, Any]]) -> list[int]:
    """Where only the first number of a statement is told: the others follow in even steps."""
    step = int((connection.exec_driver_sql("SELECT @@auto_increment_increment")).scalar_one())
    ids: list[int] = []
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        result = connection.execute(statements.insert(returning=False).values(chunk))
        ids += range(result.lastrowid, result.lastrowid + step * len(chunk), step)
    return ids


def _values(statements: Statements, row: Mapping[str, Any], without: str | None) -> dict[str, Any]:
    values = column_values(statements.table, row)
    if statements.table.extra is not None:
        values.setdefault(statements.table.extra.key, None)  # every row of a statement has the same columns
    if without is not None:
        values.pop(statements.table.columns[without].key, None)
    return values


def _upsert(
    connection: Connection, statements: Statements, row: Mapping[str, Any], insertion: Insertion
) -> dict[str, Any]:
    statement = statements.upsert(row, insertion)
    if statements.returns_inserted:
        found = (connection.execute(statement)).one()
        _advance(connection, statements, [column_values(statements.table, row)])
    else:
        connection.execute(statement)
        found = (connection.execute(statements.row_with(row, insertion.conflict or ()))).one()
    return statements.row_values(found)
