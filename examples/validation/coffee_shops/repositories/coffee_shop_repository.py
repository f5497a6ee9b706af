"""Coffee shops in the datasource ``db``."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, inject
from mainspring.repository import HookContext, ModelValidationError

from ..models.coffee_shop_model import CoffeeShop
from ..services.licence_service import LicenceService

__all__ = ["CoffeeShopRepository"]


class CoffeeShopRepository(DefaultCrudRepository[CoffeeShop, int]):
    """Runs the checks of the model before it writes, and one that the model cannot make: it knows nobody to ask."""

    def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")], licences: LicenceService) -> None:
        super().__init__(CoffeeShop, datasource)
        self.licences = licences

    async def before_save(self, context: HookContext) -> None:
        """The hook of this name is called before a shop is created or changed.

        Raises:
            ModelValidationError: The city does not allow so many seats.
        """
        match context.data:
            case {"city": city, "capacity": capacity}:
                largest = await self.licences.largest_capacity(city)
                if capacity > largest:
                    message = f"a shop in {city} has at most {largest} seats"
                    entry = {"path": "/capacity", "code": "licence", "message": message, "info": {"limit": largest}}
                    raise ModelValidationError("CoffeeShop", [entry])

    async def change(self, id: int, changes: CoffeeShop) -> CoffeeShop:
        """Change some properties, if they fit together with those that stay.

        Raises:
            EntityNotFoundError: There is none with this id.
            ModelValidationError: The whole would not fit.
        """
        async with self.begin_transaction():
            changed = await self.find_by_id(id)
            for name, value in changes.to_dict().items():
                setattr(changed, name, value)
            await self.update(changed)
        return changed
