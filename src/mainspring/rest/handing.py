"""Text that hands arguments to the handler of an operation."""

import keyword
from types import FunctionType
from typing import Any

from mainspring.context.injection import EMPTY, InjectionPoint

__all__ = ["given", "mapping", "runs_nothing", "with_injected"]


def runs_nothing(cls: type[Any] | None) -> bool:
    """Whether making an instance runs no code of the program."""
    own = vars(object)
    return cls is not None and all(getattr(cls, name) is own[name] for name in ("__init__", "__new__"))


def mapping(values: dict[str, str] | str) -> str:
    """The values by name, as one mapping."""
    if isinstance(values, str):
        return values
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"


def with_injected(points: tuple[InjectionPoint, ...], values: dict[str, str] | str) -> dict[str, str] | str:
    """All arguments of a call."""
    if isinstance(values, str) or any(point.default is not EMPTY for point in points):
        return f"{{**{mapping(values)}, **injected}}"
    return {**values, **{str(point.parameter): f"injected[{point.parameter!r}]" for point in points}}


def given(values: dict[str, str] | str, handler: Any) -> str:
    """The arguments of a call: by position, which costs less, where a plain function has just these in this order."""
    if isinstance(values, str):
        return f"**{values}"
    if isinstance(handler, FunctionType) and not hasattr(handler, "__wrapped__"):
        code = handler.__code__
        before = code.co_argcount - len(values)  # one for the instance of a method
        if 0 <= before <= 1 and code.co_varnames[before : code.co_argcount] == tuple(values):
            return ", ".join(values.values())
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in values):
        return ", ".join(f"{name}={value}" for name, value in values.items())
    return f"**{mapping(values)}"
