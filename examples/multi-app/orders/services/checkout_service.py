"""From an order to what it costs.

The orders import nothing of the catalogue. They ask by key for what they need, and get it from the application that
they are mounted on.
"""

from typing import Annotated, Any, Protocol

from mainspring import HttpErrors, inject, injectable

from ..models.order_model import Order

__all__ = ["CheckoutService", "Prices", "Products"]


class Products(Protocol):
    """Where products are found."""

    async def find_one(self, filter: Any = None) -> Any:
        """One product, or none."""


class Prices(Protocol):
    """What knows what a product costs."""

    def price_of(self, product: Any) -> int:
        """In cents."""


@injectable()
class CheckoutService:
    """Adds up."""

    def __init__(
        self,
        products: Annotated[Products, inject("repositories.ProductRepository")],
        prices: Annotated[Prices, inject("services.PriceService")],
    ) -> None:
        self.products, self.prices = products, prices

    async def total_of(self, order: Order) -> int:
        """In cents.

        Raises:
            HttpErrors.Conflict: The product is not in the catalogue.
        """
        product = await self.products.find_one({"where": {"id": order.product}})
        if product is None:
            raise HttpErrors.Conflict(f"There is no product {order.product}.")
        return self.prices.price_of(product) * order.pieces
