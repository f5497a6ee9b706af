"""``mainspring inspect``: what an application consists of, without starting it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import click

from mainspring.cli.drawing import drawing
from mainspring.cli.errors import UsageFailure, failing_in_words
from mainspring.cli.lookup import find_application
from mainspring.cli.options import application_argument, debug_option, json_option
from mainspring.cli.places import noting_places
from mainspring.context import Binding, Context
from mainspring.context.compiling import plan_source
from mainspring.context.places import place_words
from mainspring.core import Application, CoreTags
from mainspring.core.contexts import contexts_of

__all__ = ["command"]


@click.command("inspect")
@application_argument
@json_option("One JSON array: a context each, with its bindings.")
@click.option("--dot", "as_dot", is_flag=True, help="A drawing for Graphviz: contexts, bindings, who injects whom.")
@click.option("--plan", metavar="KEY", help="Show the plan by which KEY is resolved from the application instead.")
@debug_option
def command(application: str | None, as_json: bool, as_dot: bool, plan: str | None, debug: bool) -> None:
    """Boot APPLICATION without starting it and show its contexts and bindings: kind, scope, tags, place."""
    if as_json + as_dot + (plan is not None) > 1:
        raise UsageFailure("--json, --dot and --plan are three reports: ask for one of them.")
    form = "json" if as_json else "dot" if as_dot else "text"
    with failing_in_words(debug=debug), noting_places() as place_of:
        report = _Report(find_application(application), lambda binding: place_words(place_of(binding)))
        click.echo(asyncio.run(report.words(form, plan)).rstrip("\n"))


class _Report:
    """What is said of one application.

    Args:
        app: The application.
        place_of: Where a binding was declared, in words.
    """

    def __init__(self, app: Application, place_of: Callable[[Binding[Any]], str | None]) -> None:
        self._app = app
        self._place_of = place_of

    async def words(self, form: str, plan: str | None) -> str:
        """The words of one of the reports; the application is booted and closed."""
        app = self._app
        try:
            await app.before_look()
            if plan is not None:
                app.get_binding(plan.partition("#")[0])  # a key nobody bound is told with the nearest names
                return plan_source(app, plan)
            contexts = await _contexts(app)
            if form == "json":
                return json.dumps([self._described(context) for context in contexts], indent=2)
            if form == "dot":
                return drawing(contexts, self._place_of)
            return "\n\n".join("\n".join(self._table(context)) for context in contexts)
        finally:
            await app.close()

    def _described(self, context: Context) -> dict[str, Any]:
        found = context.inspect(include_parent=False, include_injections=True)
        for binding in context.own_bindings():
            found["bindings"][binding.key]["declared"] = self._place_of(binding)
        parent = context.parent.name if context.parent is not None else None
        return {"name": found["name"], "scope": context.scope.value, "parent": parent, "bindings": found["bindings"]}

    def _table(self, context: Context) -> Iterator[str]:
        """A line for the context, then its bindings in aligned columns; indented as deep as it is below others."""
        indent = "  " * (sum(1 for _ in context.chain()) - 1)
        yield f"{indent}{context.name} ({context.scope.value})"
        rows = [self._row(binding) for binding in context.own_bindings()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
        for row in rows:
            yield f"{indent}  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    def _row(self, binding: Binding[Any]) -> tuple[str, ...]:
        kind = binding.type.value if binding.type is not None else "no source"
        given = binding.inspect()["tags"].items()
        tags = ", ".join(name if name == value else f"{name}={value}" for name, value in given)
        return binding.key, kind, binding.scope.value, tags, self._place_of(binding) or ""


async def _contexts(app: Application) -> list[Context]:
    """The contexts of the application; its servers are made, as a start would make them."""
    for binding in app.find_by_tag(CoreTags.SERVER):
        await binding.get_value(app)
    return contexts_of(app)
