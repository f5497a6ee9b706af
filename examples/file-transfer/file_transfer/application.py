"""The application: where files are kept, and how much is taken."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mainspring import BootMixin, RestApplication
from mainspring.core import effective_section

from .services.store_service import FOLDER

__all__ = ["FileTransferApplication"]

BESIDE_THE_README = Path(__file__).parents[1] / "files"
SETTINGS = {"folder": str, "max_size": str}


class FileTransferApplication(BootMixin, RestApplication):
    """Files over HTTP.

    Args:
        config: The configuration. Its section ``files`` has ``folder`` and ``max_size`` of one file (such as
            ``"100 MB"``); ``MAINSPRING_FILES_FOLDER`` and ``MAINSPRING_FILES_MAX_SIZE`` win over it.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        files: dict[str, Any] = {"folder": BESIDE_THE_README, "max_size": "100 MB"}
        files |= effective_section(config or {}, "files", SETTINGS)
        size = files["max_size"]
        # Beyond a limit nothing more is read: 413.
        limits = {"stream": {"limit": size}, "multipart": {"file_size": size, "limit": "1 GB"}}
        rest = {"request_body_parser": limits, **(config or {}).get("rest", {})}
        super().__init__({"name": "file-transfer", **(config or {}), "rest": rest})
        self.project_root = Path(__file__).parent
        self.bind(FOLDER).to(Path(files["folder"]))
