"""Applications composed of applications."""

import pytest

from mainspring.boot import (
    BootBindings,
    BootError,
    ComponentApplicationBooter,
    create_component_application_booter_binding,
)
from mainspring.core import Application, CoreBindings, filter_by_tag

SERVICE = """
from mainspring.core import injectable, inject
@injectable(scope="singleton")
class Clock:
    def __init__(self, zone: str = inject("zone")):
        self.zone = zone
"""


@pytest.fixture
def two(project, tmp_path):
    """A main application and a sub-application with artifacts of its own."""
    other = type(project)(tmp_path / "sub")
    other.write("controllers/sub_controller.py", "class SubController: ...\n")
    other.write("services/clock_service.py", SERVICE)
    project.write("controllers/main_controller.py", "class MainController: ...\n")
    main, sub = project.app(config={"name": "main"}), other.app(config={"name": "sub"})
    return main, sub, other


async def test_a_sub_application_is_booted_and_its_artifacts_are_added(project, two):
    """BOOT-022, BOOT-190, BOOT-191, BOOT-192, BOOT-193, BOOT-196"""
    main, sub, _ = two
    sub.bind("had.before").to(1)
    own = {key: main.get_binding(key) for key in ("boot.options", "boot.project_root", "application.config")}
    binding = main.application_booter(sub)
    assert binding.key == "booters.sub"
    await main.boot()
    assert sub.state == "booted"
    assert main.get_binding("controllers.SubController") is sub.get_binding("controllers.SubController")
    assert project.keys(main, "controllers.") == ["controllers.MainController", "controllers.SubController"]
    assert not main.is_bound("had.before")
    assert all(main.get_binding(key) is binding for key, binding in own.items())
    assert main.get_sync(CoreBindings.APPLICATION_INSTANCE) is main
    assert not sub.is_bound("controllers.MainController")


async def test_metadata_stays_with_its_application(project, two):
    """BOOT-193"""
    main, sub, other = two
    other.write("pyproject.toml", '[project]\nname = "sub"\n')
    project.write("pyproject.toml", '[project]\nname = "main"\n')
    main.application_booter(sub)
    await main.boot()
    assert main.get_sync(CoreBindings.APPLICATION_METADATA) == {"name": "main"}
    assert sub.get_sync(CoreBindings.APPLICATION_METADATA) == {"name": "sub"}


@pytest.mark.parametrize(
    "filter", [lambda binding: binding.key.startswith("services"), "services.*", filter_by_tag("service")]
)
async def test_a_filter_selects(project, two, filter):
    """BOOT-194"""
    main, sub, _ = two
    main.add(create_component_application_booter_binding(sub, filter))
    await main.boot()
    assert main.contains("services.Clock")
    assert not main.contains("controllers.SubController")


async def test_a_locked_binding_stays_and_others_are_overridden(two):
    """BOOT-195"""
    main, sub, _ = two

    class Mine: ...

    locked = main.controller(Mine, "SubController").lock()
    main.service(Mine, "Clock")
    main.application_booter(sub)
    await main.boot()
    assert main.get_binding("controllers.SubController") is locked
    assert main.get_binding("services.Clock") is sub.get_binding("services.Clock")


async def test_a_booted_sub_application_adds_nothing(two):
    """BOOT-197"""
    main, sub, _ = two
    await sub.boot()
    main.application_booter(sub)
    await main.boot()
    assert not main.contains("controllers.SubController")


async def test_a_failing_sub_application_fails_the_main_one(project, two):
    """BOOT-197"""
    main, sub, other = two
    bad = other.write("controllers/bad_controller.py", "1 / 0\n")
    main.application_booter(sub)
    before = project.keys(main)
    with pytest.raises(BootError, match="bad_controller") as caught:
        await main.boot()
    assert any("sub" in note for note in caught.value.__notes__)
    assert project.keys(main) == before
    assert (main.state, sub.state) == ("created", "created")
    bad.unlink()
    await main.boot()
    assert main.contains("controllers.SubController")


async def test_a_main_boot_that_failed_after_the_sub_can_be_repeated(project, two):
    """BOOT-197, BOOT-027"""
    main, sub, _ = two
    main.application_booter(sub)

    class Fails:
        fails = True

        def load(self):
            if Fails.fails:
                raise RuntimeError("later")

    main.booters(Fails)
    with pytest.raises(RuntimeError):
        await main.boot()
    assert not main.contains("controllers.SubController")
    Fails.fails = False
    await main.boot()
    assert main.contains("controllers.SubController")


async def test_a_component_brings_its_sub_application(project, two, tmp_path):
    """BOOT-198, BOOT-190"""
    main, sub, _ = two
    third = type(project)(tmp_path / "third")
    third.write("controllers/third_controller.py", "class ThirdController: ...\n")
    sub.application_booter(third.app(config={"name": "third"}))

    class Brings:
        bindings = (create_component_application_booter_binding(sub),)

    main.component(Brings)
    await main.boot()
    assert set(project.keys(main, "controllers.")) == {
        "controllers.MainController",
        "controllers.SubController",
        "controllers.ThirdController",
    }


async def test_artifacts_get_their_dependencies_from_the_main_application(two):
    """BOOT-199"""
    main, sub, _ = two
    sub.bind("zone").to("sub")
    main.bind("zone").to("main")
    main.application_booter(sub)
    await main.boot()
    assert main.get_sync("services.Clock").zone == "main"
    assert sub.get_sync("services.Clock").zone == "sub"
    assert main.get_sync("services.Clock") is main.get_sync("services.Clock")


async def test_the_booter_alone(two):
    """BOOT-190, BOOT-191"""
    main, sub, _ = two
    await ComponentApplicationBooter(main, sub).load()
    assert main.contains("controllers.SubController")
    assert str(BootBindings.PROJECT_ROOT) not in [binding.key for binding in main.find("controllers.*")]


def test_what_cannot_be_booted_is_refused():
    """BOOT-190"""
    with pytest.raises(TypeError, match="BootMixin"):
        create_component_application_booter_binding(Application())
