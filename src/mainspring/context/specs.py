"""What is known of a call or a class that the container serves: its injection points."""

import inspect
from inspect import Parameter
from typing import Any

from mainspring.context.annotations import LateAnnotation
from mainspring.context.injection import EMPTY, InjectionPoint

__all__ = ["CallSpec", "ClassSpec"]


class CallSpec:
    """The injection points of something that is called, in order of declaration.

    Attributes:
        points: The points.
        names: Their names; ``None`` when not all of them can be given by name.
        has_var_positional, has_var_keyword: Whether it takes any more arguments.
    """

    __slots__ = ("_returns", "has_var_keyword", "has_var_positional", "names", "points")

    def __init__(
        self, points: tuple[InjectionPoint, ...], returns: LateAnnotation, signature: inspect.Signature
    ) -> None:
        self.points = points
        self._returns = returns
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        self.has_var_positional = Parameter.VAR_POSITIONAL in kinds
        self.has_var_keyword = Parameter.VAR_KEYWORD in kinds
        by_name = Parameter.POSITIONAL_ONLY not in kinds
        self.names = frozenset(str(point.parameter) for point in points) if by_name else None

    def read(self) -> None:
        """Evaluate every annotation that can be evaluated."""
        for point in self.points:
            point.read()

    def returns(self) -> Any:
        """The evaluated return annotation, ``None`` without one.

        Raises:
            Exception: It cannot be evaluated.
        """
        value = self._returns.value()
        return None if value is EMPTY else value


class ClassSpec:
    """The injection points of a class: of its constructor, then of its properties."""

    __slots__ = ("_attributes", "_is_settled", "constructor")

    def __init__(self, constructor: CallSpec, attributes: tuple[InjectionPoint, ...]) -> None:
        self.constructor = constructor
        self._attributes = attributes
        self._is_settled = all(point.is_settled for point in attributes)

    def read(self) -> None:
        """Evaluate every annotation that can be evaluated."""
        for point in (*self.constructor.points, *self._attributes):
            point.read()

    @property
    def properties(self) -> tuple[InjectionPoint, ...]:
        """The attributes that have a marker."""
        if self._is_settled:
            return self._attributes
        # An annotation that cannot be evaluated yet may still turn out to have one.
        found = tuple(point for point in self._attributes if point.marker is not None)
        if all(point.is_settled for point in self._attributes):
            self._attributes, self._is_settled = found, True
        return found
