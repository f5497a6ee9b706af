"""A data source in memory, one in a file, and a list of the statements they sent."""

import pytest

from mainspring.repository import DataSource


@pytest.fixture
async def memory():
    async with DataSource({"name": "db", "connector": "memory"}) as ds:
        yield ds


@pytest.fixture(params=["memory", "sqlite"])
async def ds(request, tmp_path):
    config = {"name": "db", "connector": request.param}
    if request.param == "sqlite":
        config["database"] = str(tmp_path / "test.db")
    async with DataSource(config) as source:
        yield source


@pytest.fixture
def statements():
    """``statements(ds)`` gives a list that grows by the texts of the statements of programs."""

    def watch(source):
        seen = []
        source.on("query", lambda event: seen.append(event.sql) if event.kind == "query" else None)
        return seen

    return watch
