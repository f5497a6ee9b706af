"""Names of a package that are taken from their modules when somebody asks for them (PEP 562).

A room offers many names, and a program that wants three of them should not wait for the modules of all. What the names
are to a type checker stands in the ``__init__.pyi`` beside each ``__init__.py``.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """``__all__``, ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: Its ``__name__``.
        homes: Modules with the names the package has from them; where two have one, the later has it.
    """
    home_of = {name: home for home, names in homes.items() for name in names}
    namespace = vars(sys.modules[package])

    def get_name(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = namespace[name] = getattr(import_module(home), name)
        return value

    def list_names() -> list[str]:
        return sorted({*namespace, *home_of})

    return sorted(home_of), get_name, list_names
