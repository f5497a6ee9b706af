"""Reads that go to copies of the database."""

import pytest
from tests.repository.databases import database, proxy_to, url_of

from mainspring.repository import (
    ConnectionLostError,
    DataSource,
    DataSourceError,
    DefaultCrudRepository,
    Entity,
    StaleEntityError,
    field,
    has_many,
)


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = ""
    parent_id: int | None = None
    rev: int = field(version=True)
    children: list["Note"] = has_many(lambda: Note, key_to="parent_id")


@pytest.fixture
async def copied(tmp_path):
    """A primary, and two replicas that are behind: each has only a row of its own."""
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("primary", "one", "two")]
    for url in urls[1:]:
        async with DataSource({"name": "copy", "url": url}) as ds:
            await ds.autoupdate([Note])
            await DefaultCrudRepository(Note, ds).create({"title": url[-6:-3]})
    async with DataSource({"name": "db", "url": urls[0], "replicas": urls[1:]}) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        factory = notes.create_has_many_repository_factory_for("children", notes)
        notes.register_inclusion_resolver("children", factory.inclusion_resolver)
        await notes.create_all([{"title": "a"}, {"title": "b", "parent_id": 1}])
        yield notes


async def titles(notes, **rest):
    return [note.title for note in await notes.find(**rest)]


async def test_reads_go_to_the_replicas_in_turn(copied):
    """DS-014"""
    assert [await titles(copied) for _ in range(3)] == [["one"], ["two"], ["one"]]
    assert (await copied.count()).count == 1
    assert [note.title async for note in copied.stream()] == ["one"]
    assert await copied.exists(2) is False
    stats = copied.datasource.stats()
    assert (stats["size"], stats["checked_out"]) == (45, 0)


async def test_a_call_may_ask_the_primary(copied):
    """DS-014"""
    assert await titles(copied, primary=True) == ["a", "b"]
    assert (await copied.count(primary=True)).count == 2
    assert await copied.exists(2, primary=True)
    assert (await copied.find_one({"order": "id DESC"}, primary=True)).title == "b"
    assert (await copied.find_by_id(2, primary=True)).title == "b"
    assert [note.title async for note in copied.stream(primary=True)] == ["a", "b"]
    assert [note.title for note in (await copied.find_page({}, limit=5, primary=True)).items] == ["a", "b"]
    (first, _) = await copied.find({"include": ["children"]}, primary=True)
    assert [note.title for note in first.children] == ["b"]
    (row,) = await copied.execute("SELECT count(*) AS n FROM note")
    assert row["n"] == 2


async def test_transactions_and_writes_stay_with_the_primary(copied):
    """DS-014, REPO-013, REPO-015, REPO-029"""
    async with copied.begin_transaction() as tx:
        assert await titles(copied) == ["a", "b"]
        assert await titles(copied, primary=True, transaction=tx) == ["a", "b"]
        assert await titles(copied, transaction=False) == ["one"]
    saved = await copied.save(Note(id=2, title="c"))
    assert (saved.title, saved.rev) == ("c", 2)
    with pytest.raises(StaleEntityError) as caught:
        await copied.update_by_id(2, {"title": "d", "rev": 1})
    assert caught.value.found == 2
    assert (await copied.update_all({})).count == 2
    await copied.update_by_id(2, {})


async def test_a_replica_that_goes_away_is_replaced_by_the_primary(tmp_path):
    """DS-014, DS-010"""
    async with database("postgresql", tmp_path) as config, proxy_to("postgresql") as (port, switch):
        replica = url_of("postgresql").set(port=port).render_as_string(hide_password=False)
        async with DataSource({**config, "replicas": [replica]}) as ds:
            await ds.autoupdate([Note])
            notes = DefaultCrudRepository(Note, ds)
            await notes.create({"title": "a"})
            assert await titles(notes) == ["a"]
            switch(False)
            assert [await titles(notes) for _ in range(3)] == [["a"]] * 3
            switch(True)
            assert await titles(notes) == ["a"]
            assert ds.stats()["checked_out"] == 0


async def test_replicas_that_cannot_be(tmp_path):
    """DS-014, DS-001"""
    with pytest.raises(DataSourceError, match="replicas"):
        await DataSource({"name": "db", "connector": "memory", "replicas": ["sqlite:///x.db"]}).connect()
    away = {"name": "db", "url": f"sqlite:///{tmp_path}/x.db", "replicas": [f"sqlite:///{tmp_path}/no/x.db"]}
    with pytest.raises(DataSourceError, match=r"no/x\.db"):
        await DataSource(away).connect()
    with pytest.raises(DataSourceError, match="of another kind") as caught:
        await DataSource({**away, "replicas": ["postgresql://me:secret@127.0.0.1:1/x"]}).connect()
    assert not isinstance(caught.value, ConnectionLostError)
    assert "secret" not in str(caught.value)
