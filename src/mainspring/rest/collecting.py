"""Generated functions that read the parameters of an operation: one per route, straight from the exchange.

Such a function handles plain requests only: values sent once, without percent sequences, of the wanted type. At
anything else it hands the request to the interpreter (`arguments`), which decides, and words what is wrong: so both
always agree.
"""

import linecache
from collections.abc import Callable
from typing import Any

from mainspring.openapi.kinds import bare, non_null
from mainspring.openapi.parameters import MISSING
from mainspring.rest.arguments import ArgumentPlan, Source
from mainspring.rest.exchange import Exchange

__all__ = ["Collect", "make_collect", "plain_query"]

Collect = Callable[[Exchange], dict[str, Any]]

#: Digits of a number that is converted in place; more of them are left to the reader, which has a limit.
_DIGITS = 18


class NotPlain(Exception):  # noqa: N818 - a word of the generated functions to themselves, never seen outside
    """The request is for the interpreter."""


def make_collect(plan: ArgumentPlan) -> Collect | None:
    """The function for an operation; ``None`` for one without parameters of this sort."""
    if not plan.sources:
        return None
    if any(
        source.parameter.source not in ("path", "query") or source.reader.kind != "scalar" for source in plan.sources
    ):
        return plan.collect
    return _Writer(plan).function()


def plain_query(raw: bytes) -> dict[str, str]:
    """A query of which every name is sent once, in plain letters.

    Raises:
        NotPlain: It is another one.
    """
    if not raw:
        return {}
    text = raw.decode("latin-1")
    if "%" in text or "+" in text or "[" in text or not text.isascii():
        raise NotPlain
    pairs = text.split("&")
    found = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        found[name] = value
    if len(found) != len(pairs) or len(pairs) > _PAIRS:
        raise NotPlain
    return found


#: More pairs than this are left to the parser that has a limit to tell of.
_PAIRS = 100


class _Writer:
    def __init__(self, plan: ArgumentPlan) -> None:
        self._plan = plan
        self._names: dict[str, Any] = {
            "INTERPRET": plan.collect,
            "QUERY": plain_query,
            "NotPlain": NotPlain,
        }
        self._lines: list[str] = []

    def function(self) -> Collect:
        """The compiled function. Its source shows in tracebacks."""
        sources = self._plan.sources
        if any(source.parameter.source == "query" for source in sources):
            self._lines.append("query = QUERY(exchange.raw_query)")
        if any(source.parameter.source == "path" for source in sources):
            self._lines.append("path = exchange.match.values")
        pairs = [f"{source.parameter.name!r}: {self._value(number, source)}" for number, source in enumerate(sources)]
        body = "\n".join(f"        {line}" for line in self._lines)
        text = (
            "def collect(exchange):\n"
            "    try:\n"
            f"{body}\n"
            f"        return {{{', '.join(pairs)}}}\n"
            "    except Exception:  # whatever it is, the interpreter says it\n"
            "        return INTERPRET(exchange)\n"
        )
        description = self._plan.description
        filename = f"<arguments of {description.place}>"
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        exec(compile(text, filename, "exec"), self._names)  # the text is made here, of nothing but names made here
        function: Collect = self._names["collect"]
        return function

    def _value(self, number: int, source: Source) -> str:
        """The expression of one parameter; the lines before it put its value into a variable."""
        parameter, variable = source.parameter, f"v{number}"
        lines = self._lines
        if parameter.source == "path":
            position = self._plan.description.template.variables.index(parameter.wire_name)
            lines.append(f"{variable} = path[{position}]")
            lines.append(f"if '%' in {variable}: raise NotPlain")
            lines.extend(self._conversion(variable, number, source))
            return variable
        lines.append(f"{variable} = query.get({parameter.wire_name!r})")
        lines.append(f"if {variable} is None:")
        lines.append(f"    {self._absence(variable, number, source)}")
        lines.append(f"elif not {variable}: raise NotPlain")
        conversion = self._conversion(variable, number, source)
        if conversion:
            lines.append("else:")
            lines.extend(f"    {line}" for line in conversion)
        return variable

    def _absence(self, variable: str, number: int, source: Source) -> str:
        parameter = source.parameter
        if parameter.required:
            return "raise NotPlain"
        if parameter.default_factory is not None:
            self._names[f"F{number}"] = parameter.default_factory
            return f"{variable} = F{number}()"
        self._names[f"D{number}"] = None if parameter.default is MISSING else parameter.default
        return f"{variable} = D{number}"

    def _conversion(self, variable: str, number: int, source: Source) -> list[str]:
        """The lines that turn the text in a variable into the value."""
        parameter = source.parameter
        kind = bare(non_null(parameter.annotation)) if parameter.annotation is not MISSING else str
        plain = not parameter.constraints and parameter.schema is None and parameter.format is None
        plain = plain and (parameter.annotation is MISSING or kind is non_null(parameter.annotation))
        if plain and kind is str:
            return []
        self._names[f"R{number}"] = source.reader.scalar
        read = f"{variable} = R{number}({variable})"
        if not plain or kind is not int:
            return [read]
        digits = f"{variable}.isdigit() and {variable}.isascii() and len({variable}) < {_DIGITS}"
        return [f"{variable} = int({variable}) if {digits} else R{number}({variable})"]
