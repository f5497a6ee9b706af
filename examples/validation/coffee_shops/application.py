"""The application: its parts are found by boot, here is how it tells what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainspring import BootMixin, HttpErrors, RepositoryMixin, RestApplication
from mainspring.repository import ModelValidationError

from .telling import labelled, tell

__all__ = ["CoffeeShopApplication"]


class CoffeeShopApplication(BootMixin, RepositoryMixin, RestApplication):
    """Coffee shops over HTTP.

    Args:
        config: The configuration; ``MAINSPRING_REST_…`` wins over it.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        rest = {
            "validation": {"error_transformer": labelled},
            "error_writer": {"safe_fields": ["by_field"]},  # a member of our own beside those of RFC 9457
        }
        super().__init__({**(config or {}), "rest": {**rest, **(config or {}).get("rest", {})}})
        self.project_root = Path(__file__).parent
        self.error_handler(HttpErrors.UnprocessableEntity, tell)  # what a body is refused for
        self.error_handler(ModelValidationError, tell)  # what a repository refuses
