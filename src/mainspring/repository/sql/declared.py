"""Columns of SQLite as they were declared: what reading a table through SQLAlchemy leaves out."""

import re
from collections.abc import Mapping

from sqlalchemy import Connection, text

__all__ = ["declared_columns", "table_sql"]


def table_sql(connection: Connection, table: str) -> str | None:
    """The statement that made a table; ``None`` if it is not there."""
    found: str | None = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), {"name": table}
    ).scalar()
    return found


def declared_columns(connection: Connection, table: str) -> Mapping[str, str]:
    """Column -> its type and its collation, in SQL."""
    sql = table_sql(connection, table) or ""
    quoted = '"' + table.replace('"', '""') + '"'
    return {
        row[1]: f"{row[2]}{_collation(sql, row[1])}"
        for row in connection.exec_driver_sql(f"PRAGMA table_info({quoted})")
    }


def _collation(sql: str, column: str) -> str:
    name = re.escape(column)
    found = re.search(
        rf"[(,]\s*(?:\"{name}\"|`{name}`|\[{name}\]|{name})\s(?:[^,()]|\([^)]*\))*?(\bCOLLATE\s+(?:\"[^\"]*\"|\w+))",
        sql,
        re.IGNORECASE,
    )
    return f" {found[1]}" if found is not None else ""
