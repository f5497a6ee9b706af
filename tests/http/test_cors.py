import inspect
import re

import pytest

from mainspring.errors import MainspringError
from mainspring.http import CorsConfigError, CorsOptions, Headers, HttpErrors


def decided(options: CorsOptions, origin: str | None) -> str | None:
    return options.allowed(origin, options.ask(origin))


@pytest.mark.parametrize("config", [None, False, {"origin": False}, {"origin": None}])
def test_cors_is_off(config):
    """HTTP-005, HTTP-007"""
    assert CorsOptions.from_config(config) is None


def test_the_defaults_of_switching_it_on():
    """HTTP-005"""
    options = CorsOptions.from_config(True)
    assert options.methods == ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
    assert (options.credentials, options.max_age, options.options_success_status) == (False, 86400, 204)
    assert options.response_headers(decided(options, None)) == [("Access-Control-Allow-Origin", "*")]
    assert options.vary() == ()
    assert CorsOptions.from_config({}) == options
    assert CorsOptions.from_config({"max_age": 5}).methods == options.methods


def test_any_origin_with_credentials_is_refused_with_the_reason():
    """HTTP-005"""
    for config in ({"origin": "*", "credentials": True}, {"credentials": True}, {"origin": ["*"], "credentials": True}):
        with pytest.raises(CorsConfigError, match=r"ignored by browsers\. List the origins") as caught:
            CorsOptions.from_config(config)
        assert isinstance(caught.value, MainspringError)


@pytest.mark.parametrize(
    "config",
    [
        {"origins": "*"},
        {"origin": 3},
        {"origin": ["a", 3]},
        {"methods": 3},
        {"methods": ["GE T"]},
        {"allowed_headers": [1]},
        {"credentials": "yes"},
        {"max_age": "1"},
        "https://a.example",
        7,
    ],
)
def test_a_configuration_that_cannot_work_is_refused_by_name(config):
    """HTTP-007"""
    with pytest.raises(CorsConfigError, match=r"rest\.cors\."):
        CorsOptions.from_config(config)


def test_objects_with_attributes_are_accepted_too():
    """REST-001"""

    class Config:
        origin = "https://a.example"
        max_age = 1

    options = CorsOptions.from_config(Config())
    assert decided(options, "https://a.example") == "https://a.example"
    assert options.max_age == 1


@pytest.mark.parametrize(
    ("origin", "asked", "allowed"),
    [
        ("https://a.example", "https://a.example", "https://a.example"),
        ("https://a.example", "https://b.example", None),
        ("https://a.example", None, None),
        (["https://a.example", re.compile(r"https://.*\.b\.example")], "https://x.b.example", "https://x.b.example"),
        ([re.compile(r"https://.*\.b\.example")], "https://x.b.example.evil.org", None),
        ([re.compile(r"^https://.*\.b\.example$")], "https://x.b.example", "https://x.b.example"),
        ([re.compile(".*")], "null", None),
        (["null"], "null", "null"),
        (lambda origin: origin.endswith(".example"), "https://a.example", "https://a.example"),
        (lambda origin: origin.endswith(".example"), "https://a.org", None),
        (lambda origin: "https://other.example", "https://a.example", "https://other.example"),
        (lambda origin: None, "https://a.example", None),
        (True, "https://a.example", "https://a.example"),
    ],
)
def test_an_origin_is_allowed_as_configured(origin, asked, allowed):
    """HTTP-008"""
    options = CorsOptions.from_config({"origin": origin})
    assert decided(options, asked) == allowed
    lines = dict(options.response_headers(allowed))
    assert lines.get("Access-Control-Allow-Origin") == allowed
    assert options.vary() == ("Origin",)


async def test_an_asynchronous_function_decides_as_well():
    """HTTP-008"""

    async def decide(origin: str) -> bool:
        return origin == "https://a.example"

    options = CorsOptions.from_config({"origin": decide})
    for asked, allowed in (("https://a.example", "https://a.example"), ("https://b.example", None)):
        answer = options.ask(asked)
        assert inspect.isawaitable(answer)
        assert options.allowed(asked, await answer) == allowed


def test_what_the_function_raises_is_raised():
    """HTTP-008"""

    def refuse(origin: str) -> bool:
        raise HttpErrors.Forbidden("Not you")

    with pytest.raises(HttpErrors.Forbidden, match="Not you"):
        CorsOptions.from_config({"origin": refuse}).ask("https://a.example")


def test_the_lines_of_a_preflight():
    """HTTP-006"""
    options = CorsOptions.from_config(True)
    assert options.preflight_headers("*", "X-A, x-b") == [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),
        ("Access-Control-Allow-Headers", "X-A,x-b"),
        ("Access-Control-Max-Age", "86400"),
    ]
    assert options.vary(preflight=True) == ("Access-Control-Request-Headers",)
    assert options.preflight_headers(None, "X-A") == []
    own = CorsOptions.from_config(
        {"origin": "https://a.example", "allowed_headers": ["X-C"], "exposed_headers": "X-D, X-E", "credentials": True}
    )
    assert dict(own.preflight_headers("https://a.example", "X-A"))["Access-Control-Allow-Headers"] == "X-C"
    assert own.vary(preflight=True) == ("Origin",)
    assert own.response_headers("https://a.example") == [
        ("Access-Control-Allow-Origin", "https://a.example"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Expose-Headers", "X-D,X-E"),
    ]


def test_asked_headers_that_are_none_are_not_echoed():
    """HTTP-006, HTTP-015"""
    lines = dict(CorsOptions.from_config(True).preflight_headers("*", "X-A, a b, \xe9, X\r\nY"))
    assert lines["Access-Control-Allow-Headers"] == "X-A"


def test_a_preflight_is_known_by_its_fields():
    """HTTP-006"""
    fields = {"origin": "https://a.example", "access-control-request-method": "PUT"}
    assert CorsOptions.is_preflight("OPTIONS", Headers.of(fields))
    assert not CorsOptions.is_preflight("GET", Headers.of(fields))
    assert not CorsOptions.is_preflight("OPTIONS", Headers.of({"origin": "x"}))
