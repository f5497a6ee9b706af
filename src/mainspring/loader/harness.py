"""A server under test: its real life cycle without sockets, anything replaced, requests in process."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from mainspring.context import Binding
from mainspring.core.overriding import Overrides
from mainspring.loader.server import ServerLoader
from mainspring.rest import RestServer

__all__ = ["harness"]

S = TypeVar("S", bound=ServerLoader)


class harness(Generic[S]):  # noqa: N801 - used as the words of a statement
    """Run a server for the length of a block: ``async with harness(MyServer) as server:``.

    Args:
        cls: The class of the server.
        settings: Its configuration; ``env`` is ``test`` unless it says otherwise.
        overrides: By key or class, a value or class that takes the place of what is bound there, before anything is
            built, and of what is bound there later.
        network: Whether sockets are opened.

    Raises:
        TypeError: It is no class of servers.
    """

    def __init__(
        self,
        cls: type[S],
        settings: Mapping[str, Any] | None = None,
        *,
        overrides: Mapping[Any, Any] | None = None,
        network: bool = False,
    ) -> None:
        if not (isinstance(cls, type) and issubclass(cls, ServerLoader)):
            raise TypeError(f"harness takes a subclass of ServerLoader, not {cls!r}.")
        self._cls = cls
        self._settings = {"env": "test", **(settings or {})}
        self._replacements = dict(overrides or {})
        self._network = network
        self._server: S | None = None
        self._overrides: Overrides | None = None

    async def __aenter__(self) -> S:
        server = self._server = self._cls(self._settings)
        ours: WeakSet[Binding[Any]] = WeakSet()
        self._overrides = Overrides(self._replacements, lambda: _contexts(server), ours)
        self._overrides.begin()
        server.on("bind", self._overrides.follow)
        try:
            await server.listen(network=self._network)
        except BaseException:
            await self._leave()
            raise
        return server

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._server is not None:
                await self._server.stop()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        server, overrides = self._server, self._overrides
        if server is None or overrides is None:
            return
        server.off("bind", overrides.follow)
        overrides.end()
        server.close_door()
        await server.close()


def _contexts(server: ServerLoader) -> list[Any]:
    made: list[Any] = [server]
    binding = server.own_binding("servers.RestServer")
    if binding is not None and isinstance(kept := server.kept_value(binding), RestServer):
        made.append(kept)
    return made
