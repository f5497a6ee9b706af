"""Folders of files: the setting ``statics`` taken apart, and the folders found."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from mainspring.context import Binding, BindingKey, Next
from mainspring.loader.errors import SettingTypeError
from mainspring.loader.mounting import report_nothing
from mainspring.loader.scanning import listed
from mainspring.rest.context import RequestContext
from mainspring.rest.heads import finished
from mainspring.rest.sending import send_reply
from mainspring.rest.statics import static_mount

__all__ = ["folders_of", "serve_first", "split_static", "static_folders"]


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


def folders_of(directory: Any, options: Mapping[str, Any] | None, settings: Any) -> tuple[list[str], dict[str, Any]]:
    """The absolute folders and the options of what `ServerLoader.static` is given."""
    given: dict[str, Any] = {}
    if isinstance(directory, Mapping):
        directory, given = split_static(directory)
    return [settings.path(each) for each in listed(directory)], {**given, **(options or {})}


def serve_first(server: Any, path: Any, folders: list[str], options: Mapping[str, Any]) -> Binding[Any]:
    """Serve files before the operations: what is no file goes on to them.

    Raises:
        SettingError: An option is unknown or impossible.
    """
    mount = static_mount(path, folders, {"fallthrough": True, **options})

    async def files_first(ctx: RequestContext, next: Next) -> Any:
        exchange = ctx.request.exchange
        below = mount.rest_of(exchange.path) if exchange.path and exchange.method in ("GET", "HEAD") else None
        reply = await mount.files.answer(exchange, below) if below is not None else None
        if reply is None:
            return await next()
        await send_reply(exchange, finished(exchange, reply))
        return None

    server.stages.use_in_front(files_first)
    binding: Binding[Any] = Binding(BindingKey.generate("statics")).to(mount)
    server.add(binding)
    return binding


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
