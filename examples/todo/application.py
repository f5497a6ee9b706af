"""The application: what it is made of; its parts are found by boot in the folders beside this file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainspring import BootMixin, RepositoryMixin, RestApplication

from .document import DocumentEnhancer

__all__ = ["TodoApplication"]


class TodoApplication(BootMixin, RepositoryMixin, RestApplication):
    """A Todo service over HTTP, stored in a SQLite file.

    Args:
        config: Replaces whole sections of the configuration below; ``MAINSPRING_REST_…`` wins over both.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        # Any page may use the service: it is an example, and nothing in it is private.
        super().__init__({"rest": {"cors": True}, **(config or {})})
        self.project_root = Path(__file__).parent
        self.spec_enhancer(DocumentEnhancer)
