"""What scanned files and components bring: each class is registered by the method of the application for its kind."""

from collections.abc import Container
from types import ModuleType
from typing import Any

from mainspring.context import Binding, BindingType, ContextTags
from mainspring.context.declarations import TEMPLATES
from mainspring.core import Component, CoreTags, create_service_binding
from mainspring.loader.decorators import CONTROLLER, OVERRIDES, controller_notes, overridden_by
from mainspring.loader.error_handler import GlobalErrorHandler
from mainspring.loader.hooks import warn_of_old_hooks
from mainspring.loader.mounting import report_nothing
from mainspring.loader.scanning import Scanner, classes_of, listed
from mainspring.loader.stage_decorators import MIDDLEWARE, is_middleware
from mainspring.metadata.plain import is_noted, noted_keys

__all__ = ["Registering"]

#: What makes a class something else than a service; most of a large server are nothing else, and one look tells.
_ROLES = noted_keys(CONTROLLER, MIDDLEWARE)
#: What a class says by a decorator of its own when it belongs to a server.
_SAYING = noted_keys(TEMPLATES, CONTROLLER, MIDDLEWARE, OVERRIDES)


class Registering:
    """Finds and registers what a server is made of, besides its controllers.

    Args:
        server: The server.
    """

    def __init__(self, server: Any) -> None:
        self._server = server
        self._scanner = Scanner(server)
        self._patterns: list[tuple[Any, bool]] = []
        self._components: list[tuple[type[Any], bool]] = []
        self._stand_ins: dict[tuple[type[Any], type[Any]], Binding[Any]] = {}
        self._is_up = False

    def add(self, patterns: Any, *, is_passing: bool) -> None:
        """Scan something: at the start, or at once when that is past."""
        if self._is_up:
            self._scan(listed(patterns), is_explicit=True)
        self._patterns += [(pattern, is_passing) for pattern in listed(patterns)]

    def add_class(self, cls: type[Any], *, is_passing: bool) -> None:
        """Register a class that was named itself: middleware and components as such, all others as services."""
        if _is_component(cls, create_service_binding(cls).tag_map):
            if self._is_up:
                self.mount_component(cls)
            self._components.append((cls, is_passing))
        elif is_middleware(cls):
            self._bind_middleware(cls)
        else:
            self._server.service(cls)

    def discover(self) -> None:
        """Mount the components, then import and register what is to be scanned.

        Raises:
            BootError: A file cannot be imported.
            MountError: A pattern finds nothing, and the settings are strict.
        """
        settings = self._server.get_settings()
        for cls in (*settings.components, *(cls for cls, _ in self._components)):
            self.mount_component(cls)
        is_given = settings.is_given("scan")
        self._scan(listed(settings.scan), is_explicit=is_given)
        self._is_up = True
        self._scan([pattern for pattern, _ in self._patterns], is_explicit=True)
        for (original, _), binding in list(self._stand_ins.items()):
            self._stand_in(original, binding)

    def reset(self) -> None:
        """Forget what hooks registered."""
        self._patterns = [(pattern, passing) for pattern, passing in self._patterns if not passing]
        self._components = [(cls, passing) for cls, passing in self._components if not passing]
        self._is_up = False

    def mount_component(self, cls: type[Any]) -> None:
        """Mount a component; its ``settings`` are defaults."""
        given = getattr(cls, "settings", None)
        if given is not None:
            self._server.get_settings().contribute(given)
        self._server.component(cls)

    def _scan(self, patterns: list[Any], *, is_explicit: bool) -> None:
        named = [each for each in patterns if not isinstance(each, type | ModuleType)]
        found = self._scanner.modules(named) if named else {}
        for pattern in dict.fromkeys(patterns):
            if isinstance(pattern, type):
                self._register_named(pattern)
                continue
            modules = [pattern] if isinstance(pattern, ModuleType) else found[pattern]
            if not modules and is_explicit and pattern not in self._scanner.refused:
                report_nothing(self._server, "scan", str(pattern), "matches no file")
            for module in modules:
                for cls in classes_of(module):
                    if is_noted(_SAYING, cls):
                        self._register(cls)

    def _register_named(self, cls: type[Any]) -> None:
        """Register a class that is named itself: what no decorator says something of is a service."""
        if is_noted(_SAYING, cls):
            self._register(cls)
        elif not self._is_bound(create_service_binding(cls).key, cls):
            self.add_class(cls, is_passing=True)

    def _register(self, cls: type[Any]) -> None:
        """Register a decorated class as what it is."""
        warn_of_old_hooks(cls)
        server = self._server
        has_role = is_noted(_ROLES, cls)
        if has_role and controller_notes(cls) is not None:
            server.mounting.bind_type(cls)
            return
        binding = create_service_binding(cls)
        tags = binding.tag_map
        if CoreTags.LIFE_CYCLE_OBSERVER in tags:
            server.life_cycle_observer(cls)
        elif _is_component(cls, tags):
            self.mount_component(cls)
        elif ContextTags.GLOBAL_INTERCEPTOR in tags:
            server.interceptor(cls)
        elif has_role and is_middleware(cls):
            self._bind_middleware(cls)
        elif not self._is_bound(binding.key, cls):
            server.add_service(binding)

    def _bind_middleware(self, cls: type[Any]) -> None:
        self._server.stages.bind(cls)
        self.stand_in(cls, self._server.get_binding(cls))

    def stand_in(self, cls: type[Any], binding: Binding[Any]) -> None:
        """Let a class that overrides another one be what is found wherever that one is bound, now or at the start."""
        original = overridden_by(cls)
        if original is not None:
            self._stand_ins[original, cls] = binding
            self._stand_in(original, binding)
            if original is GlobalErrorHandler:
                self._server.stages.error_handler(cls)

    def _stand_in(self, original: type[Any], binding: Binding[Any]) -> None:
        if original not in binding.provided_types:
            binding.provides(original)
        for old in self._server.own_bindings():
            if _makes(old, original) and old is not binding:
                self._server.add(Binding[Any](old.key).to_alias(binding.key).tag(dict(old.tag_map)))

    def _is_bound(self, key: str, cls: type[Any]) -> bool:
        """Whether this very class is bound there already; binding it anew would make it anew."""
        found = self._server.own_binding(key)
        return found is not None and _makes(found, cls)


def _makes(binding: Binding[Any], cls: type[Any]) -> bool:
    """Whether a binding makes instances of this very class."""
    return binding.source is not None and binding.type is BindingType.CLASS and binding.source.value is cls


def _is_component(cls: type[Any], tags: Container[str]) -> bool:
    """Whether a class says that it is a component, by its base or by the tags of its binding."""
    return CoreTags.COMPONENT in tags or Component in cls.__mro__
