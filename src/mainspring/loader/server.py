"""The server as a class: settings by a decorator, behaviour by methods, controllers by mounting."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar, Self

from mainspring.boot import BootMixin
from mainspring.context import Binding, BindingKey, Context
from mainspring.core.settings import effective_section
from mainspring.loader.hooks import Hooks
from mainspring.loader.listeners import wanted_places
from mainspring.loader.mounting import Mounting
from mainspring.loader.phases import Phases, ending_binding
from mainspring.loader.reaching import Reaching
from mainspring.loader.registering import Registering
from mainspring.loader.rendering import view_options
from mainspring.loader.request_hooks import RequestHooks
from mainspring.loader.request_log import LogOptions, RequestLog
from mainspring.loader.rest_settings import apply_changes, apply_settings
from mainspring.loader.server_hooks import ServerHooks
from mainspring.loader.settings import ServerSettings
from mainspring.loader.stages import StageRegistry
from mainspring.loader.statics import folders_of, serve_first, static_folders
from mainspring.rest import RestApplication, RestServer
from mainspring.rest.places import Place
from mainspring.rest.settings import SETTING_TYPES

__all__ = ["ServerLoader"]

#: The settings; also found by the type ``ServerSettings``.
SETTINGS: BindingKey[ServerSettings] = BindingKey("loader.settings")


class ServerLoader(ServerHooks, Reaching, BootMixin, RestApplication):
    """A server as one class with hooks, settings and mounted controllers; on the same application as every other one.

    Args:
        config: The configuration, whose top-level keys are settings too. A context given here is the parent.
        parent: The context above.

    Raises:
        TypeError: A setting is of a wrong type, or has the name of another framework.
        ValueError: The value of a setting is impossible.
    """

    boots_by_convention: ClassVar[bool] = False
    initializes_anew: ClassVar[bool] = True
    is_server_loader: ClassVar[bool] = True

    def __init__(self, config: Any = None, parent: Context | None = None) -> None:
        if isinstance(config, Context) and parent is None:
            config, parent = None, config
        given = _as_mapping(config)
        self._settings = ServerSettings(type(self), given, self._rest_section)
        without = {key: value for key, value in given.items() if key not in ("components", "imports")}
        super().__init__(config if len(without) == len(given) else without, parent)
        self.bind(SETTINGS).to(self._settings).provides(ServerSettings)
        self.mounting = Mounting(self)
        self._registering = Registering(self)
        self.stages = StageRegistry(self, lambda: self._settings.scope("middleware"))
        self.stages.views.options = partial(view_options, self._settings)
        self._hooks = Hooks(self, ServerLoader)
        self.phases = Phases(self, self._hooks)
        self._request_hooks = RequestHooks(self)
        self._unwrap: Callable[[], None] | None = None
        self._network = True
        self._told: Exception | None = None
        self.add(ending_binding(self.phases))

    def _rest_section(self) -> Mapping[str, Any]:
        return effective_section(self.options, "rest", SETTING_TYPES)

    # Life

    @classmethod
    async def bootstrap(cls, server_class: Any = None, config: Any = None, **settings: Any) -> Any:
        """A new server, built and routed, that answers as an ASGI application and does not listen.

        Args:
            server_class: The class of the server; the one this is called on without it.
            config: Its configuration.
            settings: Settings on top of that.

        Raises:
            TypeError: The class is no ``ServerLoader``.
            Exception: What made the start fail.
        """
        chosen: Any = cls if server_class is None else server_class
        if not (isinstance(chosen, type) and issubclass(chosen, ServerLoader)):
            raise TypeError(f"bootstrap takes a subclass of ServerLoader, not {chosen!r}.")
        server = chosen({**_as_mapping(config), **settings} if settings else config)
        await server.init()
        return server

    async def init(self) -> None:
        """Build and route everything, without listening.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What made it fail; everything was undone.
        """
        await self._boot_telling()
        await super().init()

    async def start(self) -> None:
        """Run the whole life cycle up to ``on_ready``.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What made it fail; everything was undone.
        """
        await self._boot_telling()
        await super().start()

    async def listen(self, *, network: bool = True) -> None:
        """Start, or go on from where ``bootstrap`` ended; a server that was started is left alone.

        Args:
            network: Whether sockets are opened.

        Raises:
            InvalidStateError: Another operation is under way.
            Exception: What made it fail; everything was undone.
        """
        if self.state not in ("started", "starting"):
            self._network = network
        await self.start()

    async def _boot_if_wanted(self) -> None:
        if self.state in ("created", "booting") and self._settings.get("boot"):
            await self.boot()

    async def _boot_telling(self) -> None:
        """The same as the first part of a start: what makes it fail is told."""
        try:
            await self._boot_if_wanted()
        except Exception as error:
            if self._told is not error:  # several may wait for one boot
                self._told = error
                await self._hooks.tell_of_failure(error)
            raise

    async def before_look(self) -> None:
        """Find and route everything that the settings and the constructor name; no hook runs, nothing is built."""
        await super().before_look()
        await self._boot_if_wanted()
        self._settings.check_paths()
        self.discover()
        self._settings.check()
        apply_settings(self)
        self.mounting.prepare()
        self.mounting.route()

    async def run_init(self, parts: Any, *, starts: bool) -> None:  # noqa: ARG002 - resources are opened in any case
        """Phases 1 to 10."""
        await self.phases.initialize(parts)

    async def run_start(self, parts: Any) -> None:
        """Phases 11 to 14."""
        await self.phases.start(parts)

    async def run_stop(self, parts: Any) -> None:
        """The end: servers, observers, providers."""
        try:
            await super().run_stop(parts)
        finally:
            await self._finish()

    async def before_undo(self, error: BaseException) -> None:
        """Tell the server what made its start fail."""
        if isinstance(error, Exception):
            await self._hooks.tell_server("on_server_init_error", error)

    async def after_undo(self, error: BaseException) -> None:  # noqa: ARG002 - it was told before
        """End what observers did not end."""
        await self._finish()

    async def _finish(self) -> None:
        try:
            await self.phases.end_providers()
        finally:
            self.phases.reset()
            self._registering.reset()
            self._network = True
            unwrap, self._unwrap = self._unwrap, None
            if unwrap is not None:
                unwrap()
            self.rest_server.planning.is_checked = False

    # Settings

    def get_settings(self) -> ServerSettings:
        """The settings as they are now."""
        return self._settings

    def set(self, key: str | Mapping[str, Any], value: Any = None) -> Self:
        """Change a setting by its dotted path, or several by a mapping.

        Raises:
            TypeError: A value is of a wrong type.
            ValueError: A value is impossible.
        """
        self._settings.set(key, value)
        if self.state in ("initialized", "started"):
            apply_changes(self, key if isinstance(key, Mapping) else (key,))
        return self

    @property
    def project_root(self) -> Any:
        """The folder that everything is relative to, which is the setting ``root_dir``."""
        return self._settings.root_dir

    @project_root.setter
    def project_root(self, folder: str | os.PathLike[str]) -> None:
        self._settings.set("root_dir", os.fspath(folder))

    # Registering

    def mount(self, endpoint: Any, what: Any = None) -> Self:
        """Serve controllers below an endpoint.

        Args:
            endpoint: The path; left out, it is ``/``.
            what: A controller class, a glob, a folder, a module, or a list of them.

        Raises:
            TypeError: The routes stand already, and this cannot be mounted.
            DuplicateRouteError: The same, and an operation is there already; nothing is mounted then.
        """
        if what is None:
            endpoint, what = "/", endpoint
        self.mounting.add(endpoint, what, is_passing=self.phases.are_under_way)
        return self

    def unmount(self, endpoint: str) -> Self:
        """Serve nothing below an endpoint from the next request on.

        Raises:
            MountError: Nothing is mounted there.
        """
        self.mounting.remove(endpoint)
        return self

    def scan(self, patterns: Any, endpoint: str | None = None) -> Self:
        """Import files and register what they define; with an endpoint, mount the controllers in them.

        Modules and classes may be named as well.
        """
        if endpoint is not None:
            return self.mount(endpoint, patterns)
        self._registering.add(patterns, is_passing=self.phases.are_under_way)
        return self

    def add_controllers(self, endpoint: str, classes: Any) -> Self:
        """Mount controller classes; see `mount`."""
        return self.mount(endpoint, classes)

    def add_components(self, classes: Any) -> Self:
        """Bind classes as services, decorated or not; one instance each unless they say otherwise.

        Middleware is bound as such, and a `Component` is mounted.

        Raises:
            TypeError: Something given is no class.
        """
        for cls in [classes] if isinstance(classes, type) else classes:
            if not isinstance(cls, type):
                raise TypeError(f"add_components takes classes, not {cls!r}.")
            self._registering.add_class(cls, is_passing=self.phases.are_under_way)
        return self

    def add_service(self, binding: Binding[Any]) -> Binding[Any]:
        """Register the binding of a service, one instance per server by default, in the place of what it overrides."""
        self.add(binding.apply_default_scope(self._settings.scope("service")))
        if binding.source is not None:
            self._registering.stand_in(binding.source.value, binding)
        return binding

    def discover(self) -> None:
        """Mount components, and import what is to be scanned."""
        self._registering.discover()

    def serve_statics(self) -> None:
        """Serve the folders of the settings.

        Raises:
            MountError: A folder is not there, and the settings are strict.
        """
        for path, folder, options in static_folders(self):
            try:
                self.static(path, folder, options)
            except (TypeError, ValueError) as error:
                error.add_note(f"It stands in the setting 'statics', at {path!r}.")
                raise

    def static(self, path: Any, directory: Any, options: Mapping[str, Any] | None = None) -> Binding[Any]:
        """Serve the files of a folder (or of several, in this order) below a path; relative ones to ``root_dir``.

        With the option ``first`` they stand before the operations instead of behind them.

        Raises:
            SettingError: An option is unknown or impossible.
        """
        folders, given = folders_of(directory, options, self._settings)
        if given.pop("first", False):
            return serve_first(self, path, folders, given)
        return super().static(path, folders, given)

    @property
    def tells(self) -> bool:
        """Whether the settings want to know what goes well."""
        return self._settings.get("logger.level", "info") in ("debug", "info")

    def log_routes(self) -> None:
        """Say once what is served, unless that is switched off."""
        if not self._settings.get("logger.disable_routes_summary") and self.tells:
            self.mounting.log_routes()

    def use(self, *middleware: Any, path: Any = None, **options: Any) -> Self:
        """Use middleware for all requests, or for those at or below a path; see `StageRegistry.use`.

        Raises:
            TypeError: Something given is no middleware.
        """
        self.stages.use(*middleware, path=path, **options)
        if self.state in ("initialized", "started"):  # no hook runs that would say it again at the next start
            self.phases.say_again(partial(self.stages.use, *middleware, path=path, **options))
        return self

    def engine(self, extension: str, engine: Any) -> Self:
        """Fill templates with an extension by a function ``(path, values)``, plain or ``async``; see ``@render``.

        Raises:
            TypeError: It is no function.
        """
        self.stages.views.engine(extension, engine)
        return self

    def stand_around_requests(self) -> None:
        """Log requests, and call the hooks of providers around them, where that is wanted."""
        self._request_hooks.install()
        options = LogOptions.of(self._settings)
        if options is not None:
            self._unwrap = self.rest_server.wrap(RequestLog, {"options": options})

    def explain(self, verb: str, path: str) -> list[str]:
        """The names of the stages that a request passes, in order, its handler among them."""
        found = self.rest_server.planning.plan().router.find(verb, path)
        return self.stages.explain(found.route if found is not None else None)

    # Where

    @property
    def url(self) -> str | None:
        """The URL while listening; that of https when http is off."""
        return self.rest_server.url

    @property
    def root_url(self) -> str | None:
        """The same without the base path."""
        return self.rest_server.root_url

    @property
    def port(self) -> int:
        """The port: the one taken while listening, else the one wished for."""
        return self.rest_server.port

    @property
    def listening(self) -> bool:
        """Whether connections are accepted."""
        return self.rest_server.listening

    @property
    def rest_server(self) -> RestServer:
        """The server; where it listens is said by the settings."""
        server = super().rest_server
        server.serving.places = self._wanted_places
        return server

    def _wanted_places(self) -> list[Place]:
        return wanted_places(self) if self._network else []


def _as_mapping(config: Any) -> dict[str, Any]:
    """What a configuration says, at the top."""
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return dict(config)
    fields = getattr(config, "__struct_fields__", None) or getattr(config, "__dataclass_fields__", None)
    names: Iterable[str] = fields if fields is not None else vars(config)
    return {name: getattr(config, name) for name in names if not name.startswith("_")}
