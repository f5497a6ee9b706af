"""The booters there are: one table of names. Those of rooms above are imported when a boot needs them, not before.

A room that is not part of the installation has no booter; one that is there and fails to import is an error.
"""

import importlib
import os
import sys
from typing import Any

from mainspring.boot.artifacts import BaseArtifactBooter
from mainspring.boot.booters import ControllerBooter, InterceptorBooter, LifeCycleObserverBooter, ServiceBooter
from mainspring.boot.declaring import create_booter_binding
from mainspring.boot.keys import ARTIFACT_NAMESPACE, BootBindings, BootTags
from mainspring.boot.options import (
    DATASOURCE_DEFAULTS,
    MODEL_API_DEFAULTS,
    MODEL_DEFAULTS,
    REPOSITORY_DEFAULTS,
    ArtifactOptions,
)
from mainspring.boot.project import ApplicationMetadataBooter
from mainspring.context import Binding, BindingKey, BindingScope, ContextTags, ResolutionContext

__all__ = ["DEFAULT_BOOTERS", "ELSEWHERE", "LateBooter", "load_elsewhere"]

#: Names that other rooms define: ``module:attribute``.
ELSEWHERE = {
    "DataSourceBooter": "mainspring.repository.booter:DataSourceBooter",
    "ModelBooter": "mainspring.repository.booter:ModelBooter",
    "RepositoryBooter": "mainspring.repository.booter:RepositoryBooter",
    "ModelApiBooter": "mainspring.crud.booter:ModelApiBooter",
}


def load_elsewhere(name: str) -> Any:
    """The class of a name in the table.

    Raises:
        AttributeError: The room is not part of this installation.
        ImportError: It is, and cannot be imported.
    """
    module, _, attribute = ELSEWHERE[name].partition(":")
    if not is_installed(module):
        raise AttributeError(f"{name} is not here: the room of {module!r} is not part of this installation.")
    return getattr(importlib.import_module(module), attribute)


def is_installed(module: str) -> bool:
    """Whether a room is part of this installation. Its module may still fail to import: that is an error."""
    if module in sys.modules:
        return True
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        return not (error.name is not None and (module == error.name or module.startswith(f"{error.name}.")))
    except Exception:  # it is there; what is wrong with it is told when it is asked for
        return True
    return True


class LateBooter:
    """Stands for a booter of another room until a boot needs it.

    Attributes:
        name: The name of the class.
        artifact_namespace: Its entry of the boot options.
        defaults: Its conventions.
    """

    __slots__ = ("artifact_namespace", "defaults", "name")

    def __init__(self, name: str, artifact_namespace: str, defaults: ArtifactOptions) -> None:
        self.name = name
        self.artifact_namespace = artifact_namespace
        self.defaults = defaults

    def __repr__(self) -> str:
        return f"LateBooter({self.name!r})"

    @property
    def is_installed(self) -> bool:
        """Whether the room is part of this installation."""
        return is_installed(ELSEWHERE[self.name].partition(":")[0])

    async def has_files(self, root: str | os.PathLike[str], options: Any) -> bool:
        """Whether there are files for it; without any, its room need not be imported.

        Raises:
            BootError: The options are not right.
        """
        convention = {"defaults": self.defaults, "artifact_namespace": self.artifact_namespace}
        scout = type(self.name, (BaseArtifactBooter,), convention)(root, options)
        await scout.configure()
        await scout.discover()
        return bool(scout.discovered)

    def binding(self) -> Binding[Any]:
        """The binding at ``booters.<name>`` that imports the class when it is resolved."""
        binding: Binding[Any] = Binding(BindingKey(f"{BootBindings.BOOTERS}.{self.name}"))
        binding.to_dynamic_value(self.make).in_scope(BindingScope.CONTEXT)
        namespace = {ARTIFACT_NAMESPACE: self.artifact_namespace, ContextTags.NAMESPACE: BootBindings.BOOTERS}
        return binding.tag(BootTags.BOOTER, namespace)

    async def make(self, resolution: ResolutionContext) -> Any:
        """An instance, made like one of a class bound under the same key."""
        return (
            await create_booter_binding(load_elsewhere(self.name)).in_scope("transient").get_value(resolution.context)
        )


#: The order in which they are bound, and with it run: data before what uses it, controllers last.
DEFAULT_BOOTERS: tuple[Any, ...] = (
    ApplicationMetadataBooter,
    LateBooter("DataSourceBooter", "datasources", DATASOURCE_DEFAULTS),
    LateBooter("ModelBooter", "models", MODEL_DEFAULTS),
    LateBooter("RepositoryBooter", "repositories", REPOSITORY_DEFAULTS),
    ServiceBooter,
    InterceptorBooter,
    LifeCycleObserverBooter,
    ControllerBooter,
    LateBooter("ModelApiBooter", "model_api", MODEL_API_DEFAULTS),
)
