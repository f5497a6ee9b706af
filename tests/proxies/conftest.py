"""Servers to call, and data sources that call them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from tests.proxies.remotes import Remote, reply

from mainspring import DataSource


@pytest.fixture
async def remote() -> AsyncGenerator[Remote]:
    found = Remote([reply(200, {})])
    server = await asyncio.start_server(found.talk, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()


@pytest.fixture
async def connect(remote: Remote) -> AsyncGenerator[Callable[..., DataSource]]:
    made: list[DataSource] = []

    def datasource(*operations: dict[str, Any], **settings: Any) -> DataSource:
        config = {"name": "geo", "connector": "rest", "base_url": remote.url, "operations": operations, **settings}
        made.append(DataSource(config))
        return made[-1]

    try:
        yield datasource
    finally:
        for each in made:
            await each.disconnect()
