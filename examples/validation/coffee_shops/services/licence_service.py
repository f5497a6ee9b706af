"""What a city allows. A real one would be asked over the network; see `mainspring.proxies`."""

from mainspring import BindingScope, injectable

__all__ = ["LicenceService"]

LARGEST = {"Praha": 500, "Brno": 300, "Ostrava": 200}


@injectable(scope=BindingScope.SINGLETON)
class LicenceService:
    """Knows how large a shop may be."""

    async def largest_capacity(self, city: str) -> int:
        """How many seats a shop of a city may have."""
        return LARGEST[city]
