"""The database of the service.

``TODO_LIST_DATABASE`` is a URL (``postgresql://user:password@host/name``) or the path of a SQLite file; without it, the
file is ``todo_list.db`` beside the README.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from mainspring import DataSource, inject

__all__ = ["DbDataSource"]

BESIDE_THE_README = Path(__file__).parents[2] / "todo_list.db"


class DbDataSource(DataSource):
    """The datasource ``db``."""

    datasource_name = "db"

    def __init__(
        self, config: Annotated[Mapping[str, Any] | None, inject("datasources.config.db", optional=True)] = None
    ) -> None:
        super().__init__({**from_environment(), **(config or {})})


def from_environment() -> dict[str, Any]:
    """What the variable says."""
    where = os.environ.get("TODO_LIST_DATABASE") or str(BESIDE_THE_README)
    if "://" in where:
        return {"url": where}
    return {"connector": "sqlite", "database": str(Path(where).absolute())}
