"""Generated text that reads the parameters of an operation: straight from the exchange, a few lines per parameter.

The lines handle plain requests only: values sent once, without percent sequences, of the wanted type. At anything else
they raise, and the request goes to the interpreter (`arguments`), which decides, and words what is wrong: so both
always agree. `make_collect` makes a function of the lines; `compiling` puts them into that of the whole operation.
"""

from collections.abc import Callable
from typing import Any

from mainspring.openapi.kinds import bare, non_null
from mainspring.openapi.parameters import MISSING
from mainspring.rest.arguments import ArgumentPlan, Source
from mainspring.rest.exchange import Exchange
from mainspring.rest.generating import compiled

__all__ = ["ArgumentLines", "Collect", "make_collect", "plain_query"]

Collect = Callable[[Exchange], dict[str, Any]]


#: Larger numbers are left to the interpreter.
_LARGEST = 10**18


class NotPlain(Exception):  # noqa: N818 - a word of the generated functions to themselves, never seen outside
    """The request is for the interpreter."""


def make_collect(plan: ArgumentPlan) -> Collect | None:
    """The function for an operation; ``None`` for one without parameters of this sort."""
    if not plan.sources:
        return None
    lines = ArgumentLines(plan)
    if not lines.are_plain:
        return plan.collect
    pairs = ", ".join(f"{name!r}: {variable}" for name, variable in lines.variables.items())
    body = "\n".join(f"        {line}" for line in lines.lines)
    text = (
        "def collect(exchange):\n"
        "    try:\n"
        f"{body}\n"
        f"        return {{{pairs}}}\n"
        "    except Exception:  # whatever it is, the interpreter says it\n"
        "        return INTERPRET(exchange)\n"
    )
    names = {**lines.names, "INTERPRET": plan.collect}
    function: Collect = compiled("collect", text, f"<arguments of {plan.description.place}>", names)
    return function


def plain_query(raw: bytes) -> dict[str, str]:
    """A query of which every name is sent once, in plain letters.

    Raises:
        NotPlain: It is another one.
        ValueError: It is another one.
    """
    if not raw:
        return {}
    if _PERCENT in raw or _PLUS in raw or _BRACKET in raw:
        raise NotPlain
    pairs = raw.decode("ascii").split("&")
    found = {}
    for pair in pairs:
        name, value = pair.split("=")  # a ValueError where it has not just one equals sign
        found[name] = value
    if len(found) == len(pairs) <= _PAIRS:
        return found
    raise NotPlain


#: Numbers, since looking for bytes in bytes costs an exception that nobody sees.
_PERCENT, _PLUS, _BRACKET = b"%+["

#: More pairs than this are left to the parser that has a limit to tell of.
_PAIRS = 100


class ArgumentLines:
    """The lines that put the parameters of a plain request into variables.

    Args:
        plan: The parameters.
        query: What tells the query in the text.
        path: What tells the variables of the path, which are spelt plainly then; else the router is asked.

    Attributes:
        are_plain: Whether there are such lines: every parameter is one text of path or query.
        lines: The lines. They raise for a request that is not plain.
        names: What they need to know.
        variables: The variables, by parameter.
    """

    def __init__(self, plan: ArgumentPlan, *, query: str = "exchange.raw_query", path: str | None = None) -> None:
        self._plan = plan
        self._query, self._path = query, path
        self.names: dict[str, Any] = {"QUERY": plain_query, "NotPlain": NotPlain}
        self.lines: list[str] = []
        self.variables: dict[str, str] = {}
        self.are_plain = all(
            source.parameter.source in ("path", "query") and source.reader.kind == "scalar" for source in plan.sources
        )
        if self.are_plain:
            self._write()

    def _write(self) -> None:
        sources = self._plan.sources
        if any(source.parameter.source == "query" for source in sources):
            self.lines.append(f"query = QUERY({self._query})")
        if self._path is None and any(source.parameter.source == "path" for source in sources):
            self.lines.append("path = exchange.match.values")
        for number, source in enumerate(sources):
            self.variables[source.parameter.name] = self._value(number, source)

    def _value(self, number: int, source: Source) -> str:
        """The variable of one parameter, after the lines that put its value there."""
        parameter, variable = source.parameter, f"v{number}"
        lines = self.lines
        if parameter.source == "path":
            position = self._plan.description.template.variables.index(parameter.wire_name)
            lines.append(f"{variable} = {self._path or 'path'}[{position}]")
            if self._path is None:
                lines.append(f"if '%' in {variable}: raise NotPlain")
            lines.extend(self._conversion(variable, number, source))
            return variable
        conversion = self._conversion(variable, number, source)
        if parameter.required:
            lines.append(f"{variable} = query[{parameter.wire_name!r}]")
            lines.append(f"if not {variable}: raise NotPlain")
            lines.extend(conversion)
            return variable
        lines.append(f"{variable} = query.get({parameter.wire_name!r})")
        lines.append(f"if {variable} is None: {self._absence(variable, number, source)}")
        lines.append(f"elif not {variable}: raise NotPlain")
        if conversion:
            lines.append("else:")
            lines.extend(f"    {line}" for line in conversion)
        return variable

    def _absence(self, variable: str, number: int, source: Source) -> str:
        parameter = source.parameter
        if parameter.default_factory is not None:
            self.names[f"F{number}"] = parameter.default_factory
            return f"{variable} = F{number}()"
        self.names[f"D{number}"] = None if parameter.default is MISSING else parameter.default
        return f"{variable} = D{number}"

    def _conversion(self, variable: str, number: int, source: Source) -> list[str]:
        """The lines that turn the text in a variable into the value."""
        parameter = source.parameter
        kind = bare(non_null(parameter.annotation)) if parameter.annotation is not MISSING else str
        plain = not parameter.constraints and parameter.schema is None and parameter.format is None
        plain = plain and (parameter.annotation is MISSING or kind is non_null(parameter.annotation))
        if plain and kind is str:
            return []
        self.names[f"R{number}"] = source.reader.scalar
        read = f"{variable} = R{number}({variable})"
        if not plain or kind is not int:
            return [read]
        # A text that is not ASCII may consist of digits that are none here; plain queries and paths have no such text.
        # How large a number may be is for the interpreter to say.
        return [
            f"{variable} = int({variable}) if {variable}.isdigit() else R{number}({variable})",
            f"if {variable} > {_LARGEST}: raise NotPlain",
        ]
