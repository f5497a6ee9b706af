"""Proxies injected, intercepted, and made by providers."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Protocol

import pytest
from tests.proxies.remotes import Remote, operation, reply

from mainspring import Application, BootMixin, DataSource, RepositoryMixin, inject, injectable, intercept
from mainspring.context import (
    BindingScope,
    Context,
    KeyNotBoundError,
    ResolutionError,
    create_proxy_with_interceptors,
    invoke_method,
    register_interceptor,
)
from mainspring.core import service
from mainspring.proxies import ServiceMixin, get_service, service_proxy

Connect = Callable[..., DataSource]
NAME = operation({"url": "/names/{id}"}, name_of=["id"])


class Names(Protocol):
    async def name_of(self, id: int) -> str: ...


class App(ServiceMixin, RepositoryMixin, Application):
    pass


async def shout(inv: Any, next: Any) -> Any:
    inv.args[0] += 1
    return (await next()).upper()


async def question(_: Any, next: Any) -> Any:
    return f"{await next()}?"


@pytest.fixture
def app(connect: Connect, remote: Remote) -> App:
    remote.script = [reply(200, b"ada", {"content-type": "text/plain"})]
    app = App()
    app.datasource(connect(NAME))
    return app


async def test_a_proxy_is_injected_by_the_annotated_type(app: App, connect: Connect, remote: Remote) -> None:
    """SVC-001"""
    source = connect(NAME)

    class Greeter:
        late: Names = service_proxy("geo")

        def __init__(
            self,
            names: Names = service_proxy("geo"),
            same: Annotated[Names | None, service_proxy(source)] = None,
            plain: Any = service_proxy("geo"),
        ) -> None:
            self.all = (names, same, plain)

    app.service(Greeter)
    async with app:
        greeter = await app.get(Greeter)
        for names in (*greeter.all, greeter.late):
            assert await names.name_of(7) == "ada"
        assert isinstance(app.get_sync(Greeter), Greeter)
    assert {asked.target for asked in remote.asked} == {"/names/7"}


@pytest.mark.parametrize(
    ("datasource", "error"),
    [("", ResolutionError), ("  ", ResolutionError), (7, ResolutionError), ("nowhere", KeyNotBoundError)],
)
async def test_what_names_no_data_source_is_told_when_resolved(app: App, datasource: Any, error: Any) -> None:
    """SVC-001"""

    class Greeter:
        def __init__(self, names: Names = service_proxy(datasource)) -> None: ...

    app.service(Greeter)
    with pytest.raises(
        error, match=r"nowhere|Greeter.__init__\[names\].*a name or an instance of DataSource is needed"
    ):
        await app.get(Greeter)


async def test_a_document_is_fetched_when_a_proxy_is_injected(remote: Remote) -> None:
    """SVC-001, SVC-009"""
    item = {"get": {"operationId": "nameOf", "responses": {"200": {"description": "x"}}}}
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/n/{id}": item}}
    remote.script = [reply(200, document), reply(200, b"ada", {"content-type": "text/plain"})]
    app = App()
    app.datasource(DataSource({"name": "geo", "connector": "openapi", "spec": f"{remote.url}/openapi.json"}))
    app.bind("names").to_dynamic_value(_names)
    assert await (await app.get("names")).name_of(1) == "ada"
    await app.stop()
    await (await app.get("datasources.geo")).disconnect()


def _names(names: Names = service_proxy("geo")) -> Names:
    return names


async def test_interceptors_of_the_interface_run(app: App, remote: Remote) -> None:
    """SVC-013"""

    @intercept("interceptors.question")
    class Loud(Protocol):
        @intercept(shout)
        async def name_of(self, id: int) -> str: ...

    class Greeter:
        def __init__(self, names: Loud = service_proxy("geo")) -> None:
            self.names = names

    app.service(Greeter)
    app.interceptor(question, name="question")
    greeter = await app.get(Greeter)
    assert await greeter.names.name_of(7) == "ADA?"
    assert remote.asked[0].target == "/names/8"
    source = await app.get("datasources.geo")
    names = await get_service(Loud, source)
    assert await names.name_of(7) == "ada", "a direct call runs none"
    assert await invoke_method(names, "name_of", app, [7]) == "ADA?"
    assert await create_proxy_with_interceptors(names, app).name_of(7) == "ADA?"


async def test_global_interceptors_choose_by_the_source(app: App) -> None:
    """SVC-013"""
    register_interceptor(app, question, source="proxy")
    register_interceptor(app, shout, source="route")

    class NamesProvider:
        def __init__(self, names: Names = service_proxy("geo")) -> None:
            self.names = names

        def value(self) -> Names:
            return self.names

    app.service_provider(NamesProvider)
    names = await app.get("services.Names", as_proxy_with_interceptors=True)
    assert await names.name_of(7) == "ada?"


# Providers


class CurrentProvider:
    def __init__(self, user: str = inject("user")) -> None:
        self.user = user

    async def value(self) -> list[str]:
        return [self.user]


async def test_a_provider_is_bound_without_provider_in_its_name(app: App) -> None:
    """SVC-012"""
    binding = app.service_provider(CurrentProvider)
    assert (binding.key, binding.scope) == ("services.Current", BindingScope.TRANSIENT)
    contexts = [Context(app, "one"), Context(app, "two")]
    for context in contexts:
        context.bind("user").to(context.name)
    assert [await context.get("services.Current") for context in contexts] == [["one"], ["two"]]


async def test_names_namespaces_and_scopes_of_providers(app: App) -> None:
    """SVC-012"""

    @injectable(scope=BindingScope.SINGLETON)
    class OnceProvider:
        def value(self) -> object:
            return object()

    assert app.service_provider(CurrentProvider, "Other").key == "services.Other"
    assert app.service_provider(CurrentProvider, namespace="remote").key == "remote.Current"
    assert app.service_provider(CurrentProvider, {"name": "X", "namespace": "remote"}).key == "remote.X"
    assert app.service_provider(OnceProvider, default_scope=BindingScope.CONTEXT).scope is BindingScope.SINGLETON
    scoped = app.service_provider(CurrentProvider, "Kept", default_scope=BindingScope.SINGLETON)
    assert scoped.scope is BindingScope.SINGLETON

    class Plain:
        pass

    with pytest.raises(TypeError, match="Plain is no provider of a service: it has no method `value`"):
        app.service_provider(Plain)
    assert not app.contains("services.Plain")


async def test_components_contribute_providers(app: App) -> None:
    """SVC-012"""

    class NamesComponent:
        service_providers = (CurrentProvider,)

    app.component(NamesComponent)
    app.bind("user").to("ada")
    assert await app.get("services.Current") == ["ada"]


async def test_a_service_is_found_by_the_interface_of_its_provider(app: App) -> None:
    """SVC-012"""

    class NamesProvider:
        def __init__(self, names: Names = service_proxy("geo")) -> None:
            self.names = names

        def value(self) -> Names:
            return self.names

    class Greeter:
        def __init__(self, names: Names = service(Names)) -> None:
            self.names = names

    app.service_provider(NamesProvider, interface=Names)
    app.service(Greeter)
    assert await (await app.get(Greeter)).names.name_of(7) == "ada"


async def test_boot_finds_providers_of_proxies(connect: Connect, remote: Remote, tmp_path: Path) -> None:
    """BOOT-149"""
    remote.script = [reply(200, b"ada", {"content-type": "text/plain"})]
    (tmp_path / "services").mkdir()
    (tmp_path / "datasources").mkdir()
    (tmp_path / "datasources" / "geo_datasource.py").write_text(
        textwrap.dedent(f"""
        from mainspring import DataSource
        class GeoDataSource(DataSource):
            datasource_name = "geo"
            default_config = {{"connector": "rest", "base_url": {remote.url!r}, "operations": [{NAME!r}]}}
        """)
    )
    (tmp_path / "services" / "names_service.py").write_text(
        textwrap.dedent("""
        from typing import Protocol
        from mainspring import DataSource, inject
        from mainspring.proxies import get_service
        class NamesService(Protocol):
            async def name_of(self, id: int) -> str: ...
        class NamesServiceProvider:
            def __init__(self, source: DataSource = inject("datasources.geo")) -> None:
                self.source = source
            async def value(self) -> NamesService:
                return await get_service(NamesService, self.source)
        """)
    )

    class Booted(BootMixin, RepositoryMixin, Application):
        pass

    app = Booted()
    app.project_root = tmp_path
    await app.boot()
    async with app:
        assert await (await app.get("services.NamesService")).name_of(7) == "ada"
