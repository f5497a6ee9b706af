"""Definitions and instances of models."""

import copy
import importlib
import pickle
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypedDict
from uuid import UUID, uuid4

import msgspec
import pytest

from mainspring.repository import (
    Count,
    DataSource,
    DefaultCrudRepository,
    Entity,
    InvalidRelationError,
    Model,
    ModelDefinition,
    ModelValidationError,
    ValueObject,
    belongs_to,
    define_model_class,
    field,
    has_many,
    model,
    references_many,
)


@model(name="parcel", table="parcels", hidden_properties=("pin",), arbitrary="v")
class Parcel(Entity):
    LIMIT: ClassVar[int] = 3
    id: int | None = field(id=True, generated=True)
    label: str = field(required=True, max_length=40)
    weight: Decimal | None = field(precision=10, scale=3, mysql={"column": "QTY"})
    tags: list[str] = field(default_factory=list)
    pin: str | None = None
    sent: datetime | None = None
    _private: int = 0

    def method(self) -> str:
        return self.label

    @property
    def shout(self) -> str:
        return self.label.upper()


class Later(Entity):
    id: int = field(id=True)
    other: "Defined | None" = None


class Defined(Model):
    name: str = ""


@model
class Bare(Entity):
    id: int = field(id=True)


class Coded(Model):
    code: Annotated[str, field(max_length=5)]
    kind: Literal["a", "b"] = "a"


def test_a_model_is_named_by_its_class_or_its_decorator():
    """MODEL-001, MODEL-002, MODEL-003"""
    assert (Parcel.model_name, Parcel.definition.name) == ("parcel", "parcel")
    assert Bare.model_name == "Bare"
    assert Later.model_name == "Later"
    assert Later.definition.settings == {}
    assert Parcel.definition.settings["arbitrary"] == "v"


def test_properties_are_in_order_with_their_settings():
    """MODEL-004, MODEL-005, MODEL-010, MODEL-017"""
    properties = Parcel.definition.properties
    assert list(properties) == ["id", "label", "weight", "tags", "pin", "sent"]
    assert properties["weight"].options["mysql"] == {"column": "QTY"}
    assert (properties["tags"].type, properties["tags"].item_type) == (list, str)
    assert properties["label"].required
    assert Parcel.definition.id_properties() == ["id"]
    assert Coded.definition.properties["code"].options["max_length"] == 5


def test_a_field_without_any_type_is_refused():
    """MODEL-006"""
    with pytest.raises(TypeError, match=r"Broken\.thing") as caught:
        type("Broken", (Model,), {"thing": field(required=True)})
    assert caught.value.code == "CANNOT_INFER_PROPERTY_TYPE"


def test_an_item_type_needs_a_list():
    """MODEL-007, MODEL-008"""
    with pytest.raises(TypeError, match="not an array"):
        type("Broken", (Model,), {"thing": field(type=str, item_type=int)})
    made = type("Made", (Model,), {"thing": field(type=list, item_type=int)})
    assert made.definition.properties["thing"].item_type is int


def test_relations_are_no_properties_but_their_keys_are():
    """MODEL-009, REL-001, REL-003, REL-005"""

    class Scan(Entity):
        id: int = field(id=True)
        depot_id: int | None = belongs_to(lambda: Bare)
        owner_ids: list[int] = references_many(lambda: Bare)
        parts: list[Any] = has_many(lambda: Bare)

    definition = Scan.definition
    assert list(definition.properties) == ["id", "depot_id", "owner_ids"]
    assert {name: each.type for name, each in definition.relations.items()} == {
        "depot": "belongsTo",
        "owners": "referencesMany",
        "parts": "hasMany",
    }
    assert (definition.relations["depot"].key_from, definition.relations["depot"].key_to) == ("depot_id", "id")
    assert (definition.relations["parts"].key_from, definition.relations["parts"].key_to) == ("id", "scan_id")
    assert definition.relations["depot"].target is Bare


def test_a_subclass_has_its_own_definition():
    """MODEL-011, MODEL-012, MODEL-013"""

    @model(hidden_properties=["label"])
    class Special(Parcel):
        label: str = field(required=True, max_length=5)
        extra: int | None = None

    assert list(Special.definition.properties) == ["id", "label", "weight", "tags", "pin", "sent", "extra"]
    assert Special.model_name == "Special"
    assert Special.definition.properties["label"].hidden
    assert Special.definition.properties["pin"].hidden
    assert not Parcel.definition.properties["label"].hidden
    assert Parcel.definition.properties["label"].options["max_length"] == 40


def test_a_plain_mixin_contributes_properties():
    """MODEL-015"""

    class Stamped:
        created: datetime | None = field(default_fn="now")

    class Noted(Entity, Stamped):
        id: int = field(id=True)

    assert list(Noted.definition.properties) == ["created", "id"]
    assert Noted.definition.properties["created"].options["default_fn"] == "now"
    assert Noted(id=1).created is None


def test_text_annotations_resolve_late():
    """MODEL-016"""
    assert Later.definition.properties["other"].type is Defined

    class Local(Model):
        next: "Following | None" = None

    class Following(Model):
        name: str = ""

    assert Local.definition.properties["next"].type is Following

    class Lost(Model):
        thing: "Nowhere" = None  # type: ignore[name-defined]  # noqa: F821 - that is the point

    with pytest.raises(TypeError, match=r"Lost\.thing.*Nowhere"):
        _ = Lost.definition


def test_a_model_can_be_made_at_run_time():
    """MODEL-019, MODEL-020"""
    definition = (
        ModelDefinition("Book").add_property("id", {"type": int, "id": True}).add_property("title", str)
    ).add_setting("strict", False)
    book = define_model_class(Entity, definition)
    assert issubclass(book, Entity)
    assert (book.__name__, book.model_name, book.definition) == ("Book", "Book", definition)
    assert book.get_id_properties() == ["id"]
    assert book(id=1, title="x", free=2).to_json() == {"id": 1, "title": "x", "free": 2}


def test_instances_are_built_by_keyword_or_mapping():
    """MODEL-030, MODEL-031, MODEL-032"""
    parcel = Parcel({"label": "x", "pin": "1"}, label="y")
    assert (parcel.label, parcel.pin, parcel.weight) == ("y", "1", None)
    assert parcel.to_dict() == {"label": "y", "pin": "1"}
    del parcel.pin
    assert "pin" not in parcel.to_dict()
    assert Parcel(label=None).to_json() == {"label": None}
    with pytest.raises(ModelValidationError, match=r"lable.*parcel"):
        Parcel(lable="x")


def test_strictness_decides_about_unknown_names():
    """MODEL-032, MODEL-033, MODEL-034"""

    @model(strict=False, hidden_properties=["secret"])
    class Open(Model):
        name: str = ""

    @model(strict="filter")
    class Dropping(Model):
        name: str = ""

    assert Open(name="a", free=1, secret=2).to_json() == {"name": "a", "free": 1}
    assert Dropping(name="a", free=1).to_dict() == {"name": "a"}
    parcel = Parcel(label="a", pin="1")
    parcel.note = 5
    assert parcel.to_json() == {"label": "a"}
    assert parcel.to_dict(ignore_unknown=False) == {"label": "a", "pin": "1", "note": 5}


def test_mutable_defaults_are_not_shared():
    """MODEL-023, MODEL-031"""

    class Bag(Model):
        things: list[int] = field(default=[1])
        made: dict[str, int] = field(default_factory=dict)

    one, other = Bag(), Bag()
    one.things.append(2)
    one.made["a"] = 1
    assert (other.things, other.made) == ([1], {})
    assert one.to_dict() == {"things": [1, 2], "made": {"a": 1}}


def test_values_become_json():
    """MODEL-035, MODEL-036, MODEL-059"""

    class All(Model):
        at: datetime | None = None
        on: date | None = None
        id: UUID | None = None
        price: Decimal | None = None
        raw: bytes | None = None
        inner: Coded | None = None
        inners: list[Coded] | None = None

    key = uuid4()
    value = All(
        at=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), on=date(2024, 1, 2), id=key, price=Decimal("1.50"), raw=b"ab",
        inner={"code": "x"}, inners=[Coded(code="y")],
    )  # fmt: skip
    assert value.to_json() == {
        "at": "2024-01-02T03:04:05Z",
        "on": "2024-01-02",
        "id": str(key),
        "price": "1.50",
        "raw": "YWI=",
        "inner": {"code": "x"},
        "inners": [{"code": "y"}],
    }
    assert value.to_dict()["at"] is value.at
    assert All(**value.to_dict()) == value
    assert All(at=None).to_json() == {"at": None}


def test_ids_are_values_or_mappings():
    """MODEL-038, MODEL-039, MODEL-040"""

    @model(id=["realm", "code"])
    class Pair(Entity):
        realm: str = ""
        code: int = 0

    assert Parcel(id=3).get_id() == 3
    assert Parcel(id=3).get_id_object() == {"id": 3}
    assert Parcel.get_id_of({"id": 4}) == 4
    assert Pair(code=1, realm="a").get_id() == {"realm": "a", "code": 1}
    assert Pair.build_where_for_id({"code": 1, "realm": "a"}) == {"realm": "a", "code": 1}
    with pytest.raises(ModelValidationError, match="exactly"):
        Pair.build_where_for_id({"code": 1})
    with pytest.raises(TypeError, match=r"Coded.*id is missing"):
        Coded(code="x").get_id()


def test_entities_are_equal_by_id():
    """MODEL-041"""

    class Sub(Bare):
        pass

    class Other(Entity):
        id: int = field(id=True)

    assert Bare(id=1) == Bare(id=1)
    assert Bare(id=1) == Sub(id=1)
    assert hash(Bare(id=1)) == hash(Sub(id=1))
    assert Bare(id=1) != Other(id=1)
    assert Bare() != Bare()
    assert Coded(code="x") == Coded(code="x")
    assert Coded(code="x") != Coded(code="y")


def test_value_objects_do_not_change():
    """MODEL-041"""

    class Money(ValueObject):
        amount: int = 0
        parts: list[int] = field(default_factory=list)

    assert hash(Money(amount=1, parts=[1])) == hash(Money(amount=1, parts=[1]))
    with pytest.raises(AttributeError, match="immutable"):
        Money(amount=1).amount = 2


def test_repr_shows_id_first_and_hides():
    """MODEL-042"""
    assert repr(Parcel(label="x", pin="1234", id=1)) == "Parcel(id=1, label='x', pin=***)"


def test_instances_are_copied_and_pickled():
    """MODEL-043"""
    parcel = Parcel(label="x", tags=["a"])
    for twin in (copy.copy(parcel), copy.deepcopy(parcel), pickle.loads(pickle.dumps(parcel))):
        assert twin.to_dict() == parcel.to_dict()
        assert not twin.is_loaded("pin")
    assert Parcel.__match_args__[:2] == ("id", "label")


def test_an_absent_relation_reads_as_nothing():
    """MODEL-037, MODEL-045"""

    class Holder(Entity):
        id: int = field(id=True)
        bare_id: int | None = belongs_to(lambda: Bare)
        bares: list[Bare] = has_many(lambda: Bare)

    holder = Holder(id=1)
    assert (holder.bare, holder.bares, holder.is_loaded("bares")) == (None, [], False)
    assert holder.to_json() == {"id": 1}
    holder.bares = [Bare(id=2)]
    assert holder.to_json() == {"id": 1, "bares": [{"id": 2}]}


def test_renaming_is_for_the_wire():
    """MODEL-085, MODEL-086"""

    @model(rename="camel")
    class Task(Entity):
        id: int = field(id=True)
        is_done: bool = False
        due_at: str = field(rename="when")

    class More(Task):
        more_words: str = ""

    assert Task(is_done=True, due_at="x").to_json() == {"isDone": True, "when": "x"}
    assert More(more_words="a").to_json() == {"moreWords": "a"}
    with pytest.raises(TypeError, match=r"one.*two"):
        type("Twice", (Model,), {"one": field(type=str, rename="x"), "two": field(type=str, rename="x")})


FIRST = """
from __future__ import annotations
from mainspring.repository import Entity, field, has_many

class Owner(Entity):
    id: int = field(id=True)
    pets: list[Pet] = has_many(".second:Pet")
    favourites: list[Missing] = has_many("shop.second:Pet", key_to="favourite_of")
"""

SECOND = """
from __future__ import annotations
from mainspring.repository import Entity, belongs_to, field, has_many
from shop.first import Owner

class Pet(Entity):
    id: int = field(id=True)
    owner_id: int | None = belongs_to(Owner)
    favourite_of: int | None = belongs_to("Stray", name="stray")

class Stray(Entity):
    id: int = field(id=True)
    lost: list[Pet] = has_many(".nowhere:Pet")
"""


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_models_of_two_modules_may_name_each_other(tmp_path, monkeypatch, order):
    """MODEL-016, MODEL-087, REL-006"""
    package = tmp_path / "shop"
    package.mkdir()
    for name, text in (("__init__", ""), ("first", FIRST), ("second", SECOND)):
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)
    modules = {name: importlib.import_module(f"shop.{name}") for name in order}
    owner, pet, stray = modules["first"].Owner, modules["second"].Pet, modules["second"].Stray
    assert owner.definition.relations["pets"].target is pet
    assert owner.definition.relations["favourites"].target is pet
    assert pet.definition.relations["owner"].target is owner
    assert pet.definition.relations["stray"].target is stray
    with pytest.raises(InvalidRelationError, match=r"Stray#lost.*nowhere"):
        _ = stray.definition.relations["lost"].target
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)


def test_a_local_model_is_found_after_its_function_has_ended():
    """MODEL-016"""

    def make():
        class One(Model):
            other: "Two | None" = None

        class Two(Model):
            name: str = ""

        return One, Two

    one, two = make()
    assert one.definition.properties["other"].type is two


def test_a_subclass_has_the_relations_of_its_parents():
    """MODEL-014, REL-007"""

    class Base(Entity):
        id: int | None = field(id=True)
        parent_id: int | None = belongs_to(lambda: Base)
        children: list["Base"] = has_many(lambda: Base, key_to="parent_id")

    class Derived(Base):
        owner_id: int | None = belongs_to(lambda: Base)
        children: list[Base] = has_many(lambda: Derived, key_to="owner_id")

    found = Derived.definition.relations
    assert {name: relation.source for name, relation in found.items()} == {
        "parent": Base,
        "children": Derived,
        "owner": Derived,
    }
    assert (found["children"].target, Base.definition.relations["children"].target) == (Derived, Base)
    assert list(Base.definition.relations) == ["parent", "children"]


class Point(msgspec.Struct):
    x: int
    y: int = 0


@dataclass
class Size:
    width: int


class Extra(TypedDict):
    note: str


class Node(Model):
    name: str = field(required=True)
    children: list["Node"] | None = None


async def test_a_property_may_hold_a_structure_of_another_kind():
    """MODEL-021, MODEL-057, REPO-020"""

    class Drawing(Entity):
        id: int | None = field(id=True, generated=True)
        at: Point | None = None
        size: Size | None = None
        extra: Extra | None = None
        root: Node | None = None
        points: list[Point] | None = None

    data = {
        "at": {"x": 1},
        "size": {"width": 2},
        "extra": {"note": "n"},
        "root": {"name": "a", "children": [{"name": "b", "children": [{"name": "c"}]}]},
        "points": [{"x": 3, "y": 4}],
    }
    async with DataSource({"name": "db", "connector": "memory"}) as ds:
        drawings = DefaultCrudRepository(Drawing, ds)
        created = await drawings.create(data)
        found = await drawings.find_by_id(created.id)
        assert (found.at, found.size, found.extra) == (Point(1), Size(2), {"note": "n"})
        assert (type(found.root), found.root.children[0].children[0].name) == (Node, "c")
        assert found.points == [Point(3, 4)]
        assert found.to_json() == created.to_json() == {"id": 1, **data, "at": {"x": 1, "y": 0}}
        for wrong, path in (
            ({"at": {"x": "1"}}, "/at/x"),
            ({"size": {}}, "/size"),
            ({"extra": {"note": 1}}, "/extra/note"),
            ({"root": {"name": "a", "children": [{}]}}, "/root/children/0"),
            ({"points": [{"x": 1}, {"x": None}]}, "/points/1/x"),
        ):
            with pytest.raises(ModelValidationError) as caught:
                await drawings.create(wrong)
            assert caught.value.errors[0]["path"] == path
        assert await drawings.count() == Count(1)
    assert Drawing.json_schema()["properties"]["points"]["items"] == {"$ref": "#/$defs/Point"}
