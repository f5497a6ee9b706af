"""The hooks of a life cycle: their names, who has which, and calling them."""

import asyncio
import logging
from collections.abc import Callable, Generator, Sequence
from itertools import repeat
from typing import Any

from mainspring.context import invoke_method
from mainspring.core.calling import call_method
from mainspring.loader.errors import StartTimeoutError

__all__ = ["NOTHING", "OLD_HOOKS", "START_HOOKS", "Hooks", "warn_of_old_hooks", "within"]

logger = logging.getLogger("mainspring.loader")

#: Hooks that the start calls on providers.
START_HOOKS = (
    "on_init",
    "on_mounting_middlewares",
    "before_routes_init",
    "on_routes_init",
    "after_routes_init",
    "before_listen",
    "after_listen",
    "on_ready",
    "on_server_ready",
)

#: The hooks of the model that people port from, with ours.
OLD_HOOKS = {
    "beforeInit": "before_init",
    "onInit": "on_init",
    "afterInit": "after_init",
    "onMountingMiddlewares": "on_mounting_middlewares",
    "beforeRoutesInit": "before_routes_init",
    "onRoutesInit": "on_routes_init",
    "afterRoutesInit": "after_routes_init",
    "beforeListen": "before_listen",
    "afterListen": "after_listen",
    "onReady": "on_ready",
    "onServerReady": "on_server_ready",
    "onServerInitError": "on_server_init_error",
    "onRequest": "on_request",
    "onResponse": "on_response",
    "onDestroy": "on_destroy",
}
_OLD_NAMES = frozenset(OLD_HOOKS)


class _Nothing:
    """What hooks give that do nothing: it may be awaited, and need not be."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield


NOTHING = _Nothing()


class Hooks:
    """Calls hooks, their parameters injected from the server.

    Args:
        server: The server.
        base: The class whose own methods are no hooks of a program.
    """

    def __init__(self, server: Any, base: type[Any]) -> None:
        self._server = server
        self._base = base

    def server_has(self, name: str) -> bool:
        """Whether the program's server defines a hook."""
        found = getattr(type(self._server), name, None)
        return callable(getattr(self._server, name, None)) and found is not getattr(self._base, name, None)

    async def call_server(self, name: str) -> None:
        """Call a hook of the server, if its class has it."""
        if self.server_has(name):
            await self._call(self._server, name, f"{type(self._server).__name__}.{name}")

    async def call_all(self, name: str, instances: Sequence[Any]) -> None:
        """Call a hook of each of these that has it, one after another."""
        # The attributes are read by `map`, each when it is the turn of its instance: of hundreds few have a hook.
        for instance, hook in zip(instances, map(getattr, instances, repeat(name), repeat(None)), strict=False):
            if hook is not None and callable(hook):
                await self._call(instance, name, f"{type(instance).__name__}.{name}")

    async def _call(self, target: Any, name: str, words: str) -> None:
        async with within(self.seconds, lambda: [words]):
            result = call_method(target, name, self._server)
            if hasattr(type(result), "__await__"):
                await result

    async def tell_server(self, name: str, error: BaseException) -> None:
        """Call a hook of the server with an error as its first argument."""
        if self.server_has(name):
            await invoke_method(self._server, name, self._server, (error,), skip_interceptors=True)

    async def tell_of_failure(self, error: Exception) -> None:
        """Tell the server what made its start fail; that hook can only look."""
        try:
            await self.tell_server("on_server_init_error", error)
        except Exception as failure:
            error.add_note(f"and, while undoing it: {failure!r}")
            logger.exception("The server's on_server_init_error failed.")

    @property
    def seconds(self) -> float | None:
        """How long a part of the start may take."""
        found = self._server.get_settings().get("start_timeout")
        return float(found) if found else None


class within:  # noqa: N801 - reads as the words of a statement
    """A time limit around a part of the start, which names what had not ended.

    Raises:
        StartTimeoutError: The time has passed.
    """

    def __init__(self, seconds: float | None, parts: Callable[[], list[str]]) -> None:
        self._seconds = seconds
        self._parts = parts
        self._timer = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timer.__aenter__()

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        parts = self._parts() if error is not None else []
        try:
            await self._timer.__aexit__(kind, error, trace)
        except TimeoutError as late:
            if self._seconds is None or not self._timer.expired():
                raise
            raise StartTimeoutError(parts, self._seconds) from late.__cause__


def warn_of_old_hooks(cls: type[Any]) -> None:
    """Say of a class that has methods spelled like the hooks of another framework how they are spelled here."""
    for klass in cls.__mro__[:-1]:
        if not _OLD_NAMES.isdisjoint(klass.__dict__):
            break
    else:  # nearly every class
        return
    for name in {name for klass in cls.__mro__ for name in OLD_HOOKS.keys() & vars(klass).keys()}:
        if callable(getattr(cls, name, None)):
            logger.warning("%s.%s is never called: the hook is spelled %s.", cls.__name__, name, OLD_HOOKS[name])
