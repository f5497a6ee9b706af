"""What the booters of this room bind."""

import pytest

from mainspring.boot import ApplicationMetadataBooter
from mainspring.core import BindingScope, CoreBindings, CoreTags


async def booted(project, **config):
    app = project.app(**config)
    await app.boot()
    return app


async def test_controllers(project):
    """BOOT-144, BOOT-153, BOOT-030"""
    project.write(
        "controllers/todo_controller.py",
        """
        from mainspring.core import injectable
        class TodoController: ...
        @injectable(scope="singleton", tags="extra", name="Named")
        class Other: ...
        @injectable(key="whole.key")
        class Keyed: ...
        """,
    )
    app = await booted(project)
    assert project.keys(app, "controllers.") == ["controllers.TodoController", "controllers.Named"]
    assert app.get_binding("controllers.Named").scope is BindingScope.SINGLETON
    assert "extra" in app.get_binding("controllers.Named").tag_map
    assert CoreTags.CONTROLLER in app.get_binding("whole.key").tag_map


async def test_what_cannot_be_an_artifact_is_skipped(project):
    """BOOT-124"""
    project.write("controllers/base.py", "class Base: ...\n")
    project.write(
        "controllers/a_controller.py",
        """
        import enum
        from abc import ABC, abstractmethod
        from typing import NamedTuple, Protocol, TypedDict
        from .base import Base
        class Shape(Protocol): ...
        class Colour(enum.Enum):
            RED = 1
        class Broken(Exception): ...
        class Record(TypedDict): ...
        class Pair(NamedTuple):
            one: int
        class Abstract(ABC):
            @abstractmethod
            def x(self): ...
        class Concrete(Abstract):
            def x(self): ...
        class Mine(Base): ...
        """,
    )
    app = await booted(project)
    assert project.keys(app, "controllers.") == ["controllers.Concrete", "controllers.Mine"]


async def test_services(project):
    """BOOT-149, BOOT-150"""
    project.write(
        "services/all_service.py",
        """
        from mainspring.core import inject, injectable, invoke_method
        @injectable(scope="singleton", tags="t")
        class GreetingService: ...
        @injectable(name="CurrentDate")
        class DateProvider:
            def value(self):
                return "today"
        class BindableDateProvider:
            async def value(self):
                return "bindable"
        class DynamicDateProvider:
            @staticmethod
            def value():
                return "dynamic"
        class ByConstructor:
            def __init__(self, user=inject("current_user")):
                self.user = user
        class ByProperty:
            user: str = inject("current_user")
        class ByMethod:
            def who(self, user=inject("current_user")):
                return user
        class Helper: ...
        class HasValue:
            def value(self):
                return 1
        class NameOnlyProvider: ...
        """,
    )
    app = await booted(project)
    assert project.keys(app, "services.") == [
        "services.GreetingService",
        "services.CurrentDate",
        "services.BindableDate",
        "services.DynamicDate",
        "services.ByConstructor",
        "services.ByProperty",
        "services.ByMethod",
    ]
    greeting = app.get_binding("services.GreetingService")
    assert greeting.scope is BindingScope.SINGLETON
    assert "t" in greeting.tag_map
    assert app.get_sync("services.CurrentDate") == "today"
    assert await app.get("services.BindableDate") == "bindable"
    assert app.get_sync("services.DynamicDate") == "dynamic"
    app.bind("current_user").to("me")
    assert app.get_sync("services.ByConstructor").user == app.get_sync("services.ByProperty").user == "me"


async def test_interceptors(project):
    """BOOT-151"""
    project.write(
        "interceptors/all_interceptor.py",
        """
        from mainspring.core import global_interceptor, injectable
        async def plain(inv, next):
            return await next()
        @global_interceptor("g")
        async def everywhere(inv, next):
            return await next()
        class Local:
            def value(self):
                return plain
        @global_interceptor("audit")
        class Global:
            def value(self):
                return plain
        @injectable(name="named")
        class Unnamed:
            def value(self):
                return plain
        class Helper: ...
        """,
    )
    app = await booted(project)
    assert set(project.keys(app, "interceptors.")) == {"interceptors.Local", "interceptors.named"}
    assert set(project.keys(app, "global_interceptors.")) == {
        "global_interceptors.Global",
        "global_interceptors.everywhere",
    }
    assert app.get_binding("global_interceptors.Global").tag_map["global_interceptor_group"] == "audit"
    assert app.get_binding("global_interceptors.everywhere").tag_map["global_interceptor_group"] == "g"


async def test_observers(project):
    """BOOT-152"""
    project.write(
        "observers/all_observer.py",
        """
        from mainspring.core import life_cycle_observer
        log = []
        class Audit:
            def start(self):
                log.append("start")
        @life_cycle_observer("g")
        class Grouped:
            def stop(self):
                log.append("stop")
        class Nothing: ...
        """,
    )
    app = await booted(project)
    assert project.keys(app, "life_cycle_observers.") == ["life_cycle_observers.Audit", "life_cycle_observers.Grouped"]
    assert app.get_binding("life_cycle_observers.Audit").scope is BindingScope.SINGLETON
    assert app.get_binding("life_cycle_observers.Grouped").tag_map[CoreTags.LIFE_CYCLE_OBSERVER_GROUP] == "g"
    async with app:
        log = type(await app.get("life_cycle_observers.Audit")).start.__globals__["log"]
        assert log == ["start"]
    assert log == ["start", "stop"]


async def test_re_exports_and_files_elsewhere_change_nothing(project):
    """BOOT-223, BOOT-224"""
    project.write("controllers/__init__.py", "from .todo_controller import TodoController\n")
    project.write("controllers/todo_controller.py", "class TodoController: ...\n")
    project.write("tests/x_controller.py", "raise RuntimeError('not an artifact')\n")
    project.write("migrate.py", "raise RuntimeError('not an artifact')\n")
    app = await booted(project)
    assert project.keys(app, "controllers.") == ["controllers.TodoController"]


# Metadata


async def test_the_project_table_becomes_the_metadata(project):
    """BOOT-180"""
    project.write("pyproject.toml", '[project]\nname = "shop"\nversion = "1.2"\ndescription = "d"\nkeywords = ["k"]\n')
    project.write("src/shop/controllers/__init__.py")
    app = project.app()
    app.project_root = project.root / "src" / "shop"
    await app.boot()
    assert app.get_sync(CoreBindings.APPLICATION_METADATA) == {
        "name": "shop",
        "version": "1.2",
        "description": "d",
        "keywords": ["k"],
    }


@pytest.mark.parametrize("text", [None, "[tool.x]\ny = 1\n"])
async def test_without_a_table_nothing_is_bound(project, text):
    """BOOT-181"""
    (project.root / ".git").mkdir()
    if text is not None:
        project.write("pyproject.toml", text)
    app = await booted(project)
    assert not app.is_bound(CoreBindings.APPLICATION_METADATA)


async def test_the_search_ends_at_a_repository(project):
    """BOOT-181"""
    project.write("pyproject.toml", '[project]\nname = "outer"\n')
    project.write("inner/.git/HEAD")
    app = project.app()
    app.project_root = project.root / "inner"
    await app.boot()
    assert not app.is_bound(CoreBindings.APPLICATION_METADATA)
    project.write("inner/deep/x.py")
    project.write("inner/pyproject.toml", '[project]\nname = "inner"\n')
    app = project.app()
    app.project_root = project.root / "inner" / "deep"
    await app.boot()
    assert app.get_sync(CoreBindings.APPLICATION_METADATA) == {"name": "inner"}


async def test_an_invalid_file_is_a_warning(project):
    """BOOT-183"""
    project.write("pyproject.toml", "[project\n")
    app = project.app()
    with pytest.warns(RuntimeWarning, match=r"pyproject\.toml"):
        await app.boot()
    assert app.state == "booted"
    assert not app.is_bound(CoreBindings.APPLICATION_METADATA)


def test_the_installed_distribution_speaks_where_there_is_no_file(project):
    """BOOT-182"""
    (project.root / ".git").mkdir()
    project.write("site/shop/__init__.py")
    project.write(
        "site/shop/application.py",
        "from mainspring.core import Application\nfrom mainspring.boot import BootMixin\n"
        "class App(BootMixin, Application): ...\n",
    )
    project.write(
        "site/the_shop-3.1.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: the-shop\nVersion: 3.1\nSummary: Sells things\n",
    )
    project.write("site/the_shop-3.1.dist-info/top_level.txt", "shop\n")
    program = project.write(
        "main.py",
        "import asyncio, sys\nsys.path.insert(0, 'site')\nfrom shop.application import App\n"
        "from mainspring.core import CoreBindings\n"
        "app = App()\nasyncio.run(app.boot())\nprint(app.get_sync(CoreBindings.APPLICATION_METADATA))\n",
    )
    assert project.run(program) == ["{'name': 'the-shop', 'version': '3.1', 'description': 'Sells things'}"]


async def test_the_metadata_booter_works_in_configure(project):
    """BOOT-180"""
    project.write("pyproject.toml", '[project]\nname = "shop"\n')
    app = project.app()
    await ApplicationMetadataBooter(app, project.root).configure()
    assert app.get_sync(CoreBindings.APPLICATION_METADATA) == {"name": "shop"}


def test_the_distribution_is_looked_for_where_the_package_is(project):
    """BOOT-182: by its files if it declares no names; one of another folder, or that only sounds alike, is not it."""
    (project.root / ".git").mkdir()
    project.write("code/shop/__init__.py", "")
    project.write(
        "code/shop/application.py",
        "from mainspring.core import Application\nfrom mainspring.boot import BootMixin\n"
        "class App(BootMixin, Application): ...\n",
    )
    for folder, name, files in (
        ("site", "elsewhere", "shop/__init__.py,,\n"),
        ("code", "workshop", "workshop/shop.py,,\n"),
    ):
        project.write(f"{folder}/{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        project.write(f"{folder}/{name}-1.dist-info/RECORD", files)
    program = project.write(
        "main.py",
        "import asyncio, sys\nsys.path[:0] = ['site', 'code']\nfrom shop.application import App\n"
        "from mainspring.core import CoreBindings\n"
        "app = App()\nasyncio.run(app.boot())\nprint(app.get_sync(CoreBindings.APPLICATION_METADATA, optional=True))\n",
    )
    assert project.run(program) == ["None"]
    project.write("code/the_shop-3.dist-info/METADATA", "Metadata-Version: 2.1\nName: the-shop\nVersion: 3\n")
    project.write("code/the_shop-3.dist-info/RECORD", "shop/__init__.py,,\nshop/application.py,,\n")
    assert project.run(program) == ["{'name': 'the-shop', 'version': '3'}"]
