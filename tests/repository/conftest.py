"""Data sources to test with, and a list of the statements they sent."""

import pytest
from tests.repository.databases import ALL, SERVERS, database

from mainspring.repository import DataSource


@pytest.fixture
async def memory():
    async with DataSource({"name": "db", "connector": "memory"}) as ds:
        yield ds


@pytest.fixture(params=ALL)
async def config(request, tmp_path):
    """The configuration of an empty database, once per kind."""
    async with database(request.param, tmp_path) as found:
        yield found


@pytest.fixture(params=SERVERS)
async def server_config(request, tmp_path):
    """The same, of servers alone."""
    async with database(request.param, tmp_path) as found:
        yield found


@pytest.fixture
async def ds(config):
    async with DataSource(config) as source:
        yield source


@pytest.fixture
async def server(server_config):
    async with DataSource(server_config) as source:
        yield source


@pytest.fixture
def statements():
    """``statements(ds)`` gives a list that grows by the texts of the statements of programs."""

    def watch(source):
        seen = []
        source.on("query", lambda event: seen.append(event.sql) if event.kind == "query" else None)
        return seen

    return watch
