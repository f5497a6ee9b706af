"""JSON Schema of models, filters and conditions."""

import enum
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from mainspring.repository import Entity, Model, field, has_many, model


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


class Part(Model):
    name: str = field(required=True)


class Node(Entity):
    id: int = field(id=True)
    children: list["Node"] = field()
    part: Part = field()
    parts: list[Part] = field()


@model(description="A case")
class Case(Entity):
    id: int = field(id=True, required=True)
    name: str = field(required=True, description="What", min_length=2, pattern="^a")
    note: str | None = None
    words: list[str] = field(json_schema={"maxLength": 3})
    nodes: list[Node] = has_many(lambda: Node)


def test_the_schema_of_a_model():
    """MODEL-070, MODEL-071, MODEL-073"""
    assert Case.json_schema() == {
        "title": "Case",
        "type": "object",
        "description": "A case",
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string", "minLength": 2, "pattern": "^a", "description": "What"},
            "note": {"type": ["string", "null"]},
            "words": {"type": "array", "items": {"type": "string", "maxLength": 3}},
        },
        "required": ["id", "name"],
        "additionalProperties": False,
    }
    assert Model.json_schema.__func__(type("Empty", (Model,), {})) == {
        "title": "Empty",
        "type": "object",
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("type_", "schema"),
    [
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (datetime, {"type": "string", "format": "date-time"}),
        (date, {"type": "string", "format": "date"}),
        (time, {"type": "string", "format": "time"}),
        (UUID, {"type": "string", "format": "uuid"}),
        (Decimal, {"type": "string", "format": "decimal"}),
        (bytes, {"type": "string", "format": "byte", "contentEncoding": "base64"}),
        (dict, {"type": "object"}),
        (Any, {}),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (list, {"type": "array"}),
        (list[list[int]], {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}),
    ],
)
def test_the_schema_of_a_type(type_, schema):
    """MODEL-072, MODEL-073"""
    made = type("Made", (Model,), {"it": field(type=type_)})
    assert made.json_schema()["properties"]["it"] == schema


def test_nested_models_are_at_the_root_once():
    """MODEL-074"""
    schema = Node.json_schema()
    assert schema["properties"]["children"]["items"] == {"$ref": "#"}
    assert schema["properties"]["part"] == {"$ref": "#/$defs/Part"}
    assert list(schema["$defs"]) == ["Part"]


def test_options_change_the_title_and_what_is_required():
    """MODEL-075, MODEL-076, MODEL-077, MODEL-079"""
    assert Case.json_schema(partial=True)["title"] == "CasePartial"
    assert "required" not in Case.json_schema(partial=True)
    assert Node.json_schema(partial="deep")["$defs"]["PartPartial"].get("required") is None
    excluded = Case.json_schema(exclude=["id", "note"])
    assert (excluded["title"], "id" in excluded["properties"]) == ("CaseExcluding_id-note_", False)
    assert Case.json_schema(exclude=[])["title"] == "Case"
    both = Case.json_schema(optional=["name"], exclude=["id"], partial=True)
    assert (both["title"], both.get("required")) == ("CaseOptional_name_Excluding_id_", None)
    assert Case.json_schema(title="Mine", partial=True)["title"] == "Mine"


def test_relations_are_there_when_asked_for():
    """MODEL-078"""
    schema = Case.json_schema(include_relations=True)
    assert schema["title"] == "CaseWithRelations"
    assert schema["properties"]["nodes"] == {"type": "array", "items": {"$ref": "#/$defs/NodeWithRelations"}}
    assert "nodes" not in Case.json_schema()["properties"]


def test_results_are_copies():
    """MODEL-080"""
    options = {"exclude": ["id"]}
    first = Case.json_schema(options)
    first["properties"].clear()
    assert Case.json_schema(options)["properties"]
    assert options == {"exclude": ["id"]}


def test_an_unknown_type_is_told_when_it_is_needed():
    """MODEL-084"""
    made = type("Odd", (Model,), {"it": field(type="pebble")})
    with pytest.raises(TypeError, match=r"Odd\.it.*pebble"):
        made.json_schema()


def test_the_schema_of_a_filter():
    """MODEL-082, MODEL-083"""
    schema = Case.filter_schema()
    assert schema["title"] == "Case.Filter"
    assert schema["additionalProperties"] is False
    assert schema["properties"]["limit"] == {"type": "integer", "minimum": 1}
    assert schema["properties"]["where"]["title"] == "Case.WhereFilter"
    assert schema["properties"]["include"]["title"] == "Case.IncludeFilter"
    assert "include" not in Node.filter_schema()["properties"]
    bare = Case.filter_schema(exclude=["where", "include"], set_title=False)
    assert "where" not in bare["properties"]
    assert "title" not in str(bare)


def test_wire_names_are_in_schemas():
    """MODEL-085"""

    @model(rename="camel")
    class Renamed(Entity):
        is_done: bool = field(required=True)

    assert list(Renamed.json_schema()["properties"]) == ["isDone"]
    assert Renamed.json_schema()["required"] == ["isDone"]
    fields = Renamed.filter_schema()["properties"]["fields"]["anyOf"][0]["properties"]
    assert fields == {"isDone": {"type": "boolean"}}
