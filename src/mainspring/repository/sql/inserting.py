"""Inserting rows: one statement for many, in chunks that every driver takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mainspring.repository.connectors import Insertion
from mainspring.repository.sql.rows import column_values
from mainspring.repository.sql.statements import Statements

__all__ = ["insert_rows"]


async def insert_rows(
    connection: AsyncConnection, statements: Statements, rows: Sequence[Mapping[str, Any]], insertion: Insertion
) -> list[dict[str, Any]]:
    """Insert rows; gives for each what the database made: the counted id."""
    table = statements.table
    if insertion.conflict is not None:
        return [await _upsert(connection, statements, row, insertion) for row in rows]
    counted = table.autoincrement
    made: list[dict[str, Any]] = [{} for _ in rows]
    for is_counted in (True, False):  # rows that bring their id and rows that do not are two statements
        positions = [
            p for p, row in enumerate(rows) if (counted is not None and row.get(counted) is None) is is_counted
        ]
        if not positions:
            continue
        values = [
            _values(statements, rows[position], without=counted if is_counted else None) for position in positions
        ]
        statement = statements.insert([counted] if not is_counted and counted else [])
        result = await connection.execute(statement, values if len(values) > 1 else values[0])
        if is_counted and counted is not None:
            ids = [row[0] for row in result.all()]
            if statements.counts_in_order:
                ids.sort()
            for position, own in zip(positions, ids, strict=True):
                made[position] = {counted: own}
    return made


def _values(statements: Statements, row: Mapping[str, Any], without: str | None) -> dict[str, Any]:
    values = column_values(statements.table, row)
    if statements.table.extra is not None:
        values.setdefault(statements.table.extra.key, None)  # every row of a statement has the same columns
    if without is not None:
        values.pop(statements.table.columns[without].key, None)
    return values


async def _upsert(
    connection: AsyncConnection, statements: Statements, row: Mapping[str, Any], insertion: Insertion
) -> dict[str, Any]:
    statement = statements.upsert(row, insertion)
    result = (await connection.execute(statement)).one()
    return dict(zip(statements.table.columns, result, strict=False))
