"""What is sold from the first moment."""

from ..models.product_model import Product
from ..repositories.product_repository import ProductRepository

__all__ = ["StockObserver"]


class StockObserver:
    """Fills the empty memory; datasources are connected by then."""

    async def start(self, products: ProductRepository) -> None:
        """Add what is not there."""
        if (await products.count()).count == 0:
            for name, price in (("tea", 500), ("cup", 1200)):
                await products.create(Product(name=name, price=price))
