"""The providers of a server: what its container builds and keeps. Their order, their building, their end."""

import asyncio
import inspect
import logging
from collections.abc import Container, Iterable
from typing import Any

from mainspring.context import Binding, BindingScope, BindingType, Context, ScopeError
from mainspring.context.edges import edges_from
from mainspring.context.resolving import MISSING, keep_bare
from mainspring.context.setting_aside import has_kept, release
from mainspring.context.signatures import unwrap_callable
from mainspring.core import CoreBindings, CoreTags
from mainspring.loader.hooks import START_HOOKS, Hooks, within
from mainspring.rest.keys import RestTags

__all__ = ["Provider", "Providers"]

logger = logging.getLogger("mainspring.loader")

_KEPT = (BindingScope.SINGLETON, BindingScope.APPLICATION)
#: What the framework needs through all lives of a server.
_FRAMEWORK = (str(CoreBindings.LIFE_CYCLE_OBSERVER_REGISTRY), str(CoreBindings.APPLICATION_INSTANCE))


class Provider:
    """A binding whose value the server keeps, and the value once it is there.

    Attributes:
        binding: The binding.
        value: The value.
        is_begun: Whether its ``on_init`` has returned, or it was built and has none.
    """

    __slots__ = ("binding", "is_begun", "value")

    def __init__(self, binding: Binding[Any], value: Any) -> None:
        self.binding = binding
        self.value = value
        self.is_begun = not callable(getattr(value, "on_init", None))


class Providers:
    """All of one server, in dependency order: what something needs comes before it.

    Args:
        server: The server.
        hooks: Calls their hooks.

    Attributes:
        are_running: Whether the start is through: what is built from now on has no hooks but that of its end.
    """

    def __init__(self, server: Any, hooks: Hooks) -> None:
        self.are_running = False
        self._server = server
        self._hooks = hooks
        self._built: list[Provider] = []
        self._controllers: list[Provider] = []
        self._instances: list[Any] = []
        self._counted = (0, 0)
        self._warned: set[type[Any]] = set()

    @property
    def instances(self) -> list[Any]:
        """Each instance once, in order, controllers last."""
        count = len(self._built), len(self._controllers)
        if self._counted != count:
            values = [provider.value for provider in (*self._built, *self._controllers)]
            of_program = {id(each): each for each in values if each is not self._server and each is not None}
            self._counted, self._instances = count, list(of_program.values())
        return self._instances

    # Building

    async def build(self) -> None:
        """Build everything that is kept and not there, and no controller: first what must be awaited, then the rest.

        Raises:
            Exception: What a factory or constructor raised.
            StartTimeoutError: An asynchronous provider did not end in time.
        """
        known = {id(provider.binding) for provider in self._built}
        missing = self._kept_bindings(known)
        if not missing:
            return
        ordered = [binding for binding in self._order(missing) if id(binding) not in known]
        await self._build_async([binding for binding in ordered if is_asynchronous(binding)], ordered)
        await self._build_each(ordered, self._built)

    async def build_further(self) -> None:
        """Build what was bound since: by hooks, and the middleware of operations. Call their ``on_init``."""
        count = len(self._built)
        await self.build()
        await self._begin(self._built[count:])

    async def build_controllers(self, bindings: Iterable[Binding[Any]]) -> None:
        """Build the controllers that are kept, and call their ``on_init``."""
        kept = [binding for binding in bindings if binding.scope in _KEPT]
        known = {id(provider.binding) for provider in self._controllers}
        ordered = [each for each in self._order(kept) if RestTags.MOUNTED in each.tag_map and id(each) not in known]
        count = len(self._controllers)
        await self._build_each(ordered, self._controllers)
        await self._begin(self._controllers[count:])

    async def begin(self) -> None:
        """Call ``on_init`` of all that are no controllers."""
        await self._begin(self._built)

    async def _begin(self, providers: Iterable[Provider]) -> None:
        called: set[int] = set()
        for provider in providers:
            if not provider.is_begun and id(provider.value) not in called and provider.value is not self._server:
                called.add(id(provider.value))
                await self._hooks.call_all("on_init", [provider.value])
            provider.is_begun = True

    async def _build_each(self, ordered: Iterable[Binding[Any]], found: list[Provider]) -> None:
        current = [""]
        async with within(self._hooks.seconds, lambda: current):
            for binding in ordered:
                current[0] = binding.key
                source = binding.source
                if source is not None and source.type is BindingType.CONSTANT:
                    value = source.value
                else:
                    value = keep_bare(binding, self._server)
                if value is MISSING:  # making it runs code of the program
                    value = await self._server.resolve_binding(binding)
                found.append(Provider(binding, value))

    async def _build_async(self, bindings: list[Binding[Any]], ordered: list[Binding[Any]]) -> None:
        """Resolve asynchronous providers, independent ones at the same time; one failure ends the others."""
        if not bindings:
            return
        loop = asyncio.get_running_loop()
        tasks = {loop.create_task(self._server.resolve_binding(binding)): binding for binding in bindings}
        late: list[str] = []
        async with within(self._hooks.seconds, lambda: late):
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            except asyncio.CancelledError:
                late += self._waited_for(ordered)
                raise
            finally:
                failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
                await _end(tasks)
        for task in failed:
            task.result()

    def _waited_for(self, ordered: list[Binding[Any]]) -> list[str]:
        """The keys of the providers that are under way and wait for no other one."""
        pending = [each for each in ordered if self._server.pending_creation(each) is not None]
        first = [each for each in pending if not any(need in pending for need in self._needs(each))]
        return [binding.key for binding in first or pending]

    # Order

    def _kept_bindings(self, known: Container[int]) -> list[Binding[Any]]:
        """Those to be built, without the known ones, which are told by their ids."""
        found = []
        for binding in self._server.own_bindings():
            if id(binding) in known or RestTags.MOUNTED in binding.tag_map:
                continue
            if is_provider(binding):
                found.append(binding)
            else:
                self._warn_of_transient(binding)
        return found

    def _order(self, bindings: Iterable[Binding[Any]]) -> list[Binding[Any]]:
        """By registration, each one directly preceded by those it needs that have not come yet."""
        ordered: dict[Binding[Any], None] = {}
        entered: set[Binding[Any]] = set()

        def visit(binding: Binding[Any], keeper: Binding[Any]) -> None:
            if binding in entered:
                return
            entered.add(binding)
            needs = self._needs(binding)
            if needs:
                keeper = binding if binding.scope in _KEPT else keeper
                for needed in needs:
                    self._check_scope(keeper, needed)
                    visit(needed, keeper)
            if is_provider(binding) and self._server.own_binding(binding.key) is binding:
                ordered[binding] = None

        for binding in bindings:
            visit(binding, binding)
        return list(ordered)

    def _needs(self, binding: Binding[Any]) -> list[Binding[Any]]:
        edges = edges_from(binding, self._server, [self._server])
        return [edge.target for edge in edges if edge.kind != "later"] if edges else []

    def _check_scope(self, binding: Binding[Any], needed: Binding[Any]) -> None:
        if needed.scope is BindingScope.REQUEST and binding.scope in _KEPT:
            raise ScopeError(
                f"{binding.key!r} is kept as long as the server (scope {binding.scope.value!r}) and needs "
                f"{needed.key!r} of scope 'request': it would keep that of the first request for ever. Give it scope "
                "'request' as well, or inject a getter.",
                key=needed.key,
                path=f"{binding.key} --> {needed.key}",
            )

    def _warn_of_transient(self, binding: Binding[Any]) -> None:
        source = binding.source
        if source is None or source.type is not BindingType.CLASS or binding.scope is not BindingScope.TRANSIENT:
            return
        cls = source.value
        hooks = [name for name in START_HOOKS if callable(getattr(cls, name, None))]
        if hooks and cls not in self._warned and CoreTags.SERVER not in binding.tag_map:
            self._warned.add(cls)
            logger.warning(
                "%s is bound in scope 'transient' at %r, so its %s never runs: bind it as a singleton.",
                cls.__name__,
                binding.key,
                ", ".join(hooks),
            )

    # The end

    async def end(self) -> list[Exception]:
        """Call ``on_destroy`` of what was begun, last built first, and let go of all of it.

        Returns:
            What went wrong, in order.
        """
        failures: list[Exception] = []
        ended: set[int] = set()
        for provider in reversed([*self._built, *self._controllers, *self._late()]):
            if provider.is_begun and id(provider.value) not in ended and provider.value is not self._server:
                ended.add(id(provider.value))
                await _noting(failures, self._hooks.call_all("on_destroy", [provider.value]))
            if provider.binding.key not in _FRAMEWORK and CoreTags.SERVER not in provider.binding.tag_map:
                await _noting(failures, release(self._server, provider.binding))
        self._built, self._controllers, self.are_running = [], [], False
        self._instances, self._counted = [], (0, 0)
        return failures

    def _late(self) -> list[Provider]:
        """What was built since the start, or before an error, and is kept."""
        known = {id(provider.binding) for provider in (*self._built, *self._controllers)}
        found = []
        for binding in Context.find(self._server):
            if id(binding) in known or not is_provider(binding):
                continue
            if has_kept(self._server, binding):
                provider = Provider(binding, self._server.kept_value(binding))
                provider.is_begun = provider.is_begun or self.are_running
                found.append(provider)
        return found


def is_provider(binding: Binding[Any]) -> bool:
    """Whether the value of a binding is kept by the server."""
    source = binding.source
    if source is None or source.type is BindingType.ALIAS:
        return False
    if source.type is BindingType.CONSTANT:
        return True
    return binding.scope in _KEPT and binding.key not in _FRAMEWORK


def is_asynchronous(binding: Binding[Any]) -> bool:
    """Whether the value comes from a coroutine function or an async generator function."""
    source = binding.source
    if source is None or source.call is None:
        return False
    function = unwrap_callable(source.call)
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


async def _end(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel what has not ended, and wait for it."""
    pending = [task for task in tasks if not task.done()]
    for task in pending:
        task.cancel()
    if pending:
        await asyncio.wait(pending)


async def _noting(failures: list[Exception], work: Any) -> None:
    try:
        await work
    except Exception as error:
        logger.exception("A provider could not be ended.")
        failures.append(error)
