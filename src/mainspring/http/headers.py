"""Header fields: what a client sent, and what a response will say.

Both sides know names without case and keep every line in its order. Neither side reads or writes a socket.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from mainspring.http.rules import checked_name, checked_value

__all__ = ["Headers", "ResponseHeaders"]


class Headers(Mapping[str, str]):
    """The header fields of a request. A repeated field reads as one value with commas, ``getlist`` keeps lines apart.

    Made from pairs of bytes as doors deliver them, indexed at the first question.
    """

    __slots__ = ("_index", "raw")

    raw: list[tuple[bytes, bytes]]
    """The lines as they came."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.raw = raw if isinstance(raw, list) else list(raw)
        self._index: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Headers":
        """The fields of a mapping of texts."""
        return cls([(name.encode("latin-1"), value.encode("latin-1")) for name, value in values.items()])

    def getlist(self, name: str) -> list[str]:
        """The value of every line of this name, in order; empty when there is none."""
        return list(self._lines().get(name.lower(), ()))

    def first(self, name: str) -> str | None:
        """The value of the first line of this name."""
        found = self._lines().get(name.lower())
        return found[0] if found else None

    def __getitem__(self, name: str) -> str:
        key = name.lower()
        values = self._lines()[key]
        if len(values) == 1:
            return values[0]
        if key == "cookie":  # RFC 9113 section 8.2.3: crumbs of a cookie are put together by semicolons
            return "; ".join(values)
        if key == "set-cookie":  # its dates hold commas, a joined value could not be read again
            return values[0]
        return ", ".join(values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._lines()

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines())

    def __len__(self) -> int:
        return len(self._lines())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[(name, value) for name in self for value in self.getlist(name)]!r})"

    def _lines(self) -> dict[str, list[str]]:
        index = self._index
        if index is None:
            index = {}
            for name, value in self.raw:
                key = name.decode("latin-1").lower()
                text = value.decode("latin-1")
                if key in index:
                    index[key].append(text)
                else:
                    index[key] = [text]
            self._index = index
        return index


class ResponseHeaders(MutableMapping[str, str]):
    """The header fields of a response. Assignment replaces, ``append`` adds a line; lines stay in their order.

    Raises:
        InvalidHeaderError: On any change with a name or value that may not stand in a header line.
    """

    __slots__ = ("raw",)

    raw: list[tuple[bytes, bytes]]
    """The lines as they go on the wire, names in lower case. Changed through the methods only, which check."""

    def __init__(self, values: Iterable[tuple[str, str]] = ()) -> None:
        self.raw = []
        for name, value in values:
            self.append(name, value)

    def append(self, name: str, value: str | int) -> None:
        """Add a line, keeping those of the same name."""
        self.raw.append((checked_name(name), checked_value(name, value)))

    def getlist(self, name: str) -> list[str]:
        """The value of every line of this name, in order."""
        key = _key(name)
        return [value.decode("latin-1") for found, value in self.raw if found == key]

    def add_vary(self, *names: str) -> None:
        """Name request fields the answer depends on; the ones already named stay, each is named once."""
        present = [item.strip() for line in self.getlist("vary") for item in line.split(",") if item.strip()]
        known = {item.lower() for item in present}
        if "*" in known:
            return
        missing = [name for name in dict.fromkeys(names) if name.lower() not in known]
        if missing:
            self["vary"] = ", ".join([*present, *missing])

    def __getitem__(self, name: str) -> str:
        values = self.getlist(name)
        if not values:
            raise KeyError(name)
        return values[0] if len(values) == 1 or _key(name) == b"set-cookie" else ", ".join(values)

    def __setitem__(self, name: str, value: str | int) -> None:
        key, encoded = checked_name(name), checked_value(name, value)
        for position, (found, _) in enumerate(self.raw):
            if found == key:
                rest = [line for line in self.raw[position + 1 :] if line[0] != key]
                self.raw[position:] = [(key, encoded), *rest]
                return
        self.raw.append((key, encoded))

    def __delitem__(self, name: str) -> None:
        key = _key(name)
        kept = [line for line in self.raw if line[0] != key]
        if len(kept) == len(self.raw):
            raise KeyError(name)
        self.raw[:] = kept

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(found == _key(name) for found, _ in self.raw)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.decode("latin-1") for name, _ in self.raw))

    def __len__(self) -> int:
        return len({name for name, _ in self.raw})

    def copy(self, added: Mapping[str, str] | None = None) -> "ResponseHeaders":
        """The same lines on their own; those of ``added`` replace the ones of their names."""
        result = ResponseHeaders()
        result.raw = list(self.raw)
        for name, value in (added or {}).items():
            result[name] = value
        return result

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[(name.decode(), value.decode('latin-1')) for name, value in self.raw]!r})"


def _key(name: str) -> bytes:
    return name.lower().encode("latin-1", "replace")
