"""The orders' own datasource."""

from mainspring import DataSource

__all__ = ["OrdersDataSource"]


class OrdersDataSource(DataSource):
    """The datasource ``orders``, in memory."""

    datasource_name = "orders"

    def __init__(self) -> None:
        super().__init__({"name": "orders", "connector": "memory"})
