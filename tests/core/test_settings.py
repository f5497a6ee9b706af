"""Settings as the framework reads them: configuration with the environment on top."""

import dataclasses

import pytest

from mainspring.core import ApplicationConfig, effective_section

TYPES = {"port": int, "host": str, "debug": bool, "ratio": float, "tags": list, "limit": int | None, "cors": dict}


def read(config, **environ):
    return effective_section(config, "rest", TYPES, environ)


def test_the_environment_wins_and_the_configuration_is_not_changed():
    """CORE-027"""
    config = {"rest": {"port": 1, "other": 2}}
    assert read(config, MAINSPRING_REST_PORT="9") == {"port": 9, "other": 2}
    assert config == {"rest": {"port": 1, "other": 2}}


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("DEBUG", "yes", "debug", True),
        ("DEBUG", "0", "debug", False),
        ("RATIO", "1.5", "ratio", 1.5),
        ("HOST", "1", "host", "1"),
        ("TAGS", "a, b", "tags", ["a", "b"]),
        ("TAGS", '["a"]', "tags", ["a"]),
        ("LIMIT", "null", "limit", None),
        ("LIMIT", "3", "limit", 3),
        ("CORS", '{"origin": "*"}', "cors", {"origin": "*"}),
        ("CORS__MAX_AGE", "5", "cors", {"max_age": 5}),
    ],
)
def test_text_is_converted_to_the_type_of_the_setting(variable, text, key, value):
    """CORE-027"""
    assert read({}, **{f"MAINSPRING_REST_{variable}": text}) == {key: value}


@pytest.mark.parametrize(
    ("variable", "text"), [("PORT", "many"), ("DEBUG", "perhaps"), ("CORS", "[1]"), ("LIMIT", "x")]
)
def test_what_does_not_convert_names_the_variable(variable, text):
    """CORE-027"""
    with pytest.raises(
        ValueError,
        match=rf"MAINSPRING_REST_{variable}.*\{text[0]}" if text[0] == "[" else f"MAINSPRING_REST_{variable}.*{text}",
    ):
        read({}, **{f"MAINSPRING_REST_{variable}": text})


def test_host_and_port_alone_mean_nothing_here():
    """CORE-027"""
    assert read({}, HOST="h", PORT="1", MAINSPRING_REST_UNKNOWN="x") == {}


def test_any_shape_of_section_is_read():
    """CORE-023"""

    @dataclasses.dataclass
    class Rest:
        port: int = 3

    assert read(ApplicationConfig(rest=Rest()), MAINSPRING_REST_HOST="h") == {"port": 3, "host": "h"}

    class Slots:
        __slots__ = ("port", "unset")

        def __init__(self):
            self.port = 4

    assert read({"rest": Slots()}) == {"port": 4}
    assert read({"rest": {"max-age": 1, "PORT": 5}}) == {"max-age": 1, "port": 5}
    assert read({}) == {}


@pytest.mark.parametrize("section", [5, "text", ["a"], object()])
def test_what_is_no_section_is_named(section):
    """CORE-023, CORE-182"""
    with pytest.raises(ValueError, match=r"config\['rest'\]"):
        read({"rest": section})
