"""Repository classes made for a model, as a file with one would declare them."""

import sys
from typing import Any

from mainspring.repository.crud import DefaultCrudRepository
from mainspring.repository.datasources import DataSource
from mainspring.repository.keyvalues import DefaultKeyValueRepository

__all__ = ["define_crud_repository_class", "define_key_value_repository_class", "define_repository_class"]


def define_repository_class(model: Any, base: Any) -> Any:
    """A class ``<Model>Repository``: a direct subclass of ``base`` whose constructor takes the data source.

    Like an enumeration made by a call it belongs to the module that names it, so that boot finds it there.

    Args:
        model: The model class.
        base: A repository class whose constructor takes model and data source.
    """
    return _defined(model, base)


def define_crud_repository_class(model: Any) -> Any:
    """A class ``<Model>Repository`` with `DefaultCrudRepository` as its base; as `define_repository_class`."""
    return _defined(model, DefaultCrudRepository)


def define_key_value_repository_class(model: Any) -> Any:
    """A class ``<Model>Repository`` with `DefaultKeyValueRepository` as its base; as `define_repository_class`."""
    return _defined(model, DefaultKeyValueRepository)


def _defined(model: Any, base: Any) -> Any:
    def construct(self: Any, datasource: DataSource) -> None:
        base.__init__(self, model, datasource)

    construct.__name__ = "__init__"
    module = sys._getframe(2).f_globals.get("__name__", model.__module__)  # of the caller's caller
    return type(f"{model.__name__}Repository", (base,), {"__init__": construct, "__module__": module})
