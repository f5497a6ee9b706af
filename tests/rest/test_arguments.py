"""Parameters: where they come from, what they become, how failures are told."""

import enum
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest

from mainspring.rest import RequestContext, RestApplication, get, param


def app_of(handler: Any, path: str = "/x", spec: Any = None) -> RestApplication:
    app = RestApplication()
    app.route("get", path, spec, handler)
    return app


def typed(annotation: Any, default: Any = ...) -> Any:
    """A handler with one query parameter ``v`` of a type, whose value is shown by ``repr``."""

    def handler(v: Any) -> str:
        return repr(v)

    if default is not ...:
        handler.__defaults__ = (default,)
    handler.__annotations__["v"] = annotation
    return handler


async def value_of(web: Any, annotation: Any, text: str, default: Any = ...) -> Any:
    """What a text becomes: the ``repr`` of the value, or status and first entry of the refusal."""
    answer = await web(app_of(typed(annotation, default))).get(f"/x?v={quote(text, safe='')}")
    if answer.status == 200:
        return answer.text
    entry = answer.json()["errors"][0]
    return answer.status, answer.json()["code"], entry["code"]


INVALID = (400, "INVALID_PARAMETER_VALUE", "type")
MISSING = (400, "MISSING_REQUIRED_PARAMETER", "required")


async def test_values_come_from_every_part_of_the_request(web: Any) -> None:
    """REST-081, REST-083, REST-084"""

    def handler(
        id: Annotated[int, param.path()],
        q: Annotated[str, param.query("query-name", description="What", example="a")],
        x_token: Annotated[str, param.header()],
        sid: Annotated[str, param.cookie("sid")],
        plain: int = 1,
        marked: int = param.query("other", default=5),
    ) -> list[Any]:
        return [id, q, x_token, sid, plain, marked]

    app = app_of(handler, "/x/{id}")
    headers = [("X-TOKEN", "t"), ("Cookie", 'bad; sid="a b"; sid=later')]
    answer = await web(app).get("/x/3?query-name=a+b&ignored=1", headers=headers)
    assert answer.json() == [3, "a b", "t", "a b", 1, 5]
    parameters = (await app.get_api_spec())["paths"]["/x/{id}"]["get"]["parameters"]
    assert [(each["in"], each["name"]) for each in parameters] == [
        ("path", "id"),
        ("query", "query-name"),
        ("header", "x-token"),
        ("cookie", "sid"),
        ("query", "plain"),
        ("query", "other"),
    ]
    assert parameters[1]["description"] == "What"


async def test_query_values_are_decoded_with_plus_as_a_space(web: Any) -> None:
    """REST-082"""
    app = app_of(typed(str))
    assert (await web(app).get("/x?v=a+b%2Bc%20%C3%BC")).text == repr("a b+c ü")
    assert (await web(app).get("/x?v=a&other=%zz")).text == repr("a")


async def test_repeated_headers_are_joined_for_scalars_and_listed_for_lists(web: Any) -> None:
    """REST-083"""

    def scalar(tag: Annotated[str, param.header("X-Tag")]) -> str:
        return tag

    def listed(tag: Annotated[list[str], param.header("X-Tag")]) -> list[str]:
        return tag

    headers = [("x-tag", "a"), ("X-Tag", "b,c")]
    assert (await web(app_of(scalar)).get("/x", headers=headers)).text == "a, b,c"
    assert (await web(app_of(listed)).get("/x", headers=headers)).json() == ["a", "b", "c"]


async def test_a_missing_required_parameter_is_named(web: Any) -> None:
    """REST-085, ERR-020"""
    answer = await web(app_of(typed(int))).get("/x")
    problem = answer.json()
    assert answer.status == 400
    assert problem["code"] == "MISSING_REQUIRED_PARAMETER"
    assert "v" in problem["detail"]
    assert problem["errors"][0]["path"] == ""
    assert problem["errors"][0]["code"] == "required"
    assert problem["errors"][0]["info"]["in"] == "query"
    assert problem["errors"][0]["info"]["name"] == "v"


@pytest.mark.parametrize("annotation", [str, int, bool, datetime, list[int], dict])
async def test_an_empty_value_counts_as_missing_when_required(web: Any, annotation: Any) -> None:
    """REST-086"""
    if annotation is dict:
        annotation = Annotated[dict, param.query()]
        assert await value_of(web, annotation, "null") == MISSING
    assert await value_of(web, annotation, "") == MISSING


async def test_an_empty_value_of_an_optional_parameter(web: Any) -> None:
    """REST-087"""
    assert await value_of(web, str, "", "default") == "''"
    assert await value_of(web, str | None, "", None) == "''"
    assert await value_of(web, Annotated[dict | None, param.query()], "", None) == "None"
    for annotation in (int, float, bool, date, datetime, UUID):
        assert await value_of(web, annotation | None, "", None) == INVALID, annotation


async def test_an_absent_optional_parameter_gets_its_default(web: Any) -> None:
    """REST-088"""
    assert (await web(app_of(typed(int, 7))).get("/x")).text == "7"
    assert (await web(app_of(typed(int | None))).get("/x")).text == "None"
    assert (await web(app_of(typed(list[int], None))).get("/x")).text == "None"

    def made(v: Annotated[list[int], param.query(default_factory=list)]) -> str:
        v.append(1)
        return repr(v)

    app = app_of(made)
    assert [(await web(app).get("/x")).text for _ in range(2)] == ["[1]", "[1]"]
    for text in ("null", "undefined"):
        assert await value_of(web, str | None, text) == repr(text)


async def test_a_refusal_quotes_the_value_and_names_the_parameter(web: Any) -> None:
    """REST-089"""

    def handler(id: int, secret: str) -> None: ...

    answer = await web(app_of(handler)).get("/x?id=abc&secret=hidden")
    problem = answer.json()
    assert answer.status == 400
    assert problem["code"] == "INVALID_PARAMETER_VALUE"
    assert "abc" in problem["detail"]
    assert "id" in problem["detail"]
    assert "hidden" not in answer.text
    assert (problem["errors"][0]["path"], problem["errors"][0]["code"]) == ("", "type")


async def test_all_failures_are_told_and_the_body_is_not_read(web: Any) -> None:
    """REST-090"""

    class Body(msgspec.Struct):
        a: int

    def handler(b: int, a: bool, body: Body, id: int, c: str = "") -> None: ...

    app = RestApplication()
    app.route("post", "/x/{id}", None, handler)
    client = web(app)
    answer = await client("POST", "/x/z?a=maybe", headers={"content-type": "application/json"}, body=[b"{", b"}"])
    problem = answer.json()
    assert answer.status == 400
    assert [(each["info"]["in"], each["info"]["name"]) for each in problem["errors"]] == [
        ("query", "b"),
        ("query", "a"),
        ("path", "id"),
    ]
    assert problem["code"] == "MISSING_REQUIRED_PARAMETER"
    assert len(client.unread) == 2


@pytest.mark.parametrize("text", ["1.2", "1e3", "abc", "true", "0x1f", "1_000", " 1", "1 ", "٣", "+-1", "--1"])
async def test_what_is_no_integer(web: Any, text: str) -> None:
    """REST-091"""
    assert await value_of(web, int, text) == INVALID


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-12", -12), ("+7", 7), ("0664", 664), ("12345678901234567890123", 12345678901234567890123)],
)
async def test_what_is_an_integer(web: Any, text: str, value: int) -> None:
    """REST-091"""
    assert await value_of(web, int, text) == repr(value)


async def test_integers_have_bounds_by_format_and_by_length(web: Any) -> None:
    """REST-091"""
    small = Annotated[int, param.query(format="int32")]
    assert await value_of(web, small, str(2**31 - 1)) == str(2**31 - 1)
    assert (await value_of(web, small, str(2**31)))[0] == 400
    large = Annotated[int, param.query(format="int64")]
    assert await value_of(web, large, str(-(2**63))) == str(-(2**63))
    assert (await value_of(web, large, str(2**63)))[0] == 400
    assert (await value_of(web, int, "9" * 6000))[0] == 400


async def test_floats_and_decimals(web: Any) -> None:
    """REST-092"""
    for text, value in (("1.5", 1.5), ("-2", -2.0), ("1e3", 1000.0), (".5", 0.5), ("1.0E-2", 0.01)):
        assert await value_of(web, float, text) == repr(value), text
    for text in ("nan", "NaN", "inf", "-Infinity", "1e999", "x", "1_0.0"):
        assert (await value_of(web, float, text))[0] == 400, text
    assert await value_of(web, Decimal, "0.10000000000000000000001") == repr(Decimal("0.10000000000000000000001"))


async def test_booleans(web: Any) -> None:
    """REST-093"""
    for text, value in (("true", True), ("TRUE", True), ("1", True), ("False", False), ("0", False)):
        assert await value_of(web, bool, text) == repr(value)
    for text in ("yes", "on", "null", "2", "t"):
        assert await value_of(web, bool, text) == INVALID


async def test_text_that_looks_like_a_number_stays_text(web: Any) -> None:
    """REST-094"""
    for text in ("0664", "1.0e+30", "true", "null", "[1]"):
        assert await value_of(web, str, text) == repr(text)


async def test_date_times(web: Any) -> None:
    """REST-095"""
    expected = repr(datetime(2020, 4, 1, 12, 30, tzinfo=timezone(timedelta(hours=-8))))
    assert await value_of(web, datetime, "2020-04-01T12:30:00-08:00") == expected
    for text in ("2020-04-01T12:30:00Z", "2020-04-01t12:30:00.5z"):
        assert "datetime.datetime(2020, 4, 1" in await value_of(web, datetime, text)
    for text in ("2020-04-01", "2020-04-01T12:30:00", "2020-04-32T12:30:00Z", "1585744200", "x"):
        assert (await value_of(web, datetime, text))[0] == 400, text


async def test_dates(web: Any) -> None:
    """REST-096"""
    assert await value_of(web, date, "2020-02-29") == repr(date(2020, 2, 29))
    for text in ("2020-02-30", "2020-02-29T00:00:00Z", "20200229", "x"):
        assert (await value_of(web, date, text))[0] == 400, text


async def test_bytes_are_base64(web: Any) -> None:
    """REST-097"""
    assert await value_of(web, bytes, "aGk+") == repr(b"hi>")
    for text in ("?", "aGk", "a b="):
        assert (await value_of(web, bytes, text))[0] == 400, text


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


async def test_enums_literals_unions_and_constraints(web: Any) -> None:
    """REST-098"""
    assert await value_of(web, Color, "red") == repr(Color.RED)
    answer = await web(app_of(typed(Color))).get("/x?v=green")
    entry = answer.json()["errors"][0]
    assert (entry["code"], entry["info"]["allowedValues"]) == ("enum", ["red", "blue"])
    assert await value_of(web, Literal["a", "b"], "b") == repr("b")
    assert await value_of(web, int | str, "7") == "7"
    assert await value_of(web, int | str, "x") == repr("x")
    limited = Annotated[int, msgspec.Meta(ge=1, le=10)]
    assert await value_of(web, limited, "10") == "10"
    entry = (await web(app_of(typed(limited))).get("/x?v=0")).json()["errors"][0]
    assert (entry["code"], entry["info"]["limit"]) == ("minimum", 1)
    named = Annotated[str, param.query(min_length=2, pattern="^a")]
    assert await value_of(web, named, "ab") == repr("ab")
    assert (await value_of(web, named, "a"))[2] == "minLength"
    assert (await value_of(web, named, "bb"))[2] == "pattern"
    key = "12345678-1234-5678-1234-567812345678"
    assert await value_of(web, UUID, key) == repr(UUID(key))


async def test_a_scalar_sent_twice_is_invalid(web: Any) -> None:
    """REST-099"""
    answer = await web(app_of(typed(int))).get("/x?v=1&v=2")
    assert (answer.status, answer.json()["code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("v=1&v=2", [1, 2]),
        ("v[]=1&v[]=2", [1, 2]),
        ("v%5B%5D=1", [1]),
        ("v[1]=2&v[0]=1", [1, 2]),
        ("v=3", [3]),
        ("", [9]),
    ],
)
async def test_lists(web: Any, query: str, value: Any) -> None:
    """REST-100"""
    assert (await web(app_of(typed(list[int], [9]))).get(f"/x?{query}")).text == repr(value)


async def test_list_elements_are_coerced_and_failures_have_their_index(web: Any) -> None:
    """REST-100"""
    answer = await web(app_of(typed(list[int]))).get("/x?v=1&v=x")
    assert answer.json()["errors"][0]["path"] == "/1"
    assert (await web(app_of(typed(set[int]))).get("/x?v=1&v=1")).text == "{1}"
    assert (await web(app_of(typed(tuple[int, ...]))).get("/x?v=1&v=2")).text == "(1, 2)"
    commas = Annotated[list[int], param.query(explode=False)]
    assert (await web(app_of(typed(commas))).get("/x?v=1,2")).text == "[1, 2]"
    pipes = Annotated[list[int], param.query(explode=False, style="pipeDelimited")]
    assert (await web(app_of(typed(pipes))).get("/x?v=1|2")).text == "[1, 2]"
    spaces = Annotated[list[int], param.query(explode=False, style="spaceDelimited")]
    assert (await web(app_of(typed(spaces))).get("/x?v=1%202")).text == "[1, 2]"


class Where(msgspec.Struct):
    id: int | None = None
    name: str | None = None


class Filter(msgspec.Struct):
    where: Where | None = None
    limit: int | None = None


OBJECT = Annotated[Filter, param.query()]


@pytest.mark.parametrize(
    "query",
    [
        f"v={quote(json.dumps({'where': {'id': 1}, 'limit': 2}))}",
        'v={"where":{"id":1},"limit":2}',
        "v[where][id]=1&v[limit]=2",
    ],
)
async def test_objects_are_json_or_nested_keys(web: Any, query: str) -> None:
    """REST-101"""
    assert (await web(app_of(typed(OBJECT))).get(f"/x?{query}")).text == repr(Filter(where=Where(id=1), limit=2))


async def test_without_schema_nested_values_stay_text(web: Any) -> None:
    """REST-101"""
    app = app_of(typed(Annotated[dict, param.query()]))
    assert (await web(app).get("/x?v[a][b]=1")).text == repr({"a": {"b": "1"}})
    assert (await web(app).get('/x?v={"a":{"b":1}}')).text == repr({"a": {"b": 1}})


@pytest.mark.parametrize("text", ["[1]", "1", '"x"', "{", "{'a':1}"])
async def test_what_is_no_object(web: Any, text: str) -> None:
    """REST-102"""
    answer = await web(app_of(typed(OBJECT))).get(f"/x?v={quote(text)}")
    assert answer.status == 400
    if text.startswith("{"):
        assert answer.json()["errors"][0]["info"]["syntaxError"]


async def test_a_repeated_object_is_invalid(web: Any) -> None:
    """REST-102"""
    assert (await web(app_of(typed(OBJECT))).get("/x?v={}&v={}")).status == 400


async def test_nested_keys_for_a_scalar_are_invalid(web: Any) -> None:
    """REST-103"""
    for annotation in (str, int):
        assert (await web(app_of(typed(annotation))).get("/x?v[id]=1")).status == 400
    assert (await web(app_of(typed(str, "default"))).get("/x?v[id]=1")).status == 400


async def test_violations_inside_an_object_have_their_path(web: Any) -> None:
    """REST-104"""
    answer = await web(app_of(typed(OBJECT))).get('/x?v={"where":{"id":"x"}}')
    assert answer.status == 400
    assert answer.json()["errors"][0]["path"] == "/where/id"
    assert answer.json()["errors"][0]["info"]["name"] == "v"


async def test_queries_are_bounded(web: Any) -> None:
    """REST-105"""
    app = app_of(typed(Annotated[dict, param.query()]))
    assert (await web(app).get(f"/x?v{'[a]' * 20}=1")).status == 200
    assert (await web(app).get(f"/x?v{'[a]' * 21}=1")).status == 400
    assert (await web(app).get("/x?v={}&" + "&".join(f"k{number}=1" for number in range(999)))).status == 200
    assert (await web(app).get("/x?v={}&" + "&".join(f"k{number}=1" for number in range(1000)))).status == 400
    listed = app_of(typed(list[str]))
    assert (await web(listed).get("/x?v[1001]=a")).status == 400
    assert (await web(listed).get("/x?v[1000]=a")).text == "['a']"
    small = RestApplication({"rest": {"router": {"query_depth": 1, "query_limit": 2}}})
    small.route("get", "/x", None, typed(Annotated[dict, param.query()]))
    assert (await web(small).get("/x?v[a]=1")).status == 200
    assert (await web(small).get("/x?v[a][b]=1")).status == 400
    assert (await web(small).get("/x?v[a]=1&b=1&c=1")).status == 400


async def test_an_unknown_location_in_a_spec_answers_501(web: Any) -> None:
    """REST-107"""
    app = app_of(typed(str), spec={"parameters": [{"name": "v", "in": "nowhere", "schema": {"type": "string"}}]})
    answer = await web(app).get("/x?v=1")
    assert answer.status == 501
    assert "nowhere" in answer.json()["detail"]


def test_an_unknown_location_in_a_decorator_is_refused() -> None:
    """REST-107"""

    class C:
        @get("/x", {"parameters": [{"name": "v", "in": "nowhere"}]})
        def x(self, v: str) -> str:
            return v

    with pytest.raises(ValueError, match="nowhere"):
        RestApplication().controller(C)


async def test_the_parsed_query_is_in_the_context(web: Any) -> None:
    """REST-108"""

    def show(ctx: RequestContext) -> Any:
        return ctx.request.query

    answer = await web(app_of(show)).get("/x?x=1&y[a]=2&z=1&z=2")
    assert answer.json() == {"x": "1", "y": {"a": "2"}, "z": ["1", "2"]}


@pytest.mark.parametrize("text", ["%", "%2", "%zz", "%ff", "a%C3"])
async def test_what_does_not_decode_is_invalid(web: Any, text: str) -> None:
    """REST-109"""
    assert (await web(app_of(typed(str))).get(f"/x?v={text}")).status == 400

    def handler(id: str) -> str:
        return id

    assert (await web(app_of(handler, "/p/{id}")).get(f"/p/{text}")).status == 400


async def test_variables_are_decoded_once(web: Any) -> None:
    """REST-110"""

    def handler(name: str) -> str:
        return name

    app = app_of(handler, "/files/{name}")
    assert (await web(app).get("/files/a%2Fb")).text == "a/b"
    assert (await web(app).get("/files/a%252Fb")).text == "a%2Fb"
    assert (await web(app).get("/files/a+b")).text == "a+b"


async def test_parameters_of_a_spec_are_matched_by_name(web: Any) -> None:
    """REST-111"""

    def handler(x_count, y):  # type: ignore[no-untyped-def]  # the spec says the types
        return [x_count, y]

    spec = {
        "parameters": [
            {"name": "x.count", "in": "query", "required": True, "schema": {"type": "integer"}},
            {"name": "y", "in": "header", "schema": {"type": "boolean"}},
        ]
    }
    app = app_of(handler, spec=spec)
    assert (await web(app).get("/x?x.count=3", headers={"Y": "true"})).json() == [3, True]
    assert (await web(app).get("/x")).status == 400
    assert (await web(app).get("/x?x.count=3")).json() == [3, None]


async def test_plain_and_unusual_requests_give_the_same(web: Any) -> None:
    """REST-080, REST-082"""

    def handler(id: int, q: str, limit: int = 10, flag: bool = False) -> list[Any]:
        return [id, q, limit, flag]

    app = app_of(handler, "/x/{id}")
    for query in ("q=ab&limit=3&flag=true", "q=a%62&limit=%33&flag=true", "flag=true&q=ab&limit=3&&"):
        assert (await web(app).get(f"/x/7?{query}")).json() == [7, "ab", 3, True]
    assert (await web(app).get("/x/7?q=ab")).json() == [7, "ab", 10, False]
    refused = [await web(app).get(f"/x/7?{query}") for query in ("q=&limit=x", "q&limit=x")]
    assert [answer.status for answer in refused] == [400, 400]
    assert refused[0].json() == refused[1].json()


async def test_what_was_sent_at_the_place_is_quoted(web: Any) -> None:
    """REST-089, REST-104"""
    answer = await web(app_of(typed(OBJECT))).get("/x?v[limit]=abc&v[where][id]=1")
    assert '"abc"' in answer.json()["detail"]
    assert answer.json()["errors"][0]["path"] == "/limit"


async def test_filters_and_conditions_of_models(web: Any) -> None:
    """REST-106, OAS-010"""
    from mainspring.repository import Entity, field, model  # noqa: PLC0415 - used here only

    @model()
    class Thing(Entity):
        id: int = field(id=True)
        name: str = field()

    def find(
        filter: Annotated[Any, param.filter(Thing)] = None,
        q: Annotated[Any, param.filter(Thing, "q", exclude="where")] = None,
        where: Annotated[Any, param.where(Thing)] = None,
    ) -> list[Any]:
        return [filter, q, where]

    app = app_of(find)
    query = "filter[limit]=2&filter[where][id]=1&q[limit]=3&where[name]=a"
    answer = await web(app).get(f"/x?{query}")
    assert answer.json() == [{"limit": 2, "where": {"id": 1}}, {"limit": 3}, {"name": "a"}]
    text = quote(json.dumps({"limit": 2, "where": {"id": 1}}))
    assert (await web(app).get(f"/x?filter={text}")).json()[0] == {"limit": 2, "where": {"id": 1}}
    for wrong in ("filter[nonsense]=1", "q[where][id]=1", "filter[limit]=x"):
        assert (await web(app).get(f"/x?{wrong}")).status == 400, wrong
    shown = (await app.get_api_spec())["paths"]["/x"]["get"]["parameters"]
    assert [each["name"] for each in shown] == ["filter", "q", "where"]
