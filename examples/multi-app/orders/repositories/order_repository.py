"""Orders in the datasource ``orders``."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, inject

from ..models.order_model import Order

__all__ = ["OrderRepository"]


class OrderRepository(DefaultCrudRepository[Order, int]):
    """The orders."""

    def __init__(self, datasource: Annotated[DataSource, inject("datasources.orders")]) -> None:
        super().__init__(Order, datasource)
