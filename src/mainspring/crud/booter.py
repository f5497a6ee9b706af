"""The booter of declared APIs."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mainspring.boot.artifacts import ApplicationArtifactBooter
from mainspring.boot.declaring import booter
from mainspring.boot.importing import import_files
from mainspring.boot.model_api import MODEL_API_BUILDER_PLUGINS, ModelApiConfig
from mainspring.boot.options import MODEL_API_DEFAULTS
from mainspring.context import BindingKey
from mainspring.core import extension_filter
from mainspring.crud.errors import ModelApiError
from mainspring.repository import Model

__all__ = ["ModelApiBooter"]


def built_key(app: Any) -> BindingKey[tuple[Any, ...]]:
    """Where the declarations are that were carried out: an application that is booted again goes on with what is new.

    One key per application: what a sub-application was made of is bound in the main one too, and is not its own.
    """
    return BindingKey(f"boot.model_api.built.{id(app):x}")


@booter("model_api")
class ModelApiBooter(ApplicationArtifactBooter):
    """Hands each declaration in ``model_endpoints/**/*_config.py`` to the builder of its pattern.

    A declaration is the module's ``config``, or a ``ModelApiConfig`` under any name.
    """

    defaults = MODEL_API_DEFAULTS

    async def load(self) -> None:
        """Build what was declared, in order.

        Raises:
            BootError: A file, a declaration or a builder fails; the file is named.
        """
        await super().load()
        modules = import_files(self.discovered, self.project_root, self.packages)
        for file, module in zip(self.discovered, modules, strict=True):
            declared = list(_declared(module))
            if not declared:
                raise self._error(file, "It declares no API: set `config` to a ModelApiConfig.")
            for config in declared:
                await self._carry_out(file, config)

    async def _carry_out(self, file: Path, config: Any) -> None:
        key = built_key(self.app)
        built = await self.app.get(key, optional=True) or ()
        if any(each is config for each in built):
            return
        if not isinstance(config, Mapping):
            raise self._error(file, f"`config` is a mapping or a ModelApiConfig, not {config!r}.")
        model = config.get("model")
        if not (isinstance(model, type) and issubclass(model, Model)):
            raise self._error(file, f'Invalid "model" field: it is a model class, not {model!r}.')
        builder = await self._builder(file, config.get("pattern"))
        try:
            await builder.build(self.app, model, config)
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise self._error(file, reason) from error
        self.app.bind(key).to((*built, config))

    async def _builder(self, file: Path, pattern: Any) -> Any:
        builders = [
            await binding.get_value(self.app) for binding in self.app.find(extension_filter(MODEL_API_BUILDER_PLUGINS))
        ]
        for builder in builders:
            if builder.pattern == pattern:
                return builder
        known = ", ".join(dict.fromkeys(str(builder.pattern) for builder in builders)) or "<none>"
        hint = "" if builders else " Mount a component that has one, such as mainspring.crud.CrudRestComponent."
        raise self._error(file, f'Unsupported API pattern "{pattern}". Available patterns: {known}.{hint}')

    def _error(self, file: Path, reason: str) -> ModelApiError:
        return ModelApiError(reason, file, self.project_root)


def _declared(module: ModuleType) -> Iterator[Any]:
    for name, value in list(vars(module).items()):
        if name == "config" or isinstance(value, ModelApiConfig):
            yield value
