"""Declarations for ready-made APIs of models: what a file in ``model_endpoints`` says, and what builds it."""

from typing import Any, Protocol, runtime_checkable

from mainspring.context import Binding, ContextTags
from mainspring.core import extension_for

__all__ = ["MODEL_API_BUILDER_PLUGINS", "ModelApiBuilder", "ModelApiConfig", "as_model_api_builder"]

#: The extension point builders contribute to.
MODEL_API_BUILDER_PLUGINS = "model-api-builders"


class ModelApiConfig(dict[str, Any]):
    """Which model gets which kind of API: a mapping whose entries are attributes too.

    Args:
        model: The model class.
        pattern: The kind, ``"CrudRest"``.
        datasource: The name of the datasource.
        settings: What the builder of that kind wants to know, ``base_path`` for one.
    """

    def __init__(self, *, model: Any = None, pattern: str = "", datasource: str = "", **settings: Any) -> None:
        super().__init__(model=model, pattern=pattern, datasource=datasource, **settings)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The configuration of the API has no setting {name!r}.") from None


@runtime_checkable
class ModelApiBuilder(Protocol):
    """Makes the API of one pattern for a model, in an application."""

    @property
    def pattern(self) -> str:
        """The kind of API it makes."""
        ...

    async def build(self, app: Any, model_class: type[Any], config: Any) -> None:
        """Bind what the API needs (a repository, a controller) to the application.

        Args:
            app: The application.
            model_class: The model.
            config: All settings of the declaration.
        """


def as_model_api_builder(binding: Binding[Any]) -> None:
    """The binding template of builders: ``@injectable(as_model_api_builder)``."""
    binding.apply(extension_for(MODEL_API_BUILDER_PLUGINS)).tag({ContextTags.NAMESPACE: MODEL_API_BUILDER_PLUGINS})
