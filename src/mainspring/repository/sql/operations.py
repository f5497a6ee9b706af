"""One step of a migration."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Operation"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a migration.

    Attributes:
        kind: ``create_table``, ``drop_table``, ``add_column``, ``fill_column``, ``alter_column``, ``create_index``,
            ``create_trigger``, ``drop_constraint``, ``add_constraint`` or ``rebuild_table``.
        table: The table's name.
        sql: The statements.
        safe: Whether no data can be lost.
        parameters: What is bound.
    """

    kind: str
    table: str
    sql: str
    safe: bool = True
    parameters: tuple[Any, ...] = ()
