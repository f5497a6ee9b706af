"""The application: the outermost context of a program and the register of its artifacts.

Constructing one does no I/O, needs no event loop and touches no process state. Mixins (of the framework or of a
program) stand before it in the bases and cooperate through ``super()``; `components` says how they take part in
mounting.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Self

from mainspring.context import (
    Binding,
    BindingKey,
    BindingScope,
    Context,
    create_binding_from_class,
    register_interceptor,
)
from mainspring.core.clock import Clock
from mainspring.core.components import mount_contributions
from mainspring.core.configuration import ApplicationConfig
from mainspring.core.keys import CoreBindings, CoreTags
from mainspring.core.lifecycle import Lifecycle
from mainspring.core.mixins import check_bases
from mainspring.core.observers import (
    as_life_cycle_observer,
    create_function_binding,
    create_hook_binding,
    is_life_cycle_observer,
)
from mainspring.core.registry import LifeCycleObserverRegistry
from mainspring.core.resources import Resource
from mainspring.core.servers import create_server_binding, find_server
from mainspring.core.settings import section_of, server_configurations
from mainspring.core.snapshots import BindingsSnapshot
from mainspring.core.states import StateMachine
from mainspring.core.steps import Steps

__all__ = ["Application"]


class Application(Steps, Context):
    """A context of scope ``APPLICATION`` with servers, components, services, controllers and a life cycle.

    Args:
        config: The configuration, a mapping or an ``ApplicationConfig``. A context given here is the parent.
        parent: The context above.

    Raises:
        TypeError: A component of ``config["components"]`` has a contribution of the wrong shape.
    """

    def __init__(
        self, config: Mapping[str, Any] | ApplicationConfig | Context | None = None, parent: Context | None = None
    ) -> None:
        if isinstance(config, Context) and parent is None:
            config, parent = None, config
        self.options: Any = {} if config is None else config
        super().__init__(parent, section_of(self.options, "name"), scope=BindingScope.APPLICATION)
        self._lifecycle = Lifecycle(self)
        self._bind_core()
        for cls in section_of(self.options, "components") or ():
            self.component(cls)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_bases(cls, Application)

    def _bind_core(self) -> None:
        self.bind(CoreBindings.APPLICATION_INSTANCE).to(self).provides(type(self))
        self.bind(CoreBindings.APPLICATION_CONFIG).to(self.options)
        self.configure(CoreBindings.APPLICATION_INSTANCE).to_alias(CoreBindings.APPLICATION_CONFIG)
        self.bind(CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY).to_class(LifeCycleObserverRegistry).in_scope(
            BindingScope.SINGLETON
        )
        self.bind(CoreBindings.CLOCK).to(Clock()).provides(Clock)
        self._configure_servers()

    def _configure_servers(self, name: str | None = None) -> None:
        for each, configuration in server_configurations(self.options, name).items():
            self.configure(f"{CoreBindings.SERVERS}.{each}").to_dynamic_value(configuration)

    # Registry

    #: What decides whether a binding is added, while a larger change (a boot) says so.
    _admits: Callable[[Binding[Any]], bool] | None = None

    def add(self, binding: Binding[Any]) -> Self:
        """Register this very binding here.

        Raises:
            BindingLockedError: The one here under its key is locked.
        """
        return self if self._admits is not None and not self._admits(binding) else super().add(binding)

    @contextmanager
    def admitting(self, admits: Callable[[Binding[Any]], bool]) -> Iterator[None]:
        """While the block runs, add only bindings for which ``admits`` is true. It may also raise."""
        before, self._admits = self._admits, admits
        try:
            yield
        finally:
            self._admits = before

    # Artifacts

    def controller(
        self, cls: type[Any], name: str | None = None, *, namespace: str | None = None, key: Any = None
    ) -> Binding[Any]:
        """Register a controller class at ``controllers.<name>``, made anew at each resolution.

        Raises:
            BindingLockedError: The key is taken by a locked binding.
        """
        return self._register(cls, CoreTags.CONTROLLER, name, namespace, key)

    def server(
        self, cls_or_instance: Any, name: str | None = None, *, namespace: str | None = None, key: Any = None
    ) -> Binding[Any]:
        """Register a server class (or a ready-made server) at ``servers.<name>``; it starts and stops with this.

        Raises:
            BindingLockedError: The key is taken by a locked binding.
            TypeError: It is neither a class nor something with ``start`` and ``stop``.
        """
        binding = create_server_binding(cls_or_instance, name, namespace=namespace, key=key)
        self.add(binding)
        namespace, _, name = binding.key.rpartition(".")
        if namespace == CoreBindings.SERVERS and not self.contains(BindingKey.build_key_for_config(binding.key)):
            self._configure_servers(name)
        return binding

    def servers(self, servers: Iterable[Any]) -> list[Binding[Any]]:
        """Register several servers under their class names."""
        return [self.server(each) for each in servers]

    async def get_server(self, cls_or_name: Any) -> Any:
        """A registered server, by name, or by class if there is only one of it (or one under the class's own name).

        Raises:
            KeyNotBoundError: There is none.
            AmbiguousTypeError: There are several of that class, none under the class's own name.
        """
        return await find_server(self, cls_or_name).get_value(self)

    def service(
        self,
        cls: type[Any],
        name: str | None = None,
        *,
        interface: Any = None,
        namespace: str | None = None,
        key: Any = None,
    ) -> Binding[Any]:
        """Register a service class or provider at ``services.<name>``, found by its interface (by default itself).

        Raises:
            BindingLockedError: The key is taken by a locked binding.
        """
        from mainspring.core.services import create_service_binding  # noqa: PLC0415 - few programs register services by hand

        return self.add_service(
            create_service_binding(cls, name=name, interface=interface, namespace=namespace, key=key)
        )

    def add_service(self, binding: Binding[Any]) -> Binding[Any]:
        """Register the binding of a service."""
        self.add(binding)
        return binding

    def interceptor(  # the public signature of the specification
        self,
        interceptor: Any,
        *,
        name: str | None = None,
        global_: bool = False,
        group: str | None = None,
        source: str | list[str] | None = None,
        key: Any = None,
    ) -> Binding[Any]:
        """Register an interceptor function or provider class; see `register_interceptor`."""
        return register_interceptor(self, interceptor, name=name, global_=global_, group=group, source=source, key=key)

    def component(
        self, cls: type[Any], name: str | None = None, *, namespace: str | None = None, key: Any = None
    ) -> Binding[Any]:
        """Mount a component: create its instance now and register what it contributes; mounted already, do nothing.

        Raises:
            AsyncValueError: A dependency of its constructor must be awaited.
            TypeError: A contribution has the wrong shape.
            BindingLockedError: A key is taken by a locked binding.
        """
        binding = create_binding_from_class(
            cls,
            type=CoreTags.COMPONENT,
            name=name,
            namespace=namespace,
            key=key,
            default_scope=BindingScope.SINGLETON,
        )
        mounted = self.own_binding(binding.key)
        if mounted is not None and mounted.source is not None and mounted.source.value is cls:
            return mounted
        before = BindingsSnapshot(self)
        try:
            self.add(binding)
            instance = binding.get_value_sync(self)
            if is_life_cycle_observer(instance):
                binding.tag(CoreTags.LIFE_CYCLE_OBSERVER)
            self.mount_component(instance, binding)
        except BaseException:
            before.restore()
            raise
        return binding

    def mount_component(self, component: Any, binding: Binding[Any]) -> None:  # noqa: ARG002 - for mixins
        """Register the contributions of a component instance. Mixins override it and call ``super()`` first.

        Raises:
            TypeError: A contribution has the wrong shape.
        """
        mount_contributions(self, component)

    def resource(self, factory: Callable[..., Any], *, key: Any = None) -> Binding[Any]:
        """Register a generator (or async generator) function whose value is there from the start to the stop.

        Args:
            factory: Yields the value once; what follows the ``yield`` runs after the servers have stopped.
            key: The key; ``resources.<function name>`` by default. The value is found by its annotated type as well.

        Raises:
            TypeError: It is no generator function.
        """
        return self._lifecycle.resources.add(Resource(factory, key))

    def _register(
        self, cls: type[Any], kind: str, name: str | None, namespace: str | None, key: Any, scope: Any = None
    ) -> Binding[Any]:
        binding = create_binding_from_class(
            cls, type=kind, name=name, namespace=namespace, key=key, default_scope=scope
        )
        self.add(binding)
        return binding

    # Life cycle observers

    def life_cycle_observer(
        self, cls_or_fn: Any, name: str | None = None, *, namespace: str | None = None, key: Any = None
    ) -> Binding[Any]:
        """Register an observer class, or a function: a generator is start and stop, any other function is start.

        Raises:
            BindingLockedError: The key is taken by a locked binding.
        """
        if isinstance(cls_or_fn, type):
            binding = create_binding_from_class(
                cls_or_fn,
                type=CoreTags.LIFE_CYCLE_OBSERVER,
                name=name,
                namespace=namespace,
                key=key,
                default_scope=BindingScope.SINGLETON,
            ).apply(as_life_cycle_observer)
        else:
            binding = create_function_binding(
                cls_or_fn, self._lifecycle.span_ended, name=name, namespace=namespace, key=key
            )
        self.add(binding)
        return binding

    def on_init(self, *args: Any, **kwargs: Any) -> Any:
        """Call a function, its parameters injected, when the application is initialized: ``app.on_init(fn)``."""
        return self._add_hook("init", *args, **kwargs)

    def on_start(self, fn: Callable[..., Any]) -> Binding[Any]:
        """Call a function, its parameters injected, when the application starts; in order of registration."""
        return self._add_hook("start", fn)

    def on_stop(self, fn: Callable[..., Any]) -> Binding[Any]:
        """Call a function, its parameters injected, when the application stops; in reverse order of registration."""
        return self._add_hook("stop", fn)

    def _add_hook(self, phase: str, fn: Callable[..., Any]) -> Binding[Any]:
        if not callable(fn):
            raise TypeError(f"on_{phase} takes a function, not {fn!r}.")
        binding = create_hook_binding(phase, fn)
        self.add(binding)
        return binding

    def set_metadata(self, metadata: Mapping[str, Any]) -> Binding[Any]:
        """Bind name, version, description and whatever else is known at ``CoreBindings.APPLICATION_METADATA``."""
        return self.bind(CoreBindings.APPLICATION_METADATA).to(metadata)

    # Life cycle

    @property
    def state(self) -> str:
        """The state now: ``created``, ``initializing``, … ``stopped``."""
        return self._lifecycle.machine.state

    @property
    def states(self) -> StateMachine:
        """The state machine, for mixins that add an operation."""
        return self._lifecycle.machine

    async def init(self) -> None:
        """Notify the observers' ``init`` once in the life of the application; later calls do nothing.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What an observer raised; those that had been initialized were stopped.
        """
        await self._lifecycle.init()

    async def start(self) -> None:
        """Initialize if that has not happened, open the resources, and start every observer and server, in order.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What an observer raised; everything that had been started was stopped.
        """
        await self._lifecycle.start()

    async def stop(self) -> None:
        """Stop everything in reverse; values and bindings stay, so that the application can be started again.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What an observer raised; several as an ``ExceptionGroup``. Every other one was stopped.
        """
        await self._lifecycle.stop()

    async def before_run(self) -> None:
        """Called by ``run`` in its event loop before ``start``; a mixin that boots overrides it cooperatively."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop ``run`` uses: of ``uvloop`` where that is installed. A subclass may give another one."""
        try:
            uvloop: Any = import_module("uvloop")
        except ImportError:
            return asyncio.new_event_loop()
        loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return loop

    def run(self) -> None:
        """Start, block until the application is stopped from inside or by a signal, and close it.

        Returns normally when everything stopped within ``config["shutdown"]["grace_period"]`` seconds.

        Raises:
            SystemExit: The grace period passed; the status is 128 + the signal's number.
            ValueError: A setting of the shutdown is not right; nothing was started.
            RuntimeError: An event loop is running in this thread already.
            Exception: What failed while starting or stopping.
        """
        from mainspring.core.running import Runner  # noqa: PLC0415 - what only a process of its own needs

        Runner(self, self._lifecycle).run()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException as error:  # nobody else would: an `async with` that is not entered is not left
            await self._lifecycle.leave(error, self.close)
            raise
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        await self._lifecycle.leave(error, self.stop, self.close)

    # Listeners

    def on(self, event: str, listener: Callable[..., Any]) -> Self:
        """As for every context; further ``"state_changed"`` and every state: ``listener(old, new)``, called at once.

        Raises:
            ValueError: There is no such event.
            TypeError: The listener cannot be called.
        """
        if StateMachine.is_event(event):
            self._lifecycle.machine.on(event, listener)
            return self
        return super().on(event, listener)

    def off(self, event: str, listener: Callable[..., Any]) -> bool:
        """Take away one registration of a listener; whether there was one."""
        if StateMachine.is_event(event):
            return self._lifecycle.machine.off(event, listener)
        return super().off(event, listener)

    async def close(self) -> None:
        """Dispose of what the application holds; also ends the listeners of its states."""
        try:
            await super().close()
        finally:
            self._lifecycle.machine.forget_listeners()
