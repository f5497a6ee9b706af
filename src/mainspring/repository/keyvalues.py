"""Key-value repositories: instances of a model under keys, which may expire.

What is stored is a copy: changing an object after ``set`` or ``get`` does not change the store.
"""

import copy
import fnmatch
import heapq
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from mainspring.repository.conversion import model_values
from mainspring.repository.datasources import DataSource
from mainspring.repository.definitions import definition_of
from mainspring.repository.errors import RepositoryError, UnsupportedOperationError
from mainspring.repository.events import QueryListeners
from mainspring.repository.models import Model
from mainspring.repository.preparing import raw_data, validation_error
from mainspring.repository.scalars import Mode

__all__ = ["DefaultKeyValueRepository", "KeyValueConnector", "MemoryKeyValueConnector"]

V = TypeVar("V", bound=Model)

#: Notes of expiry more than needed that are not worth to be swept.
_SPARE_NOTES = 64


@runtime_checkable
class KeyValueConnector(Protocol):
    """A connector that keeps values under keys; ``space`` is the model's name, times are milliseconds."""

    async def kv_set(self, space: str, key: str, value: Any, ttl: float | None) -> None:
        """Store a value."""
        ...

    async def kv_get(self, space: str, key: str) -> Any:
        """The value, ``None`` where there is none."""
        ...

    async def kv_delete(self, space: str, key: str | None) -> None:
        """Delete one value, or all of a space."""
        ...

    async def kv_keys(self, space: str) -> list[str]:
        """The keys, in the order they were first set."""
        ...

    async def kv_expire(self, space: str, key: str, ttl: float | None) -> bool:
        """Set the time that is left; whether there is such a key."""
        ...

    async def kv_ttl(self, space: str, key: str) -> tuple[bool, float | None]:
        """Whether there is such a key, and the time that is left."""
        ...


class MemoryKeyValueConnector:
    """Keeps values in this process until the data source is disconnected.

    Args:
        datasource: The data source's name.
        settings: Its configuration.
        listeners: Who is told of statements; there are none here.
    """

    def __init__(self, datasource: str, settings: Mapping[str, Any], listeners: QueryListeners) -> None:
        self.name, self._datasource = str(settings["connector"]), datasource
        self._listeners = listeners
        self._spaces: dict[str, dict[str, tuple[Any, float | None]]] = {}
        #: When values expire, the next first: looking at all of them at every call would cost as much as there are.
        self._ends: list[tuple[float, str, str]] = []

    async def connect(self) -> None:
        """Nothing has to be opened."""

    async def disconnect(self) -> None:
        """Forget everything."""
        self._spaces.clear()
        self._ends.clear()

    async def ping(self) -> None:
        """It is always there."""

    def stats(self) -> Mapping[str, int]:
        """Numbers in the words of other data sources."""
        return {"size": 1, "checked_out": 0, "waiting": 0, "statements": 0, "errors": self._listeners.errors}

    def _live(self, space: str) -> dict[str, tuple[Any, float | None]]:
        """The values of a space that have not expired."""
        now = time.monotonic()
        while self._ends and self._ends[0][0] <= now:
            until, there, key = heapq.heappop(self._ends)
            if self._spaces.get(there, {}).get(key, (None, None))[1] == until:  # else it was set anew meanwhile
                del self._spaces[there][key]
        return self._spaces.setdefault(space, {})

    def _end_at(self, space: str, key: str, until: float | None) -> None:
        """Note when a value expires; notes of those that were set anew are dropped when they are most of all."""
        if until is None:
            return
        heapq.heappush(self._ends, (until, space, key))
        if len(self._ends) > 2 * sum(map(len, self._spaces.values())) + _SPARE_NOTES:
            self._ends = [
                (end, there, name)
                for there, entries in self._spaces.items()
                for name, (_, end) in entries.items()
                if end is not None
            ]
            heapq.heapify(self._ends)

    async def kv_set(self, space: str, key: str, value: Any, ttl: float | None) -> None:
        """Store a value; a key that is there keeps its place."""
        until = _until(ttl)
        self._live(space)[key] = (value, until)
        self._end_at(space, key, until)

    async def kv_get(self, space: str, key: str) -> Any:
        """The value."""
        return self._live(space).get(key, (None, None))[0]

    async def kv_delete(self, space: str, key: str | None) -> None:
        """Delete one value, or all."""
        if key is None:
            self._spaces.pop(space, None)
        else:
            self._live(space).pop(key, None)

    async def kv_keys(self, space: str) -> list[str]:
        """The keys."""
        return list(self._live(space))

    async def kv_expire(self, space: str, key: str, ttl: float | None) -> bool:
        """Set the time that is left."""
        entries = self._live(space)
        if key not in entries:
            return False
        until = _until(ttl)
        entries[key] = (entries[key][0], until)
        self._end_at(space, key, until)
        return True

    async def kv_ttl(self, space: str, key: str) -> tuple[bool, float | None]:
        """The time that is left."""
        entries = self._live(space)
        if key not in entries:
            return False, None
        until = entries[key][1]
        return True, None if until is None else (until - time.monotonic()) * 1000


def _until(ttl: float | None) -> float | None:
    return None if ttl is None else time.monotonic() + ttl / 1000


class DefaultKeyValueRepository(Generic[V]):
    """Instances of a model under keys.

    Args:
        entity: The model class.
        datasource: A data source that keeps values under keys (``kv-memory``).
    """

    def __init__(self, entity: type[V], datasource: DataSource) -> None:
        self.entity: type[V] = entity
        self.datasource = datasource

    async def _connector(self) -> KeyValueConnector:
        connector = await self.datasource.ready()
        if not isinstance(connector, KeyValueConnector):
            raise UnsupportedOperationError.of(self.datasource.name, "values under keys")
        return connector

    @property
    def _space(self) -> str:
        return definition_of(self.entity).name

    async def set(self, key: str, value: V | Mapping[str, Any], ttl: float | None = None) -> None:
        """Store a value.

        Args:
            key: The key.
            value: An instance or a mapping.
            ttl: Milliseconds until it expires; never without it.

        Raises:
            ModelValidationError: The value does not fit the model.
        """
        definition = definition_of(self.entity)
        values, violations = model_values(definition, raw_data(definition, value), Mode.DATA)
        if violations:
            raise validation_error(definition, violations)
        await (await self._connector()).kv_set(self._space, key, values, ttl)

    async def get(self, key: str) -> V | None:
        """The value under a key, ``None`` where there is none."""
        values = await (await self._connector()).kv_get(self._space, key)
        return None if values is None else self.entity(copy.deepcopy(values))

    async def delete(self, key: str) -> None:
        """Delete the value under a key."""
        await (await self._connector()).kv_delete(self._space, key)

    async def delete_all(self) -> None:
        """Delete every value."""
        await (await self._connector()).kv_delete(self._space, None)

    async def keys(self, match: str | None = None) -> AsyncIterator[str]:
        """The keys, in the order they were first set.

        Args:
            match: A pattern with ``*`` and ``?``.
        """
        for key in await (await self._connector()).kv_keys(self._space):
            if match is None or fnmatch.fnmatchcase(key, match):
                yield key

    async def ttl(self, key: str) -> float | None:
        """The milliseconds that are left, ``None`` where it does not expire.

        Raises:
            RepositoryError: There is no such key.
        """
        known, left = await (await self._connector()).kv_ttl(self._space, key)
        if not known:
            raise RepositoryError(f"Cannot get TTL for unknown key {_quoted(key)}")
        return left

    async def expire(self, key: str, ttl: float) -> None:
        """Set the milliseconds that are left.

        Raises:
            RepositoryError: There is no such key.
        """
        if not await (await self._connector()).kv_expire(self._space, key, ttl):
            raise RepositoryError(f"Cannot set expiration on unknown key {_quoted(key)}")


def _quoted(key: str) -> str:
    return f'"{key}"'
