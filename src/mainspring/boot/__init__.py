"""Booting: finding artifacts by convention, importing each file exactly once, binding what they define.

The booters of other rooms are offered under their names and imported when they are asked for; one of a room that is not
part of the installation is no name of this one.
"""

from typing import Any

from mainspring.boot.artifacts import BaseArtifactBooter
from mainspring.boot.booters import ControllerBooter, InterceptorBooter, LifeCycleObserverBooter, ServiceBooter
from mainspring.boot.bootstrapper import Bootstrapper
from mainspring.boot.catalogue import ELSEWHERE, load_elsewhere
from mainspring.boot.classes import load_classes_from_files
from mainspring.boot.component import BootComponent
from mainspring.boot.composing import ComponentApplicationBooter, create_component_application_booter_binding
from mainspring.boot.declaring import Booter, booter
from mainspring.boot.discovery import discover_files
from mainspring.boot.errors import BootError
from mainspring.boot.keys import BOOTER_PHASES, BootBindings, BootTags
from mainspring.boot.mixin import BootMixin
from mainspring.boot.model_api import MODEL_API_BUILDER_PLUGINS, ModelApiBuilder, ModelApiConfig, as_model_api_builder
from mainspring.boot.options import (
    CONTROLLER_DEFAULTS,
    DATASOURCE_DEFAULTS,
    INTERCEPTOR_DEFAULTS,
    LIFE_CYCLE_OBSERVER_DEFAULTS,
    MODEL_API_DEFAULTS,
    MODEL_DEFAULTS,
    REPOSITORY_DEFAULTS,
    SERVICE_DEFAULTS,
    ArtifactOptions,
    BootExecOptions,
    BootFilter,
)
from mainspring.boot.project import ApplicationMetadataBooter

__all__ = [
    "BOOTER_PHASES",
    "CONTROLLER_DEFAULTS",
    "DATASOURCE_DEFAULTS",
    "INTERCEPTOR_DEFAULTS",
    "LIFE_CYCLE_OBSERVER_DEFAULTS",
    "MODEL_API_BUILDER_PLUGINS",
    "MODEL_API_DEFAULTS",
    "MODEL_DEFAULTS",
    "REPOSITORY_DEFAULTS",
    "SERVICE_DEFAULTS",
    "ApplicationMetadataBooter",
    "ArtifactOptions",
    "BaseArtifactBooter",
    "BootBindings",
    "BootComponent",
    "BootError",
    "BootExecOptions",
    "BootFilter",
    "BootMixin",
    "BootTags",
    "Booter",
    "Bootstrapper",
    "ComponentApplicationBooter",
    "ControllerBooter",
    "DataSourceBooter",
    "InterceptorBooter",
    "LifeCycleObserverBooter",
    "ModelApiBooter",
    "ModelApiBuilder",
    "ModelApiConfig",
    "ModelBooter",
    "RepositoryBooter",
    "ServiceBooter",
    "as_model_api_builder",
    "booter",
    "create_component_application_booter_binding",
    "discover_files",
    "load_classes_from_files",
]

# Of rooms above: a type checker is told that they are there, the lookup below finds them.
DataSourceBooter: type[Any]
ModelApiBooter: type[Any]
ModelBooter: type[Any]
RepositoryBooter: type[Any]


def __getattr__(name: str) -> Any:
    if name in ELSEWHERE:
        return load_elsewhere(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
