"""Copies of the database that only answer reads."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

from mainspring.repository.configuration import inferred_connector
from mainspring.repository.errors import DataSourceError
from mainspring.repository.events import QueryListeners
from mainspring.repository.shielding import finish
from mainspring.repository.sql.dialects import dialect_of
from mainspring.repository.sql.engine import SqlEngine

__all__ = ["Replicas"]

#: What a replica has of its own: everything else is as for the primary.
_PLACE = ("url", "host", "port", "user", "password", "database", "file", "replicas")


class Replicas:
    """The replicas of a data source, asked in turn.

    Args:
        datasource: The name of the data source.
        settings: Its configuration; ``replicas`` are URLs.
        listeners: Who is told of statements.

    Raises:
        DataSourceError: The database can have no replicas.
    """

    def __init__(self, datasource: str, settings: Mapping[str, Any], listeners: QueryListeners) -> None:
        urls = settings.get("replicas") or ()
        if urls and (settings["connector"] == "memory" or isinstance(urls, str)):
            raise DataSourceError(datasource, "replicas are a list of urls, of databases that are not in memory")
        common = {name: value for name, value in settings.items() if name not in _PLACE}
        self._engines: list[SqlEngine] = []
        for url in urls:
            own = {**common, "url": str(url)}
            inferred_connector(datasource, own)  # the same kind of database
            self._engines.append(SqlEngine(datasource, own, dialect_of(datasource, own), listeners))
        self._turns = cycle(self._engines)

    def __bool__(self) -> bool:
        return bool(self._engines)

    def next(self) -> SqlEngine:
        """The one whose turn it is."""
        return next(self._turns)

    async def open(self) -> None:
        """Open all or none.

        Raises:
            DataSourceError: One cannot be opened; it is named.
        """
        try:
            for engine in self._engines:
                await engine.open()
        except BaseException:
            await finish(self.close())
            raise

    async def close(self) -> None:
        """Close every connection."""
        for engine in self._engines:
            await engine.close()

    def stats(self) -> list[Mapping[str, int]]:
        """The numbers of each."""
        return [engine.stats() for engine in self._engines]
