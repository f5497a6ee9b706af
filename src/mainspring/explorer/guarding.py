"""Who may see the context explorer.

Where the application says who may (`ExplorerBindings.AUTHORISE`), that holds, everywhere. Otherwise nobody may in
production, and elsewhere whoever sits at this machine: neither a proxy's clients nor other pages in the same browser.
"""

import inspect
import logging
import os
from ipaddress import ip_address
from typing import Any

from mainspring.core import Application
from mainspring.core.settings import PREFIX
from mainspring.explorer.keys import ExplorerBindings
from mainspring.http import HttpErrors
from mainspring.rest import Request, RequestContext

__all__ = ["Guard"]

logger = logging.getLogger(__name__)

_PRODUCTION = ("production", "prod")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_WAY_OUT = "bind a function of the request's context that says who may see it at ExplorerBindings.AUTHORISE"


class Guard:
    """Refuses requests that may not see the explorer.

    Args:
        app: The application.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._has_warned = False

    async def check(self, context: RequestContext) -> None:
        """Let a request pass, or refuse it.

        Raises:
            HttpError: 403; or what the application's own rule raises.
        """
        if _is_of_another_page(context.request):
            raise HttpErrors.Forbidden("The context explorer answers its own page alone.")
        authorise = await context.get(ExplorerBindings.AUTHORISE, optional=True)
        if authorise is not None:
            allowed = authorise(context)
            if not (await allowed if inspect.isawaitable(allowed) else allowed):
                raise HttpErrors.Forbidden("The context explorer is not for this client.")
        elif environment_of(self._app) in _PRODUCTION:
            self._warn()
            raise HttpErrors.Forbidden("The context explorer is closed in production.")
        elif not _is_of_this_machine(context.request):
            raise HttpErrors.Forbidden(f"The context explorer answers this machine alone; for others, {_WAY_OUT}.")

    def _warn(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning("The context explorer refuses everybody in production: %s.", _WAY_OUT)


def environment_of(app: Application) -> str:
    """The setting ``env`` of a server loader, else ``MAINSPRING_ENV``; ``development`` where nothing is said."""
    settings = getattr(app, "get_settings", None)
    said = settings().get("env") if settings is not None else os.environ.get(f"{PREFIX}ENV")
    return str(said or "development").strip().lower()


def _is_of_another_page(request: Request) -> bool:
    """Whether a browser says that the page of another origin wants to read it; a link there is followed."""
    if request.headers.get("sec-fetch-mode") == "navigate":
        return False
    origin = request.headers.get("origin")
    return request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none") or (
        origin is not None and origin != request.origin
    )


def _is_of_this_machine(request: Request) -> bool:
    """Whether the client is on this machine and called it so: a name of somebody else may lead here as well."""
    if request.forwarding is None and any(name in request.headers for name in _FORWARDED):
        return False
    client, (host, _) = request.client, request.host
    return client is not None and _is_local(client[0]) and _is_local(host)


def _is_local(host: Any) -> bool:
    name = str(host).strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
