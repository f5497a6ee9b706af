"""``/orders``."""

from typing import Annotated

from mainspring import request_body, rest

from ..models.order_model import Order
from ..repositories.order_repository import OrderRepository
from ..services.checkout_service import CheckoutService

__all__ = ["OrderController"]


class OrderController:
    """What was ordered, for what it cost then."""

    def __init__(self, orders: OrderRepository, checkout: CheckoutService) -> None:
        self.orders, self.checkout = orders, checkout

    @rest.get("/orders")
    async def find(self) -> list[Order]:
        """All orders."""
        return await self.orders.find({"order": ["id"]})

    @rest.post("/orders")
    @rest.response(409)
    async def create(self, order: Annotated[Order, request_body(exclude=["id", "total"])]) -> Order:
        """Order a product."""
        order.total = await self.checkout.total_of(order)
        return await self.orders.create(order)
