"""Notes in the datasource ``db``, which is another one for each tenant."""

from typing import Annotated

from mainspring import DataSource, DefaultCrudRepository, HttpErrors, inject

from ..models.note_model import Note
from ..tenancy import Tenant

__all__ = ["NoteRepository"]


class NoteRepository(DefaultCrudRepository[Note, int]):
    """The notes of the tenant of this request; made for it, as nothing that knows a tenant may be kept longer."""

    def __init__(self, datasource: Annotated[DataSource, inject("datasources.db")], tenant: Tenant) -> None:
        super().__init__(Note, datasource)
        self.tenant = tenant

    async def add(self, note: Note) -> Note:
        """Create a note.

        Raises:
            HttpErrors.Conflict: The tenant has as many as it may have.
        """
        most = self.tenant.settings.most_notes
        async with self.begin_transaction():
            if (await self.count()).count >= most:
                raise HttpErrors.Conflict(f"{self.tenant.settings.name} has {most} notes, and may not have more.")
            return await self.create(note)
