"""The part of the compiler that writes what injection points are given."""

from types import FunctionType
from typing import Any

from mainspring.context.bindings import Binding
from mainspring.context.configuration import ContextBindings
from mainspring.context.injection import EMPTY, Injection, InjectionPoint, check_expected, give_context
from mainspring.context.keys import BindingKey, key_text, read_path
from mainspring.context.plans import PointResolver
from mainspring.context.resolving import address_of, locate
from mainspring.context.sessions import ResolutionContext
from mainspring.context.views import ContextView
from mainspring.context.writing import Writer

__all__ = ["ABSENT", "Interpreted", "NotCompilable", "PointWriter"]

_DIRECT_RESULTS = (FunctionType, ContextView, Binding)

#: What stands for "no value" among the expressions: no name of a plan.
ABSENT = ""


class NotCompilable(Exception):  # noqa: N818 - a word of the compiler to itself, never seen outside
    """The interpreter is to do it (and to word the error, if it is one)."""


class Interpreted(Exception):  # noqa: N818 - a word of the compiler to itself, never seen outside
    """This binding is for the interpreter; the rest of the plan may go on."""


class PointWriter(Writer):
    """Writes the values of injection points; how bindings become values is for a subclass to say.

    Attributes:
        levels: The context and those above it.
        awaiting: Whether the plan may await.
        in_place: In how many values that are made in place, where nothing may be awaited, the text is.
        only_sync: Whether the plan is none for those who may await.
        is_fresh: Whether the context keeps nothing yet: it is new, and the text has not called code of the program.
    """

    def __init__(self, levels: list[Any], *, awaiting: bool, fresh: bool = False) -> None:
        super().__init__()
        self.is_fresh = fresh
        self.levels = levels
        self.awaiting = awaiting
        self.in_place = 0
        self.only_sync = False

    def address(self, address: Any, path: str | None, level: int, *, optional: bool) -> str:
        """An expression for the value of an address seen from a level; ``ABSENT`` when that is allowed."""
        raise NotImplementedError

    def context(self, level: int) -> str:
        """An expression for a context."""
        raise NotImplementedError

    def named(self, points: tuple[InjectionPoint, ...]) -> str:
        """What the points give by the names of the parameters; without those that are left to their own default."""
        texts: list[str] = []
        for point in points:
            mark = self.mark()
            try:
                value = self.point(point, 0)
            except Interpreted:
                self.rewind(mark)
                value = self.await_or_run(PointResolver(point, None), self.context(0))
            if value == ABSENT and point.default is EMPTY:
                value = "None"
            if value != ABSENT:
                texts.append(f"{point.parameter!r}: {value}")
        return f"{{{', '.join(texts)}}}"

    def await_or_run(self, resolver: Any, context: str) -> str:
        """An expression for what the interpreter gives."""
        self.is_fresh = False
        variable = self.variable()
        if not self.awaiting:
            self.only_sync = True
            self.line(f"{variable} = {self.embed(resolver.run)}({context})")
            return variable
        if self.in_place:
            raise Interpreted
        self.awaits = True
        self.line(f"{variable} = await {self.embed(resolver.drive)}({context})")
        return variable

    def point(self, point: InjectionPoint, level: int) -> str:
        """An expression for what a point is given; ``ABSENT`` when that is nothing."""
        self.frames.append(point)
        try:
            return self._point_value(point, level)
        finally:
            self.frames.pop()

    def _point_value(self, point: InjectionPoint, level: int) -> str:
        marker = point.marker
        if marker is not None and marker.as_proxy:
            return self._interpreted_point(point, level)
        if marker is None or (marker.key is None and marker.resolve is None):
            return self._by_type(point, level)
        if marker.resolve is None:
            return self._by_key(point, marker.key, level)
        if marker.resolve is give_context:
            return self.context(level)
        if marker.decorator == "config" and "from_binding" in marker.details:
            return self._configuration(point, marker.details, level)
        return self._interpreted_point(point, level)

    def _by_type(self, point: InjectionPoint, level: int) -> str:
        wanted = point.wanted
        if wanted is ResolutionContext:
            return self._resolution_context(level)
        if wanted is not EMPTY:
            return self.address(wanted, None, level, optional=point.optional)
        if point.optional and point.marker is None:
            return ABSENT
        raise NotCompilable

    def _resolution_context(self, level: int) -> str:
        if not any(isinstance(each, InjectionPoint) for each in self.frames[:-1]):
            raise NotCompilable  # its options are those of the get
        session = self.session(self.frames)
        assert session is not None
        variable, made = self.variable(), self.embed(ResolutionContext)
        binding = self.embed(session.current_binding)
        self.line(f"{variable} = {made}({self.context(level)}, {binding}, {session.options!r})")
        return variable

    def _by_key(self, point: InjectionPoint, key: Any, level: int) -> str:
        address, path = address_of(key)
        if not path or point.default is EMPTY:
            return self.address(address, path, level, optional=point.optional)
        return self._behind_path(self.address(address, None, level, optional=point.optional), path, point)

    def _behind_path(self, value: str, path: str, point: InjectionPoint) -> str:
        """The value behind a path, the own default where it leads nowhere."""
        if value == ABSENT:
            return ABSENT
        variable = self.variable()
        self.line(f"{variable} = {self.embed(read_path)}({value}, {path!r}, MISSING)")
        self.line(f"if {variable} is MISSING: {variable} = {self.embed(point.default)}")
        return variable

    def _interpreted_point(self, point: InjectionPoint, level: int) -> str:
        assert point.marker is not None
        if point.is_property and point.optional:  # absent, it leaves what is there: for the interpreter to see
            raise Interpreted
        if point.marker.expects in _DIRECT_RESULTS:
            return self._direct(point, point.marker, level)
        resolver = PointResolver(point, self.session(self.frames[:-1]))
        return self.await_or_run(resolver, self.context(level))

    def _direct(self, point: InjectionPoint, marker: Injection, level: int) -> str:
        """What a marker of this room makes at once, of the context alone."""
        session = self.session(self.frames)
        assert marker.expects is not None
        assert session is not None
        check_expected(point, marker.expects, session)
        variable, resolve = self.variable(), self.embed(marker.resolve)
        self.line(f"{variable} = {resolve}({self.context(level)}, {self.embed(point)}, {self.embed(session)})")
        return variable

    def _configuration(self, point: InjectionPoint, details: dict[str, Any], level: int) -> str:
        if locate(self.levels[level], ContextBindings.CONFIGURATION_RESOLVER.key) is not None:
            return self._interpreted_point(point, level)
        of = details["from_binding"]
        current = next((each for each in reversed(self.frames) if isinstance(each, Binding)), None)
        default = details["default"]
        if of is None and current is None:
            return ABSENT if default is EMPTY else self.embed(default)
        key = key_text(of) if of is not None else current.key  # type: ignore[union-attr]  # one of them is there
        if (
            details["path"] and default is EMPTY and point.is_property
        ):  # what is there stays when the path leads nowhere
            return self._interpreted_point(point, level)
        value = self.address(BindingKey.build_key_for_config(key).key, None, level, optional=True)
        if value == ABSENT:
            return ABSENT if default is EMPTY else self.embed(default)
        if not details["path"]:
            return value
        if default is EMPTY:
            default = None if point.default is EMPTY else point.default
        variable = self.variable()
        self.line(f"{variable} = {self.embed(read_path)}({value}, {details['path']!r}, {self.embed(default)})")
        return variable
