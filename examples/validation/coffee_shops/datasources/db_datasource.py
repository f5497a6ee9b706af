"""A SQLite database in memory: shops are gone with the process, which is what somebody who tries things out wants."""

from collections.abc import Mapping
from typing import Annotated, Any

from mainspring import DataSource, inject

__all__ = ["DbDataSource"]


class DbDataSource(DataSource):
    """The datasource ``db``."""

    datasource_name = "db"

    def __init__(
        self, config: Annotated[Mapping[str, Any] | None, inject("datasources.config.db", optional=True)] = None
    ) -> None:
        super().__init__({"connector": "sqlite", "database": ":memory:", **(config or {})})
