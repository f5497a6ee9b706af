"""Products in the datasource ``catalogue``."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, inject

from ..models.product_model import Product

__all__ = ["ProductRepository"]


class ProductRepository(DefaultCrudRepository[Product, int]):
    """The products."""

    def __init__(self, datasource: Annotated[DataSource, inject("datasources.catalogue")]) -> None:
        super().__init__(Product, datasource)
