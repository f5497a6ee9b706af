"""Pages by cursors."""

import base64

import pytest

from mainspring.repository import DefaultCrudRepository, Entity, InvalidFilterError, field


class Row(Entity):
    id: int | None = field(id=True, generated=True)
    rank: int | None = None
    name: str = ""


@pytest.fixture
async def rows(ds):
    await ds.autoupdate([Row])
    repo = DefaultCrudRepository(Row, ds)
    ranks = [3, None, 1, 3, None, 2, 2, 1, None, 3, 5]
    await repo.create_all([{"rank": rank, "name": "ab"[number % 2]} for number, rank in enumerate(ranks)])
    return repo


@pytest.mark.parametrize("order", [None, "rank", "rank DESC", ["rank DESC", "name"], ["name", "rank DESC", "id DESC"]])
async def test_walking_the_pages_gives_every_row_once(rows, order):
    """REPO-028, FILTER-021"""
    query = {} if order is None else {"order": order}
    expected = [row.id for row in await rows.find(query)]
    forward, cursor = [], None
    while True:
        page = await rows.find_page(query, limit=3, after=cursor)
        assert (page.previous is None) == (cursor is None)
        forward += [row.id for row in page.items]
        last, cursor = page, page.next
        if cursor is None:
            break
    assert forward == expected
    backward = [row.id for row in last.items]
    cursor = last.previous
    while cursor is not None:
        page = await rows.find_page(query, limit=3, before=cursor)
        backward = [row.id for row in page.items] + backward
        cursor = page.previous
    assert backward == expected


async def test_rows_that_come_and_go_do_not_shift_pages(rows):
    """REPO-028"""
    first = await rows.find_page({"order": "rank", "fields": ["name"]}, limit=4)
    assert first.items[0].to_json() == {"name": "a"}
    await rows.create({"rank": 0})
    await rows.delete_by_id(3)
    rest = await rows.find_page({"order": "rank", "fields": ["name"]}, limit=50, after=first.next)
    assert len(rest.items) == 7
    assert rest.next is None


async def test_a_cursor_fits_its_own_query_only(rows):
    """REPO-028"""
    cursor = (await rows.find_page({"order": "rank"}, limit=2)).next
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    raw[-2] ^= 1
    tampered = base64.urlsafe_b64encode(bytes(raw)).decode()
    for query, after in (
        ({}, cursor),
        ({"order": "rank", "where": {"rank": 1}}, cursor),
        ({"order": "rank"}, tampered),
    ):
        with pytest.raises(InvalidFilterError, match="cursor"):
            await rows.find_page(query, limit=2, after=after)
    for bad in ("x", "é", ""):
        with pytest.raises(InvalidFilterError):
            await rows.find_page({"order": "rank"}, limit=2, after=bad)
    with pytest.raises(InvalidFilterError):
        await rows.find_page(limit=0)
