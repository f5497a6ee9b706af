"""Relations whose targets are of several models."""

import pytest

from mainspring.repository import (
    Count,
    DefaultCrudRepository,
    Entity,
    EntityNotFoundError,
    InvalidRelationError,
    ModelValidationError,
    belongs_to,
    field,
    has_many,
    has_one,
)


class Deliverable(Entity):
    id: int | None = field(id=True, generated=True)


class Letter(Deliverable):
    words: str = ""
    delivery_id: int | None = None


class Parcel(Deliverable):
    weight: int = 0
    delivery_id: int | None = None
    deliverable_type: str | None = None


class Delivery(Entity):
    id: int | None = field(id=True, generated=True)
    deliverable: Deliverable | None = has_one(lambda: Deliverable, polymorphic=True)
    stock: list[Deliverable] = has_many(
        lambda: Deliverable, through={"model": lambda: Stop, "polymorphic": {"discriminator": "kind"}}
    )


class Stop(Entity):
    id: int | None = field(id=True, generated=True)
    delivery_id: int
    deliverable_id: int
    kind: str
    note: str | None = None


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    text: str = ""
    about_id: int | None = belongs_to(lambda: Deliverable, polymorphic={"discriminator": "about_kind"})
    about_kind: str | None = None


class Post:
    """All repositories on one data source."""

    def __init__(self, ds):
        self.letters, self.parcels = DefaultCrudRepository(Letter, ds), DefaultCrudRepository(Parcel, ds)
        self.stops, self.notes = DefaultCrudRepository(Stop, ds), DefaultCrudRepository(Note, ds)
        self.deliveries = DefaultCrudRepository(Delivery, ds)
        kinds = {"Letter": self.letters, Parcel: lambda: self.parcels}
        self.deliverable = self.deliveries.create_has_one_repository_factory_for("deliverable", kinds)
        self.stock = self.deliveries.create_has_many_through_repository_factory_for("stock", kinds, self.stops)
        self.about = self.notes.create_belongs_to_accessor_for("about", kinds)
        self.deliveries.register_inclusion_resolver("deliverable", self.deliverable.inclusion_resolver)
        self.deliveries.register_inclusion_resolver("stock", self.stock.inclusion_resolver)
        self.notes.register_inclusion_resolver("about", self.about.inclusion_resolver)


@pytest.fixture
async def post(ds):
    post = Post(ds)
    await ds.autoupdate()
    await post.deliveries.create_all([{}, {}, {}])
    return post


async def test_the_one_row_of_a_source_is_of_the_model_that_is_said(post):
    """REL-032"""
    first, second = post.deliverable(1), post.deliverable(2)
    letter = await first.create({"words": "w"}, polymorphic_type="Letter")
    parcel = await second.create({"weight": 3}, polymorphic_type="Parcel")
    assert (type(letter), letter.delivery_id) == (Letter, 1)
    assert (type(parcel), parcel.delivery_id, parcel.deliverable_type) == (Parcel, 2, "Parcel")
    assert [type(await each.get()) for each in (first, second)] == [Letter, Parcel]
    with pytest.raises(EntityNotFoundError):
        await first.get(polymorphic_type="Parcel")
    with pytest.raises(EntityNotFoundError):
        await post.deliverable(3).get()
    assert await first.patch({"words": "x"}, polymorphic_type="Letter") == Count(1)
    assert await first.patch({"weight": 9}, polymorphic_type="Parcel") == Count(0)
    assert (await first.get()).words == "x"
    assert await second.delete(polymorphic_type="Parcel") == Count(1)
    assert (await post.parcels.count(), await post.letters.count()) == (Count(0), Count(1))


async def test_a_write_says_the_model(post):
    """REL-032"""
    row, rows = post.deliverable(1), post.stock(1)
    for write in (
        lambda **kind: row.create({}, **kind),
        lambda **kind: row.patch({}, **kind),
        row.delete,
        lambda **kind: rows.create({}, **kind),
        lambda **kind: rows.link(1, **kind),
        lambda **kind: rows.unlink(1, **kind),
        lambda **kind: rows.patch({}, **kind),
        rows.delete,
    ):
        for kind in ({}, {"polymorphic_type": "Bomb"}):
            with pytest.raises(ModelValidationError, match="one of Letter, Parcel"):
                await write(**kind)
    assert (await post.letters.count(), await post.stops.count()) == (Count(0), Count(0))


async def test_a_row_belongs_to_one_of_the_model_that_it_names(post):
    """REL-032, REL-026"""
    await post.letters.create({"words": "l"})
    await post.parcels.create({"weight": 5})
    await post.notes.create_all(
        [
            {"about_id": 1, "about_kind": "Letter"},
            {"about_id": 1, "about_kind": "Parcel"},
            {"about_id": 7, "about_kind": "Parcel"},
            {"about_id": 1},
            {"about_kind": "Letter"},
        ]
    )
    assert [type(await post.about(number)) for number in (1, 2, 4, 5)] == [Letter, Parcel, type(None), type(None)]
    with pytest.raises(EntityNotFoundError, match="Parcel"):
        await post.about(3)
    found = await post.notes.find({"include": ["about"], "fields": ["text"]})
    assert [each.to_json()["about"] for each in found] == [
        {"id": 1, "words": "l", "delivery_id": None},
        {"id": 1, "weight": 5, "delivery_id": None, "deliverable_type": None},
        None,
        None,
        None,
    ]
    assert "about_kind" not in found[0].to_json()
    await post.notes.create({"about_id": 1, "about_kind": "Bomb"})
    with pytest.raises(ModelValidationError, match="'Bomb'"):
        await post.notes.find({"include": ["about"]})


async def test_links_name_the_model(post):
    """REL-032, REL-027, REL-028"""
    rows = post.stock(1)
    await rows.create({"words": "l"}, {"note": "n"}, polymorphic_type="Letter")
    parcel = await rows.create({"weight": 5}, polymorphic_type="Parcel")
    await post.stock(2).link(parcel.id, polymorphic_type="Parcel")
    stops = [(each.delivery_id, each.deliverable_id, each.kind, each.note) for each in await post.stops.find()]
    assert stops == [(1, 1, "Letter", "n"), (1, 1, "Parcel", None), (2, 1, "Parcel", None)]
    assert [type(each) for each in await rows.find()] == [Letter, Parcel]
    assert [type(each) for each in await rows.find(polymorphic_type="Parcel")] == [Parcel]
    assert await rows.patch({"weight": 6}, polymorphic_type="Parcel") == Count(1)
    assert (await post.parcels.find_by_id(1)).weight == 6
    assert await rows.unlink(1, polymorphic_type="Letter") == Count(1)
    assert await rows.delete(polymorphic_type="Letter") == Count(0)
    assert await rows.delete(polymorphic_type="Parcel") == Count(1)
    assert (await post.stops.count(), await post.letters.count(), await post.parcels.count()) == (
        Count(0),
        Count(1),
        Count(0),
    )


async def test_inclusion_costs_one_query_per_model(post, statements, ds):
    """REL-032, REL-042"""
    for number in (1, 2):
        kind = ("Letter", "Parcel")[number - 1]
        await post.deliverable(number).create({}, polymorphic_type=kind)
        await post.stock(number).create({}, polymorphic_type="Letter")
        await post.stock(number).create({}, polymorphic_type="Parcel")
    await post.notes.create_all([{"about_id": 1 + number % 2, "about_kind": "Letter"} for number in range(9)])
    seen = statements(ds)
    found = await post.deliveries.find({"include": ["deliverable"]})
    assert [type(each.deliverable) for each in found] == [Letter, Parcel, type(None)]
    assert len(seen) == 3
    seen.clear()
    found = await post.deliveries.find({"include": ["stock"]})
    assert [[type(row) for row in each.stock] for each in found] == [[Letter, Parcel], [Letter, Parcel], []]
    assert len(seen) == 4
    seen.clear()
    await post.notes.find({"include": ["about"]})
    assert len(seen) == 2


async def test_a_polymorphic_relation_that_cannot_work_says_why(memory):
    """REL-032, REL-008"""

    class Memo(Entity):
        id: int | None = field(id=True)
        deliverable_id: int | None = belongs_to(lambda: Deliverable, polymorphic=True)

    memos, letters = DefaultCrudRepository(Memo, memory), DefaultCrudRepository(Letter, memory)
    with pytest.raises(InvalidRelationError, match="missing definition of discriminator deliverable_type"):
        memos.create_belongs_to_accessor_for("deliverable", {"Letter": letters})
    for wrong in (letters, {}):
        with pytest.raises(InvalidRelationError, match="by the names of their models"):
            memos.create_belongs_to_accessor_for("deliverable", wrong)
