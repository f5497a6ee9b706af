"""An application and its configuration, as a type checker sees them (CORE-120)."""

from dataclasses import dataclass
from typing import Any, assert_type

from mainspring import BootMixin, RepositoryMixin, RestApplication, service
from mainspring.core import Application, Binding, load_config
from mainspring.rest import RestServer, Route


class Greeting: ...


@dataclass
class Settings:
    name: str


class App(BootMixin, Application):
    def __init__(self) -> None:
        super().__init__({"rest": {"port": 0}})
        self.project_root = "here"
        self.boot_options = {"controllers": {"dirs": "handlers"}}

    def on_init(self, greeting: Greeting) -> None: ...  # a hook may ask for anything


class WebApp(BootMixin, RepositoryMixin, RestApplication): ...


class Controller:
    def __init__(self, greeting: Greeting = service(Greeting)) -> None: ...


async def life() -> None:
    async with App() as app:
        assert_type(app, App)
        assert_type(app.state, str)
    async with WebApp() as web:
        assert_type(web, WebApp)
        assert_type(web.rest_server, RestServer)
        await web.migrate_schema()


def routes(app: RestApplication) -> None:
    @app.route("get", "/hello/{name}")
    def hello(name: str) -> str:
        return name

    assert_type(hello("Ada"), str)
    assert_type(app.route("get", "/hi", None, hello), Binding[Any])
    assert_type(app.rest_server.route(Route("get", "/hey", None, hello)), Binding[Any])


def configuration() -> None:
    assert_type(load_config("settings.toml"), dict[str, Any])
    assert_type(load_config("settings.toml", into=Settings), Settings)
