"""The orders: an application whose prices come from whoever mounts it."""

from pathlib import Path

from mainspring import BootMixin, RepositoryMixin, RestApplication
from mainspring.boot import create_component_application_booter_binding

__all__ = ["OrdersApplication", "OrdersComponent"]


class OrdersApplication(BootMixin, RepositoryMixin, RestApplication):
    """What was ordered."""

    def __init__(self) -> None:
        super().__init__({"name": "orders"})
        self.project_root = Path(__file__).parent


class OrdersComponent:
    """Boots the orders with the application it is mounted on, which gains their artifacts."""

    def __init__(self) -> None:
        self.bindings = [create_component_application_booter_binding(OrdersApplication())]
