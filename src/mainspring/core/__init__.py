"""The application: servers, components, life cycle, extensions, services. Offers all of `mainspring.context` too."""

# The names are made by __getattr__; what they are to a type checker is in __init__.pyi.
# pyright: reportUnsupportedDunderAll=false

from mainspring import context
from mainspring.lazy import lazy_names

__all__, __getattr__, __dir__ = lazy_names(
    __name__,
    {
        "mainspring.context": context.__all__,
        "mainspring.core.application": ("Application",),
        "mainspring.core.clock": ("Clock",),
        "mainspring.core.components": ("Component",),
        "mainspring.core.configuration": (
            "ApplicationConfig",
            "load_config",
        ),
        "mainspring.core.errors": (
            "ConfigurationError",
            "ConfigurationProblem",
            "InvalidStateError",
            "NotOpenError",
        ),
        "mainspring.core.extending": (
            "add_extension",
            "extension_filter",
            "extension_for",
            "extension_point",
            "extensions",
        ),
        "mainspring.core.keys": (
            "CoreBindings",
            "CoreTags",
        ),
        "mainspring.core.observers": (
            "LifeCycleObserver",
            "as_life_cycle_observer",
            "is_life_cycle_observer",
            "is_life_cycle_observer_class",
            "life_cycle_observer",
            "life_cycle_observer_filter",
        ),
        "mainspring.core.ordering": (
            "LifeCycleObserverGroup",
            "LifeCycleObserverOptions",
        ),
        "mainspring.core.registry": ("LifeCycleObserverRegistry",),
        "mainspring.core.servers": ("Server",),
        "mainspring.core.services": (
            "as_service",
            "create_service_binding",
            "filter_by_service_interface",
            "service",
        ),
        "mainspring.core.settings": ("effective_section",),
    },
)
