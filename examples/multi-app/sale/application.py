"""The sale: an application of one service, which stands in the place of the catalogue's."""

from pathlib import Path

from mainspring import Application, BootMixin
from mainspring.boot import create_component_application_booter_binding

__all__ = ["SaleApplication", "SaleComponent"]


class SaleApplication(BootMixin, Application):
    """Lower prices."""

    def __init__(self) -> None:
        super().__init__({"name": "sale"})
        self.project_root = Path(__file__).parent


class SaleComponent:
    """Mounted after the catalogue, so that its binding is the one that counts."""

    def __init__(self) -> None:
        self.bindings = [create_component_application_booter_binding(SaleApplication())]
