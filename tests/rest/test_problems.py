"""Errors on the wire, in both formats, and in the log."""

import asyncio
import json
import logging
from typing import Any

import pytest

from mainspring.rest import HttpError, HttpErrors, RequestContext, RestApplication, RestBindings, error_handler, get


def raising(error: BaseException, config: Any = None) -> RestApplication:
    def handler() -> None:
        raise error

    app = RestApplication({"rest": config or {}})
    app.route("get", "/x", None, handler)
    return app


LOOPBACK = {"error_format": "loopback"}


async def test_a_problem(web: Any) -> None:
    """ERR-001, ERR-006, ERR-022"""
    entries = [{"path": "/a", "code": "required", "message": "is missing", "info": {}}]
    error = HttpErrors.Conflict("It exists", code="EXISTS", details=entries, headers={"X-Hint": "1"})
    answer = await web(raising(error)).get("/x")
    assert (answer.status, answer.headers["content-type"]) == (409, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "It exists",
        "instance": "/x",
        "code": "EXISTS",
        "errors": entries,
    }
    assert answer.headers["x-hint"] == "1"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-length"] == str(len(answer.body))


async def test_an_envelope(web: Any) -> None:
    """ERR-002, ERR-003"""
    entries = [{"path": "/a", "code": "required", "message": "is missing", "info": {}}]
    answer = await web(raising(HttpErrors.NotFound("No todo", code="NONE", details=entries), LOOPBACK)).get("/x")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "error": {
            "statusCode": 404,
            "name": "NotFoundError",
            "message": "No todo",
            "code": "NONE",
            "details": entries,
        }
    }
    answer = await web(raising(HttpErrors.UnprocessableEntity(), LOOPBACK)).get("/x")
    assert answer.json() == {
        "error": {"statusCode": 422, "name": "UnprocessableEntityError", "message": "Unprocessable Entity"}
    }
    answer = await web(raising(HttpErrors.BadGateway("secret", code="C"), LOOPBACK)).get("/x")
    assert answer.json() == {"error": {"statusCode": 502, "message": "Bad Gateway"}}


async def test_other_details_are_details(web: Any) -> None:
    """ERR-005"""
    answer = await web(raising(HttpErrors.BadRequest("no", details={"hint": 1}))).get("/x")
    assert answer.json()["details"] == {"hint": 1}
    assert "errors" not in answer.json()


class Secret(Exception):  # noqa: N818 - a name that must not be seen
    def __init__(self) -> None:
        super().__init__("secret message")
        self.add_note("secret note")
        self.hint = "a hint"


async def test_an_unexpected_error_tells_nothing(web: Any) -> None:
    """ERR-007"""
    for config in ({}, LOOPBACK):
        answer = await web(raising(Secret(), config)).get("/x")
        assert answer.status == 500
        assert "secret" not in answer.text.lower()
        assert "Secret" not in answer.text


async def test_server_errors_hide_their_message(web: Any) -> None:
    """ERR-008"""
    error = HttpErrors.ServiceUnavailable("secret", code="DOWN", details={"secret": 1}, headers={"Retry-After": "5"})
    answer = await web(raising(error)).get("/x")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "instance": "/x",
        "code": "DOWN",
    }
    assert answer.headers["retry-after"] == "5"
    shown = await web(raising(HttpErrors.ServiceUnavailable("come back", expose=True))).get("/x")
    assert shown.json()["detail"] == "come back"
    marked = Secret()
    marked.expose = True  # type: ignore[attr-defined]  # what the rule is about
    marked.status = 503  # type: ignore[attr-defined]  # likewise
    assert (await web(raising(marked)).get("/x")).json()["detail"] == "secret message"


async def test_debugging_shows_everything(web: Any) -> None:
    """ERR-009"""
    app = raising(Secret())
    assert "detail" not in (await web(app).get("/x")).json()
    app.bind(RestBindings.ERROR_WRITER_OPTIONS).to({"debug": True})
    shown = (await web(app).get("/x")).json()
    assert shown["detail"] == "secret message"
    assert shown["name"] == "Secret"
    assert "test_problems.py" in shown["stack"]
    assert "stack" in (await web(app).get("/nothing")).json()
    envelope = raising(Secret(), {**LOOPBACK, "error_writer": {"debug": True}})
    shown = (await web(envelope).get("/x")).json()["error"]
    assert (shown["message"], shown["name"], shown["statusCode"]) == ("secret message", "Secret", 500)


async def test_safe_fields_are_let_through(web: Any) -> None:
    """ERR-010"""
    error = Secret()
    error.status = 503  # type: ignore[attr-defined]  # a standard member
    for config in ({}, LOOPBACK):
        options = {"safe_fields": ["hint", "absent", "status", "title"]}
        answer = (await web(raising(error, {**config, "error_writer": options})).get("/x")).json()
        members = answer.get("error", answer)
        assert members["hint"] == "a hint"
        assert "absent" not in members
        assert members.get("title", "Service Unavailable") == "Service Unavailable"


def with_status(**attributes: Any) -> Exception:
    error = RuntimeError("told")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"status": 404}, 404),
        ({"status_code": 409}, 409),
        ({"status": 200}, 500),
        ({"status": "404"}, 500),
        ({"status": True}, 500),
        ({"status": 600}, 500),
        ({"code": "ENTITY_NOT_FOUND"}, 404),
        ({"code": "ENTITY_NOT_FOUND", "status": 500}, 404),
        ({}, 500),
    ],
)
async def test_the_status_of_other_errors(web: Any, attributes: Any, status: int) -> None:
    """ERR-011, ERR-012"""
    answer = await web(raising(with_status(**attributes))).get("/x")
    assert answer.status == status
    assert ("told" in answer.text) is (status < 500)


async def test_groups_of_errors(web: Any) -> None:
    """ERR-013"""
    one = ExceptionGroup("g", [ExceptionGroup("h", [HttpErrors.NotFound("leaf")])])
    assert (await web(raising(one)).get("/x")).json()["detail"] == "leaf"
    several = ExceptionGroup("g", [HttpErrors.NotFound("a"), HttpErrors.Conflict("b")])
    answer = await web(raising(several)).get("/x")
    assert answer.status == 409
    assert [entry["message"] for entry in answer.json()["errors"]] == ["a", "b"]
    mixed = ExceptionGroup("g", [HttpErrors.NotFound("a"), ValueError("secret")])
    answer = await web(raising(mixed)).get("/x")
    assert (answer.status, "secret" in answer.text) == (500, False)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
async def test_an_exit_ends_the_process_after_the_answer(web: Any, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """ERR-014"""
    from mainspring.rest import serving  # noqa: PLC0415 - patched here only

    killed: list[int] = []
    monkeypatch.setattr(serving.os, "kill", lambda pid, number: killed.append(number))
    answer = await web(raising(kind(1))).get("/x")
    await asyncio.sleep(0)
    assert answer.status == 500
    assert len(killed) == 1


async def test_server_errors_are_logged_and_client_errors_are_not(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-015"""
    caplog.set_level(logging.DEBUG)
    await web(raising(Secret())).get("/x")
    records = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(records) == 1
    assert records[0].name.startswith("mainspring")
    assert records[0].getMessage() == "Request GET /x failed with status code 500"
    assert records[0].exc_info is not None
    caplog.clear()
    await web(raising(HttpErrors.NotFound("x"))).get("/x")
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


async def test_an_own_logger_is_called(web: Any) -> None:
    """ERR-015, ERR-016"""
    logged: list[Any] = []

    async def log(error: Any, status: int, request: Any) -> None:
        logged.append((str(error), status, request.method, request.path))

    app = raising(HttpErrors.NotFound("gone"))
    app.bind(RestBindings.SequenceActions.LOG_ERROR).to(log)
    assert (await web(app).get("/x")).status == 404
    assert logged == [("gone", 404, "GET", "/x")]


async def test_a_failing_logger_changes_nothing(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-016"""

    def fail(*_: Any) -> None:
        raise RuntimeError("logging failed")

    app = raising(HttpErrors.NotFound("gone"))
    app.bind(RestBindings.SequenceActions.LOG_ERROR).to(fail)
    answer = await web(app).get("/x")
    assert (answer.status, answer.json()["detail"]) == (404, "gone")
    assert "logging failed" in caplog.text


async def test_a_failing_reject_is_a_plain_500(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-016"""

    def fail(*_: Any) -> None:
        raise RuntimeError("rejecting failed")

    app = raising(HttpErrors.NotFound("the first error"))
    app.bind(RestBindings.SequenceActions.REJECT).to(fail)
    assert (await web(app).get("/x")).status == 500
    assert "rejecting failed" in caplog.text
    assert "the first error" in caplog.text


async def test_text_of_requests_is_escaped_in_the_log(web: Any, caplog: pytest.LogCaptureFixture) -> None:
    """ERR-017"""

    def handler(rest: str) -> None:
        raise Secret

    app = RestApplication()
    app.route("get", "/{rest:path}", None, handler)
    client = web(app)
    await client.get("/a", raw_path=b"/a\r\nFAKE \x1b[31m line")
    message = caplog.records[-1].getMessage()
    assert "\n" not in message
    assert "\x1b" not in message


async def test_errors_as_pages(web: Any) -> None:
    """ERR-019"""
    error = HttpErrors.BadRequest("<b>&", details=[{"path": "/<a>", "code": "x", "message": "]]>", "info": {}}])
    app = raising(error, {"error_writer": {"negotiate": True}})
    html = await web(app).get("/x", headers={"accept": "text/html"})
    assert html.headers["content-type"].startswith("text/html")
    assert "&lt;b&gt;&amp;" in html.text
    assert "<b>" not in html.text
    for kind in ("application/xml", "text/xml"):
        xml = await web(app).get("/x", headers={"accept": kind})
        assert xml.headers["content-type"].startswith(kind)
        assert "<detail>&lt;b&gt;&amp;</detail>" in xml.text
    for accept in ("*/*", "application/json", "image/png"):
        answer = await web(app).get("/x", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/problem+json"
    plain = await web(raising(error)).get("/x", headers={"accept": "text/html"})
    assert plain.headers["content-type"] == "application/problem+json"
    head = await web(app)("HEAD", "/x", headers={"accept": "text/html"})
    assert (head.status, head.body) == (400, b"")


async def test_a_program_maps_its_own_exceptions(web: Any) -> None:
    """ERR-021"""

    class Base(Exception):  # noqa: N818 - a name for the test
        pass

    class Special(Base):
        pass

    def to_result(ctx: RequestContext, error: Exception) -> Any:
        ctx.response.status = 299
        return {"handled": str(error)}

    async def to_error(ctx: RequestContext, error: Exception) -> Any:
        raise HttpErrors.Conflict(f"mapped {error}")

    @error_handler(Special, lambda ctx, error: {"controller": str(error)})
    class C:
        @get("/controller")
        def x(self) -> None:
            raise Special("s")

    def fail(kind: str) -> None:
        raise {"base": Base, "special": Special}[kind](kind)

    app = RestApplication()
    app.controller(C)
    app.route("get", "/fail", None, fail)
    app.error_handler(Base, to_result)
    answer = await web(app).get("/fail?kind=special")
    assert (answer.status, answer.json()) == (299, {"handled": "special"})
    app.error_handler(Special, to_error)
    answer = await web(app).get("/fail?kind=special")
    assert (answer.status, answer.json()["detail"]) == (409, "mapped special")
    assert (await web(app).get("/fail?kind=base")).json() == {"handled": "base"}
    app.rest_server.error_handler(Base, lambda ctx, error: "server")
    assert (await web(app).get("/fail?kind=base")).text == "server"
    assert (await web(app).get("/controller")).json() == {"controller": "s"}


async def test_of_two_handlers_of_one_class_the_later_counts(web: Any) -> None:
    """ERR-021"""

    def fail() -> None:
        raise ValueError

    def named(name: str) -> Any:
        return lambda ctx, error: name

    app = RestApplication()
    app.route("get", "/fail", None, fail)
    for place, name in ((app, "a"), (app, "b"), (app.rest_server, "c"), (app.rest_server, "d"), (app, "e")):
        place.error_handler(ValueError, named(name))
        nearest = "d" if place is app and name == "e" else name  # the server's comes before the application's
        assert (await web(app).get("/fail")).text == nearest


async def test_entries_of_other_errors_are_shown(web: Any) -> None:
    """ERR-024"""
    entries = [{"path": "/a", "code": "type", "message": "must be text"}]
    for config, name in (({}, "errors"), (LOOPBACK, "details")):
        error = with_status(status=422, code="INVALID", errors=entries)
        answer = (await web(raising(error, config)).get("/x")).json()
        members = answer.get("error", answer)
        assert members["code"] == "INVALID"
        assert members[name] == entries


def test_errors_of_the_family_are_what_they_say() -> None:
    """ERR-005"""
    with pytest.raises(ValueError, match="400"):
        HttpError(399, "no")
    with pytest.raises(ValueError, match="not allowed"):
        HttpErrors.NotFound("x", headers={"X": "a\nb"})


async def test_parameter_failures_in_the_envelope(web: Any) -> None:
    """ERR-020"""

    def handler(n: int) -> int:
        return n

    app = RestApplication({"rest": LOOPBACK})
    app.route("get", "/x", None, handler)
    error = (await web(app).get("/x?n=a")).json()["error"]
    assert error["code"] == "INVALID_PARAMETER_VALUE"
    assert (error["details"][0]["info"]["in"], error["details"][0]["info"]["name"]) == ("query", "n")


async def test_a_missing_file_or_operation_tells_no_paths(web: Any, tmp_path: Any) -> None:
    """ERR-018"""
    from mainspring.rest import FileResponse  # noqa: PLC0415 - used here only

    app = RestApplication()
    app.route("get", "/x", None, lambda: FileResponse(tmp_path / "missing.txt"))
    answer = await web(app).get("/x")
    assert answer.status == 404
    assert str(tmp_path) not in answer.text
    assert "missing" not in answer.text
    assert json.loads(answer.text)["status"] == 404
