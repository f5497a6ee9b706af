"""The builder of the pattern ``CrudRest``: repository and controller of a model from a declaration."""

from collections.abc import Mapping
from typing import Annotated, Any

from mainspring.boot import as_model_api_builder
from mainspring.context import inject, injectable
from mainspring.crud.controllers import CrudRestController, define_crud_rest_controller
from mainspring.crud.errors import ModelApiConfigError
from mainspring.crud.inclusion import include_relations, repository_key
from mainspring.crud.served import served_model
from mainspring.repository import DataSource, define_crud_repository_class
from mainspring.repository.keys import RepositoryBindings

__all__ = ["CrudRestApiBuilder"]

PATTERN = "CrudRest"
SETTINGS = ("model", "pattern", "datasource", "base_path", "readonly")


@injectable(as_model_api_builder)
class CrudRestApiBuilder:
    """Binds ``repositories.<Model>Repository``, unless there is one, and ``controllers.<Model>Controller``."""

    pattern = PATTERN

    async def build(self, app: Any, model_class: type[Any], config: Mapping[str, Any]) -> None:
        """Make the API of a model.

        Args:
            app: The application, with ``RepositoryMixin``.
            model_class: The model.
            config: ``base_path``, ``datasource`` (the name), ``readonly``.

        Raises:
            ModelApiConfigError: A setting is missing, wrong or unknown, or the model has such an API already.
            ModelDefinitionError: The model cannot be served.
        """
        name = served_model(model_class).name
        base_path = _text(name, config, "base_path")
        readonly = config.get("readonly", False)
        if not isinstance(readonly, bool):
            raise ModelApiConfigError(name, "readonly", f"is true or false, not {readonly!r}")
        unknown = [str(key) for key in config if key not in SETTINGS]
        if unknown:
            raise ModelApiConfigError(name, unknown[0], f"is no setting of {PATTERN}; known are {', '.join(SETTINGS)}")
        controller = define_crud_rest_controller(model_class, base_path, readonly)
        _check_free(app, name)
        if not app.is_bound(repository_key(model_class)):
            if not hasattr(app, "repository"):
                raise ModelApiConfigError(name, "pattern", "needs an application with RepositoryMixin in its bases")
            app.repository(_repository(app, model_class, _text(name, config, "datasource")))
        app.controller(controller)


def _text(name: str, config: Mapping[str, Any], setting: str) -> str:
    value = config.get(setting)
    if not (isinstance(value, str) and value.strip()):
        found = "is missing" if value in (None, "") else f"is a text, not {value!r}"
        raise ModelApiConfigError(name, setting, found)
    return value


def _check_free(app: Any, name: str) -> None:
    held = app.own_binding(f"controllers.{name}Controller")
    made = held.source.value if held is not None and held.source is not None else None
    if isinstance(made, type) and issubclass(made, CrudRestController):
        raise ModelApiConfigError(name, "model", f"has an API of the pattern {PATTERN} already; remove one of the two")


def _repository(app: Any, model: Any, datasource: str) -> Any:
    """The repository class, its data source looked up by name when it is made."""
    base = define_crud_repository_class(model)
    source = Annotated[DataSource, inject(f"{RepositoryBindings.DATASOURCES}.{datasource}")]

    def construct(self: Any, datasource: Any) -> None:
        base.__bases__[0].__init__(self, model, datasource)
        include_relations(self, app)

    construct.__annotations__ = {"datasource": source, "return": None}
    base.__init__ = construct
    return base
