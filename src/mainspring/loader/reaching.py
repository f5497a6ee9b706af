"""Reaching a server from the program itself: its providers, its places, and requests without a socket."""

from collections.abc import Mapping
from typing import Any, TypeVar

from mainspring.core.errors import HarnessClosedError
from mainspring.loader.invoking import invoked
from mainspring.loader.listeners import open_place
from mainspring.loader.phases import Phases
from mainspring.rest.inprocess import InProcessAnswer, call_in_process
from mainspring.rest.places import OpenPlace

__all__ = ["Reaching"]

T = TypeVar("T")


class Reaching:
    """What a program, or its tests, may ask of a running server."""

    phases: Phases
    _is_closed_door = False

    # Providers

    async def emit(self, name: str, *args: Any) -> None:
        """Call a method on every provider that has it, one after another.

        Raises:
            Exception: What the first one raised that failed.
        """
        for instance in self.phases.providers.instances:
            method: Any = getattr(instance, name, None)
            if callable(method):
                result: Any = method(*args)
                if hasattr(type(result), "__await__"):
                    await result

    async def alter(self, name: str, value: Any, *args: Any) -> Any:
        """Pass a value through a method of every provider that has it; the last result.

        Raises:
            Exception: What the first one raised that failed.
        """
        for instance in self.phases.providers.instances:
            method: Any = getattr(instance, name, None)
            if callable(method):
                value = method(value, *args)
                if hasattr(type(value), "__await__"):
                    value = await value
        return value

    # Tests

    async def request(self, method: str, path: str, **options: Any) -> InProcessAnswer:
        """One request, in process.

        Args:
            method: The verb.
            path: The path, perhaps with a query.
            options: ``query, headers, json, body``; see `call_in_process`.

        Raises:
            HarnessClosedError: The harness of this server was left.
        """
        if self._is_closed_door:
            raise HarnessClosedError(type(self).__name__)
        return await call_in_process(self, method, path, **options)

    async def invoke(self, cls: type[T], overrides: Mapping[Any, Any] | None = None) -> T:
        """A new instance of a class, made with doubles instead of what it would be injected with.

        Its ``on_init`` was called. What the server keeps is not touched.

        Args:
            cls: The class.
            overrides: By key or class, the double: a value, or a class that is made for this instance.
        """
        made: T = await invoked(self, cls, overrides or {})
        return made

    def close_door(self) -> None:
        """Refuse further calls of `request`."""
        self._is_closed_door = True

    @property
    def http_server(self) -> OpenPlace | None:
        """Where http is spoken: ``host, port, url, listening, sockets``; ``None`` while it is not."""
        return open_place(self, "http")

    @property
    def https_server(self) -> OpenPlace | None:
        """Where https is spoken; ``None`` while it is not."""
        return open_place(self, "https")
