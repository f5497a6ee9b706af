"""Before the first request there are tables, and the categories that nobody can create over HTTP."""

from typing import Annotated

from mainspring import DefaultCrudRepository, RepositoryMixin, inject

from ..models.category_model import Category

__all__ = ["CatalogueObserver"]

CATEGORIES = {"tea": "Teas", "ware": "Cups and pots"}


class CatalogueObserver:
    """Brings the database to what the models say, and keeps its data."""

    def __init__(self, application: Annotated[RepositoryMixin, inject("application.instance")]) -> None:
        self.application = application

    async def init(
        self,
        categories: Annotated[DefaultCrudRepository[Category, str], inject("repositories.CategoryRepository")],
    ) -> None:
        """Add what is missing."""
        await self.application.migrate_schema()
        for code, name in CATEGORIES.items():
            await categories.upsert({"code": code, "name": name})
