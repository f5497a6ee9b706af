"""Rows in batches while the program uses the data source for other things, and calls that are cancelled anywhere."""

import asyncio
from contextlib import suppress

import pytest

from mainspring.repository import DefaultCrudRepository, Entity, belongs_to, field


class Shelf(Entity):
    id: int | None = field(id=True, generated=True)
    name: str = ""


class Book(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = ""
    shelf_id: int | None = belongs_to(lambda: Shelf)


class Copy(Entity):
    book: str = field(id=True, max_length=10)
    number: int = field(id=True)
    lent: bool = False


class Line(Entity):
    text: str = ""


@pytest.fixture
async def books(ds):
    await ds.autoupdate([Shelf, Book, Copy, Line])
    books, shelves = DefaultCrudRepository(Book, ds), DefaultCrudRepository(Shelf, ds)
    books.shelf = books.create_belongs_to_accessor_for("shelf", shelves)
    books.register_inclusion_resolver("shelf", books.shelf.inclusion_resolver)
    shelf = await shelves.create({"name": "A"})
    await books.create_all([{"title": str(number), "shelf_id": shelf.id} for number in range(23)])
    return books


async def carried_out(books, work, *, inside):
    """Do it, perhaps in a transaction, and do not wait for ever."""
    async with asyncio.timeout(20):
        if inside:
            async with books.begin_transaction():
                await work()
        else:
            await work()


@pytest.mark.parametrize("inside", [False, True])
async def test_rows_of_a_stream_can_be_changed_while_it_goes_on(books, inside):
    """REPO-027, REPO-090, REPO-092"""

    async def mark():
        async for book in books.stream({"where": {"title": {"neq": "x"}}, "order": "id DESC"}, 5):
            await books.update_by_id(book.id, {"title": "x"})

    await carried_out(books, mark, inside=inside)
    assert (await books.count({"title": "x"})).count == 23


@pytest.mark.parametrize("inside", [False, True])
async def test_rows_of_a_stream_can_be_deleted_while_it_goes_on(books, inside):
    """REPO-027, REPO-090"""

    async def clear():
        async for book in books.stream({"limit": 20, "skip": 2}, 5):
            await books.delete_by_id(book.id)

    await carried_out(books, clear, inside=inside)
    assert [book.id for book in await books.find()] == [1, 2, 23]


async def test_a_stream_includes_for_each_batch_and_leaves_the_data_source_to_others(books):
    """REPO-027"""
    async with asyncio.timeout(20):
        streamed = [book async for book in books.stream({"include": ["shelf"], "fields": ["title"]}, 5)]
        assert [(book.title, book.shelf.name) for book in streamed] == [(str(number), "A") for number in range(23)]
        assert set(streamed[0].to_json()) == {"title", "shelf"}
        stream = books.stream(None, 5)
        await anext(stream)
        assert (await asyncio.create_task(books.count())).count == 23
        await stream.aclose()
    assert books.datasource.stats()["checked_out"] == 0


async def test_rows_with_composite_ids_or_without_any_are_streamed(books):
    """REPO-027, DS-025"""
    copies, lines = DefaultCrudRepository(Copy, books.datasource), DefaultCrudRepository(Line, books.datasource)
    await copies.create_all([{"book": book, "number": number} for book in "ab" for number in range(6)])
    await lines.create_all([{"text": str(number)} for number in range(12)])
    async with asyncio.timeout(20), copies.begin_transaction():
        async for copy in copies.stream({"where": {"number": {"gt": 0}}, "order": "number DESC"}, 3):
            await copies.delete(copy)
    async with asyncio.timeout(20):
        left = [(copy.book, copy.number) async for copy in copies.stream({"limit": 2}, 1)]
        texts = [line.text async for line in lines.stream({"order": "text", "limit": 11, "skip": 1}, 3)]
    assert left == [("a", 0), ("b", 0)]
    assert texts == sorted(map(str, range(12)))[1:]


@pytest.mark.parametrize("size", [0, -1, "5", 1.5, True])
async def test_a_batch_has_a_whole_number_of_rows(memory, size):
    """REPO-027"""
    with pytest.raises(ValueError, match="batch_size"):
        DefaultCrudRepository(Book, memory).stream(None, size)


async def test_a_call_cancelled_at_any_moment_leaves_its_connection_fit_for_the_next(books):
    """REPO-024, REPO-026"""
    for moment in range(60):
        call = asyncio.create_task(books.create_all([{"title": "cancelled"}] * 3))
        for _ in range(moment):
            await asyncio.sleep(0)
        if moment % 3 == 0:
            await asyncio.sleep(0.0005)  # into what a driver does in its thread
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        assert len(await books.create_all([{"title": "next"}] * 2)) == 2
    assert (await books.count({"title": "cancelled"})).count % 3 == 0
    assert books.datasource.stats()["checked_out"] == 0


async def test_a_call_cancelled_inside_a_transaction_says_so_and_undoes_it(books):
    """REPO-026, REPO-080, REPO-087"""
    for moment in range(24):

        async def write():
            async with books.begin_transaction() as tx:
                await books.create({"title": "cancelled"})
                await books.create_all([{"title": "cancelled"}] * 2)
                async with tx.savepoint():
                    await books.update_all({"title": "cancelled too"}, {"title": "cancelled"})
                await asyncio.sleep(60)

        call = asyncio.create_task(write())
        for _ in range(moment * 2):
            await asyncio.sleep(0)
        if moment % 3 == 0:
            await asyncio.sleep(0.001)  # into what a server does
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert (await books.count({"title": {"like": "cancelled%"}})).count == 0
    assert books.datasource.stats()["checked_out"] == 0
