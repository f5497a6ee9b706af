"""Controllers made for models, as a file with one would declare them."""

import sys
from typing import Annotated, Any

from mainspring.context import inject
from mainspring.crud.inclusion import repository_key
from mainspring.crud.operations import changing, reading, writing
from mainspring.crud.served import ServedModel, served_model
from mainspring.crud.versions import changing_versions
from mainspring.openapi import api
from mainspring.repository import EntityCrudRepository

__all__ = ["CrudRestController", "define_crud_rest_controller"]


class CrudRestController:
    """The base of generated controllers.

    Args:
        repository: The repository of the model.
    """

    def __init__(self, repository: Any) -> None:
        self.repository = repository


def define_crud_rest_controller(model: Any, base_path: str, readonly: bool = False) -> Any:
    """A class ``<Model>Controller`` with the operations of create, read, update and delete.

    Its constructor takes the repository, which is injected from ``repositories.<Model>Repository``; a subclass may ask
    for another, and replace or add operations.

    Args:
        model: The model, an ``Entity`` with one id property.
        base_path: What the paths begin with, ``/products``.
        readonly: Whether only the operations that read are there.

    Raises:
        ModelDefinitionError: The model cannot be served.
        PathTemplateError: The path is none.
        TypeError: The path is no text.
    """
    if not isinstance(base_path, str):
        raise TypeError(f"define_crud_rest_controller takes the path as text, '/products', not {base_path!r}.")
    served = served_model(model)
    name = f"{served.name}Controller"
    members = {"__init__": _constructor(served), **reading(served)}
    if not readonly:
        members |= {**writing(served), **(changing if served.version is None else changing_versions)(served)}
    # Like an enumeration made by a call: it belongs to the module that names it, and boot finds it there.
    module = sys._getframe(1).f_globals.get("__name__", model.__module__)
    for key, member in members.items():
        member.__name__, member.__qualname__, member.__module__ = key, f"{name}.{key}", module
    cls = type(name, (CrudRestController,), {**members, "__module__": module, "__qualname__": name})
    cls.__doc__ = f"The operations on {served.name} instances."
    return api(base_path=base_path)(cls)


def _constructor(served: ServedModel) -> Any:
    def construct(self: Any, repository: Any) -> None:
        CrudRestController.__init__(self, repository)

    model: Any = served.cls
    id_type: Any = served.id.type
    kind = EntityCrudRepository[model, id_type]
    construct.__annotations__ = {"repository": Annotated[kind, inject(repository_key(served.cls))], "return": None}
    return construct
