"""Values under keys."""

import asyncio

import pytest

from mainspring.repository import (
    DataSource,
    DefaultCrudRepository,
    DefaultKeyValueRepository,
    Entity,
    KeyValueRepository,
    Model,
    ModelValidationError,
    UnsupportedOperationError,
    define_crud_repository_class,
    define_key_value_repository_class,
    define_repository_class,
    field,
)


class Item(Model):
    name: str = field(required=True)
    tags: list[str] = field(default_factory=list)


@pytest.fixture
async def items():
    async with DataSource({"name": "kv", "connector": "kv-memory"}) as ds:
        yield DefaultKeyValueRepository(Item, ds)


async def keys_of(items, match=None):
    stream = items.keys(match)
    return [key async for key in stream]


async def test_values_are_kept_as_copies(items):
    """REPO-040, REPO-042"""
    item = Item(name="a", tags=["x"])
    await items.set("k", item)
    item.tags.append("y")
    got = await items.get("k")
    assert (type(got), got.to_dict()) == (Item, {"name": "a", "tags": ["x"]})
    got.tags.append("z")
    assert (await items.get("k")).tags == ["x"]
    await items.set("b", {"name": "b"})
    await items.set("k", {"name": "c"})
    assert await keys_of(items) == ["k", "b"]
    assert await keys_of(items, "b*") == ["b"]
    await items.delete("k")
    assert await items.get("k") is None
    await items.delete_all()
    assert await keys_of(items) == []
    with pytest.raises(ModelValidationError, match="name is required"):
        await items.set("k", {})


async def test_values_expire(items):
    """REPO-041"""
    await items.set("k", {"name": "a"}, ttl=60_000)
    await items.set("s", {"name": "b"}, ttl=20)
    await items.set("f", {"name": "c"})
    assert 59_000 < await items.ttl("k") <= 60_000
    assert await items.ttl("f") is None
    await items.expire("k", 20)
    await asyncio.sleep(0.05)
    assert await keys_of(items) == ["f"]
    for call in (items.ttl("k"), items.expire("s", 5)):
        with pytest.raises(Exception, match=r'unknown key "[ks]"'):
            await call


async def test_the_last_word_on_when_a_value_expires_counts(items):
    """REPO-041"""
    for key in ("longer", "for ever", "again", "gone"):
        await items.set(key, {"name": "a"}, ttl=10)
    await items.set("longer", {"name": "b"}, ttl=60_000)
    await items.set("for ever", {"name": "b"})
    await items.delete("again")
    await items.set("again", {"name": "b"}, ttl=60_000)
    for number in range(500):  # as often as sessions that are used a lot
        await items.expire("longer", 60_000 + number)
    await asyncio.sleep(0.05)
    assert await keys_of(items) == ["longer", "for ever", "again"]
    assert [(await items.get(key)).name for key in ("longer", "for ever", "again")] == ["b"] * 3
    await items.expire("longer", 0)
    assert await keys_of(items) == ["for ever", "again"]


async def test_a_source_of_rows_keeps_no_values(memory):
    """REPO-040"""
    with pytest.raises(UnsupportedOperationError):
        await DefaultKeyValueRepository(Item, memory).get("k")
    kv = DataSource({"name": "kv", "connector": "kv-memory"})
    with pytest.raises(UnsupportedOperationError):
        await DefaultCrudRepository(Item, kv).find()


async def test_repository_classes_are_made_for_models(memory):
    """REPO-035, REPO-036"""

    class Thing(Entity):
        id: int | None = field(id=True, generated=True)

    class Counting(DefaultCrudRepository):
        async def total(self):
            return (await self.count()).count

    made = define_repository_class(Thing, Counting)
    assert (made.__name__, made.__bases__) == ("ThingRepository", (Counting,))
    repo = made(memory)
    await repo.create({})
    assert await repo.total() == 1
    assert define_crud_repository_class(Thing).__bases__ == (DefaultCrudRepository,)
    values = define_key_value_repository_class(Item)(memory)
    assert isinstance(values, KeyValueRepository)
    assert values.entity is Item
