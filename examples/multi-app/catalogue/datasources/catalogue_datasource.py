"""The catalogue's own datasource."""

from mainspring import DataSource

__all__ = ["CatalogueDataSource"]


class CatalogueDataSource(DataSource):
    """The datasource ``catalogue``, in memory."""

    datasource_name = "catalogue"

    def __init__(self) -> None:
        super().__init__({"name": "catalogue", "connector": "memory"})
