"""The bootstrapper: which booters run, in which phases, in which order."""

import pytest

from mainspring.boot import (
    BOOTER_PHASES,
    BootBindings,
    BootComponent,
    BootError,
    BootExecOptions,
    BootFilter,
    Bootstrapper,
    ControllerBooter,
    booter,
)
from mainspring.boot.declaring import create_booter_binding
from mainspring.core import Application, Context, config, create_binding_from_class, inject


def decorated(cls):
    """A class of its own: decorators write on the class they are given."""
    return booter("x")(type(cls.__name__, (cls,), {}))


LOG: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log():
    LOG.clear()


class One:
    async def configure(self):
        LOG.append("configure One")

    def discover(self):
        LOG.append("discover One")

    async def load(self):
        LOG.append("load One")


class Two:
    def configure(self):
        LOG.append("configure Two")

    def custom(self):
        LOG.append("custom Two")


def bare(project, *classes):
    """An application without the mixin, its bootstrapper made by hand."""
    app = Application()
    for cls in classes:
        app.add(create_booter_binding(cls))
    return app, Bootstrapper(app, project.root)


async def test_a_phase_is_run_for_all_before_the_next_begins(project):
    """BOOT-050, BOOT-047"""
    assert BOOTER_PHASES == ("configure", "discover", "load")
    app = project.app()
    app.booters(One, Two)
    await app.boot()
    assert LOG == ["configure One", "configure Two", "discover One", "load One"]


async def test_without_the_mixin_booters_are_bound_by_hand(project):
    """BOOT-040, BOOT-173, BOOT-171"""
    app = Application()
    app.bind(BootBindings.PROJECT_ROOT).to(project.root)
    app.component(BootComponent)
    assert project.keys(app, "booters.") == []
    project.write("controllers/a_controller.py", "class A: ...\n")
    app.add(create_binding_from_class(ControllerBooter))
    assert project.keys(app, "booters.") == ["booters.ControllerBooter"]
    bootstrapper = await app.get(BootBindings.BOOTSTRAPPER_KEY)
    assert bootstrapper is await app.get(BootBindings.BOOTSTRAPPER_KEY)
    await bootstrapper.boot()
    assert app.contains("controllers.A")
    assert app.state == "created"


async def test_a_bootstrapper_made_by_hand_binds_root_and_options(project, monkeypatch):
    """BOOT-042"""
    monkeypatch.chdir(project.root.parent)
    app, options = Application(), {"x": {"y": 1}}
    seen = []

    @booter("x")
    class Looks:
        def __init__(self, root=inject(BootBindings.PROJECT_ROOT), options=config()) -> None:
            seen.append((root, options))

    app.add(create_binding_from_class(Looks))
    bootstrapper = Bootstrapper(app, "project", options)
    assert app.get_sync(BootBindings.PROJECT_ROOT) == project.root
    assert app.get_sync(BootBindings.BOOT_OPTIONS) == options
    await bootstrapper.boot()
    assert seen == [(project.root, {"y": 1})]


async def test_the_boot_context_is_given_back_and_may_be_used_again(project):
    """BOOT-043, BOOT-044"""
    project.write("controllers/a_controller.py", "class A: ...\n")
    app, bootstrapper = bare(project, ControllerBooter)
    first = await bootstrapper.boot({"filter": {"phases": ["configure", "discover"]}})
    assert isinstance(first, Context)
    assert first.parent is app
    assert not app.contains("controllers.A")
    instance = await first.get("booters.ControllerBooter")
    project.write("controllers/b_controller.py", "class B: ...\n")
    again = await bootstrapper.boot(BootExecOptions(filter=BootFilter(phases=["load"])), first)
    assert again is first
    assert project.keys(app, "controllers.") == ["controllers.A"]
    assert await first.get("booters.ControllerBooter") is instance
    other = await bootstrapper.boot()
    assert await other.get("booters.ControllerBooter") is not instance
    assert project.keys(app, "controllers.") == ["controllers.A", "controllers.B"]


async def test_a_transient_booter_is_one_instance_in_a_boot_context(project):
    """BOOT-044, BOOT-048"""
    made = []

    class Counts:
        def __init__(self) -> None:
            made.append(self)

        def configure(self): ...

        def load(self): ...

    app, bootstrapper = bare(project)
    app.bind("somewhere").to_class(Counts).tag("booter")
    ctx = await bootstrapper.boot()
    await bootstrapper.boot(None, ctx)
    assert len(made) == 1


async def test_booters_given_to_the_call_are_bound_before(project):
    """BOOT-045, BOOT-053"""
    app, bootstrapper = bare(project)
    await bootstrapper.boot(BootExecOptions(booters=[One]))
    await bootstrapper.boot({"booters": [Two]})
    assert app.contains("booters.One")
    assert app.contains("booters.Two")
    assert LOG.count("configure One") == 2
    with pytest.raises(BootError, match="bootres"):
        await bootstrapper.boot({"bootres": []})


@pytest.mark.parametrize("names", [{"phases": "load"}, {"booters": "One"}])
async def test_a_text_is_no_list_of_names(project, names):
    """BOOT-046, BOOT-047: its letters would be names of phases that nobody has."""
    _, bootstrapper = bare(project)
    with pytest.raises(BootError, match="are a list of names"):
        await bootstrapper.boot({"filter": names})
    with pytest.raises(BootError, match="are a list of names"):
        BootFilter(**names)


async def test_the_filter_chooses_booters_and_phases(project):
    """BOOT-046, BOOT-047"""
    _, bootstrapper = bare(project, One, Two)
    await bootstrapper.boot(BootExecOptions(filter=BootFilter(booters=["One"])))
    assert LOG == ["configure One", "discover One", "load One"]
    LOG.clear()
    await bootstrapper.boot({"filter": {"phases": ["custom", "load", "configure"]}})
    assert LOG == ["custom Two", "load One", "configure One", "configure Two"]
    LOG.clear()
    await bootstrapper.boot({"filter": {"booters": [], "phases": None}})
    assert LOG == []


async def test_an_unknown_booter_is_an_error_before_anything_runs(project):
    """BOOT-049"""
    _, bootstrapper = bare(project, One, Two)
    with pytest.raises(BootError, match=r"Three.*One, Two"):
        await bootstrapper.boot({"filter": {"booters": ["One", "Three"]}})
    assert LOG == []


async def test_default_booters_are_known_by_their_names(project):
    """BOOT-046, BOOT-048"""
    project.write("controllers/a_controller.py", "class A: ...\n")
    app = project.app()
    bootstrapper = app.get_sync(BootBindings.BOOTSTRAPPER_KEY)
    await bootstrapper.boot({"filter": {"booters": ["ModelBooter"]}})
    assert project.keys(app, "controllers.") == []
    await bootstrapper.boot({"filter": {"booters": ["ControllerBooter"]}})
    assert project.keys(app, "controllers.") == ["controllers.A"]


async def test_booters_of_parent_contexts_are_included(project):
    """BOOT-048"""
    parent = Context("parent")
    parent.add(create_binding_from_class(decorated(One)))
    app = Application(parent)
    await Bootstrapper(app, project.root).boot()
    assert LOG == ["configure One", "discover One", "load One"]


async def test_an_exception_ends_the_boot_at_once(project):
    """BOOT-051"""

    class Fails:
        def discover(self):
            raise ValueError("no")

    _, bootstrapper = bare(project, Fails, One)
    with pytest.raises(ValueError, match="no") as caught:
        await bootstrapper.boot()
    assert LOG == ["configure One"]
    assert any("discover" in note and "Fails" in note for note in caught.value.__notes__)


async def test_what_a_custom_booter_binds_is_in_the_application(project):
    """BOOT-052, BOOT-170, BOOT-171"""

    class Binds:
        def __init__(self, app: Application) -> None:
            self.app = app

        async def load(self):
            self.app.bind("from.booter").to(1)

    app = project.app()
    app.booters(Binds)
    await app.boot()
    assert app.get_sync("from.booter") == 1


async def test_app_boot_runs_everything_whatever_it_is_given(project):
    """BOOT-054"""
    project.write("controllers/a_controller.py", "class A: ...\n")
    app = project.app()
    app.booters(One)
    await app.boot({"filter": {"phases": []}, "booters": []})
    assert LOG == ["configure One", "discover One", "load One"]
    assert app.contains("controllers.A")


async def test_the_configuration_of_a_booter_is_its_entry_of_the_options(project):
    """BOOT-172, BOOT-066"""
    seen = []

    @booter("gadgets")
    class Gadgets:
        def __init__(self, options=config(), other: str = config("other", default="d")) -> None:
            seen.append((options, other))

    for options in ({"gadgets": {"other": "o"}}, {}):
        app = project.app(**options)
        app.booters(Gadgets)
        await app.boot()
    assert seen == [({"other": "o"}, "o"), (None, "d")]
    binding = create_binding_from_class(Gadgets)
    assert binding.tag_map["artifact_namespace"] == "gadgets"
    assert binding.key == "booters.Gadgets"


@pytest.mark.parametrize("way", ["key", "bind"])
async def test_a_default_booter_is_replaced_at_its_key(project, way):
    """BOOT-175"""
    project.write("controllers/a_controller.py", "class A: ...\n")
    app = project.app()
    if way == "key":
        app.add(create_binding_from_class(decorated(One), key="booters.ControllerBooter"))
    else:
        app.bind("booters.ControllerBooter").to_class(One)
    await app.boot()
    assert LOG == ["configure One", "discover One", "load One"]
    assert not app.contains("controllers.A")
