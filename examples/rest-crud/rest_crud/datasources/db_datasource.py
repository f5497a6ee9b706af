"""The SQLite file of the catalogue.

``REST_CRUD_DATABASE`` names it; without it, it is ``rest_crud.db`` beside the README.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from mainspring import DataSource, inject

__all__ = ["DbDataSource"]

BESIDE_THE_README = Path(__file__).parents[2] / "rest_crud.db"


class DbDataSource(DataSource):
    """The datasource ``db``."""

    datasource_name = "db"

    def __init__(
        self, config: Annotated[Mapping[str, Any] | None, inject("datasources.config.db", optional=True)] = None
    ) -> None:
        file = Path(os.environ.get("REST_CRUD_DATABASE") or BESIDE_THE_README).absolute()
        super().__init__({"connector": "sqlite", "database": str(file), **(config or {})})
