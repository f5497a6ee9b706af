"""The booters of what `core` registers: controllers, services, interceptors, life cycle observers."""

import inspect
from typing import Any

from mainspring.boot.artifacts import ApplicationArtifactBooter
from mainspring.boot.classes import defined_functions
from mainspring.boot.declaring import booter
from mainspring.boot.importing import import_files
from mainspring.boot.options import (
    CONTROLLER_DEFAULTS,
    INTERCEPTOR_DEFAULTS,
    LIFE_CYCLE_OBSERVER_DEFAULTS,
    SERVICE_DEFAULTS,
)
from mainspring.context import has_injections
from mainspring.context.declarations import TEMPLATES
from mainspring.core import is_life_cycle_observer_class
from mainspring.metadata import has_metadata
from mainspring.metadata.plain import own_value

__all__ = ["ControllerBooter", "InterceptorBooter", "LifeCycleObserverBooter", "ServiceBooter"]


@booter("controllers")
class ControllerBooter(ApplicationArtifactBooter):
    """Binds each class in ``controllers/**/*_controller.py`` by ``app.controller``."""

    defaults = CONTROLLER_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        for cls in self.classes:
            self.app.controller(cls)


@booter("services")
class ServiceBooter(ApplicationArtifactBooter):
    """Binds the services in ``services/**/*_service.py`` by ``app.service``.

    A class is a service when it is decorated with ``@injectable`` (or a decorator built on it), when it has something
    injected by a marker, or when its name ends with ``Provider`` and it has a ``value`` method.
    """

    defaults = SERVICE_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        for cls in self.classes:
            if is_service(cls):
                self.app.service(cls)


@booter("interceptors")
class InterceptorBooter(ApplicationArtifactBooter):
    """Binds the interceptors in ``interceptors/**/*_interceptor.py`` by ``app.interceptor``.

    Providers of interceptors, and functions decorated with ``@global_interceptor``.
    """

    defaults = INTERCEPTOR_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        for cls in self.classes:
            if has_value(cls):
                self.app.interceptor(cls)
        for module in import_files(self.discovered, self.project_root, self.packages):
            for function in defined_functions(module):
                if has_metadata("mainspring.context:global_interceptor", function):
                    self.app.interceptor(function, global_=True)


@booter("observers")
class LifeCycleObserverBooter(ApplicationArtifactBooter):
    """Binds each class in ``observers/**/*_observer.py`` that has ``init``, ``start`` or ``stop``."""

    defaults = LIFE_CYCLE_OBSERVER_DEFAULTS

    async def load(self) -> None:
        """Bind what was found."""
        await super().load()
        for cls in self.classes:
            if is_life_cycle_observer_class(cls):
                self.app.life_cycle_observer(cls)


def is_service(cls: type[Any]) -> bool:
    """Whether a class says that it is a service."""
    if own_value(TEMPLATES, cls, None) is not None or has_metadata(TEMPLATES, cls) or has_injections(cls):
        return True
    return cls.__name__.endswith("Provider") and has_value(cls)


def has_value(cls: type[Any]) -> bool:
    """Whether a class has a method ``value``, plain, ``async`` or static."""
    return inspect.isroutine(getattr(cls, "value", None))
