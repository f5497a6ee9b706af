"""Query strings: flat pairs, and the nested spelling ``filter[where][id]=1``.

A query is split once and decoded piece by piece when somebody asks for a name: what nobody asks for can fail nobody.
"""

import re
from collections.abc import Iterator
from typing import Any

from mainspring.errors import MainspringError
from mainspring.http.percent import PercentDecodingError, decode_component

__all__ = ["QUERY_DEPTH", "QUERY_LIMIT", "IndexedList", "Query", "QueryLimitError", "nest_pairs"]

QUERY_DEPTH = 20
"""Brackets that are followed by default; filters with relations within relations need about twelve."""
QUERY_LIMIT = 1000
"""Pairs that are read by default, as in the servers of other languages; it bounds what a short request can cost."""
_INDEX_LIMIT = 1000

_NESTED = r"([^\[\]]+)((?:\[[^\[\]]*\])+)"
_BRACKET = r"\[([^\[\]]*)\]"


class QueryLimitError(MainspringError, ValueError):
    """A query with too much in it. ``kind`` is ``pairs``, ``depth`` or ``index``.

    Remedy:
        Send less in a query (a body holds more), or raise ``query_limit`` and ``query_depth`` of
        ``config["rest"]["router"]``.
    """

    status = 400

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__(kind, limit)
        self.kind, self.limit = kind, limit

    def __str__(self) -> str:
        words = {
            "pairs": f"The query has more than {self.limit} pairs. Send fewer, or raise router.query_limit.",
            "depth": f"The query nests deeper than {self.limit} brackets. Send JSON text, or raise router.query_depth.",
            "index": f"A list index of the query is above {self.limit}. Repeat the key instead.",
        }
        return words[self.kind]


class IndexedList(list[Any]):
    """A list that was written with indexes: ``indexes`` are the texts in the brackets, for who expected an object."""

    def __init__(self, values: list[Any], indexes: list[str]) -> None:
        super().__init__(values)
        self.indexes = indexes


class _Node:
    """A place in the tree: what was said of it itself, and what of the places below."""

    __slots__ = ("children", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.children: dict[str, _Node] = {}


class Query:
    """A query string, taken apart.

    Args:
        raw: The bytes after the question mark.
        limit: The most pairs that are read.
        depth: The most brackets of one key that are followed.

    Raises:
        QueryLimitError: By every method, when there are more pairs than the limit.
    """

    __slots__ = ("_depth", "_flat", "_is_plain", "_limit", "_nested", "raw")

    def __init__(self, raw: bytes, *, limit: int = QUERY_LIMIT, depth: int = QUERY_DEPTH) -> None:
        self.raw = raw
        self._limit, self._depth = limit, depth
        self._flat: dict[str, list[str]] | None = None
        self._is_plain = False
        self._nested: dict[str, list[tuple[str, str]]] = {}

    def getlist(self, name: str) -> list[str]:
        """The decoded values of ``name=``, in order.

        Raises:
            PercentDecodingError: One of them does not decode.
        """
        found = (self._flat if self._flat is not None else self._split()).get(name)
        if not found:
            return []
        return found[:] if self._is_plain else [decode_component(value) for value in found]

    def nested(self, name: str) -> Any:
        """What is said of ``name`` with brackets: mappings, lists and texts; ``None`` when there is nothing.

        Raises:
            PercentDecodingError: One of the values does not decode.
            QueryLimitError: Too deep, or an index that is too high.
        """
        if self._flat is None:
            self._split()
        pairs = self._nested.get(name)
        return (
            nest_pairs([(path, decode_component(value)) for path, value in pairs], depth=self._depth) if pairs else None
        )

    def names(self) -> Iterator[str]:
        """The names there is something said of, brackets left out, each once."""
        flat = self._flat if self._flat is not None else self._split()
        return iter(dict.fromkeys([*flat, *self._nested]))

    def has(self, name: str) -> bool:
        """Whether anything is said of the name, with or without brackets."""
        flat = self._flat if self._flat is not None else self._split()
        return name in flat or name in self._nested

    def as_dict(self) -> dict[str, Any]:
        """Everything: texts, lists of texts for repeated names, nested mappings and lists for brackets.

        A value that does not decode stays as it was sent, since nobody has asked for it yet.

        Raises:
            QueryLimitError: Too deep, or an index that is too high.
        """
        flat = self._flat if self._flat is not None else self._split()
        result: dict[str, Any] = {}
        for name in self.names():
            root = _Node()
            root.values = [_decoded_or_raw(value) for value in flat.get(name, ())]
            for path, value in self._nested.get(name, ()):
                _insert(root, path, _decoded_or_raw(value), self._depth)
            result[name] = _finished(root)
        return result

    def _split(self) -> dict[str, list[str]]:
        raw = self.raw
        flat: dict[str, list[str]] = {}
        # Most queries have nothing to decode: said once for all, not asked of each piece.
        self._is_plain = plain = b"%" not in raw and b"+" not in raw and raw.isascii()
        parts = raw.decode("latin-1").split("&") if raw else []
        if len(parts) > self._limit:
            parts = [part for part in parts if part]
            if len(parts) > self._limit:
                raise QueryLimitError("pairs", self._limit)
        for part in parts:
            if not part:
                continue
            name, _, value = part.partition("=")
            if not plain:
                name = _decoded_or_raw(name)
            match = re.fullmatch(_NESTED, name) if "[" in name else None
            if match is not None:
                self._nested.setdefault(match[1], []).append((match[2], value))
            elif name in flat:
                flat[name].append(value)
            else:
                flat[name] = [value]
        self._flat = flat
        return flat


def nest_pairs(pairs: list[tuple[str, Any]], *, depth: int = QUERY_DEPTH) -> Any:
    """The tree that pairs of brackets and values spell: ``[("[where][id]", "1")]`` is ``{"where": {"id": "1"}}``.

    Numbers (and nothing) in brackets make a list in the order of the numbers, repeated brackets a list of their values.

    Raises:
        QueryLimitError: Too deep, or an index that is too high.
    """
    root = _Node()
    for path, value in pairs:
        _insert(root, path, value, depth)
    return _finished(root)


def _insert(node: _Node, path: str, value: Any, depth: int) -> None:
    steps = re.findall(_BRACKET, path)
    if len(steps) > depth:
        raise QueryLimitError("depth", depth)
    for step in steps:
        node = node.children.setdefault(step, _Node())
    node.values.append(value)


def _finished(node: _Node) -> Any:
    if not node.children:
        return node.values[0] if len(node.values) == 1 else node.values
    if all(key == "" or (key.isascii() and key.isdigit()) for key in node.children):
        return _finished_list(node)
    mapping = {key: _finished(child) for key, child in node.children.items()}
    return [*node.values, mapping] if node.values else mapping


def _finished_list(node: _Node) -> IndexedList:
    """Indexed elements in the order of their indexes, then those without; gaps are closed."""
    indexes = sorted((key for key in node.children if key), key=lambda key: (len(key.lstrip("0")), key.lstrip("0")))
    if indexes and (len(indexes[-1].lstrip("0")) > 4 or int(indexes[-1]) > _INDEX_LIMIT):
        raise QueryLimitError("index", _INDEX_LIMIT)
    values = [*node.values, *(_finished(node.children[key]) for key in indexes)]
    names = [*("" for _ in node.values), *indexes]
    unnumbered = node.children.get("")
    if unnumbered is not None:
        more = unnumbered.values if not unnumbered.children else [_finished(unnumbered)]
        values += more
        names += [""] * len(more)
    return IndexedList(values, names)


def _decoded_or_raw(text: str) -> str:
    try:
        return decode_component(text)
    except PercentDecodingError:
        return text
