"""Create, read, update, delete."""

import asyncio
import pickle
from datetime import UTC, datetime, timedelta
from enum import Enum
from uuid import UUID

import pytest

from mainspring.repository import (
    Count,
    DataSource,
    DefaultCrudRepository,
    Entity,
    EntityNotFoundError,
    ForeignKeyViolationError,
    InvalidFilterError,
    ModelValidationError,
    StaleEntityError,
    StatementError,
    UniqueViolationError,
    UnsupportedOperationError,
    belongs_to,
    field,
    has_many,
    model,
)


class Colour(Enum):
    RED = "red"


class Note(Entity):
    id: int | None = field(id=True, generated=True)
    title: str = field(required=True)
    body: str | None = None
    words: list[str] = field(default_factory=list)
    done: bool = False


class Account(Entity):
    id: str | None = field(id=True, generated=True)
    email: str = field(required=True, unique=True, name="mail")
    rev: int = field(version=True)
    made: datetime | None = field(default_fn="now")
    changed: datetime | None = field(on_update="now")
    token: UUID | None = field(default_fn="uuidv4")


@pytest.fixture
async def notes(ds):
    await ds.autoupdate([Note])
    return DefaultCrudRepository(Note, ds)


@pytest.fixture
async def accounts(ds):
    await ds.autoupdate([Account])
    return DefaultCrudRepository(Account, ds)


async def test_create_gives_what_is_read_back(notes):
    """REPO-001, REPO-017, MODEL-022"""
    given = Note(title="a")
    made = await notes.create(given)
    assert (made.id, given.to_dict(), type(made)) == (1, {"title": "a"}, Note)
    read = await notes.find_by_id(1)
    assert read.to_json() == made.to_json() == {"id": 1, "title": "a", "body": None, "words": [], "done": False}
    assert made == read
    assert await notes.find_one({"where": {"title": "b"}}) is None


async def test_a_generated_id_must_not_be_given(notes, ds):
    """REPO-003"""
    with pytest.raises(ModelValidationError, match="id is generated"):
        await notes.create({"id": 5, "title": "x"})

    @model(force_id=False)
    class Free(Entity):
        id: int | None = field(id=True, generated=True)

    await ds.autoupdate([Free])
    assert (await DefaultCrudRepository(Free, ds).create({"id": 7})).id == 7


async def test_memory_makes_ids_that_are_not_given(memory):
    """REPO-003"""

    class Texted(Entity):
        id: str = field(id=True)

    class Numbered(Entity):
        id: int = field(id=True)

    texts, numbers = DefaultCrudRepository(Texted, memory), DefaultCrudRepository(Numbered, memory)
    assert len((await texts.create({})).id) == 36
    assert (await texts.create({"id": "mine"})).id == "mine"
    assert [(await numbers.create({})).id, (await numbers.create({"id": 9})).id, (await numbers.create({})).id] == [
        1,
        9,
        10,
    ]


async def test_ids_are_not_given_out_again(notes):
    """REPO-004, REPO-014"""
    await notes.create_all([{"title": "a"}, {"title": "b"}])
    await notes.delete_by_id(2)
    assert (await notes.create({"title": "c"})).id == 3
    with pytest.raises(EntityNotFoundError):
        await notes.delete_by_id(2)


async def test_create_all_is_all_or_nothing(notes, accounts, statements):
    """REPO-005, REPO-023"""
    seen = statements(notes.datasource)
    assert await notes.create_all([]) == []
    assert seen == []
    made = await notes.create_all([{"title": "a"}, Note(title="b"), {"title": "c"}])
    assert [note.id for note in made] == [1, 2, 3]
    assert len(seen) == 1
    with pytest.raises(ModelValidationError, match="item 1: title is required"):
        await notes.create_all([{"title": "d"}, {}])
    assert (await notes.count()).count == 3
    with pytest.raises(UniqueViolationError):
        await accounts.create_all([{"email": "a"}, {"email": "b"}, {"email": "a"}])
    assert (await accounts.count()).count == 0


async def test_many_rows_are_few_statements(notes, statements):
    """REPO-005, REPO-006"""
    seen = statements(notes.datasource)
    made = await notes.create_all([{"title": str(number)} for number in range(5000)])
    assert len(seen) < 100
    assert [note.id for note in made] == list(range(1, 5001))
    found = await notes.find()
    assert [note.title for note in found[::1000]] == ["0", "1000", "2000", "3000", "4000"]


async def test_find_one_and_find_by_id(notes):
    """REPO-007, REPO-008"""
    await notes.create_all([{"title": "a"}, {"title": "b"}])
    assert (await notes.find_one({"order": "id DESC", "limit": 5})).id == 2
    assert (await notes.find_by_id(1, {"fields": ["title"]})).to_json() == {"title": "a"}
    with pytest.raises(EntityNotFoundError):
        await notes.find_by_id(1, {"where": {"title": "b"}})


def test_the_error_of_an_absent_entity():
    """REPO-009"""

    @model(name="named")
    class Thing(Entity):
        id: str = field(id=True)

    error = pickle.loads(pickle.dumps(EntityNotFoundError(Thing, "x")))
    assert (error.code, error.entity_name, error.entity_id, error.status) == ("ENTITY_NOT_FOUND", "named", "x", 404)
    assert str(error) == 'Entity not found: named with id "x"'
    assert str(EntityNotFoundError("Note", 3)) == "Entity not found: Note with id 3"
    assert str(EntityNotFoundError("Note", Colour.RED)) == 'Entity not found: Note with id "red"'


async def test_update_by_id_changes_what_is_given(notes):
    """REPO-010, REPO-012"""
    await notes.create({"title": "a", "body": "x"})
    assert await notes.update_by_id(1, {"id": 1, "title": "b"}) is None
    assert (await notes.find_by_id(1)).to_json()["body"] == "x"
    for data in ({}, {"title": "c"}):
        with pytest.raises(EntityNotFoundError):
            await notes.update_by_id(9, data)
    with pytest.raises(ModelValidationError, match="id"):
        await notes.update_by_id(1, {"id": 2, "title": "z"})
    with pytest.raises(ValueError, match="cannot be undefined"):
        await notes.update_by_id(None, {"title": "z"})
    await notes.update(Note(id=1, body="y"))
    assert (await notes.find_by_id(1)).to_dict() == {"id": 1, "title": "b", "body": "y", "words": [], "done": False}
    await notes.delete(Note(id=1))
    with pytest.raises(EntityNotFoundError):
        await notes.delete(Note(id=1))
    with pytest.raises(ModelValidationError):
        await notes.delete(Note(title="x"))


async def test_replace_by_id_resets_the_rest(notes):
    """REPO-011"""
    await notes.create({"title": "a", "body": "x", "done": True})
    await notes.replace_by_id(1, {"title": "b"})
    assert (await notes.find_by_id(1)).to_dict() == {"id": 1, "title": "b", "body": None, "words": [], "done": False}
    with pytest.raises(ModelValidationError, match="title is required"):
        await notes.replace_by_id(1, {"body": "x"})
    with pytest.raises(EntityNotFoundError):
        await notes.replace_by_id(2, {"title": "b"})


async def test_save_creates_or_updates(notes, ds):
    """REPO-013"""
    saved = await notes.save(Note(title="a"))
    saved.title = "b"
    assert (await notes.save(saved)).to_json()["title"] == "b"
    with pytest.raises(EntityNotFoundError):
        await notes.save(Note(id=9, title="x"))

    class Chosen(Entity):
        id: str = field(id=True)
        name: str = ""

    await ds.autoupdate([Chosen])
    chosen = DefaultCrudRepository(Chosen, ds)
    assert (await chosen.save(Chosen(id="k", name="a"))).name == "a"
    assert (await chosen.save(Chosen(id="k", name="b"))).name == "b"
    assert (await chosen.count()).count == 1


async def test_bulk_operations_count_matched_rows(notes):
    """REPO-015, REPO-016"""
    await notes.create_all([{"title": "a"}, {"title": "b"}])
    assert await notes.update_all({"done": False}) == Count(2)
    assert await notes.update_all({}, {"title": "a"}) == Count(1)
    assert await notes.update_all({"done": True}, {"title": "a"}) == Count(1)
    with pytest.raises(ModelValidationError):
        await notes.update_all({"id": 1})
    assert (await notes.exists(1), await notes.exists(5)) == (True, False)
    assert await notes.delete_all({"done": True}) == Count(1)
    assert await notes.delete_all() == Count(1)


async def test_related_data_are_not_written(ds):
    """REPO-018, REPO-019"""

    class Part(Entity):
        id: int | None = field(id=True, generated=True)
        whole: int | None = belongs_to(lambda: Whole)

    class Whole(Entity):
        id: int | None = field(id=True, generated=True)
        parts: list[Part] = has_many(lambda: Part)

    await ds.autoupdate([Part, Whole])
    wholes, parts = DefaultCrudRepository(Whole, ds), DefaultCrudRepository(Part, ds)
    await wholes.create({})
    data = {"id": 1, "parts": []}
    for call in (
        wholes.create({"parts": []}),
        wholes.create_all([{}, {"parts": []}]),
        wholes.save(data),
        wholes.update(data),
        wholes.update_by_id(1, data),
        wholes.update_all({"parts": []}),
        wholes.replace_by_id(1, data),
        wholes.delete(data),
    ):
        with pytest.raises(ModelValidationError, match=r'Navigational properties.*"Whole" property "parts"'):
            await call
    assert (await wholes.count()).count == 1
    with pytest.raises(ModelValidationError, match="must differ"):
        await parts.create({"whole": 1})


async def test_unique_violations_name_properties(accounts):
    """REPO-023, REPO-024"""
    await accounts.create({"email": "a"})
    with pytest.raises(UniqueViolationError) as caught:
        await accounts.create({"email": "a"})
    assert (caught.value.fields, caught.value.status) == (("email",), 409)
    assert "INSERT" not in str(caught.value)
    await accounts.create({"email": "b"})
    with pytest.raises(UniqueViolationError):
        await accounts.update_all({"email": "c"})
    assert sorted(each.email for each in await accounts.find()) == ["a", "b"]


async def test_foreign_keys_are_kept(ds):
    """REPO-023, REL-002"""

    class Owner(Entity):
        id: int | None = field(id=True, generated=True)

    class Pet(Entity):
        id: int | None = field(id=True, generated=True)
        owner_id: int | None = belongs_to(lambda: Owner, foreign_key=True)

    await ds.autoupdate([Owner, Pet])
    pets = DefaultCrudRepository(Pet, ds)
    with pytest.raises(ForeignKeyViolationError):
        await pets.create({"owner_id": 1})
    owner = await DefaultCrudRepository(Owner, ds).create({})
    assert (await pets.create({"owner_id": owner.id})).owner_id == 1


async def test_versions_refuse_stale_data(accounts):
    """REPO-029, REPO-030, MODEL-024"""
    first = await accounts.create({"email": "a"})
    assert (first.rev, first.changed, first.token.version) == (1, None, 4)
    assert datetime.now(UTC) - first.made < timedelta(seconds=10)
    second = await accounts.find_by_id(first.id)
    second.email = "b"
    assert (await accounts.save(second)).rev == 2
    first.email = "c"
    with pytest.raises(StaleEntityError) as caught:
        await accounts.update(first)
    assert (caught.value.expected, caught.value.found, caught.value.entity_id) == (1, 2, first.id)
    await accounts.update_by_id(first.id, {"email": "d"})
    await accounts.update_all({"email": "e"})
    stored = await accounts.find_by_id(first.id)
    assert (stored.rev, stored.email, stored.token) == (4, "e", first.token)
    assert stored.changed is not None


async def test_upsert_inserts_or_updates(accounts):
    """REPO-022"""
    stored = await asyncio.gather(*(accounts.upsert({"email": "a"}, on="email") for _ in range(10)))
    assert len({each.id for each in stored}) == 1
    assert (await accounts.count()).count == 1
    assert (await accounts.find_one()).rev == 10


async def test_many_tasks_create_at_once(ds):
    """REPO-025, REPO-021"""
    await ds.autoupdate([Note])
    repo = DefaultCrudRepository(Note, ds)
    made = await asyncio.gather(*(repo.create({"title": str(number)}) for number in range(50)))
    assert len({note.id for note in made}) == 50
    assert (await repo.count()).count == 50


async def test_a_cancelled_call_leaves_nothing_behind(notes):
    """REPO-024, REPO-026"""
    await notes.create({"title": "first"})
    for delay in range(12):
        task = asyncio.create_task(notes.create_all([{"title": "x"}] * 300))
        await asyncio.sleep(delay / 1000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert notes.datasource.stats()["checked_out"] == 0
    count = (await notes.count()).count
    assert count % 300 == 1
    assert (await notes.create({"title": "last"})).id > 1


async def test_streaming_frees_the_connection(notes):
    """REPO-027"""
    await notes.create_all([{"title": str(number)} for number in range(25)])
    assert [note.id async for note in notes.stream({"order": "id DESC"}, 10)] == list(range(25, 0, -1))
    stream = notes.stream(None, 5)
    async for note in stream:
        if note.id == 3:
            break
    await stream.aclose()
    assert notes.datasource.stats()["checked_out"] == 0


async def test_raw_commands_bind_their_parameters(notes):
    """REPO-031, DS-008"""
    await notes.create({"title": "it's :x"})
    assert await notes.execute("SELECT title FROM note WHERE id = :id", {"id": 1}) == [{"title": "it's :x"}]
    assert await notes.execute("SELECT title FROM note WHERE id = ? AND title <> ':no'", [1]) == [{"title": "it's :x"}]
    assert await notes.execute("UPDATE note SET done = ?;", [True]) == Count(1)
    for command, parameters in (
        ("SELECT :a", {}),
        ("SELECT 1", {"a": 1}),
        ("SELECT 1; DELETE FROM note", None),
        ("SELECT * FROM nothing_there", None),
    ):
        with pytest.raises(StatementError):
            await notes.execute(command, parameters)


async def test_hooks_see_and_change_what_is_written(ds):
    """REPO-033, REPO-034"""

    class Hooked(DefaultCrudRepository[Note, int]):
        async def before_save(self, ctx):
            log.append(("method", ctx.is_new))

    log = []
    await ds.autoupdate([Note])
    repo = Hooked(Note, ds)
    repo.on("before_save", lambda ctx: ctx.data.update(title=ctx.data["title"].upper()))
    repo.on("after_save", lambda ctx: log.append(("after", ctx.data["title"])))
    repo.on("after_delete", lambda ctx: log.append(("deleted", ctx.where)))
    assert (await repo.create({"title": "a"})).title == "A"
    assert log == [("method", True), ("after", "A")]
    await repo.delete_all({"title": "A"})
    assert log[-1] == ("deleted", {"title": "A"})

    def fail(ctx):
        raise RuntimeError("no")

    repo.on("after_save", fail)
    with pytest.raises(RuntimeError):
        await repo.create({"title": "b"})
    assert (await repo.count()).count == 0


async def test_composite_ids(ds):
    """DS-025, MODEL-010"""

    @model(id=["realm", "code"])
    class Pair(Entity):
        realm: str = ""
        code: int = 0
        name: str = ""

    await ds.autoupdate([Pair])
    repo = DefaultCrudRepository(Pair, ds)
    await repo.create_all([{"realm": "a", "code": 1, "name": "x"}, {"realm": "a", "code": 2}])
    key = {"code": 1, "realm": "a"}
    assert (await repo.find_by_id(key)).name == "x"
    await repo.update_by_id(key, {"name": "y"})
    await repo.delete_by_id({"realm": "a", "code": 2})
    assert [each.name for each in await repo.find()] == ["y"]
    with pytest.raises(ModelValidationError):
        await repo.find_by_id({"realm": "a"})


async def test_a_kind_of_source_without_rows_says_so():
    """REPO-031, REPO-091"""

    class Bare:
        def __init__(self, name, settings, listeners): ...
        async def connect(self): ...
        async def disconnect(self): ...
        async def ping(self): ...

    ds = DataSource({"name": "bare", "connector": Bare})
    repo = DefaultCrudRepository(Note, ds)
    for call in (repo.find(), repo.create({"title": "x"}), repo.execute("x")):
        with pytest.raises(UnsupportedOperationError, match="bare"):
            await call
    with pytest.raises(UnsupportedOperationError):
        repo.begin_transaction()


async def test_an_id_of_the_wrong_type_is_told(notes):
    """FILTER-010"""
    with pytest.raises(InvalidFilterError, match="id"):
        await notes.find_by_id("abc")


async def test_rows_of_nothing_but_an_id_are_created_too(ds):
    """REPO-005"""

    class Ticket(Entity):
        id: int | None = field(id=True, generated=True)

    tickets = DefaultCrudRepository(Ticket, ds)
    await ds.autoupdate()
    assert [each.id for each in await tickets.create_all([{}, {}, {}])] == [1, 2, 3]
    assert (await tickets.create({})).id == 4
