"""Documents as text."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mainspring.openapi.writing import to_json_text, to_yaml_text

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), inner, max_size=4)
    ),
)


@given(values)
def test_yaml_and_json_say_the_same(value):
    """OAS-034"""
    assert json.loads(to_json_text(value)) == value
    assert yaml.safe_load(to_yaml_text(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "No",
        "null",
        "~",
        "1",
        "1.5",
        "0x1f",
        "1e3",
        "2026-01-02",
        "",
        " ",
        "a: b",
        "#",
        "- a",
        "{a}",
        "[",
        "&a",
        "*a",
        "!x",
        "%",
        "@",
        "`",
        "'",
        '"',
        "a\nb",
        "\t",
        "\u2028",
        "\x85",
        "\ufeff",
        "😀",
        "=",
        "<<",
        "on",
        "012",
        "1_0",
        "a #b",
    ],
)
def test_texts_that_could_be_mistaken_stay_texts(text):
    """OAS-034"""
    for value in (text, {text: text}, [text]):
        assert yaml.safe_load(to_yaml_text(value)) == value


def test_yaml_is_readable():
    """OAS-034"""
    document = {
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {"tags": ["t"], "parameters": [{"name": "q", "in": "query"}]}}},
        "x": {},
    }
    assert to_yaml_text(document) == (
        'openapi: "3.1.0"\n'
        "paths:\n"
        '  "/a":\n'
        "    get:\n"
        "      tags:\n"
        "        - t\n"
        "      parameters:\n"
        "        - name: q\n"
        "          in: query\n"
        "x: {}\n"
    )
