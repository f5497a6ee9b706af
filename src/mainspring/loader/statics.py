"""Folders of files: the setting ``statics`` taken apart, and the folders found."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from mainspring.loader.errors import SettingTypeError
from mainspring.loader.mounting import report_nothing
from mainspring.loader.scanning import listed

__all__ = ["split_static", "static_folders"]


def split_static(what: Any) -> tuple[Any, dict[str, Any]]:
    """The folder and the options of an entry: a folder, or a mapping of options with its ``root``.

    Raises:
        SettingTypeError: It is neither.
    """
    if isinstance(what, Mapping):
        options = {key: value for key, value in what.items() if key != "root"}
        if "root" in what:
            return what["root"], options
    elif isinstance(what, str | os.PathLike):
        return what, {}
    raise SettingTypeError("statics", f"has folders, or mappings with a 'root', and {what!r} is neither")


def static_folders(server: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, folder and options of each entry of the setting, in order.

    Raises:
        MountError: A folder is not there, and the settings are strict.
    """
    settings = server.get_settings()
    for path, entries in settings.statics.items():
        for entry in listed(entries):
            folder, options = split_static(entry)
            absolute = settings.path(folder)
            if not os.path.isdir(absolute):
                report_nothing(server, path, str(folder), "is no folder")
            yield path, absolute, options
