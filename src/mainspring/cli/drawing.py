"""The contexts and bindings of an application as a drawing for Graphviz (https://graphviz.org/doc/info/lang.html)."""

from collections.abc import Callable, Iterator
from typing import Any

from mainspring.context import Binding, Context
from mainspring.context.edges import Edge, edges_from

__all__ = ["drawing"]

_STYLES = {"injects": "solid", "later": "dotted", "alias": "dashed"}


def drawing(contexts: list[Context], place_of: Callable[[Binding[Any]], str | None]) -> str:
    """A digraph: a cluster for each context, within that of its parent; a node for each binding; arrows for injections.

    Dashed arrows are aliases, dotted ones getters and setters, which ask when they are called.
    """
    lines = [f"digraph {_quoted(contexts[0].name)} {{", "  rankdir=LR;", "  node [shape=box];"]
    for context in contexts:
        if context.parent not in contexts:
            lines += _cluster(context, contexts, place_of, "  ")
    for position, context in enumerate(contexts):
        for binding in context.own_bindings():
            tail = _quoted(f"{position}/{binding.key}")
            for edge in edges_from(binding, context, contexts):
                if edge.owner in contexts:
                    lines.append(f"  {tail} -> {_arrow(edge, contexts)};")
    return "\n".join([*lines, "}"])


def _cluster(
    context: Context, contexts: list[Context], place_of: Callable[[Binding[Any]], str | None], indent: str
) -> Iterator[str]:
    position = contexts.index(context)
    yield f"{indent}subgraph {_quoted(f'cluster_{position}')} {{"
    yield f"{indent}  label={_quoted(f'{context.name} ({context.scope.value})')};"
    for binding in context.own_bindings():
        kind = binding.type.value if binding.type is not None else "no source"
        label = f"{binding.key}\n{kind}, {binding.scope.value}"
        attributes = [f"label={_quoted(label)}", f"tooltip={_quoted(place_of(binding) or binding.key)}"]
        yield f"{indent}  {_quoted(f'{position}/{binding.key}')} [{', '.join(attributes)}];"
    for child in contexts:
        if child.parent is context:
            yield from _cluster(child, contexts, place_of, f"{indent}  ")
    yield f"{indent}}}"


def _arrow(edge: Edge, contexts: list[Context]) -> str:
    head = _quoted(f"{contexts.index(edge.owner)}/{edge.target.key}")
    return f"{head} [label={_quoted(edge.label)}, style={_STYLES[edge.kind]}]"


def _quoted(text: str) -> str:
    """A quoted identifier; a backslash is one also in labels, where Graphviz reads escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n")
    return f'"{escaped}"'
