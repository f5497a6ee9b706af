"""``/tenant``."""

from mainspring import rest

from ..tenancy import Tenant

__all__ = ["TenantController"]


class TenantController:
    """Whose request it is."""

    @rest.get("/tenant")
    async def tenant(self, tenant: Tenant) -> dict[str, str]:
        """The tenant of this request."""
        return {"id": tenant.id, "name": tenant.settings.name}
