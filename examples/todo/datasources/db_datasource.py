"""The SQLite file of the service.

``TODO_DATABASE`` names the file; without it, it is ``todo.db`` beside this example.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from mainspring import DataSource, inject

__all__ = ["DbDataSource"]

BESIDE_THE_EXAMPLE = Path(__file__).parents[1] / "todo.db"


class DbDataSource(DataSource):
    """The datasource ``db``."""

    datasource_name = "db"

    def __init__(
        self, config: Annotated[Mapping[str, Any] | None, inject("datasources.config.db", optional=True)] = None
    ) -> None:
        file = Path(os.environ.get("TODO_DATABASE") or BESIDE_THE_EXAMPLE).absolute()
        super().__init__({"name": "db", "connector": "sqlite", "database": str(file), **(config or {})})
