"""Before the first request every tenant has its tables."""

from typing import Annotated

from mainspring import Context, inject

from ..models.note_model import Note
from ..settings import TenancySettings
from ..tenancy import TENANCY, Strategies, source_key

__all__ = ["SchemaObserver"]


class SchemaObserver:
    """Brings the databases to what the models say, and keeps their data."""

    async def init(
        self,
        context: Annotated[Context, inject.context()],
        settings: Annotated[TenancySettings, inject(TENANCY)],
        _strategies: Strategies,
    ) -> None:
        """Add what is missing. The strategies are made here, so that wrong settings end the start, not a request."""
        for tenant in settings.tenants:
            source = await context.get(source_key(tenant))
            await source.autoupdate([Note])
