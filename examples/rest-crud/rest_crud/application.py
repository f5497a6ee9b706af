"""The application; its parts are found by boot in the folders beside this file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainspring import BootMixin, RepositoryMixin, RestApplication
from mainspring.crud import CrudRestComponent
from mainspring.explorer import ContextExplorerComponent

__all__ = ["CatalogueApplication"]


class CatalogueApplication(BootMixin, RepositoryMixin, RestApplication):
    """Products and categories over HTTP.

    Args:
        config: The configuration; ``MAINSPRING_REST_…`` wins over it.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self.project_root = Path(__file__).parent
        self.component(ContextExplorerComponent)
        self.component(CrudRestComponent)
