"""The phases of a start, in their order; each awaits everything of the one before."""

import logging
import time
from collections.abc import Callable
from typing import Any

from mainspring.context import Binding
from mainspring.core import CoreTags
from mainspring.core.lifecycle import raise_all
from mainspring.core.ordering import FOUNDATION
from mainspring.core.snapshots import BindingsSnapshot
from mainspring.loader.hooks import Hooks, warn_of_old_hooks
from mainspring.loader.providers import Providers
from mainspring.loader.rest_settings import apply_settings

__all__ = ["Phases", "ending_binding"]

logger = logging.getLogger("mainspring.loader")


class Phases:
    """Takes one server through its life.

    Args:
        server: The server.
        hooks: Calls hooks.

    Attributes:
        providers: The providers of the server.
        are_under_way: Whether a start is under way: what is registered now is registered again by the next one.
    """

    def __init__(self, server: Any, hooks: Hooks) -> None:
        self._server = server
        self._hooks = hooks
        self.providers = Providers(server, hooks)
        self.are_under_way = False
        self._is_begun = False
        self._began_at = 0.0
        self._stages: Any = None
        self._before: list[BindingsSnapshot] = []
        self._passing: list[tuple[BindingsSnapshot, list[Any]]] = []
        self._said_later: list[Callable[[], object]] = []

    # init

    async def initialize(self, parts: Any) -> None:
        """Phases 1 to 10: everything is built, nothing listens."""
        server, hooks, providers = self._server, self._hooks, self.providers
        self._began_at = time.perf_counter()
        self._watch()
        self._stages = server.stages.mark()
        warn_of_old_hooks(type(server))
        await hooks.call_server("before_init")
        await hooks.call_server("on_init")
        self._is_begun = True
        server.get_settings().check_paths()
        await parts.open_resources()
        server.discover()
        server.get_settings().check()
        await providers.build()
        await providers.begin()
        await hooks.call_server("after_init")
        await parts.init_observers()
        server.stages.use_settings(server.get_settings())
        await self._both("on_mounting_middlewares")
        await self._both("before_routes_init")
        await self._mount()
        await self._both("on_routes_init")
        await self._both("after_routes_init")
        for say in self._said_later:
            say()
        server.rest_server.planning.check()
        self._note()

    async def _mount(self) -> None:
        server = self._server
        server.stages.behind_routes = True
        apply_settings(server)
        controllers = server.mounting.prepare()
        await self.providers.build_further()
        await self.providers.build_controllers(controllers)
        server.mounting.route()
        await self.providers.build_further()
        server.serve_statics()
        server.stand_around_requests()
        server.rest_server.planning.check()
        server.log_routes()

    async def _both(self, name: str) -> None:
        """A hook of the server, then of the providers."""
        await self._hooks.call_server(name)
        await self._hooks.call_all(name, self.providers.instances)

    # start

    async def start(self, parts: Any) -> None:
        """Phases 11 to 14: from built to ready."""
        self._watch()
        await self._both("before_listen")
        await parts.open_resources()
        await parts.start_observers()
        await self._both("after_listen")
        await self._both("on_ready")
        await self._hooks.call_all("on_server_ready", self.providers.instances)
        self._note()
        self.providers.are_running = True
        self._tell()

    def _tell(self) -> None:
        urls = [place.url for place in (self._server.http_server, self._server.https_server) if place is not None]
        took = time.perf_counter() - self._began_at
        where = f"listens at {', '.join(urls)}" if urls else "runs without listening"
        if self._server.tells:
            logger.info("%s %s; it took %.3f s to start.", self._server.name, where, took)

    # The end

    async def end_providers(self) -> None:
        """End what was built, and the server's own last.

        Raises:
            Exception: What a hook raised; several as an ``ExceptionGroup``.
        """
        failures: list[BaseException] = [*await self.providers.end()]
        if self._is_begun:
            self._is_begun = False
            try:
                await self._hooks.call_server("on_destroy")
            except Exception as error:
                logger.exception("The server's on_destroy failed.")
                failures.append(error)
        raise_all(failures)

    # What hooks register

    def _watch(self) -> None:
        self.are_under_way = True
        self._before = [BindingsSnapshot(each) for each in (self._server, self._server.rest_server)]

    def _note(self) -> None:
        """Note what was bound since `_watch`; of plain values the last one stays."""
        self.are_under_way = False
        self._passing += [(each, [new for new in each.added() if new.tag_map]) for each in self._before]
        self._before = []

    def say_again(self, say: Callable[[], object]) -> None:
        """Let what was registered while the server ran be registered anew by the next start, behind the routes too."""
        self._said_later.append(say)

    def reset(self) -> None:
        """Forget what hooks registered: they run again at the next start."""
        self._note()
        self._server.mounting.reset()
        self._server.stages.behind_routes = False
        if self._stages is not None:
            self._server.stages.reset_to(self._stages)
            self._stages = None
        for snapshot, added in reversed(self._passing):
            snapshot.take_back(added)
        self._passing = []


class _Ending:
    """The observer that ends the providers when everything else has ended."""

    def __init__(self, phases: Phases) -> None:
        self.phases = phases

    async def stop(self) -> None:
        """End them."""
        await self.phases.end_providers()


def ending_binding(phases: Phases) -> Binding[Any]:
    """The binding of the observer that ends the providers."""
    binding: Binding[Any] = Binding("loader.providers")
    binding.to(_Ending(phases)).tag(CoreTags.LIFE_CYCLE_OBSERVER)
    return binding.tag({CoreTags.LIFE_CYCLE_OBSERVER_GROUP: FOUNDATION})
