"""Servers in real trouble: connections killed, the network cut, deadlocks, full pools, races."""

import asyncio

import pytest
from tests.repository.databases import admin, proxy_to, url_of

from mainspring.repository import (
    ConnectionLostError,
    DataSource,
    DataSourceError,
    DefaultCrudRepository,
    Entity,
    ForeignKeyViolationError,
    ModelValidationError,
    PoolTimeoutError,
    StaleEntityError,
    TransactionError,
    UniqueViolationError,
    belongs_to,
    field,
)


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True, unique=True)
    size: int = 0


@pytest.fixture
async def notes(server):
    await server.autoupdate([Note])
    return DefaultCrudRepository(Note, server)


async def kill_all(ds, *, but=()):
    """Kill every connection of a data source from outside; gives their number."""
    kind = ds.settings["connector"]
    async with admin(kind) as run:
        if kind == "postgresql":
            name = ds.settings["connect_args"]["server_settings"]["application_name"]
            rows = await run(f"SELECT pid FROM pg_stat_activity WHERE application_name = '{name}'")
        else:
            name = ds.settings["url"].rpartition("/")[2]
            rows = await run(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'")
        found = [number for (number,) in rows if number not in but]
        for number in found:
            await run(f"SELECT pg_terminate_backend({number})" if kind == "postgresql" else f"KILL {number}")
    return len(found)


async def test_an_idle_connection_that_died_is_replaced_unseen(notes):
    """DS-010"""
    await notes.create({"title": "a"})
    assert await kill_all(notes.datasource) >= 1
    assert (await notes.create({"title": "b"})).title == "b"
    assert await kill_all(notes.datasource) >= 1
    assert (await notes.count()).count == 2


async def test_of_many_idle_connections_that_died_none_is_noticed(notes):
    """DS-010"""
    for number, calls in enumerate((["create"] * 5, ["count"] * 5, ["count", "create"] * 3, ["begin"] * 5)):
        await asyncio.gather(*(slow(notes, 0.2) for _ in range(5)))
        assert await kill_all(notes.datasource) >= 5

        async def call(name, place, turn=number):
            if name == "count":
                return await notes.count()
            if name == "create":
                return await notes.create({"title": f"{turn}.{place}"})
            async with notes.begin_transaction():
                return await notes.create({"title": f"{turn}.{place}"})

        await asyncio.gather(*(call(name, place) for place, name in enumerate(calls)))
    assert (await notes.count()).count == 13
    assert notes.datasource.stats()["checked_out"] == 0


async def test_only_what_could_not_be_repeated_asks_a_connection_in_use_whether_it_lives(notes, monkeypatch):
    """DS-010"""
    asked, dialect = [], notes.datasource.connector.dialect.sql_dialect
    ping = dialect.do_ping
    monkeypatch.setattr(dialect, "do_ping", lambda connection: asked.append(1) or ping(connection))

    async def pings(call):
        before = len(asked)
        await call
        return len(asked) - before

    note = await notes.create({"title": "a"})
    for reading in (notes.find_by_id(note.id), notes.find(), notes.count(), notes.exists(note.id)):
        assert await pings(reading) == 0
    assert await pings(notes.create({"title": "b"})) == 1
    assert await pings(notes.update_by_id(note.id, {"size": 1})) == 1
    engine = notes.datasource.connector._engine
    monkeypatch.setitem(engine._lives.__func__.__globals__, "_IDLE", 0.0)  # as if it had been idle for long
    assert await pings(notes.find_by_id(note.id)) == 1


@pytest.mark.parametrize(("says", "expected"), [(True, 2), (False, 0)])
async def test_a_pool_may_say_whether_connections_are_asked(server_config, monkeypatch, says, expected):
    """DS-001, DS-010"""
    async with DataSource({**server_config, "pool": {"pre_ping": says}}) as ds:
        await ds.autoupdate([Note])
        notes, asked, dialect = DefaultCrudRepository(Note, ds), [], ds.connector.dialect.sql_dialect
        ping = dialect.do_ping
        monkeypatch.setattr(dialect, "do_ping", lambda connection: asked.append(1) or ping(connection))
        await notes.count()
        await notes.create({"title": "a"})
        assert len(asked) == expected


async def slow(notes, seconds, **rest):
    kind = notes.datasource.settings["connector"]
    return await notes.execute(f"SELECT {'pg_sleep' if kind == 'postgresql' else 'SLEEP'}({seconds})", **rest)


async def test_a_connection_lost_in_a_statement_is_told(notes):
    """DS-010, REPO-024"""
    task = asyncio.create_task(slow(notes, 30))
    await asyncio.sleep(0.3)
    await kill_all(notes.datasource)
    with pytest.raises(ConnectionLostError) as caught:
        await task
    assert (caught.value.status, caught.value.code) == (503, "CONNECTION_LOST")
    assert (await notes.create({"title": "a"})).title == "a"
    assert notes.datasource.stats()["checked_out"] == 0


async def test_a_transaction_whose_connection_is_lost_is_over(notes):
    """DS-010, REPO-084"""
    with pytest.raises(ConnectionLostError):  # noqa: PT012 - the block is what is tested
        async with notes.begin_transaction():
            await notes.create({"title": "a"})
            await kill_all(notes.datasource)
            with pytest.raises(ConnectionLostError):
                await notes.create({"title": "b"})
            with pytest.raises(ConnectionLostError):
                await notes.find()
    assert (await notes.count()).count == 0
    assert notes.datasource.stats()["checked_out"] == 0


async def test_a_database_that_goes_away_comes_back(server_config):
    """DS-009, DS-010, REPO-024, REPO-026"""
    kind = server_config["connector"]
    async with proxy_to(kind) as (port, switch):
        url = url_of(kind).set(port=port)
        if kind == "mysql":
            url = url.set(database=server_config["url"].rpartition("/")[2])
        config = {**server_config, "url": url.render_as_string(hide_password=False)}
        async with DataSource(config) as ds:
            await ds.autoupdate([Note])
            notes = DefaultCrudRepository(Note, ds)

            async def write(number):
                await notes.create_all([{"title": f"{number}.{item}"} for item in range(20)])

            writers = [asyncio.create_task(write(number)) for number in range(60)]
            await asyncio.sleep(0.05)
            switch(False)
            done = await asyncio.gather(*writers, return_exceptions=True)
            errors = [each for each in done if each is not None]
            assert errors
            assert {type(each) for each in errors} == {ConnectionLostError}
            for call in (notes.find(), notes.create({"title": "x"}), ds.ping(), ds.execute("SELECT 1")):
                with pytest.raises(ConnectionLostError) as caught:
                    await call
                assert caught.value.status == 503
            switch(True)
            count = (await notes.count()).count
            assert count % 20 == 0
            assert count >= 20 * (60 - len(errors))
            assert (await notes.create({"title": "x"})).id is not None
            assert (ds.stats()["checked_out"], ds.stats()["waiting"]) == (0, 0)


async def test_a_database_that_is_away_at_the_start_is_named(server_config):
    """DS-001, DS-004, REPO-059, DS-007"""
    kind = server_config["connector"]
    url = f"{kind}://somebody:secret@127.0.0.1:1/away"
    ds = DataSource({"name": "far", "url": url})
    for _ in range(2):
        with pytest.raises(ConnectionLostError, match=r"'far'.*127.0.0.1:1/away") as caught:
            await ds.start()
        assert (caught.value.status, "secret" in str(caught.value)) == (503, False)
    wrong = url_of(kind).set(database="no_such_database_anywhere").render_as_string(hide_password=False)
    with pytest.raises(DataSourceError, match=r"'near'.*no_such_database_anywhere") as caught:
        await DataSource({"name": "near", "url": wrong}).connect()
    assert not isinstance(caught.value, ConnectionLostError)


async def test_of_two_transactions_in_a_deadlock_one_is_told(notes):
    """REPO-089"""
    one, other = await notes.create_all([{"title": "a"}, {"title": "b"}])
    barrier = asyncio.Barrier(2)

    async def swap(first, second):
        async with notes.begin_transaction():
            await notes.update_by_id(first.id, {"size": 1})
            await barrier.wait()
            await notes.update_by_id(second.id, {"size": 2})

    done = await asyncio.gather(swap(one, other), swap(other, one), return_exceptions=True)
    (error,) = [each for each in done if each is not None]
    assert isinstance(error, TransactionError)
    assert (error.retryable, error.status) == (True, 500)
    assert sorted(note.size for note in await notes.find()) == [1, 2]
    assert notes.datasource.stats()["checked_out"] == 0


async def test_a_deadlock_ends_the_whole_transaction(notes):
    """REPO-084, REPO-089"""
    one, other = await notes.create_all([{"title": "a"}, {"title": "b"}])
    barrier = asyncio.Barrier(2)

    async def swap(first, second, title):
        async with notes.begin_transaction():
            await notes.update_by_id(first.id, {"size": 1})
            await barrier.wait()
            try:
                await notes.update_by_id(second.id, {"size": 2})
            except TransactionError:
                await notes.create({"title": title})  # on its own it would stay

    done = await asyncio.gather(swap(one, other, "c"), swap(other, one, "d"), return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [TransactionError]
    assert (await notes.count()).count == 2


async def test_transactions_in_a_deadlock_are_repeated(notes):
    """REPO-089"""
    rows = await notes.create_all([{"title": str(number)} for number in range(4)])

    async def add(ids):
        async def work(tx):
            for own in ids:
                await notes.update_by_id(own, {"size": 1})
                await asyncio.sleep(0)
            return "done"

        return await notes.datasource.run_in_transaction(work, retries=20)

    ids = [row.id for row in rows]
    assert await asyncio.gather(*map(add, [ids, ids[::-1]])) == ["done"] * 2


async def test_a_race_for_one_value_has_one_winner(config):
    """REPO-023, REPO-025"""
    async with DataSource(config) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        done = await asyncio.gather(*(notes.create({"title": "same"}) for _ in range(50)), return_exceptions=True)
        lost = [each for each in done if isinstance(each, UniqueViolationError)]
        assert (len(lost), {each.fields for each in lost}, {each.status for each in lost}) == (49, {("title",)}, {409})
        assert (await notes.count()).count == 1
        assert (ds.stats()["checked_out"], ds.stats()["waiting"]) == (0, 0)


async def test_many_upserts_of_one_key_leave_one_row(config):
    """REPO-022"""
    async with DataSource(config) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        await asyncio.gather(*(notes.upsert({"title": "same", "size": size}, on="title") for size in range(50)))
        assert (await notes.count()).count == 1


async def test_a_full_pool_is_told_and_recovers(server_config):
    """DS-009"""
    config = {**server_config, "pool": {"size": 2, "max_overflow": 1, "timeout": 1.5}}
    async with DataSource(config) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        held = [await notes.begin_transaction() for _ in range(3)]
        done = await asyncio.gather(*(notes.count(transaction=False) for _ in range(10)), return_exceptions=True)
        assert {type(each) for each in done} == {PoolTimeoutError}
        assert done[0].status == 503
        for tx in held:
            await tx.rollback()
        found = await asyncio.gather(*(notes.count() for _ in range(30)))
        assert [each.count for each in found] == [0] * 30
        assert ds.stats()["checked_out"] == 0


async def test_a_cancelled_statement_frees_its_connection(server_config):
    """REPO-026, DS-009"""
    config = {**server_config, "pool": {"size": 1, "max_overflow": 0, "timeout": 5}}
    async with DataSource(config) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(slow(notes, 30), 0.1)
        for delay in range(10):
            task = asyncio.create_task(notes.create_all([{"title": f"{delay}.{n}"} for n in range(200)]))
            await asyncio.sleep(delay / 500)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (await notes.count()).count % 200 == 0
        assert ds.stats()["checked_out"] == 0


async def test_time_of_a_transaction_passes_while_it_waits_for_a_lock(notes):
    """REPO-086"""
    note = await notes.create({"title": "a"})
    holder = await notes.begin_transaction()
    await notes.update_by_id(note.id, {"size": 1}, transaction=holder)
    with pytest.raises(TransactionError) as caught:
        async with asyncio.timeout(10), notes.begin_transaction(timeout=0.2):
            await notes.update_by_id(note.id, {"size": 2})
    assert caught.value.code == "TRANSACTION_TIMEOUT"
    await holder.commit()
    assert (await notes.find_by_id(note.id)).size == 1
    assert notes.datasource.stats()["checked_out"] == 0


async def test_a_failed_statement_in_a_transaction(ds):
    """REPO-024, REPO-087"""
    await ds.autoupdate([Note])
    notes = DefaultCrudRepository(Note, ds)
    async with notes.begin_transaction() as tx:
        await notes.create({"title": "a"})
        with pytest.raises(UniqueViolationError):
            async with tx.savepoint():
                await notes.create({"title": "a"})
        with pytest.raises(UniqueViolationError):
            async with tx.savepoint():
                await notes.create_all([{"title": "c"}, {"title": "a"}])
        await notes.create({"title": "b"})
    assert [note.title for note in await notes.find()] == ["a", "b"]


async def test_postgresql_does_not_commit_half_a_transaction(server):
    """REPO-024, REPO-084"""
    await server.autoupdate([Note])
    notes = DefaultCrudRepository(Note, server)
    fails = server.settings["connector"] == "postgresql"

    async def work():
        async with notes.begin_transaction():
            await notes.create({"title": "a"})
            with pytest.raises(UniqueViolationError):
                await notes.create({"title": "a"})

    if fails:
        with pytest.raises(TransactionError, match="savepoint"):
            await work()
    else:
        await work()
    assert (await notes.count()).count == (0 if fails else 1)


class Owner(Entity):
    id: int | None = field(id=True, generated=True)
    code: str = field(required=True, length=5, max_length=100)
    rank: int | None = field(index=True)


class Pet(Entity):
    id: int | None = field(id=True, generated=True)
    owner_id: int | None = belongs_to(lambda: Owner, foreign_key=True)


async def test_constraints_of_the_database_are_errors_of_the_data(server):
    """REPO-023"""
    await server.autoupdate([Owner, Pet])
    owners, pets = DefaultCrudRepository(Owner, server), DefaultCrudRepository(Pet, server)
    with pytest.raises(ModelValidationError, match="longer"):
        await owners.create({"code": "123456"})
    with pytest.raises(ForeignKeyViolationError) as caught:
        await pets.create({"owner_id": 7})
    assert caught.value.fields == ("owner_id",)
    owner = await owners.create({"code": "1"})
    await pets.create({"owner_id": owner.id})
    with pytest.raises(ForeignKeyViolationError):
        await owners.delete_by_id(owner.id)
    with pytest.raises(ModelValidationError):
        await owners.update_all({"code": None})


async def test_a_stale_version_in_a_race(config):
    """REPO-029"""

    class Counted(Entity):
        id: int | None = field(id=True, generated=True)
        value: int = 0
        rev: int = field(version=True)

    async with DataSource(config) as ds:
        await ds.autoupdate([Counted])
        repo = DefaultCrudRepository(Counted, ds)
        row = await repo.create({})

        async def add():
            while True:
                found = await repo.find_by_id(row.id)
                try:
                    return await repo.update_by_id(row.id, {"value": found.value + 1, "rev": found.rev})
                except StaleEntityError:
                    continue

        await asyncio.gather(*(add() for _ in range(10)))
        found = await repo.find_by_id(row.id)
        assert (found.value, found.rev) == (10, 11)
