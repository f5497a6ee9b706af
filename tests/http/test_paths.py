import pickle
import re

import pytest

from mainspring.errors import MainspringError
from mainspring.http import PathTemplateError, canonical_segment, join_paths, parse_path_template


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("/:id", ":id"),
        ("/a/:id/b", ":id"),
        ("/{id}?", "{id}?"),
        ("/{id}*", "{id}*"),
        ("/{id}+", "{id}+"),
        (r"/{id}(\d+)", r"(\d+)"),
        ("/files/(.*)", "(.*)"),
        ("/{$x}", "{$x}"),
        ("/{%x}", "{%x}"),
        ("/a/{id", "{id"),
        ("/{}", "{}"),
        ("/{a{b}}", "}"),
        ("/a}", "}"),
        ("/{a}/x/{a}", "{a}"),
        ("/{a}{b}", "{a}{b}"),
        ("/{a:path}/b", "{a:path}"),
        ("/x{a:path}", "x{a:path}"),
        ("/{a:int}", "{a:int}"),
        ("/files/*", "*"),
        ("/a?b=1", "?"),
        ("/a b", " "),
    ],
)
def test_a_template_that_says_nothing_we_know_is_refused_with_its_part(template, part):
    """REST-052, REST-046, REST-047"""
    with pytest.raises(PathTemplateError) as caught:
        parse_path_template(template)
    error = caught.value
    assert isinstance(error, MainspringError)
    assert isinstance(error, ValueError)
    assert template in str(error)
    assert f'"{part}"' in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_way_out_of_a_colon_is_braces():
    """REST-052"""
    with pytest.raises(ValueError, match=re.escape("{id}")):
        parse_path_template("/todos/:id")


@pytest.mark.parametrize(
    ("template", "variables"),
    [
        ("/{_a}/{b}", ("_a", "b")),
        ("/{a}@{b}", ("a", "b")),
        ("/profile/{user}.{format}", ("user", "format")),
        ("/{user-id}/{x.y}", ("user-id", "x.y")),
        ("/things/{id}:cancel", ("id",)),
        ("/files/{rest:path}", ("rest",)),
        ("/a+b/c,d;e=f", ()),
        ("/", ()),
    ],
)
def test_templates_that_are_fine(template, variables):
    """REST-052, REST-046"""
    parsed = parse_path_template(template)
    assert parsed.variables == variables
    assert parsed.is_static is (not variables)
    assert parsed.text == template


def test_a_rest_variable_is_plain_in_the_document():
    """REST-047"""
    parsed = parse_path_template("/files/{name:path}")
    assert parsed.openapi == "/files/{name}"
    assert parsed.segments[-1].rest
    assert not parsed.segments[0].rest


def test_the_first_of_several_variables_takes_as_much_as_it_can():
    """REST-046"""
    pattern = parse_path_template("/profile/{user}.{format}").segments[1].pattern
    assert re.fullmatch(pattern, "a.b.json").groups() == ("a.b", "json")
    assert re.fullmatch(pattern, ".json") is None
    assert re.fullmatch(pattern, "a.") is None


def test_templates_that_match_the_same_paths_have_one_shape():
    """REST-054"""
    assert parse_path_template("/users/{id}").shape == parse_path_template("users/{name}").shape
    assert parse_path_template("/users/{id}").shape != parse_path_template("/users/{id}.json").shape
    assert parse_path_template("/caf%c3%a9").shape == parse_path_template("/café").shape
    assert parse_path_template("/{a:path}").shape != parse_path_template("/{a}").shape


@pytest.mark.parametrize(
    ("parts", "joined", "strict"),
    [
        (("root/", "/a/"), "/root/a", "/root/a/"),
        (("/", ""), "/", "/"),
        (("", ""), "/", "/"),
        (("api", "v1", "todos"), "/api/v1/todos", "/api/v1/todos"),
        (("/api//", "//v1"), "/api/v1", "/api/v1"),
        (("/api", "/"), "/api", "/api/"),
        (("", "/a/"), "/a", "/a/"),
    ],
)
def test_paths_are_joined_by_single_slashes(parts, joined, strict):
    """REST-050"""
    assert join_paths(*parts) == joined
    assert join_paths(*parts, strict=True) == strict


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("abc", "abc"),
        ("caf%c3%a9", "caf%C3%A9"),
        ("%7Euser", "~user"),
        ("a%2fb", "a%2Fb"),
        ("%zz", "%zz"),
        ("a b", "a%20b"),
    ],
)
def test_segments_have_one_spelling(text, canonical):
    assert canonical_segment(text) == canonical
    assert canonical_segment(canonical) == canonical
