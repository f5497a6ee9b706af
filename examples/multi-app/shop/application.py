"""The main application. Its parts are applications themselves, each with its folder, and mounted as components."""

from pathlib import Path

from catalogue.application import CatalogueComponent
from orders.application import OrdersComponent
from sale.application import SaleComponent

from mainspring import BootMixin, RepositoryMixin, RestApplication

__all__ = ["ShopApplication"]


class ShopApplication(BootMixin, RepositoryMixin, RestApplication):
    """One process, one REST server, one document; three applications that know nothing of this one."""

    def __init__(self) -> None:
        super().__init__({"name": "shop"})
        self.project_root = Path(__file__).parent
        for component in (CatalogueComponent, OrdersComponent, SaleComponent):  # in this order: the last one wins
            self.component(component)
