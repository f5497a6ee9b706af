"""The mixin that makes an application bootable: settings, states, and a boot that is atomic."""

import asyncio
import warnings
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from mainspring.boot import (
    ArtifactOptions,
    BootBindings,
    BootComponent,
    BootError,
    BootMixin,
    Bootstrapper,
    BootTags,
    ControllerBooter,
    booter,
    load_classes_from_files,
)
from mainspring.core import (
    Application,
    BindingLockedError,
    BindingScope,
    Context,
    InvalidStateError,
    config,
    inject,
    injectable,
)

CONTROLLER = "class TodoController:\n    ...\n"


def contents(app):
    return {binding.key: binding for binding in app.find()}


async def test_what_the_mixin_adds(project):
    """BOOT-010, BOOT-002, BOOT-003, BOOT-041, BOOT-026"""
    app = project.app()
    assert app.contains("components.BootComponent")
    assert project.keys(app, "booters.") == [
        f"booters.{name}"
        for name in (
            "ApplicationMetadataBooter",
            "DataSourceBooter",
            "ModelBooter",
            "RepositoryBooter",
            "ServiceBooter",
            "InterceptorBooter",
            "LifeCycleObserverBooter",
            "ControllerBooter",
            "ModelApiBooter",
        )
    ]
    assert isinstance(app.get_sync(BootBindings.BOOTSTRAPPER_KEY), Bootstrapper)
    values = {
        "PROJECT_ROOT": "boot.project_root",
        "BOOT_OPTIONS": "boot.options",
        "BOOTSTRAPPER_KEY": "application.bootstrapper",
        "BOOTERS": "booters",
    }
    assert {name: str(getattr(BootBindings, name)) for name in values} == values
    assert BootTags.BOOTER == "booter"
    project.write("controllers/todo_controller.py", CONTROLLER)
    await app.boot()
    assert project.keys(app, "controllers.") == ["controllers.TodoController"]


def test_constructing_a_bootable_application_imports_no_other_room(project):
    """BOOT-041"""
    program = project.write(
        "main.py",
        "import sys\nfrom mainspring.core import Application\nfrom mainspring.boot import BootMixin\n"
        "class App(BootMixin, Application): ...\nApp()\n"
        "print([name for name in sys.modules if name.startswith(('mainspring.repository', 'mainspring.crud'))])\n",
    )
    assert project.run(program) == ["[]"]


async def test_the_project_root_may_be_text_relative_and_set_late(project, monkeypatch):
    """BOOT-011, BOOT-026"""
    project.write("controllers/todo_controller.py", CONTROLLER)
    app = project.app()
    monkeypatch.chdir(project.root.parent)
    app.project_root = "project"
    assert app.get_sync(BootBindings.PROJECT_ROOT) == "project"
    seen = []

    class Looks:
        def __init__(self, root: Path = inject(BootBindings.PROJECT_ROOT)) -> None:
            seen.append(root)

        def configure(self): ...

    app.booters(Looks)
    await app.boot()
    assert project.keys(app, "controllers.") == ["controllers.TodoController"]
    assert [Path(root) for root in seen] == [project.root]
    other = project.app()
    other.project_root = "/nowhere"
    other.bind(BootBindings.PROJECT_ROOT).to(project.root)
    await other.boot()
    assert project.keys(other, "controllers.") == ["controllers.TodoController"]


async def test_a_class_attribute_is_a_project_root_too(project):
    """BOOT-011"""
    project.write("controllers/todo_controller.py", CONTROLLER)

    class App(BootMixin, Application):
        project_root = project.root

    app = App()
    await app.boot()
    assert app.contains("controllers.TodoController")


def test_the_default_root_is_the_folder_of_the_class():
    """BOOT-012"""

    class App(BootMixin, Application): ...

    assert App().project_root == Path(__file__).parent


def test_the_default_root_of_a_script_is_its_folder(project):
    """BOOT-012, BOOT-103"""
    project.write("controllers/todo_controller.py", CONTROLLER)
    program = project.write(
        "main.py",
        "import asyncio\nfrom mainspring.core import Application\nfrom mainspring.boot import BootMixin\n"
        "class App(BootMixin, Application): ...\napp = App()\nasyncio.run(app.boot())\n"
        "print(type(app.get_sync('controllers.TodoController')).__module__)\n",
    )
    assert project.run(program, cwd="/") == ["controllers.todo_controller"]


def test_without_a_file_the_root_must_be_set(project):
    """BOOT-012"""
    program = (
        "import asyncio\nfrom mainspring.core import Application\nfrom mainspring.boot import BootError, BootMixin\n"
        "class App(BootMixin, Application): ...\n"
        "try:\n    asyncio.run(App().boot())\nexcept BootError as error:\n    print('project_root' in str(error))\n"
        "app = App()\napp.bind('boot.project_root').to('.')\nasyncio.run(app.boot())\nprint(app.state)\n"
    )
    assert project.run("-c", program) == ["True", "booted"]


@pytest.mark.parametrize("name", ["absent", "file.txt"])
async def test_a_root_that_is_no_folder_is_named(project, name):
    """BOOT-013"""
    project.write("file.txt")
    app = project.app()
    app.project_root = project.root / name
    with pytest.raises(BootError, match=name):
        await app.boot()
    assert app.state == "created"


async def test_options_are_merged_for_one_boot_and_for_later_ones(project):
    """BOOT-014, BOOT-016, BOOT-017, BOOT-064"""
    project.write("handlers/deep/todo_handler.py", CONTROLLER)
    options = {"controllers": {"dirs": "nowhere", "extensions": "_handler.py"}}
    app = project.app(**options)
    applied = {"controllers": ArtifactOptions(dirs="handlers"), "other": {"x": 1}}
    app.apply_boot_options(applied)
    assert app.boot_options["controllers"] == {"dirs": "handlers", "extensions": "_handler.py"}
    assert options == {"controllers": {"dirs": "nowhere", "extensions": "_handler.py"}}
    assert applied == {"controllers": ArtifactOptions(dirs="handlers"), "other": {"x": 1}}
    await app.boot({"controllers": {"nested": False}})
    assert project.keys(app, "controllers.") == []
    assert app.boot_options["controllers"] == {"dirs": "handlers", "extensions": "_handler.py"}
    await app.get_sync(BootBindings.BOOTSTRAPPER_KEY).boot()
    assert project.keys(app, "controllers.") == ["controllers.TodoController"]


async def test_boot_is_a_coroutine_that_does_nothing_until_awaited(project):
    """BOOT-015"""
    app = project.app()
    coroutine = app.boot()
    assert app.state == "created"
    await coroutine
    assert app.state == "booted"


async def test_booters_are_bound_like_this(project):
    """BOOT-018, BOOT-019"""

    @injectable(key="my.own", tags="extra")
    class Keyed:
        ran = 0

        def load(self):
            Keyed.ran += 1

    class Plain: ...

    app = project.app()
    first, second = app.booters(Keyed, Plain)
    assert app.booters() == []
    assert (first.key, second.key) == ("my.own", "booters.Plain")
    assert BootTags.BOOTER in first.tag_map
    assert "extra" in first.tag_map
    assert second.tag_map[BootTags.BOOTER] == "booter"
    assert second.scope is BindingScope.CONTEXT
    assert app.get_sync("booters.Plain") is app.get_sync("booters.Plain")
    assert Context(app).get_sync("booters.Plain") is not app.get_sync("booters.Plain")
    await app.boot()
    assert Keyed.ran == 1


async def test_a_component_brings_booters(project):
    """BOOT-020, BOOT-021"""

    class One: ...

    class Two: ...

    @injectable(key="some.component")
    class Brings:
        booters = (One,)

    class Nothing: ...

    app = project.app(config={"components": [Nothing, Brings]})
    assert app.contains("booters.One")

    class Later:
        def __init__(self) -> None:
            self.booters = [Two]

    app.mount_component_booters(Later())
    assert app.contains("booters.Two")
    app.unbind("booters.ControllerBooter")
    app.mount_component_booters(BootComponent)
    assert app.contains("booters.ControllerBooter")

    class Wrong:
        booters = (1,)

    with pytest.raises(TypeError, match=r"Wrong.*booters"):
        app.component(Wrong)


async def test_states_of_a_boot(project):
    """BOOT-023"""
    app, seen = project.app(), []
    app.on("state_changed", lambda old, new: seen.append((old, new)))
    ran = []

    class Slow:
        async def load(self):
            ran.append(1)
            await asyncio.sleep(0.01)

    app.booters(Slow)
    await asyncio.gather(app.boot(), app.boot(), app.boot())
    await app.boot()
    assert ran == [1]
    assert seen == [("created", "booting"), ("booting", "booted")]
    await app.start()
    assert app.state == "started"
    await app.stop()


async def test_boot_in_another_state_is_refused(project):
    """BOOT-024"""
    app = project.app()
    await app.boot()
    await app.start()
    with pytest.raises(InvalidStateError, match="Cannot boot the application as it is started") as caught:
        await app.boot()
    assert "created, booted" in str(caught.value)
    await app.stop()
    with pytest.raises(InvalidStateError):
        await app.boot()


@pytest.mark.parametrize("operation", ["init", "start", "stop"])
async def test_nothing_else_goes_on_during_a_boot(project, operation):
    """BOOT-024, CORE-108"""
    app, gate = project.app(), asyncio.Event()

    class Slow:
        async def load(self):
            await gate.wait()

    app.booters(Slow)
    task = asyncio.create_task(app.boot())
    await asyncio.sleep(0)
    assert app.state == "booting"
    with pytest.raises(InvalidStateError, match="booting"):
        await getattr(app, operation)()
    gate.set()
    await task
    assert app.state == "booted"


async def test_a_start_without_boot_gives_one_warning(project):
    """BOOT-025"""
    app = project.app()

    async def start_twice():
        await app.start()
        await app.start()

    with pytest.warns(RuntimeWarning, match=r"without booting.*await app\.boot\(\)") as caught:
        await start_twice()
    assert len(caught) == 1
    await app.stop()
    app = project.app()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await app.boot()
        for _ in range(2):
            await app.start()
            await app.stop()


async def test_a_loader_that_does_not_boot_gets_no_warning(project):
    """BOOT-025: an application that finds its classes otherwise says so."""

    class App(BootMixin, Application):
        boots_by_convention = False

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with App():
            pass


def test_run_boots_what_was_not_booted(project):
    """CORE-180"""
    project.write("controllers/todo_controller.py", CONTROLLER)
    program = project.write(
        "main.py",
        "import asyncio\nfrom mainspring.core import Application\nfrom mainspring.boot import BootMixin\n"
        "class App(BootMixin, Application): ...\napp = App({'name': 'it'})\n"
        "async def begin():\n"
        "    print(app.contains('controllers.TodoController'))\n"
        "    app.task = asyncio.get_running_loop().call_later(0.01, lambda: asyncio.ensure_future(app.stop()))\n"
        "app.on_start(begin)\napp.run()\n",
    )
    assert project.run(program) == ["True", "it has stopped."]


# Atomic


async def test_a_failing_boot_leaves_everything_as_it_was(project):
    """BOOT-027, BOOT-112, BOOT-111"""
    project.write("services/a_service.py", "from mainspring.core import injectable\n@injectable()\nclass A: ...\n")
    project.write("controllers/a_controller.py", CONTROLLER)
    bad = project.write("controllers/b_controller.py", "class B: ...\n\n1 / 0\n")
    app, failure = project.app(), None

    class Old: ...

    app.service(Old, "A").lock().unlock()
    before = contents(app)
    with pytest.raises(BootError) as caught:
        await app.boot()
    failure = caught.value
    assert (failure.file, failure.line) == (bad, 3)
    assert isinstance(failure.__cause__, ZeroDivisionError)
    assert contents(app) == before
    assert app.state == "created"
    bad.write_text("class BController: ...\n")
    await app.boot()
    assert app.state == "booted"
    assert project.keys(app, "controllers.") == ["controllers.TodoController", "controllers.BController"]


async def test_a_failure_under_any_booter_undoes_all_of_them(project):
    """BOOT-112, BOOT-051"""
    project.write("controllers/a_controller.py", CONTROLLER)

    class Fails:
        def load(self):
            raise RuntimeError("custom")

    app = project.app()
    app.booters(Fails)
    before = contents(app)
    bootstrapper = app.get_sync(BootBindings.BOOTSTRAPPER_KEY)
    with pytest.raises(RuntimeError, match="custom") as caught:
        await bootstrapper.boot()
    assert contents(app) == before
    assert any("load" in note and "Fails" in note for note in caught.value.__notes__)


async def test_a_cancelled_boot_is_undone(project):
    """BOOT-028"""
    project.write("controllers/a_controller.py", CONTROLLER)

    class Slow:
        async def load(self):
            await asyncio.sleep(60)

    app = project.app()
    app.booters(Slow)
    before = contents(app)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await app.boot()
    assert contents(app) == before
    assert app.state == "created"
    app.unbind("booters.Slow")
    await app.boot()
    assert app.contains("controllers.TodoController")


async def test_what_ends_the_process_leaves_the_bindings_too(project):
    """BOOT-111, BOOT-027"""
    project.write("controllers/a_controller.py", "raise SystemExit(3)\n")
    app = project.app()
    before = contents(app)
    bootstrapper = app.get_sync(BootBindings.BOOTSTRAPPER_KEY)
    with pytest.raises(SystemExit):
        await bootstrapper.boot()
    assert contents(app) == before


async def test_who_boots_sees_what_ends_the_process(project):
    """BOOT-111, BOOT-027"""
    file = project.write("controllers/a_controller.py", "raise SystemExit(3)\n")
    app = project.app()
    before = contents(app)
    boots = [asyncio.create_task(_outcome_of(app.boot())) for _ in range(2)]
    first, second = [await each for each in boots]
    assert isinstance(first, SystemExit)
    assert first.code == 3
    assert second is first
    assert contents(app) == before
    assert app.state == "created"
    file.write_text(CONTROLLER)
    await app.boot()
    assert app.contains("controllers.TodoController")


async def _outcome_of(awaitable):
    try:
        return await awaitable
    except SystemExit as leaving:
        return leaving


async def test_settings_follow_their_attributes_after_a_failed_boot(project):
    """BOOT-026, BOOT-027, BOOT-011"""
    project.write("controllers/b_controller.py", CONTROLLER)
    wrong = project.write("wrong/here/controllers/a_controller.py", "1 / 0\n").parent.parent

    class App(BootMixin, Application):
        @property
        def project_root(self):
            return Path(*self.root.parts)  # another object at each reading, as the default is

    app = App()
    app.root = wrong
    before = contents(app)
    with pytest.raises(BootError):
        await app.boot()
    assert contents(app) == before
    app.root = project.root
    app.boot_options = {"controllers": {"nested": False}}
    assert app.get_sync(BootBindings.PROJECT_ROOT) == project.root
    assert app.get_sync(BootBindings.BOOT_OPTIONS) == {"controllers": {"nested": False}}
    await app.boot()
    assert project.keys(app, "controllers.") == ["controllers.TodoController"]


async def test_a_locked_binding_makes_the_boot_fail(project):
    """BOOT-127"""
    project.write("controllers/a_controller.py", "class A: ...\nclass TodoController: ...\n")

    class Mine: ...

    app = project.app()
    app.controller(Mine, "TodoController").lock()
    before = contents(app)
    with pytest.raises(BindingLockedError):
        await app.boot()
    assert contents(app) == before
    assert app.get_binding("controllers.TodoController").is_locked


async def test_an_unlocked_binding_of_another_class_is_replaced(project):
    """BOOT-127"""
    project.write("controllers/a_controller.py", CONTROLLER)

    class Mine: ...

    app = project.app()
    app.controller(Mine, "TodoController")
    await app.boot()
    assert type(app.get_sync("controllers.TodoController")).__name__ == "TodoController"


async def test_a_class_bound_by_hand_stays_as_it_is(project):
    """BOOT-127"""
    path = project.write("controllers/a_controller.py", CONTROLLER)
    (cls,) = load_classes_from_files([path], project.root)
    app = project.app()
    mine = app.controller(cls).in_scope(BindingScope.SINGLETON).tag("mine").lock()
    await app.boot()
    assert app.get_binding("controllers.TodoController") is mine


async def test_two_classes_under_one_key_are_a_clash(project):
    """BOOT-126"""
    first = project.write("controllers/a_controller.py", CONTROLLER)
    second = project.write("controllers/b_controller.py", CONTROLLER)
    project.write("services/a_service.py", "from mainspring.core import injectable\n@injectable()\nclass A: ...\n")
    app = project.app()
    before = contents(app)
    with pytest.raises(BootError, match=r"controllers\.TodoController") as caught:
        await app.boot()
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)
    assert contents(app) == before


async def test_one_class_found_twice_is_bound_once(project):
    """BOOT-126, BOOT-107"""
    project.write("controllers/a_controller.py", CONTROLLER)

    @booter("more")
    class MoreControllers:
        def __init__(self, app: Application, root=inject(BootBindings.PROJECT_ROOT), options=config()) -> None:
            self.inner = ControllerBooter(app, root)

        async def load(self):
            for phase in ("configure", "discover", "load"):
                await getattr(self.inner, phase)()

    app, bound = project.app(), []
    app.booters(MoreControllers)
    app.on("bind", lambda event: bound.append(event.binding.key))
    await app.boot()
    assert bound.count("controllers.TodoController") == 1


async def test_re_booting_picks_up_what_came_since(project):
    """BOOT-055"""
    project.write("controllers/a_controller.py", "class A: ...\n")
    gone = project.write("controllers/b_controller.py", "class B: ...\n")
    app = project.app()
    await app.boot()
    await app.start()
    before = contents(app)
    project.write("controllers/c_controller.py", "class C: ...\n")
    gone.unlink()
    bootstrapper = app.get_sync(BootBindings.BOOTSTRAPPER_KEY)
    await bootstrapper.boot()
    after = contents(app)
    assert set(after) - set(before) == {"controllers.C"}
    assert all(after[key] is binding for key, binding in before.items())
    assert app.state == "started"
    await app.stop()


async def test_changing_the_options_later_has_no_effect(project):
    """BOOT-065"""
    project.write("a/x_controller.py", "class A: ...\n")
    options = {"dirs": ["a"]}
    app = project.app(controllers=options)
    await app.boot()
    assert options == {"dirs": ["a"]}
    options["dirs"].append("b")
    assert project.keys(app, "controllers.") == ["controllers.A"]


def test_five_hundred_files_are_each_read_once(project, monkeypatch):
    """BOOT-029"""
    for number in range(500):
        project.write(f"controllers/n{number:03}_controller.py", f"class N{number:03}: ...\n")
    project.write("controllers/helper.py", "raise RuntimeError('never imported')\n")

    executed = []
    execute = SourceFileLoader.exec_module

    def count(loader, module):
        executed.append(loader.path)
        execute(loader, module)

    monkeypatch.setattr(SourceFileLoader, "exec_module", count)
    app = project.app()
    asyncio.run(app.boot())
    assert len(project.keys(app, "controllers.")) == 500
    executed = [name for name in executed if str(project.root) in name]
    assert len(executed) == len(set(executed)) == 500
