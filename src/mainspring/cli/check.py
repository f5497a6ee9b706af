"""``mainspring check``: what would fail in an application, told without starting it, all at once."""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any

import click

from mainspring.boot import BootError
from mainspring.cli.errors import failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.cli.options import application_argument, debug_option, json_option
from mainspring.cli.places import noting_places
from mainspring.context.checking import Check
from mainspring.context.findings import Finding
from mainspring.context.places import Place, place_words
from mainspring.core import Application
from mainspring.core.checking import check_application
from mainspring.core.refusals import noting_refusals, refuse
from mainspring.errors import MainspringError

__all__ = ["command"]

#: The walk goes as deep as the longest chain of injections, a few calls for each link.
_DEPTH = 20_000


@click.command("check")
@application_argument
@json_option("One JSON object: the findings, and how much was checked.")
@debug_option
def command(application: str | None, as_json: bool, debug: bool) -> None:
    """Boot APPLICATION without starting it and tell everything that would fail: what cannot be injected, cycles, scopes
    that do not fit, clashes. Each with file and line. The exit status is 1 when there is anything.

    Nothing is made but the application and its components: no service, no controller, no connection. What is bound only
    while the application runs is declared by a tag on the binding of what binds it:
    app.on_start(connect).tag(binds=[Connection]); of middleware, app.middleware(fn, {"binds": [User]}).
    """
    sys.setrecursionlimit(max(_DEPTH, sys.getrecursionlimit()))
    with failing_in_words(debug=debug), noting_places() as place_of, noting_refusals() as refusals:
        check = asyncio.run(_checked(find_application(application), place_of))
    for error, place in refusals:
        check.report(_refused(error, place))
    findings = check.findings
    if as_json:
        click.echo(json.dumps(_as_data(check), indent=2))
    else:
        click.echo("\n".join(_lines(check)))
    if findings:
        raise click.exceptions.Exit(1)


async def _checked(app: Application, place_of: Any) -> Check:
    """The application is booted and closed."""
    try:
        try:
            await app.before_look()
        except MainspringError as error:  # it cannot be booted at all: nothing of it can be looked at
            refuse(error)
            return Check()
        return await check_application(app, place_of)
    finally:
        await app.close()


def _refused(error: Exception, place: Place | None) -> Finding:
    if not isinstance(error, BootError):
        return Finding("route", "", str(error), place=place)
    if error.file is not None:
        place = Place(str(error.file), error.line or 1)
    return Finding("boot", "", error.reason, place=place)


def _lines(check: Check) -> Iterator[str]:
    findings = check.findings
    for finding in findings:
        place = place_words(finding.place)
        yield f"{place}: {finding.kind}: {_message(finding)}" if place else f"{finding.kind}: {_message(finding)}"
        if finding.path and finding.path not in finding.message:
            yield f"    {finding.path}"
        for key, declared in finding.related:
            yield f"    {key}: {place_words(declared) or 'it is not known where it was bound'}"
    looked_at = f"{_counted(check.bindings, 'binding')} and {_counted(check.points, 'injection')} checked"
    yield f"{_counted(len(findings), 'finding')}; {looked_at}." if findings else f"All fine: {looked_at}."


def _message(finding: Finding) -> str:
    near = " or ".join(repr(name) for name in finding.suggestions)
    return " ".join(f"{finding.message}{f' Did you mean {near}?' if near else ''}".split())


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _as_data(check: Check) -> dict[str, Any]:
    findings = [
        {
            "kind": finding.kind,
            "key": finding.key,
            **_place_data(finding.place),
            "message": " ".join(finding.message.split()),
            "path": finding.path,
            "suggestions": list(finding.suggestions),
            "related": [{"key": key, **_place_data(place)} for key, place in finding.related],
        }
        for finding in check.findings
    ]
    return {"findings": findings, "checked": {"bindings": check.bindings, "injections": check.points}}


def _place_data(place: Place | None) -> dict[str, Any]:
    return {"file": None, "line": None} if place is None else {"file": place.file, "line": place.line}
