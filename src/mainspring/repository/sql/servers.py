"""What databases have in common that are servers: addresses, time to connect, and connections nobody closed."""

from abc import abstractmethod
from contextlib import suppress
from typing import Any, ClassVar

from sqlalchemy import URL, make_url

from mainspring.repository.errors import DataSourceError
from mainspring.repository.sql.dialects import Dialect

__all__ = ["CONNECT_TIMEOUT", "ServerDialect", "abandon"]

#: Seconds to wait for a server that does not answer.
CONNECT_TIMEOUT = 10


class ServerDialect(Dialect):
    """A database that is reached over the network."""

    #: SQLAlchemy's name of the database, and the one driver that is used with it.
    scheme: ClassVar[str]
    driver: ClassVar[str]
    default_port: ClassVar[int]
    is_server = True

    def url(self) -> URL:
        """The URL with the driver filled in.

        Raises:
            DataSourceError: It names another driver, or no database is said.
        """
        given = self.settings.get("url")
        url = make_url(given) if given is not None else self._of_parts()
        named = url.drivername.partition("+")[2]
        if named not in ("", self.driver):
            raise DataSourceError(
                self.datasource, f"the driver {named!r} is not supported; leave it out of the url, or use {self.driver}"
            )
        if not url.database:
            raise DataSourceError(self.datasource, "no database is named; add it to the url, or give `database`")
        return self.adapted(url.set(drivername=f"{self.scheme}+{self.driver}"))

    def _of_parts(self) -> URL:
        settings = self.settings
        return URL.create(
            self.scheme,
            username=settings.get("user"),
            password=settings.get("password"),
            host=settings.get("host", "localhost"),
            port=int(settings.get("port", self.default_port)),
            database=settings.get("database"),
        )

    def adapted(self, url: URL) -> URL:
        """The URL in the words of the driver."""
        return url

    @abstractmethod
    def default_connect_args(self) -> dict[str, Any]:
        """What the driver is called with, under what the configuration says."""

    def engine_options(self) -> dict[str, Any]:
        """What the engine is made with."""
        return {"connect_args": {**self.default_connect_args(), **self.settings.get("connect_args", {})}}


def abandon(transport: Any) -> None:
    """Close a connection whose event loop may be closed already: nobody can wait for it any more."""
    with suppress(RuntimeError):  # the loop is closed
        transport.abort()
    loop = getattr(transport, "_loop", None)
    if loop is not None and loop.is_running():
        return  # it is collected while others go on, and the loop does the rest
    lose = getattr(transport, "_call_connection_lost", None)  # what the loop would call next, if it still ran
    if lose is not None:
        with suppress(RuntimeError, OSError):
            lose(None)
