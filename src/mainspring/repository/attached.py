"""Which of the models attached to a data source are meant."""

from collections.abc import Iterable
from typing import Any

from mainspring.repository.definitions import ModelDefinition, definition_of
from mainspring.repository.errors import DataSourceError

__all__ = ["attached_definitions"]


def attached_definitions(datasource: Any, models: Any) -> list[ModelDefinition]:
    """The definitions of models named by class (attached if they are not yet) or by name; of all of them for ``None``.

    Raises:
        DataSourceError: No model of a name is attached.
    """
    if models is None:
        return [definition_of(model) for model in datasource.models]
    wanted: Iterable[Any] = [models] if isinstance(models, str | type) else models
    found: list[ModelDefinition] = []
    for each in wanted:
        if isinstance(each, type):
            datasource.attach(each)
            found.append(definition_of(each))
            continue
        attached = [definition_of(model) for model in datasource.models]
        named = [definition for definition in attached if each in (definition.name, definition.model.__name__)]
        if not named:
            known = ", ".join(definition.name for definition in attached) or "none"
            raise DataSourceError(datasource.name, f"no model {each!r} is attached to it; there are {known}")
        found += named
    return found
