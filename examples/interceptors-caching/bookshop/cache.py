"""What a cache is, and the one in memory.

Interceptors know `Cache` alone. One that several processes share (Redis, a datasource) is another class with its two
methods, bound in the place of `MemoryCache`.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple, Protocol

from mainspring import BindingScope, config, injectable

__all__ = ["Cache", "Clock", "MemoryCache"]


class Clock:
    """What time it is; tests bind one that they can turn."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()


class Cache(Protocol):
    """Results of calls, each in a group that is forgotten as a whole."""

    async def remember(
        self, key: str, make: Callable[[], Awaitable[Any]], *, group: str, ttl: float | None = None
    ) -> tuple[Any, bool]:
        """What is kept under a key, else what ``make`` gives; and whether it was kept.

        Args:
            key: The key.
            make: Makes the result; called once however many ask for one key meanwhile. What it raises is not kept.
            group: What the result is forgotten with.
            ttl: Seconds to keep it; without it, as long as the cache is set to.
        """
        ...

    async def forget(self, group: str) -> None:
        """Drop every result of a group; those being made are not kept either."""
        ...


class Entry(NamedTuple):
    """A result that is kept."""

    value: Any
    group: str
    until: float


@injectable(scope=BindingScope.SINGLETON)
class MemoryCache(Cache):
    """Keeps results in this process; those that were asked for least recently go when there are too many.

    Args:
        clock: What tells when a result is too old.
        ttl: Configuration: seconds to keep a result.
        size: Configuration: how many results at most.
    """

    def __init__(
        self,
        clock: Clock,
        ttl: Annotated[float, config("ttl")] = 60.0,
        size: Annotated[int, config("size")] = 1000,
    ) -> None:
        self.clock, self.ttl, self.size = clock, ttl, size
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._being_made: dict[str, asyncio.Event] = {}
        self._forgotten: Counter[str] = Counter()  # how often each group was: tells that it was meanwhile

    def __len__(self) -> int:
        return len(self._entries)

    async def remember(
        self, key: str, make: Callable[[], Awaitable[Any]], *, group: str, ttl: float | None = None
    ) -> tuple[Any, bool]:
        """What is kept under a key, else what ``make`` gives; and whether it was kept."""
        while (entry := self._kept(key)) is None:
            under_way = self._being_made.get(key)
            if under_way is None:
                return await self._made(key, make, group, self.ttl if ttl is None else ttl), False
            await under_way.wait()  # then it is there; if not, because that call failed, this one makes it
        return entry.value, True

    async def forget(self, group: str) -> None:
        """Drop every result of a group."""
        self._forgotten[group] += 1
        for key in [key for key, entry in self._entries.items() if entry.group == group]:
            del self._entries[key]

    def _kept(self, key: str) -> Entry | None:
        entry = self._entries.get(key)
        if entry is not None and entry.until <= self.clock.now():
            del self._entries[key]
            return None
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    async def _made(self, key: str, make: Callable[[], Awaitable[Any]], group: str, ttl: float) -> Any:
        done = self._being_made[key] = asyncio.Event()
        forgotten = self._forgotten[group]
        try:
            value = await make()
            if forgotten == self._forgotten[group]:  # else it may be of before the change
                self._entries[key] = Entry(value, group, self.clock.now() + ttl)
                if len(self._entries) > self.size:
                    self._entries.popitem(last=False)
            return value
        finally:
            del self._being_made[key]
            done.set()
