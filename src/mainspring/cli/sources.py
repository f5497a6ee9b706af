"""The data sources of an application that is booted and not started, for the commands that look at databases."""

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mainspring.boot import BootMixin
from mainspring.cli.errors import Failure, UsageFailure
from mainspring.cli.lookup import find_application
from mainspring.core import Application
from mainspring.repository.datasources import DataSource
from mainspring.repository.mixin import sources_of

__all__ = ["Opened", "folder_of", "needing", "opened_sources"]


@dataclass(frozen=True, slots=True)
class Opened:
    """An application that was booted.

    Attributes:
        app: It.
        sources: Its data sources, as far as they are meant.
    """

    app: Application
    sources: list[DataSource]


@asynccontextmanager
async def opened_sources(application: str | None, names: Sequence[str]) -> AsyncIterator[Opened]:
    """The data sources, their models attached; disconnected afterwards.

    Args:
        application: As it was said.
        names: Only these; all without any.

    Raises:
        UsageFailure: There is none of a name.
    """
    app = find_application(application)
    found: list[DataSource] = []
    try:
        if isinstance(app, BootMixin):
            await app.boot()
        found = [source for source in await sources_of(app) if isinstance(source, DataSource)]
        unknown = set(names) - {source.name for source in found}
        if unknown:
            there = ", ".join(sorted(source.name for source in found)) or "none"
            raise UsageFailure(f"There is no data source {sorted(unknown)[0]!r}; there are: {there}.")
        yield Opened(app, [source for source in found if not names or source.name in names])
    finally:
        for source in found:
            await source.disconnect()
        await app.close()


def folder_of(application: str | None) -> Path:
    """Where the files of an application are: the folder that was given, else this one."""
    return Path(application) if application is not None and os.path.isdir(application) else Path()


@contextmanager
def needing(extra: str, *modules: str) -> Iterator[None]:
    """Around an import: what is missing is named with the extra that brings it.

    Raises:
        Failure: One of the modules is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in modules:
            raise
        raise Failure(f"This needs {error.name}, which is not installed: pip install 'mainspring[{extra}]'") from error
