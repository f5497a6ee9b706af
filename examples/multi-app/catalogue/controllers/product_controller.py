"""``/products``."""

from mainspring import rest

from ..models.product_model import Product
from ..repositories.product_repository import ProductRepository
from ..services.price_service import PriceService

__all__ = ["ProductController"]


class ProductController:
    """What is sold, for what it costs now."""

    def __init__(self, products: ProductRepository, prices: PriceService) -> None:
        self.products, self.prices = products, prices

    @rest.get("/products")
    async def find(self) -> list[Product]:
        """All products."""
        found = await self.products.find({"order": ["id"]})
        return [Product(id=each.id, name=each.name, price=self.prices.price_of(each)) for each in found]
