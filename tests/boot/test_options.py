"""Options of artifacts: completed field by field, checked, never changed."""

import logging
from pathlib import Path

import pytest

import mainspring.boot as room
from mainspring.boot import ArtifactOptions, BaseArtifactBooter, BootError, ControllerBooter
from mainspring.core import Application

CONTROLLER = "class {}: ...\n"


def test_the_conventions():
    """BOOT-005, BOOT-006, BOOT-007"""
    conventions = {
        "CONTROLLER": ("controllers", "_controller.py"),
        "MODEL": ("models", "_model.py"),
        "REPOSITORY": ("repositories", "_repository.py"),
        "DATASOURCE": ("datasources", "_datasource.py"),
        "SERVICE": ("services", "_service.py"),
        "INTERCEPTOR": ("interceptors", "_interceptor.py"),
        "LIFE_CYCLE_OBSERVER": ("observers", "_observer.py"),
        "MODEL_API": ("model_endpoints", "_config.py"),
    }
    for name, (dirs, extensions) in conventions.items():
        options = getattr(room, f"{name}_DEFAULTS")
        assert isinstance(options, ArtifactOptions)
        assert options == ArtifactOptions(dirs, extensions, nested=True)


async def boot(project, **controllers):
    app = project.app(controllers=controllers)
    await app.boot()
    return [key.partition(".")[2] for key in project.keys(app, "controllers.")]


@pytest.fixture
def files(project):
    for name in ("controllers/b", "controllers/n/a", "api/v1/c", "api/d", "e"):
        project.write(f"{name}_controller.py", CONTROLLER.format(name[-1].upper()))
    project.write("controllers/f_ctl.py", CONTROLLER.format("F"))
    project.write("controllers/_controller.py", CONTROLLER.format("NoName"))
    return project


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "BA"),
        ({"nested": False}, "B"),
        ({"dirs": "api"}, "DC"),
        ({"dirs": ["api/v1/", "controllers"]}, "CBA"),
        ({"dirs": [Path("controllers"), "absent", "api/v1"]}, "BAC"),
        ({"dirs": "."}, "DCBAE"),
        ({"dirs": ".", "nested": False}, "E"),
        ({"dirs": "./api/../controllers"}, "BA"),
        ({"dirs": ["controllers", "controllers/n"]}, "BA"),
        ({"extensions": "_ctl.py"}, "F"),
        ({"extensions": ["_ctl.py", "_controller.py"]}, "BFA"),
        ({"glob": "**/n/*.py", "dirs": "api", "extensions": ".js", "nested": False}, "A"),
        ({"glob": "/{api,controllers}/?_*.py"}, "DBF"),
    ],
)
async def test_where_files_are_looked_for(files, options, expected):
    """BOOT-060, BOOT-061, BOOT-062, BOOT-063, BOOT-064, BOOT-069"""
    assert await boot(files, **options) == list(expected)


async def test_partial_options_as_an_object(files):
    """BOOT-064"""
    app = files.app(controllers=ArtifactOptions(dirs="api", nested=False))
    await app.boot()
    assert files.keys(app, "controllers.") == ["controllers.D"]


async def test_absolute_and_outer_folders(project, tmp_path):
    """BOOT-068"""
    outside = tmp_path / "elsewhere" / "x_controller.py"
    outside.parent.mkdir()
    outside.write_text(CONTROLLER.format("X"))
    assert await boot(project, dirs=str(outside.parent)) == ["X"]
    outside.with_name("y_controller.py").write_text(CONTROLLER.format("Y"))
    assert await boot(project, dirs="../elsewhere") == ["X", "Y"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"dir": "x"}, "'dir'"),
        ({"extension": "x"}, "'extension'"),
        ({"dirs": 5}, "'dirs'"),
        ({"dirs": [5]}, "'dirs'"),
        ({"dirs": ["a", ""]}, "'dirs'"),
        ({"dirs": {"a": 1}}, "'dirs'"),
        ({"extensions": ""}, "'extensions'"),
        ({"extensions": [Path("x")]}, "'extensions'"),
        ({"nested": "yes"}, "'nested'"),
        ({"glob": 1}, "'glob'"),
    ],
)
async def test_wrong_options_are_named(project, options, named):
    """BOOT-067"""
    app = project.app(controllers=options)
    with pytest.raises(BootError, match=f"'controllers'.*{named}") as caught:
        await app.boot()
    assert "dirs, extensions, nested, glob" in str(caught.value)
    assert app.state == "created"


async def test_unknown_namespaces_are_kept(project):
    """BOOT-067"""
    app = project.app(gadgets=5)
    await app.boot()
    assert app.boot_options == {"gadgets": 5}


async def test_a_booter_may_be_used_alone_phase_by_phase(files):
    """BOOT-140, BOOT-142, BOOT-003"""
    app = Application()
    booter = ControllerBooter(app, str(files.root), {"dirs": "api"})
    assert booter.artifact_name == "Controller"
    assert booter.options == ArtifactOptions("api", "_controller.py", nested=True)
    await booter.configure()
    assert (booter.dirs, booter.extensions) == (["api"], ["_controller.py"])
    assert "api" in booter.glob
    await booter.discover()
    assert [path.name for path in booter.discovered] == ["d_controller.py", "c_controller.py"]
    await booter.load()
    assert [cls.__name__ for cls in booter.classes] == ["D", "C"]
    assert files.keys(app, "controllers.") == ["controllers.D", "controllers.C"]


async def test_what_is_set_between_the_phases_counts(files):
    """BOOT-141"""
    booter = ControllerBooter(Application(), files.root)
    await booter.configure()
    made = booter.glob
    booter.glob = "api/*_controller.py"
    await booter.discover()
    assert [path.name for path in booter.discovered] == ["d_controller.py"]
    booter.discovered = [files.root / "e_controller.py"]
    await booter.load()
    assert [cls.__name__ for cls in booter.classes] == ["E"]
    given = ControllerBooter(Application(), files.root, {"glob": "e*.py"})
    await given.configure()
    assert given.glob == "e*.py"
    again = ControllerBooter(Application(), files.root, {"glob": made})
    await again.configure()
    await again.discover()
    assert [path.name for path in again.discovered] == ["b_controller.py", "a_controller.py"]


async def test_a_custom_booter_has_defaults_of_its_own(project):
    """BOOT-143, BOOT-174"""
    project.write("queries/a_query.sql", "select 1")
    project.write("queries/n/b_query.sql", "not python {")
    read = []

    class QueryBooter(BaseArtifactBooter):
        defaults = ArtifactOptions("queries", "_query.sql", nested=True)

        async def load(self):
            read.extend(path.read_text() for path in self.discovered)

    booter = QueryBooter(project.root)
    assert booter.artifact_name == "Query"
    for phase in ("configure", "discover", "load"):
        await getattr(booter, phase)()
    assert read == ["select 1", "not python {"]
    plain = BaseArtifactBooter(project.root, ArtifactOptions(dirs=["queries"], extensions=["_query.sql"], nested=False))
    await plain.configure()
    await plain.discover()
    assert [path.name for path in plain.discovered] == ["a_query.sql"]


async def test_a_folder_without_the_ending_is_mentioned(project, caplog):
    """BOOT-008, BOOT-154"""
    project.write("controllers/v1/todo.py", "class Todo: ...\n")
    project.write("controllers/__init__.py")
    project.write("services/__init__.py")
    with caplog.at_level(logging.INFO, logger="mainspring.boot"):
        assert await boot(project) == []
    (record,) = [record for record in caplog.records if record.name == "mainspring.boot"]
    text = record.getMessage()
    assert "_controller.py" in text
    assert "todo.py" in text
    assert str(project.root) not in text
