"""``mainspring inspect``: what an application consists of, without starting it."""

import asyncio
import inspect
import json
import os
from collections.abc import Iterator
from typing import Any

import click

from mainspring.boot import BootMixin
from mainspring.cli.errors import failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.context import Binding, Context
from mainspring.context.compiling import plan_source
from mainspring.core import Application, CoreTags

__all__ = ["command"]


@click.command("inspect")
@click.argument("application", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON array: a context each, with its bindings.")
@click.option("--plan", metavar="KEY", help="Show the plan by which KEY is resolved from the application instead.")
@click.option("--debug", is_flag=True, help="Show the traceback of what goes wrong.")
def command(application: str | None, as_json: bool, plan: str | None, debug: bool) -> None:
    """Boot APPLICATION without starting it and show its contexts and bindings: kind, scope, tags, place."""
    with failing_in_words(debug=debug):
        click.echo(asyncio.run(_report(find_application(application), as_json, plan)).rstrip("\n"))


async def _report(app: Application, as_json: bool, plan: str | None) -> str:
    """The words of one of the three reports; the application is booted and closed."""
    try:
        if isinstance(app, BootMixin):
            await app.boot()
        if plan is not None:
            app.get_binding(plan.partition("#")[0])  # a key nobody bound is told with the nearest names
            return plan_source(app, plan)
        contexts = await _contexts(app)
        if as_json:
            return json.dumps([_described(context) for context in contexts], indent=2)
        return "\n\n".join("\n".join(_table(context)) for context in contexts)
    finally:
        await app.close()


async def _contexts(app: Application) -> list[Context]:
    """The application, what is above it, and its servers that are contexts."""
    servers = [await binding.get_value(app) for binding in app.find_by_tag(CoreTags.SERVER)]
    above = [context for context in app.chain() if context is not app]
    return [*reversed(above), app, *(server for server in servers if isinstance(server, Context))]


def _own_bindings(context: Context) -> list[Binding[Any]]:
    return [binding for binding in context.find() if context.own_binding(binding.key) is binding]


def _described(context: Context) -> dict[str, Any]:
    found = context.inspect(include_parent=False, include_injections=True)
    for binding in _own_bindings(context):
        found["bindings"][binding.key]["declared"] = _place_of(binding)
    parent = context.parent.name if context.parent is not None else None
    return {"name": found["name"], "scope": context.scope.value, "parent": parent, "bindings": found["bindings"]}


def _table(context: Context) -> Iterator[str]:
    """A line for the context, then its bindings in aligned columns."""
    yield f"{context.name} ({context.scope.value})"
    rows = [_row(binding) for binding in _own_bindings(context)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(binding: Binding[Any]) -> tuple[str, ...]:
    kind = binding.type.value if binding.type is not None else "no source"
    tags = ", ".join(name if name == value else f"{name}={value}" for name, value in binding.inspect()["tags"].items())
    return binding.key, kind, binding.scope.value, tags, _place_of(binding) or ""


def _place_of(binding: Binding[Any]) -> str | None:
    """File and line of the class or function a binding is made from."""
    source = binding.source
    if source is None or source.type in ("constant", "alias"):
        return None
    try:
        file = inspect.getsourcefile(source.value)
        line = inspect.getsourcelines(source.value)[1]
    except (OSError, TypeError):
        return None
    return f"{os.path.relpath(file)}:{line}" if file is not None else None
