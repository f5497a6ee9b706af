"""What the decorators of the loader say, in the document: statuses, headers and media types, and the 401 of guards."""

from collections.abc import Callable, Iterable
from typing import Any

from mainspring.http import reason_phrase
from mainspring.loader.answers import Answer
from mainspring.loader.chains import Line
from mainspring.loader.stage_kinds import Stage

__all__ = ["StageDocuments"]


class StageDocuments:
    """Adds it to the operations of a document.

    Args:
        lines: Gives the verb, the path and the line of every operation that has one.
    """

    def __init__(self, lines: Callable[[], Iterable[tuple[str, str, Line]]]) -> None:
        self._lines = lines

    def modify_spec(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The document with what the stages of its operations say."""
        for verb, path, line in self._lines():
            operation = spec.get("paths", {}).get(path, {}).get(verb)
            if operation is not None:
                _describe(operation.setdefault("responses", {}), line)
        return spec


def _describe(responses: dict[str, Any], line: Line) -> None:
    for stage in line.stages:
        if isinstance(stage, Stage) and stage.is_guard:
            responses.setdefault("401", {"description": reason_phrase(401)})
        elif isinstance(stage, Answer):
            _add_answer(responses, stage)


def _add_answer(responses: dict[str, Any], answer: Answer) -> None:
    """What one decorator says of the response of an operation that went well."""
    if answer.status is not None:
        _move(responses, str(answer.status))
    key = _good(responses)
    response = responses[key]
    for name in answer.headers:
        response.setdefault("headers", {}).setdefault(name, {"schema": {"type": "string"}})
    if answer.media_type is not None:
        known = next(iter(response.get("content", {}).values()), {"schema": {"type": "string"}})
        text = {"schema": {"type": "string"}} if answer.media_type.startswith("text/") else known
        response["content"] = {answer.media_type: text}


def _good(responses: dict[str, Any]) -> str:
    """The status of the response of an operation that went well."""
    for key in responses:
        if key[:1] in "23":
            return key
    responses["200"] = {"description": reason_phrase(200)}
    return "200"


def _move(responses: dict[str, Any], status: str) -> None:
    """Let what is said of the response be said of another status."""
    key = _good(responses)
    response = responses.pop(key)
    if status[0] == "3" or status == "204":
        response.pop("content", None)
    described = {**response, "description": reason_phrase(int(status))}
    others = dict(responses)
    responses.clear()
    responses |= {status: {**described, **others.pop(status, {})}, **others}
