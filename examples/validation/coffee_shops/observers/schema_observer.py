"""Tables are made, and columns added, before the first request."""

from typing import Annotated

from mainspring import RepositoryMixin, inject

__all__ = ["SchemaObserver"]


class SchemaObserver:
    """Brings the database to what the models say."""

    def __init__(self, application: Annotated[RepositoryMixin, inject("application.instance")]) -> None:
        self.application = application

    async def init(self) -> None:
        """Add what is missing."""
        await self.application.migrate_schema()
