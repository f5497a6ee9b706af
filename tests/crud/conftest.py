"""Applications that serve models, and a client that calls them without a network."""

import sys
import textwrap
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.repository.databases import ALL, database

from mainspring import BootMixin, DataSource, RepositoryMixin, RestApplication


class App(RepositoryMixin, RestApplication):
    """An application with one data source, in memory unless its configuration is given."""

    def __init__(self, database=None):
        super().__init__({"rest": {"port": 0}})
        self.datasource(DataSource(database or {"name": "db", "connector": "memory"}))


class BootedApp(BootMixin, App):
    """The same, for files."""


@pytest.fixture
def app():
    return App()


@pytest.fixture(params=ALL)
async def stored_app(request, tmp_path):
    """The same on each database there is."""
    async with database(request.param, tmp_path) as config:
        yield App(config)


@pytest.fixture
def booted_app(tmp_path):
    """An application without any file yet."""
    app = BootedApp()
    app.project_root = tmp_path
    return app


@pytest.fixture
def running():
    """``async with running(app) as client``: the application started, and a client for it."""

    @asynccontextmanager
    async def run(app):
        await app.migrate_schema()
        async with app, httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            yield client

    return run


@pytest.fixture
def project(tmp_path):
    """``project(file=text, ...)`` writes files into ``model_endpoints`` and gives the folder above it."""

    def write(**files):
        folder = tmp_path / "model_endpoints"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        return tmp_path

    before = set(sys.modules)
    yield write
    for name in set(sys.modules) - before:
        if name.startswith("_mainspring_"):
            del sys.modules[name]
