import copy
import pickle

import pytest

from mainspring.errors import MainspringError
from mainspring.http import HttpError, HttpErrors, InvalidHeaderError, http_error_class, reason_phrase


def family() -> list[type[HttpError]]:
    return list({id(v): v for v in vars(HttpErrors).values() if isinstance(v, type)}.values())


def test_the_family_has_a_class_for_every_registered_status_from_400_on():
    """ERR-004"""
    registered = {
        *(400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424),
        *(425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 511),
    }
    assert registered <= {cls.status for cls in family()}
    for cls in family():
        assert issubclass(cls, HttpError)
        assert http_error_class(cls.status) is cls
        assert str(cls()) == reason_phrase(cls.status)
        assert cls("Words").status == cls.status
        assert str(cls("Words")) == "Words"


@pytest.mark.parametrize(
    ("name", "status", "phrase"),
    [
        ("BadRequest", 400, "Bad Request"),
        ("Unauthorized", 401, "Unauthorized"),
        ("MethodNotAllowed", 405, "Method Not Allowed"),
        ("PayloadTooLarge", 413, "Payload Too Large"),
        ("RangeNotSatisfiable", 416, "Range Not Satisfiable"),
        ("UnprocessableEntity", 422, "Unprocessable Entity"),
        ("TooManyRequests", 429, "Too Many Requests"),
        ("InternalServerError", 500, "Internal Server Error"),
        ("GatewayTimeout", 504, "Gateway Timeout"),
    ],
)
def test_a_class_of_the_family_is_called_by_its_reason(name, status, phrase):
    """ERR-004"""
    error = getattr(HttpErrors, name)()
    assert (error.status, str(error)) == (status, phrase)
    assert isinstance(error, HttpError)
    assert isinstance(error, MainspringError)


def test_the_name_in_the_family_goes_by_status():
    """ERR-002"""
    assert HttpErrors.NotFound().name == "NotFoundError"
    assert HttpError(404, "x").name == "NotFoundError"
    assert HttpErrors.UnprocessableEntity().name == "UnprocessableEntityError"
    assert HttpErrors.InternalServerError().name == "InternalServerError"


@pytest.mark.parametrize("status", [399, 600, 200, 0, -1, "404", 404.0, True, None])
def test_a_status_outside_the_range_of_errors_is_refused(status):
    """ERR-005"""
    with pytest.raises(ValueError, match="400 to 599"):
        HttpError(status, "x")


def test_an_error_without_message_says_the_reason_phrase():
    """ERR-004"""
    assert str(HttpError(404)) == "Not Found"
    assert str(HttpError(499)) == "Client Error"
    assert str(HttpError(599)) == "Server Error"
    assert str(HttpErrors.NotFound("")) == ""


def test_what_is_shown_is_decided_by_status_unless_said():
    """ERR-005, ERR-008"""
    assert HttpErrors.NotFound().expose is True
    assert HttpErrors.ServiceUnavailable("secret").expose is False
    assert HttpErrors.ServiceUnavailable("open", expose=True).expose is True


class TeapotError(HttpError):
    def __init__(self, colour: str) -> None:
        super().__init__(418, f"a {colour} teapot")
        self.colour = colour


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_survive_copying_and_pickling_with_all_they_have(again):
    """ERR-005"""
    error = HttpErrors.Conflict("Taken", code="C", details=[{"path": "/a"}], headers={"Retry-After": "3"}, expose=False)
    error.hint = "other"
    for original in (error, HttpError(503, "busy", headers={"A": "b"}), TeapotError("red")):
        found = again(original)
        assert type(found) is type(original)
        assert vars(found) == vars(original)
        assert str(found) == str(original)
        assert found.args == original.args


@pytest.mark.parametrize(
    ("name", "value"), [("A b", "x"), ("A", "x\r\nB: c"), ("A", "x\0"), ("A", "\u20ac"), ("", "x")]
)
def test_a_header_of_an_error_that_could_split_the_response_is_refused_at_once(name, value):
    """HTTP-015, HTTP-019"""
    with pytest.raises(InvalidHeaderError):
        HttpErrors.NotFound(headers={name: value})
