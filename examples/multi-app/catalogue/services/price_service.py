"""What things cost."""

from mainspring import injectable

from ..models.product_model import Product

__all__ = ["PriceService"]


@injectable()
class PriceService:
    """The price of the list."""

    def price_of(self, product: Product) -> int:
        """In cents."""
        return product.price
