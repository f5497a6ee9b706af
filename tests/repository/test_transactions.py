"""Transactions and savepoints."""

import asyncio

import pytest

from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    Entity,
    EntityNotFoundError,
    TransactionError,
    field,
)


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = ""


@pytest.fixture
async def notes(ds):
    await ds.autoupdate([Note])
    return DefaultCrudRepository(Note, ds)


async def test_a_block_commits_or_rolls_back(notes):
    """REPO-080, REPO-081, REPO-082"""
    async with notes.begin_transaction() as tx:
        made = await notes.create({"title": "a"})
        assert tx.is_active
    assert (await notes.find_by_id(made.id)).title == "a"
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught:  # noqa: PT012 - the block is what is tested
        async with notes.begin_transaction():
            gone = await notes.create({"title": "b"})
            raise error
    assert caught.value is error
    with pytest.raises(EntityNotFoundError):
        await notes.find_by_id(gone.id)


async def test_a_transaction_can_be_ended_by_hand(notes):
    """REPO-080, REPO-084"""
    tx = await notes.begin_transaction()
    await notes.create({"title": "a"}, transaction=tx)
    await tx.rollback()
    await tx.rollback()
    assert not tx.is_active
    with pytest.raises(TransactionError, match="rolled back"):
        await notes.create({"title": "b"}, transaction=tx)
    with pytest.raises(TransactionError):
        await tx.commit()
    tx = await notes.begin_transaction()
    await tx.commit()
    with pytest.raises(TransactionError, match="committed"):
        await notes.find(transaction=tx)


async def test_a_task_started_inside_is_outside(tmp_path):
    """REPO-081, REPO-082"""
    async with DataSource({"name": "db", "url": f"sqlite:///{tmp_path}/x.db"}) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        async with notes.begin_transaction() as tx:
            await notes.create({"title": "a"})
            inside = asyncio.create_task(notes.count(transaction=tx))
            outside = asyncio.create_task(notes.count())
            assert ((await inside).count, (await outside).count) == (1, 0)
            assert (await notes.count(transaction=False)).count == 0


async def test_memory_waits_for_the_end(memory):
    """REPO-092"""
    notes = DefaultCrudRepository(Note, memory)
    async with notes.begin_transaction():
        await notes.create({"title": "a"})
        outside = asyncio.create_task(notes.count())
        await asyncio.sleep(0.01)
        assert not outside.done()
        with pytest.raises(TransactionError, match="own end"):
            await notes.count(transaction=False)
    assert (await outside).count == 1


async def test_cancellation_rolls_back(notes):
    """REPO-080, REPO-026"""
    entered = asyncio.Event()

    async def work():
        async with notes.begin_transaction():
            await notes.create({"title": "a"})
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await notes.count()).count == 0
    assert notes.datasource.stats()["checked_out"] == 0


async def test_savepoints_undo_their_part_only(notes):
    """REPO-087, REPO-088"""
    log = []
    async with notes.begin_transaction() as tx:
        await notes.create({"title": "a"})
        tx.on_commit(lambda: log.append("outer"))
        with pytest.raises(ValueError, match="inner"):  # noqa: PT012 - the block is what is tested
            async with tx.savepoint():
                await notes.create({"title": "b"})
                tx.on_commit(lambda: log.append("inner"))
                raise ValueError("inner")
        async with notes.begin_transaction():
            await notes.create({"title": "c"})
        assert log == []
    assert [note.title for note in await notes.find()] == ["a", "c"]
    assert log == ["outer"]


async def test_a_timeout_rolls_back(notes):
    """REPO-086"""
    tx = await notes.begin_transaction(timeout=1)
    await notes.create({"title": "a"}, transaction=tx)
    await asyncio.sleep(1.5)
    with pytest.raises(TransactionError, match="timeout") as caught:
        await notes.create({"title": "b"}, transaction=tx)
    assert caught.value.code == "TRANSACTION_TIMEOUT"
    assert (await notes.count()).count == 0


async def test_options_of_a_transaction(notes):
    """REPO-085, REPO-089"""
    for level in ("READ COMMITTED", "serializable", "REPEATABLE_READ"):
        async with notes.begin_transaction(level):
            pass
    with pytest.raises(TransactionError, match="SOMETIMES"):
        notes.begin_transaction("SOMETIMES")
    async with notes.begin_transaction(read_only=True):
        await notes.find()
        with pytest.raises(TransactionError, match="read-only"):
            await notes.create({"title": "a"})


async def test_a_foreign_transaction_is_not_used(notes):
    """REPO-083"""
    async with DataSource({"name": "strict", "connector": "memory", "strict_transactions": True}) as other:
        others = DefaultCrudRepository(Note, other)
        async with notes.begin_transaction() as tx:
            with pytest.raises(TransactionError, match="belongs to"):
                await others.create({"title": "x"}, transaction=tx)
    async with DataSource({"name": "loose", "connector": "memory"}) as other:
        others = DefaultCrudRepository(Note, other)
        tx = await notes.begin_transaction()
        await others.create({"title": "x"}, transaction=tx)
        await tx.rollback()
        assert (await others.count()).count == 1


async def test_work_is_repeated_when_the_database_asks(notes):
    """REPO-089"""
    attempts = []

    async def work(tx):
        attempts.append(tx)
        await notes.create({"title": "a"})
        if len(attempts) < 3:
            raise TransactionError("again", retryable=True)
        return "done"

    assert await notes.datasource.run_in_transaction(work) == "done"
    assert (len(attempts), (await notes.count()).count) == (3, 1)


async def test_a_task_may_hold_several_transactions_that_do_not_wait_for_each_other(tmp_path):
    """REPO-081, REPO-089, REPO-092"""
    async with DataSource({"name": "db", "connector": "sqlite", "database": str(tmp_path / "a.db")}) as ds:
        await ds.autoupdate([Note])
        notes = DefaultCrudRepository(Note, ds)
        readers = [await notes.begin_transaction(read_only=True) for _ in range(2)]
        writer = await notes.begin_transaction()
        await notes.create({"title": "a"}, transaction=writer)
        for reader in readers:
            assert (await notes.count(transaction=reader)).count == 0
        with pytest.raises(TransactionError, match="would wait for itself"):
            await notes.begin_transaction()
        with pytest.raises(TransactionError, match="wait for its own end"):
            await notes.create({"title": "b"}, transaction=False)
        await writer.commit()
        for reader in readers:
            await reader.rollback()
        assert (await notes.count()).count == 1
