"""``/coffee-shops``."""

from typing import Annotated

from mainspring import param, request_body, rest

from ..models.coffee_shop_model import LARGEST_ID, CoffeeShop
from ..repositories.coffee_shop_repository import CoffeeShopRepository

__all__ = ["CoffeeShopController"]

Id = Annotated[int, param.path(ge=1, le=LARGEST_ID)]
NewShop = Annotated[CoffeeShop, request_body(exclude=["id"])]
Changes = Annotated[CoffeeShop, request_body(partial=True, exclude=["id"])]
City = Annotated[str | None, param.query(pattern="^(Praha|Brno|Ostrava)$")]


class CoffeeShopController:
    """Checks nothing itself: what arrives here is right."""

    def __init__(self, shops: CoffeeShopRepository) -> None:
        self.shops = shops

    @rest.get("/coffee-shops")
    async def find(self, city: City = None) -> list[CoffeeShop]:
        """The shops, all or those of a city."""
        return await self.shops.find({"where": {"city": city}} if city else None)

    @rest.get("/coffee-shops/{id}")
    @rest.response(404)
    async def find_by_id(self, id: Id) -> CoffeeShop:
        """One shop."""
        return await self.shops.find_by_id(id)

    @rest.post("/coffee-shops")
    @rest.response(409)
    async def create(self, shop: NewShop) -> CoffeeShop:
        """Add a shop; another one with its phone number is a conflict."""
        return await self.shops.create(shop)

    @rest.patch("/coffee-shops/{id}")
    @rest.response(404)
    @rest.response(409)
    async def change(self, id: Id, changes: Changes) -> CoffeeShop:
        """Change properties, if they fit together with those that stay."""
        return await self.shops.change(id, changes)

    @rest.delete("/coffee-shops/{id}")
    @rest.response(404)
    async def remove(self, id: Id) -> None:
        """Remove a shop."""
        await self.shops.delete_by_id(id)
