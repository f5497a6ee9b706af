"""Before the first file comes, what a killed process has left is removed."""

from ..services.store_service import StoreService

__all__ = ["LeftoversObserver"]


class LeftoversObserver:
    """Sweeps the folder."""

    async def init(self, store: StoreService) -> None:
        """Remove half files."""
        await store.sweep()
