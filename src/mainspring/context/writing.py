"""The text of a plan while it is written: its lines, each with the path of the resolution, and the names in it."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.injection import InjectionPoint
from mainspring.context.plans import PlanSource, note_from_line
from mainspring.context.resolving import MISSING
from mainspring.context.sessions import ARROW, Session

__all__ = ["Mark", "Writer"]

#: A place in the text to come back to.
Mark = tuple[int, int, bool]


class Writer:
    """Lines of one function of a context, ``c0``, whose parents are ``c1`` and so on.

    Attributes:
        frames: Bindings and injection points that lead to what is being written.
        awaits: Whether a line awaits.
    """

    def __init__(self) -> None:
        self.frames: list[Binding[Any] | InjectionPoint] = []
        self.awaits = False
        self._names: dict[str, Any] = {}
        self._lines: list[tuple[int, str, str]] = []
        self._indent = 2
        self._levels_used = 0
        self._kept_used: set[int] = set()
        self._changes_used: set[int] = set()
        self._variables = 0

    def line(self, text: str) -> None:
        """One line more."""
        self._lines.append((self._indent, text, self.path()))

    def indented(self, write: Callable[[], None]) -> None:
        """Write lines one step further in."""
        self._indent += 1
        try:
            write()
        finally:
            self._indent -= 1

    def path(self) -> str:
        """The path of the resolution at this place."""
        return ARROW.join(each.key if isinstance(each, Binding) else each.target_name for each in self.frames)

    def session(self, frames: list[Any]) -> Session | None:
        """The frames as the interpreter has them."""
        session: Session | None = None
        for each in frames:
            session = Session(session, sync=True)
            if isinstance(each, Binding):
                session.binding = each
            else:
                session.point = each
        return session

    def variable(self) -> str:
        """A new variable."""
        self._variables += 1
        return f"v{self._variables}"

    def embed(self, value: Any) -> str:
        """A name for a value."""
        name = f"X{len(self._names)}"
        self._names[name] = value
        return name

    def level(self, level: int) -> str:
        """The context so many levels up."""
        self._levels_used = max(self._levels_used, level)
        return f"c{level}"

    def kept(self, level: int) -> str:
        """What the context so many levels up keeps."""
        self.level(level)
        self._kept_used.add(level)
        return f"k{level}"

    def changes(self, level: int) -> str:
        """How often the context so many levels up had changed at the beginning."""
        self.level(level)
        self._changes_used.add(level)
        return f"n{level}"

    def mark(self) -> Mark:
        """This place."""
        return len(self._lines), self._variables, self.awaits

    def rewind(self, mark: Mark) -> None:
        """Drop what was written since."""
        count, self._variables, self.awaits = mark
        del self._lines[count:]

    def only_call(self, result: str) -> Any:
        """What the lines call without arguments to get a result, where they do nothing else; else ``None``."""
        texts = [text for _, text, _ in self._lines]
        return next((value for name, value in self._names.items() if texts == [f"{result} = {name}()"]), None)

    def function(self, name: str, first: list[str], result: str) -> tuple[FunctionType, str]:
        """The function and its text.

        Args:
            name: What tracebacks call it.
            first: Lines before all others.
            result: The expression it returns.
        """
        head = [
            "async def plan(c0):" if self.awaits else "def plan(c0):",
            *(f"    {line}" for line in first),
            "    try:",
        ]
        head += [f"        c{level} = c{level - 1}._parent" for level in range(1, self._levels_used + 1)]
        head += [f"        k{level} = c{level}._kept" for level in sorted(self._kept_used)]
        head += [f"        n{level} = c{level}._changes" for level in sorted(self._changes_used)]
        body = [" " * 4 * indent + text for indent, text, _ in self._lines]
        tail = [
            f"        return {result}",
            "    except Exception as error:",
            "        NOTE(error, PATHS)",
            "        raise",
        ]
        source = "\n".join([*head, *body, *tail]) + "\n"
        paths = {len(head) + 1 + i: path for i, (_, _, path) in enumerate(self._lines)}
        names = {**self._names, "NOTE": note_from_line, "PATHS": paths, "MISSING": MISSING}
        names |= {"__name__": "mainspring.context.plans", "__loader__": PlanSource(source)}
        code = compile(source, f"mainspring plan: {name}", "exec")
        exec(code, names)  # the text is made here, of nothing but names made here
        return names["plan"], source
