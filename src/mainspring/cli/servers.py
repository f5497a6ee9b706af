"""The REST servers of an application, for commands that look at them without starting it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mainspring.core import Application, CoreTags
from mainspring.rest import RestServer

__all__ = ["rest_servers"]


@asynccontextmanager
async def rest_servers(app: Application) -> AsyncIterator[list[tuple[str, RestServer]]]:
    """Key and server of each, in order of declaration; the application is booted before and closed after."""
    try:
        await app.before_look()
        found = [(binding.key, await binding.get_value(app)) for binding in app.find_by_tag(CoreTags.SERVER)]
        yield [(key, server) for key, server in found if isinstance(server, RestServer)]
    finally:
        await app.close()
