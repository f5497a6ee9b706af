"""Relations: metadata that works, views of one source, accessors, inclusion."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from mainspring.repository import (
    Count,
    DefaultCrudRepository,
    Entity,
    EntityNotFoundError,
    InvalidFilterError,
    InvalidRelationError,
    ModelValidationError,
    RepositoryError,
    belongs_to,
    constrain_data_object,
    constrain_data_objects,
    constrain_filter,
    constrain_where,
    constrain_where_or,
    deduplicate,
    field,
    find_by_foreign_keys,
    flatten_targets_of_one_to_many,
    flatten_targets_of_one_to_one,
    has_many,
    has_one,
    include_related_models,
    model,
    references_many,
)


class Customer(Entity):
    id: int | None = field(id=True, generated=True)
    name: str = ""
    orders: list["Order"] = has_many(lambda: Order)
    address: "Address | None" = has_one(lambda: Address)
    friends: list["Customer"] = has_many(
        lambda: Customer, through={"model": lambda: Friendship, "key_from": "one_id", "key_to": "other_id"}
    )


class Order(Entity):
    id: int | None = field(id=True, generated=True)
    what: str = ""
    customer_id: int | None = belongs_to(lambda: Customer)
    tag_ids: list[str] | None = references_many("Tag")


class Address(Entity):
    id: int | None = field(id=True, generated=True)
    city: str = ""
    customer_id: int | None = field(unique=True)


class Friendship(Entity):
    id: int | None = field(id=True, generated=True)
    one_id: int = field(required=True)
    other_id: int = field(required=True)
    since: int | None = None


class Tag(Entity):
    id: UUID = field(id=True, default_fn="uuidv4")
    word: str = ""


class Customers(DefaultCrudRepository[Customer, int]):
    def __init__(self, ds, orders, addresses, links):
        super().__init__(Customer, ds)
        self.orders = self.create_has_many_repository_factory_for("orders", orders)
        self.address = self.create_has_one_repository_factory_for("address", addresses)
        self.friends = self.create_has_many_through_repository_factory_for("friends", lambda: self, links)
        for name in ("orders", "address", "friends"):
            self.register_inclusion_resolver(name, getattr(self, name).inclusion_resolver)


class Orders(DefaultCrudRepository[Order, int]):
    def __init__(self, ds, customers, tags):
        super().__init__(Order, ds)
        self.customer = self.create_belongs_to_accessor_for("customer", customers)
        self.tags = self.create_references_many_accessor_for("tags", tags)
        self.register_inclusion_resolver("customer", self.customer.inclusion_resolver)
        self.register_inclusion_resolver("tags", self.tags.inclusion_resolver)


class Shop:
    def __init__(self, ds):
        async def orders():
            return self.orders

        self.addresses = DefaultCrudRepository(Address, ds)
        self.links = DefaultCrudRepository(Friendship, ds)
        self.tags = DefaultCrudRepository(Tag, ds)
        self.customers = Customers(ds, orders, self.addresses, self.links)
        self.orders = Orders(ds, self.customers, lambda: self.tags)


@pytest.fixture
async def shop(ds):
    shop = Shop(ds)
    await ds.autoupdate()
    await shop.customers.create_all([{"name": name} for name in "abc"])
    return shop


async def test_a_view_is_limited_to_one_source(shop):
    """REL-020, REL-021, REL-022, REL-023, REL-007"""
    first, second = shop.customers.orders(1), shop.customers.orders(2)
    made = await first.create({"what": "x"})
    await first.create(Order(what="y", customer_id=1))
    await second.create({"what": "z"})
    assert made.customer_id == 1
    with pytest.raises(ModelValidationError, match="customer_id cannot be changed"):
        await first.create({"what": "x", "customer_id": 2})
    assert [order.what for order in await first.find({"order": "what DESC"})] == ["y", "x"]
    assert await first.find({"where": {"customer_id": 2}}) == []
    assert await first.patch({"what": "q"}, {"what": "x"}) == Count(1)
    with pytest.raises(ModelValidationError):
        await first.patch({"customer_id": 2})
    assert await first.delete() == Count(2)
    assert [order.what for order in await shop.orders.find()] == ["z"]
    await shop.customers.orders(99).create({"what": "nobody"})
    assert await shop.customers.orders(98).find() == []


async def test_has_one(shop):
    """REL-025"""
    view = shop.customers.address(1)
    with pytest.raises(EntityNotFoundError):
        await view.get()
    await view.create({"city": "Brno"})
    await shop.customers.address(2).create({"city": "Oslo"})
    assert (await view.get()).city == "Brno"
    assert await view.patch({"city": "Graz"}) == Count(1)
    assert await view.delete() == Count(1)
    assert [each.city for each in await shop.addresses.find()] == ["Oslo"]


async def test_belongs_to_and_references_many(shop):
    """REL-026, REL-030, REL-006, MODEL-087"""
    tags = [(await shop.tags.create({"word": word})).id for word in "xyz"]
    given = [str(tags[2]), str(tags[0]), "00000000-0000-0000-0000-000000000000"]
    order = await shop.orders.create({"customer_id": 2, "tag_ids": given})
    assert (await shop.orders.customer(order.id)).name == "b"
    assert [tag.word for tag in await shop.orders.tags(order.id)] == ["z", "x"]
    free = await shop.orders.create({})
    assert await shop.orders.customer(free.id) is None
    assert await shop.orders.tags(free.id) == []
    lost = await shop.orders.create({"customer_id": 77})
    with pytest.raises(EntityNotFoundError, match="Customer"):
        await shop.orders.customer(lost.id)
    with pytest.raises(EntityNotFoundError, match="Order"):
        await shop.orders.customer(99)


async def test_through_links(shop):
    """REL-027, REL-028, REL-029, REL-031"""
    friends = shop.customers.friends(1)
    assert await friends.find() == []
    made = await friends.create({"name": "d"}, {"since": 7})
    await friends.link(2)
    await friends.link(2)
    assert [each.name for each in await friends.find()] == ["b", "d"]
    assert await shop.customers.friends(2).find() == []
    assert (await shop.links.find_one({"where": {"other_id": made.id}})).since == 7
    assert await friends.patch({"name": "dd"}, {"name": "d"}) == Count(1)
    with pytest.raises(ModelValidationError, match="cannot be changed"):
        await friends.patch({"id": 9})
    assert await friends.unlink(2) == Count(2)
    await shop.customers.friends(3).link(made.id)
    assert await friends.delete({"name": "nobody"}) == Count(0)
    assert await friends.delete() == Count(1)
    assert (await shop.links.count()).count == 0
    assert [each.name for each in await shop.customers.find()] == ["a", "b", "c"]


async def test_inclusion_costs_one_query_per_relation(shop, statements):
    """REL-040, REL-041, REL-042, REL-043, REL-044, MODEL-037"""
    await shop.customers.create_all([{"name": str(number)} for number in range(197)])
    await shop.orders.create_all([{"what": str(n), "customer_id": n % 200 + 1} for n in range(400)])
    await shop.orders.create_all([{"what": "free"}, {"what": "lost", "customer_id": 9999}])
    seen = statements(shop.customers.datasource)
    scope = {"include": ["customer"]}
    found = await shop.customers.find({"include": [{"relation": "orders", "scope": scope}, "address"]})
    assert len(seen) == 4
    assert [order.what for order in found[0].orders] == ["0", "200"]
    assert found[0].orders[0].customer == found[0]
    assert found[0].address is None
    assert found[0].to_json()["orders"][0]["customer"]["name"] == "a"
    orders = await shop.orders.find({"include": ["customer", "tags"], "order": "id DESC", "limit": 2})
    assert [(order.customer, order.tags) for order in orders] == [(None, []), (None, [])]
    seen.clear()
    await shop.customers.friends(1).link(2)
    seen.clear()
    (first, *_) = await shop.customers.find({"include": ["friends"]})
    assert ([each.name for each in first.friends], len(seen)) == (["b"], 3)
    seen.clear()
    assert await shop.orders.find({"where": {"id": 0}, "include": ["customer"]}) == []
    assert len(seen) == 1


async def test_scopes_limit_the_related_rows(shop):
    """REL-045, REL-046, REL-048, REL-049, FILTER-026"""
    await shop.orders.create_all(
        [{"what": what, "customer_id": 1 + number % 2} for number, what in enumerate("abcdef")]
    )
    scope: dict[str, Any] = {"limit": 2, "order": "what DESC", "fields": ["what"]}
    found = await shop.customers.find({"include": [{"relation": "orders", "scope": scope}], "fields": ["name"]})
    assert [[order.to_json() for order in each.orders] for each in found] == [
        [{"what": "e"}, {"what": "c"}],
        [{"what": "f"}, {"what": "d"}],
        [],
    ]
    assert found[0].to_json() == {"name": "a", "orders": [{"what": "e"}, {"what": "c"}]}
    found = await shop.customers.find({"include": [{"relation": "orders", "scope": {"where": {"what": "a"}}}]})
    assert [len(each.orders) for each in found] == [1, 0, 0]
    total = await shop.customers.find({"include": [{"relation": "orders", "scope": {"total_limit": 3}}]})
    assert sum(len(each.orders) for each in total) == 3
    with pytest.raises(ModelValidationError, match="Navigational"):
        await shop.customers.save(found[0])


async def test_the_database_counts_the_rows_of_each_source(shop, statements):
    """REL-045, REL-042"""
    await shop.orders.create_all(
        [{"what": f"{number:03}", "customer_id": 1 + number % 2, "tag_ids": ["x"]} for number in range(100)]
    )
    loaded, seen = [], statements(shop.orders.datasource)
    shop.orders.on("load", loaded.append)
    scope = {"limit": 2, "skip": 1, "order": ["tag_ids.0", "what DESC"], "where": {"what": {"lt": "090"}}}
    found = await shop.customers.find({"include": [{"relation": "orders", "scope": scope}], "order": "id"})
    assert [[order.what for order in each.orders] for each in found] == [["086", "084"], ["087", "085"], []]
    assert (len(loaded), len(seen)) == (6, 2)
    assert found[0].orders[0].to_json() == {"id": 87, "what": "086", "customer_id": 1, "tag_ids": ["x"]}


class House(Entity):
    id: UUID = field(id=True, default_fn="uuidv4")
    code: Decimal | None = field(precision=8, scale=2, unique=True)
    mail: str | None = field(unique=True)
    rooms: list["Room"] = has_many(lambda: Room)
    doors: list["Door"] = has_many(lambda: Door, key_from="code", key_to="house_code")
    letters: list["Letter"] = has_many(lambda: Letter, key_from="mail", key_to="to")


class Room(Entity):
    id: int | None = field(id=True, generated=True)
    house_id: UUID | None = belongs_to(lambda: House)


class Door(Entity):
    id: int | None = field(id=True, generated=True)
    house_code: Decimal | None = field(precision=8, scale=2)


class Letter(Entity):
    id: int | None = field(id=True, generated=True)
    to: str | None = None
    house_ids: list[UUID] | None = references_many(lambda: House)


async def test_keys_match_by_their_values(ds):
    """REL-047, REL-024, REL-030"""
    houses, rooms, doors, letters = (DefaultCrudRepository(each, ds) for each in (House, Room, Door, Letter))
    await ds.autoupdate()
    for name, target in (("rooms", rooms), ("doors", doors), ("letters", letters)):
        factory = houses.create_has_many_repository_factory_for(name, target)
        houses.register_inclusion_resolver(name, factory.inclusion_resolver)
    rooms.register_inclusion_resolver("house", rooms.create_belongs_to_accessor_for("house", houses).inclusion_resolver)
    letters.register_inclusion_resolver(
        "houses", letters.create_references_many_accessor_for("houses", houses).inclusion_resolver
    )
    one, other = await houses.create_all([{"code": "1.5", "mail": "a"}, {"code": "2", "mail": "A"}])
    await rooms.create_all([{"house_id": one.id}, {"house_id": str(other.id).upper()}, {"house_id": one.id}, {}])
    await doors.create_all([{"house_code": "1.50"}, {"house_code": Decimal(2)}])
    await letters.create_all([{"to": "a", "house_ids": [other.id, one.id]}, {"to": "A"}, {"to": "a "}])
    found = await houses.find({"include": ["rooms", "doors", "letters"], "order": "code"})
    assert [(len(each.rooms), len(each.doors), [letter.to for letter in each.letters]) for each in found] == [
        (2, 1, ["a"]),
        (1, 1, ["A"]),
    ]
    included = await rooms.find({"include": ["house"]})
    assert [room.house and room.house.mail for room in included] == ["a", "A", "a", None]
    included = await letters.find({"include": ["houses"]})
    assert [[house.mail for house in letter.houses] for letter in included] == [["A", "a"], [], []]


async def test_relations_that_cannot_work_say_why(memory):
    """REL-008, REL-009, REL-010"""

    class Lonely(Entity):
        id: int = field(id=True)
        orders: list[Any] = has_many(lambda: Order, key_to="nope")
        wrong: list[Any] = has_many("Nowhere")
        self_made: list[Any] = has_many(lambda: Lonely, through=lambda: Friendship)
        linked: list[Any] = has_many(lambda: Order, through=lambda: Friendship)

    repo = DefaultCrudRepository(Lonely, memory)
    orders = DefaultCrudRepository(Order, memory)
    for name, reason in (
        ("orders", "Invalid hasMany definition for Lonely#orders: .*Order.*foreign key nope"),
        ("wrong", "Nowhere"),
        ("unknown", "orders, wrong"),
    ):
        with pytest.raises(InvalidRelationError, match=reason) as caught:
            repo.create_has_many_repository_factory_for(name, orders)
        assert caught.value.code == "INVALID_RELATION_DEFINITION"
    with pytest.raises(InvalidRelationError, match="relation type must be hasOne"):
        repo.create_has_one_repository_factory_for("orders", orders)
    with pytest.raises(InvalidRelationError, match="spelled out"):
        repo.create_has_many_through_repository_factory_for("self_made", repo, orders)
    with pytest.raises(InvalidRelationError, match="source foreign key lonely_id"):
        repo.create_has_many_through_repository_factory_for("linked", orders, repo)


async def test_custom_resolvers(shop):
    """REL-050, REPO-032"""
    shop.customers.register_inclusion_resolver("orders", lambda entities, inclusion, options: [["x"]] * len(entities))
    assert (await shop.customers.find_by_id(1, {"include": ["orders"]})).orders == ["x"]
    shop.customers.register_inclusion_resolver("orders", lambda entities, inclusion, options: [])
    with pytest.raises(RepositoryError, match="0 results for 1"):
        await shop.customers.find_by_id(1, {"include": ["orders"]})
    del shop.customers.inclusion_resolvers["orders"]
    with pytest.raises(InvalidFilterError, match='"orders"'):
        await shop.customers.find({"include": ["orders"]})


async def test_constrained_calls_take_part_in_transactions(shop):
    """REL-034, REL-052, REPO-090"""
    tx = await shop.customers.begin_transaction()
    await shop.customers.orders(1).create({"what": "x"}, transaction=tx)
    friend = await shop.customers.friends(1).create({"name": "d"}, transaction=tx)
    (first,) = await shop.customers.find({"where": {"id": 1}, "include": ["orders", "friends"]}, transaction=tx)
    assert ([each.what for each in first.orders], first.friends) == (["x"], [friend])
    await tx.rollback()
    assert (await shop.orders.count()).count == 0
    assert (await shop.links.count()).count == 0


def test_constraints_are_put_in():
    """REL-033"""
    given = {"where": {"a": 1}}
    assert constrain_filter(given, {"b": 2}) == {"where": {"a": 1, "b": 2}}
    assert constrain_where({"a": 1}, {"a": 2}) == {"and": [{"a": 1}, {"a": 2}]}
    assert constrain_where_or({"a": 1}, [{"b": 1}]) == {"a": 1, "or": [{"b": 1}]}
    assert constrain_data_objects([{"x": 1}, {"a": 2}], {"a": 2}) == [{"x": 1, "a": 2}, {"a": 2}]
    with pytest.raises(ModelValidationError, match="a cannot be changed"):
        constrain_data_object({"a": 1}, {"a": 2})
    with pytest.raises(NotImplementedError):
        constrain_filter(given, {"where": {"b": 2}, "fields": ["a"]})
    assert given == {"where": {"a": 1}}


async def test_helpers_of_resolvers(shop, statements):
    """REL-051"""
    await shop.orders.create_all([{"what": "x", "customer_id": 1}, {"what": "y", "customer_id": 2}, {"customer_id": 1}])
    seen = statements(shop.orders.datasource)
    assert await find_by_foreign_keys(shop.orders, "customer_id", []) == []
    assert seen == []
    found = await find_by_foreign_keys(shop.orders, "customer_id", [1, 2, 1])
    assert len(found) == 3
    assert [
        [order.id for order in each or []] for each in flatten_targets_of_one_to_many([2, 1, 5], found, "customer_id")
    ] == [
        [2],
        [1, 3],
        [],
    ]
    assert [each and each.id for each in flatten_targets_of_one_to_one([5, 1], found, "customer_id")] == [None, 1]
    assert deduplicate([3, 1, 3, 2, 1]) == [3, 1, 2]
    entities = await shop.customers.find()
    assert await include_related_models(shop.customers, entities) == entities
    included = await include_related_models(shop.customers, entities, ["orders"])
    assert [len(each.orders) for each in included] == [2, 1, 0]
    assert not entities[0].is_loaded("orders")
    await asyncio.sleep(0)


async def test_what_a_view_refuses_has_the_name_it_has_on_the_wire(memory):
    """REL-020, REL-022, MODEL-085"""

    @model(rename="camel")
    class Leaf(Entity):
        id: int | None = field(id=True, generated=True)
        big_tree_id: int | None = None

    class BigTree(Entity):
        id: int | None = field(id=True, generated=True)
        leaves: list[Leaf] = has_many(lambda: Leaf)

    leaves = DefaultCrudRepository(Leaf, memory)
    view = DefaultCrudRepository(BigTree, memory).create_has_many_repository_factory_for("leaves", leaves)(1)
    for data in ({"big_tree_id": 2}, Leaf(big_tree_id=2)):
        for write in (view.create, view.patch):
            with pytest.raises(ModelValidationError, match="bigTreeId cannot be changed") as caught:
                await write(data)
            assert [error["path"] for error in caught.value.errors] == ["/bigTreeId"]


async def test_what_links_two_models_is_named_in_three_ways(memory):
    """REL-004"""

    class Pupil(Entity):
        id: int | None = field(id=True, generated=True)
        courses: list["Course"] = has_many(lambda: Course, through=lambda: Place)
        others: list["Course"] = has_many(
            lambda: Course, through={"model": lambda: Seat, "key_from": "who", "key_to": "what"}
        )
        mates: list["Pupil"] = has_many(lambda: Pupil, through=lambda: Place)

    class Course(Entity):
        id: int | None = field(id=True, generated=True)
        pupils: list[Pupil] = has_many(Pupil, through="Place")

    class Place(Entity):
        id: int | None = field(id=True, generated=True)
        pupil_id: int
        course_id: int

    class Seat(Entity):
        id: int | None = field(id=True, generated=True)
        who: int
        what: int

    relations = Pupil.definition.relations
    for relation, expected in (
        (relations["courses"], (Place, "pupil_id", "course_id")),
        (relations["others"], (Seat, "who", "what")),
        (Course.definition.relations["pupils"], (Place, "course_id", "pupil_id")),
    ):
        through = relation.through
        assert (through.model, through.key_from, through.key_to) == expected
    pupils, courses, places, seats = (DefaultCrudRepository(cls, memory) for cls in (Pupil, Course, Place, Seat))
    make = pupils.create_has_many_through_repository_factory_for
    await make("courses", courses, places)(1).create({})
    await make("others", courses, seats)(1).create({})
    assert [(each.pupil_id, each.course_id) for each in await places.find()] == [(1, 1)]
    assert [(each.who, each.what) for each in await seats.find()] == [(1, 2)]
    with pytest.raises(InvalidRelationError, match="key_from and key_to spelled out"):
        make("mates", pupils, places)


async def test_the_key_of_a_source_may_be_another_property(memory):
    """REL-024: also where its values look different on the other side."""

    class Shelf(Entity):
        id: int | None = field(id=True, generated=True)
        code: UUID = field(required=True, unique=True)
        books: list["Book"] = has_many(lambda: Book, key_from="code", key_to="shelf_code")
        label: "Label | None" = has_one(lambda: Label, key_from="code", key_to="shelf_code")

    class Book(Entity):
        id: int | None = field(id=True, generated=True)
        shelf_code: str | None = None

    class Label(Entity):
        id: int | None = field(id=True, generated=True)
        shelf_code: UUID | None = None

    shelves, books, labels = (DefaultCrudRepository(cls, memory) for cls in (Shelf, Book, Label))
    books_of = shelves.create_has_many_repository_factory_for("books", books)
    label_of = shelves.create_has_one_repository_factory_for("label", labels)
    shelves.register_inclusion_resolver("books", books_of.inclusion_resolver)
    shelves.register_inclusion_resolver("label", label_of.inclusion_resolver)
    code, other = UUID(int=1), UUID(int=2)
    await shelves.create_all([{"code": code}, {"code": other}])
    await books.create_all([{"shelf_code": str(code)}, {"shelf_code": "another"}])
    label = await label_of(code).create({})
    assert (label.shelf_code, (await label_of(code).get()).id) == (code, label.id)
    first, second = await shelves.find({"include": ["books", "label"], "fields": ["id"]})
    assert ([each.id for each in first.books], first.label.id) == ([1], label.id)
    assert (second.books, second.label) == ([], None)
    assert await books_of(str(code)).delete() == Count(1)


async def test_a_uuid_that_a_text_refers_to_works_with_every_view(ds):
    """REL-020, REL-027, REL-047"""

    class Shelf(Entity):
        id: UUID = field(id=True, default_fn="uuidv4")
        books: list["Book"] = has_many(lambda: Book)
        lid: "Lid | None" = has_one(lambda: Lid)
        tags: list["Word"] = has_many(lambda: Word, through=lambda: Link)

    class Book(Entity):
        id: int | None = field(id=True, generated=True)
        shelf_id: str | None = belongs_to(lambda: Shelf)

    class Lid(Entity):
        id: int | None = field(id=True, generated=True)
        shelf_id: str | None = None

    class Word(Entity):
        id: UUID = field(id=True, default_fn="uuidv4")
        text: str = ""

    class Link(Entity):
        id: int | None = field(id=True, generated=True)
        shelf_id: str | None = None
        word_id: str | None = None

    shelves, books, lids, words, links = (DefaultCrudRepository(each, ds) for each in (Shelf, Book, Lid, Word, Link))
    await ds.autoupdate()
    books_of = shelves.create_has_many_repository_factory_for("books", books)
    lid_of = shelves.create_has_one_repository_factory_for("lid", lids)
    tags_of = shelves.create_has_many_through_repository_factory_for("tags", words, links)
    one, other = await shelves.create_all([{}, {}])
    assert (await books_of(one.id).create({})).shelf_id == str(one.id)
    assert len(await books_of(one.id).find()) == 1
    assert await books_of(other.id).delete() == Count(0)
    await lid_of(one.id).create({})
    assert (await lid_of(one.id).get()).shelf_id == str(one.id)
    word = await tags_of(one.id).create({"text": "a"})
    await tags_of(other.id).link(word.id)
    assert [each.id for each in await tags_of(other.id).find()] == [word.id]
    assert await tags_of(other.id).unlink(word.id) == Count(1)
    assert await tags_of(one.id).delete() == Count(1)
    assert await links.find() == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"relation": "orders", "scope": {"limit": 0}}, "limit"),
        ({"relation": "orders", "scope": {"skip": -1}}, "skip"),
        ({"relation": "orders", "scope": {"total_limit": "2"}}, "limit"),
        ({"relation": "address", "scope": {"where": {"zip": 1}}}, "zip"),
        ({"relation": "friends", "scope": {"order": ["age"]}}, "age"),
        ({"relation": "orders", "scope": {"include": ["owner"]}}, '"owner"'),
        ({"relation": "orders", "scope": {"include": [{"relation": "tags", "scope": {"sort": 1}}]}}, "sort"),
        ({"relation": "orders", "scope": {"include": [{"relation": "customer", "scope": {"include": ["x"]}}]}}, '"x"'),
    ],
)
async def test_a_scope_that_cannot_be_answered_is_refused_whatever_there_is_to_include(shop, entry, words):
    """FILTER-023, FILTER-028, FILTER-030"""
    for where in ({}, {"id": -1}):
        with pytest.raises(InvalidFilterError, match=words):
            await shop.customers.find({"where": where, "include": [entry]})
        with pytest.raises(InvalidFilterError, match=words):
            await anext(shop.customers.stream({"where": where, "include": [entry]}))
    with pytest.raises(InvalidFilterError, match=words):
        await include_related_models(shop.customers, [], [entry])


async def test_a_resolver_missing_at_a_nested_level_is_told_without_rows(shop):
    """FILTER-028"""
    del shop.orders.inclusion_resolvers["tags"]
    with pytest.raises(InvalidFilterError, match='"tags"') as caught:
        await shop.customers.find(
            {"where": {"id": -1}, "include": [{"relation": "orders", "scope": {"include": ["tags"]}}]}
        )
    assert (caught.value.code, caught.value.status) == ("INVALID_INCLUSION_FILTER", 400)


async def test_a_relation_may_be_kept_from_inclusion(memory):
    """REL-053, FILTER-028"""

    class Box(Entity):
        id: int | None = field(id=True, generated=True)
        things: list["Thing"] = has_many(lambda: Thing, disable_inclusion=True)

    class Thing(Entity):
        id: int | None = field(id=True, generated=True)
        box_id: int | None = belongs_to(lambda: Box, disable_inclusion=True)

    boxes, things = DefaultCrudRepository(Box, memory), DefaultCrudRepository(Thing, memory)
    of = boxes.create_has_many_repository_factory_for("things", things)
    boxes.register_inclusion_resolver("things", of.inclusion_resolver)
    await of(1).create({})
    assert [each.box_id for each in await of(1).find()] == [1]
    for entry in ("things", {"relation": "things"}):
        with pytest.raises(InvalidFilterError, match="things") as caught:
            await boxes.find({"include": [entry]})
        assert caught.value.code == "INVALID_INCLUSION_FILTER"
    assert "include" not in Box.filter_schema()["properties"]
    assert "things" not in Box.filter_schema().get("properties", {})


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({"default_limit": 2, "max_limit": 3}, ([2, 2, 2], [1, 1, 1], [3, 3, 3], [2, 2, 1])),
        ({"scope": {"limit": 2, "where": {"hidden": False}}}, ([2, 2, 2], [1, 1, 1], [4, 4, 4], [2, 2, 1])),
    ],
)
async def test_limits_of_a_model_count_for_each_source(ds, settings, counts):
    """REL-045, FILTER-024, FILTER-031"""

    @model(**settings)
    class Twig(Entity):
        id: int | None = field(id=True, generated=True)
        tree_id: int | None = None
        hidden: bool = False

    class Tree(Entity):
        id: int | None = field(id=True, generated=True)
        twigs: list[Twig] = has_many(lambda: Twig)

    trees, twigs = DefaultCrudRepository(Tree, ds), DefaultCrudRepository(Twig, ds)
    await ds.autoupdate()
    of = trees.create_has_many_repository_factory_for("twigs", twigs)
    trees.register_inclusion_resolver("twigs", of.inclusion_resolver)
    await trees.create_all([{} for _ in range(3)])
    await twigs.create_all([{"tree_id": 1 + number % 3} for number in range(12)])
    if "scope" in settings:
        await twigs.create_all([{"tree_id": 1, "hidden": True} for _ in range(3)])
    for scope, expected in zip(({}, {"limit": 1}, {"limit": 9}, {"total_limit": 5}), counts, strict=True):
        found = await trees.find({"include": [{"relation": "twigs", "scope": scope}]})
        assert [len(tree.twigs) for tree in found] == expected, scope
        assert not any(twig.hidden for tree in found for twig in tree.twigs)
    assert len(await of(1).find()) == 2
