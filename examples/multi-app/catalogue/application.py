"""The catalogue: an application that runs alone, and the component by which another one takes it in."""

from pathlib import Path

from mainspring import BootMixin, RepositoryMixin, RestApplication
from mainspring.boot import create_component_application_booter_binding

__all__ = ["CatalogueApplication", "CatalogueComponent"]


class CatalogueApplication(BootMixin, RepositoryMixin, RestApplication):
    """Products and their prices."""

    def __init__(self) -> None:
        super().__init__({"name": "catalogue"})
        self.project_root = Path(__file__).parent


class CatalogueComponent:
    """Boots the catalogue with the application it is mounted on, which gains its artifacts."""

    def __init__(self) -> None:
        self.bindings = [create_component_application_booter_binding(CatalogueApplication())]
