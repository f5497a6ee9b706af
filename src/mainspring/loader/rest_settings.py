"""Settings of a loader that mean something to the REST server: put where it looks for them."""

from collections.abc import Iterable, Mapping
from typing import Any

from mainspring.core import CoreBindings
from mainspring.rest import RestBindings
from mainspring.rest.settings import as_options

__all__ = ["apply_changes", "apply_settings"]


def apply_settings(server: Any) -> None:
    """Bind what the settings say now; what nobody gave stays as ``config["rest"]`` has it."""
    settings = server.get_settings()
    _apply_version(server, settings)
    rest = server.rest_server
    if settings.is_given("routers"):
        _merge(rest, RestBindings.ROUTER_OPTIONS, settings.routers)
    if settings.is_given("debug"):
        _merge(rest, RestBindings.ERROR_WRITER_OPTIONS, {"debug": settings.debug})


def apply_changes(server: Any, paths: Iterable[str]) -> None:
    """The same for settings that were changed while the routes stand; the error handler is replaced as well."""
    changed = {path.partition(".")[0] for path in paths}
    if changed & {"debug", "routers", "version"}:
        apply_settings(server)
    if "error_handler" in changed:
        server.stages.use_error_handler(server.get_settings())


def _apply_version(server: Any, settings: Any) -> None:
    known = server.get_sync(CoreBindings.APPLICATION_METADATA, optional=True)
    known = dict(known) if isinstance(known, Mapping) else {}
    if settings.is_given("version") or "version" not in known:
        server.set_metadata({**known, "version": settings.version})


def _merge(rest: Any, key: Any, changes: Mapping[str, Any]) -> None:
    rest.bind(key).to({**as_options(rest.get_sync(key, optional=True), key.key), **changes})
