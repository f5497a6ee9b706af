"""Applications composed of applications: a sub-application is booted by the main one, which takes its artifacts."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, runtime_checkable

from mainspring.boot.keys import BootBindings, BootTags
from mainspring.context import Binding, BindingFilter, BindingScope, ContextTags, ResolutionContext
from mainspring.context.filters import as_filter
from mainspring.core import CoreBindings
from mainspring.core.snapshots import BindingsSnapshot

__all__ = ["Bootable", "ComponentApplicationBooter", "create_component_application_booter_binding"]

#: What belongs to one application and is never given to another.
_OWN = frozenset(
    str(key)
    for key in (
        BootBindings.BOOT_OPTIONS,
        BootBindings.PROJECT_ROOT,
        BootBindings.BOOTSTRAPPER_KEY,
        CoreBindings.APPLICATION_CONFIG,
        CoreBindings.APPLICATION_INSTANCE,
        CoreBindings.APPLICATION_METADATA,
        CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY,
        CoreBindings.LIFE_CYCLE_OBSERVER_OPTIONS,
    )
)


@runtime_checkable
class Bootable(Protocol):
    """An application with ``BootMixin``."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def state(self) -> str:
        """Its state."""
        ...

    async def boot(self, options: Any = None) -> None:
        """Boot it."""


class ComponentApplicationBooter:
    """Boots a sub-application and adds what it gained to the main one, as the same bindings.

    Args:
        app: The main application.
        component_app: The sub-application.
        filter: Which of the bindings are added: a function, a pattern or a tag filter; all by default.
        gain: What boots the sub-application and gives what it gained; without it the booter does so itself.
    """

    def __init__(
        self,
        app: Any,
        component_app: Any,
        filter: Any = None,
        gain: "Callable[[], Awaitable[list[Binding[Any]]]] | None" = None,
    ) -> None:
        self.app = app
        self.component_app = component_app
        self._accepts: BindingFilter = as_filter(filter)
        self._gain = gain if gain is not None else _Gain(component_app)

    async def load(self) -> None:
        """Boot the sub-application and take what it gained; a binding locked in the main application stays."""
        for binding in await self._gain():
            held = self.app.own_binding(binding.key)
            if held is not None and held.is_locked:
                continue
            if binding.key not in _OWN and self._accepts(binding):
                self.app.add(binding)


class _Gain:
    """What a sub-application gained by the boot started here. It is kept: a failed boot of the main one is repeated."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._gained: list[Binding[Any]] = []

    async def __call__(self) -> list[Binding[Any]]:
        if self._app.state == "created":
            before = BindingsSnapshot(self._app)
            try:
                await self._app.boot()
            except Exception as error:
                error.add_note(f"while booting the sub-application {self._app.name!r}")
                raise
            self._gained = before.added()
        return self._gained


def create_component_application_booter_binding(app: Any, filter: Any = None) -> Binding[Any]:
    """The binding of a booter for a sub-application, at ``booters.<name of the sub-application>``.

    Args:
        app: The sub-application.
        filter: Which of the bindings it gains are added: a function, a pattern or a tag filter; all by default.

    Raises:
        TypeError: It is no bootable application.
    """
    if not isinstance(app, Bootable):
        raise TypeError(f"A sub-application is a bootable application, not {app!r}: give its class BootMixin.")
    gain = _Gain(app)

    async def make(resolution: ResolutionContext) -> ComponentApplicationBooter:
        main = await resolution.context.get(CoreBindings.APPLICATION_INSTANCE)
        return ComponentApplicationBooter(main, app, filter, gain)

    binding: Binding[Any] = Binding(f"{BootBindings.BOOTERS}.{app.name}")
    binding.to_dynamic_value(make).in_scope(BindingScope.CONTEXT)
    return binding.tag(BootTags.BOOTER, {ContextTags.NAMESPACE: BootBindings.BOOTERS})
