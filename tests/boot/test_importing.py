"""Importing files exactly once, under the name any other code would import them by."""

import os
import pickle
import py_compile
import sys
import types
from pathlib import Path

import pytest

from mainspring.boot import BootError, load_classes_from_files

SHOW = """
import sys
from pathlib import Path
from mainspring.boot import discover_files, load_classes_from_files

def show(root, pattern="**/*_controller.py"):
    for cls in load_classes_from_files(discover_files(pattern, root), root):
        print(cls.__module__, cls.__qualname__)
"""


def test_a_file_that_is_imported_already_is_not_executed_again(project):
    """BOOT-100, BOOT-107"""
    path = project.write(
        "a_controller.py", "import builtins\nbuiltins.count = getattr(builtins, 'count', 0) + 1\nclass A: ...\n"
    )
    module = types.ModuleType("imported_before")
    module.__file__ = str(path)
    module.A = type("A", (), {"__module__": "imported_before"})
    sys.modules["imported_before"] = module
    try:
        assert load_classes_from_files([path], project.root) == [module.A]
        assert not hasattr(__import__("builtins"), "count")
    finally:
        del sys.modules["imported_before"]


def test_a_file_of_a_package_has_its_real_name(project):
    """BOOT-101, BOOT-102"""
    project.write("src/shop/__init__.py", "print('shop')\n")
    project.write("src/shop/controllers/__init__.py", "print('controllers')\n")
    project.write("src/shop/controllers/todo_controller.py", "from ..models import Thing\nclass Todo: thing = Thing\n")
    project.write("src/shop/models.py", "class Thing: ...\n")
    program = project.write(
        "main.py",
        SHOW
        + """
sys.path.insert(0, "src")
show("src/shop")
import shop.controllers.todo_controller as real, shop.models
classes = load_classes_from_files(discover_files("**/*_controller.py", "src/shop"), "src/shop")
print(classes == [real.Todo], real.Todo.thing is shop.models.Thing)
print(sys.modules["shop.controllers"].todo_controller is real)
""",
    )
    assert project.run(program) == [
        "shop",
        "controllers",
        "shop.controllers.todo_controller Todo",
        "True True",
        "True",
    ]


def test_a_package_reached_by_a_link_is_found_from_its_real_place(project):
    """BOOT-101, BOOT-102"""
    project.write("real/shop/__init__.py")
    project.write("real/shop/models.py", "class Thing: ...\n")
    project.write("real/shop/controllers/todo_controller.py", "from ..models import Thing\nclass Todo: thing = Thing\n")
    project.write("linked/other.txt")
    (project.root / "linked" / "shop").symlink_to(project.root / "real" / "shop")
    program = project.write(
        "programs/main.py",
        SHOW
        + """
sys.path.insert(0, "linked")
import shop.models
root = Path(shop.models.__file__).resolve().parent
show(root)
classes = load_classes_from_files(discover_files("**/*_controller.py", root), root)
print(classes[0].thing is shop.models.Thing)
""",
    )
    assert project.run(program) == ["shop.controllers.todo_controller Todo", "True"]


def test_a_folder_without_init_is_a_namespace_package(project):
    """BOOT-102"""
    project.write("src/shop/deep/controllers/todo_controller.py", "class Todo: ...\n")
    program = project.write("main.py", SHOW + "sys.path.insert(0, 'src')\nshow('src/shop')\n")
    assert project.run(program) == ["shop.deep.controllers.todo_controller Todo"]


@pytest.mark.parametrize(("imports", "name"), [("shop", "shop"), ("src.shop", "src.shop"), ("sys", "shop")])
def test_an_imported_parent_decides_between_names(project, imports, name):
    """BOOT-102"""
    project.write("src/shop/__init__.py")
    project.write("src/shop/controllers/todo_controller.py", "class Todo: ...\n")
    program = project.write("main.py", SHOW + f"sys.path.insert(0, 'src')\nimport {imports}\nshow('src/shop')\n")
    assert project.run(program) == [f"{name}.controllers.todo_controller Todo"]


def test_the_package_of_the_application_comes_first(project):
    """BOOT-102"""
    project.write("src/__init__.py")
    project.write("src/shop/__init__.py")
    project.write("src/shop/controllers/todo_controller.py", "class Todo: ...\n")
    project.write(
        "src/shop/application.py",
        "from mainspring.core import Application\nfrom mainspring.boot import BootMixin\n"
        "class App(BootMixin, Application): ...\n",
    )
    program = project.write(
        "main.py",
        "import asyncio, sys\nsys.path.insert(0, 'src')\nimport shop\nfrom src.shop.application import App\n"
        "app = App()\nasyncio.run(app.boot())\nprint(app.get_sync('controllers.Todo').__class__.__module__)\n",
    )
    assert project.run(program) == ["src.shop.controllers.todo_controller"]


def test_a_plain_folder_is_imported_as_its_script_would(project):
    """BOOT-103"""
    project.write("controllers/todo_controller.py", "class Todo: ...\n")
    program = project.write(
        "main.py",
        SHOW + "show(Path(__file__).parent)\nfrom controllers.todo_controller import Todo\nprint(Todo.__module__)\n",
    )
    assert project.run(program, cwd="/") == ["controllers.todo_controller Todo", "controllers.todo_controller"]


def test_a_project_on_no_path_has_a_private_package(project):
    """BOOT-104"""
    for name in ("one", "two"):
        project.write(f"{name}/models/todo_model.py", f"class Todo:\n    where = {name!r}\n")
        project.write(
            f"{name}/controllers/todo_controller.py",
            "from ..models.todo_model import Todo\nclass TodoController:\n    model = Todo\n",
        )
    path = list(sys.path)
    loaded = {}
    for name in ("one", "two"):
        root = project.root / name
        files = [root / "controllers/todo_controller.py", root / "models/todo_model.py"]
        loaded[name] = load_classes_from_files(files, root)
        controller, model = loaded[name]
        assert controller.model is model
        assert model.where == name
        assert load_classes_from_files(files, root) == loaded[name]
    assert not set(loaded["one"]) & set(loaded["two"])
    assert sys.path == path
    roots = {cls.__module__.partition(".")[0] for classes in loaded.values() for cls in classes}
    assert len(roots) == 2


def test_the_root_package_of_a_private_project_runs_its_init(project):
    """BOOT-104"""
    project.write("__init__.py", "value = 7\n")
    project.write("controllers/todo_controller.py", "from .. import value\nclass Todo:\n    got = value\n")
    (cls,) = load_classes_from_files([project.root / "controllers/todo_controller.py"], project.root)
    assert cls.got == 7


def test_the_running_script_is_not_imported_again(project):
    """BOOT-105"""
    program = project.write("main_controller.py", SHOW + "print('run')\nclass Todo: ...\nshow(Path(__file__).parent)\n")
    assert project.run(program) == ["run", "__main__ Todo"]
    project.write("pack/__init__.py")
    project.write(
        "pack/__main__.py", SHOW + "print('run')\nclass Todo: ...\nshow(Path(__file__).parent, '__main__.py')\n"
    )
    assert project.run("-m", "pack") == ["run", "__main__ Todo"]


def test_names_that_are_no_identifiers(project):
    """BOOT-106"""
    first = project.write("controllers/todo-list_controller.py", "from . import helper\nclass A: ...\n")
    second = project.write("controllers/todo.controller.py", "class B:\n    ...\n")
    third = project.write("my-api/1st_controller.py", "from ..controllers import helper\nclass C: ...\n")
    project.write("controllers/helper.py")
    classes = load_classes_from_files([first, second, third], project.root)
    assert [cls.__name__ for cls in classes] == ["A", "B", "C"]
    names = [cls.__module__ for cls in classes]
    assert names[0].endswith(".controllers.todo_list_controller")
    assert names[1].endswith(".controllers.todo_controller")
    assert load_classes_from_files([first, second, third], project.root) == classes
    other = project.write("controllers/todo_controller.py", "class D: ...\n")
    (cls,) = load_classes_from_files([other], project.root)
    assert cls.__name__ == "D"
    assert cls.__module__ != names[1]


def test_a_file_made_just_now_is_seen(project):
    """BOOT-108"""
    for number in range(20):
        path = project.write(f"controllers/n{number}_controller.py", f"class N{number}: ...\n")
        assert [cls.__name__ for cls in load_classes_from_files([path], project.root)] == [f"N{number}"]


def test_a_stray_module_of_the_same_name_is_not_loaded_instead(project):
    """BOOT-109"""
    project.write("stray/controllers/__init__.py", "print('stray')\n")
    project.write("stray/controllers/todo_controller.py", "print('stray file')\n")
    project.write("app/controllers/todo_controller.py", "class Todo: ...\n")
    program = project.write(
        "main.py",
        SHOW
        + "root = Path(__file__).parent\nsys.path[0:1] = [str(root / 'stray'), str(root / 'app')]\nshow(root / 'app')\n"
        + "import controllers.todo_controller\n",
    )
    lines = project.run(program)
    assert lines[0].endswith(".controllers.todo_controller Todo")
    assert lines[0].startswith("_mainspring_")
    assert lines[1:] == ["stray", "stray file"]


def test_a_name_taken_by_another_file_is_left_to_it(project):
    """BOOT-109"""
    project.write("stray/controllers/__init__.py")
    project.write("app/controllers/todo_controller.py", "class Todo: ...\n")
    program = project.write(
        "main.py",
        SHOW
        + "root = Path(__file__).parent\nsys.path[0:1] = [str(root / 'app'), str(root / 'stray')]\n"
        + "import controllers\nshow(root / 'app')\nprint(Path(controllers.__file__).parent.parent.name)\n",
    )
    lines = project.run(program)
    assert lines[0].startswith("_mainspring_")
    assert lines[1] == "stray"


@pytest.mark.parametrize(
    ("text", "line", "kind"),
    [
        ("x = 1\n\nclass Broken(:\n", 3, "SyntaxError"),
        ("x = 1\n1 / 0\n", 2, "ZeroDivisionError"),
        ("\n\nimport no_such_module_at_all\n", 3, "ModuleNotFoundError"),
        ("def f():\n    raise ValueError('deep')\n\nf()\n", 2, "ValueError"),
    ],
)
def test_a_file_that_fails_to_import_is_named_with_the_line(project, text, line, kind):
    """BOOT-110, BOOT-111"""
    path = project.write("bad_controller.py", text)
    with pytest.raises(BootError, match=rf"bad_controller\.py, line {line}: {kind}") as caught:
        load_classes_from_files([path], project.root)
    error = caught.value
    assert (error.file, error.line) == (path, line)
    assert type(error.__cause__).__name__ == kind
    assert str(error.__cause__) in str(error)
    assert not any(name.endswith("bad_controller") for name in sys.modules)
    good = "class Good: ..."
    path.write_text(good + " " * (len(text) - len(good)) if len(text) > len(good) else good)
    assert [cls.__name__ for cls in load_classes_from_files([path], project.root)] == ["Good"]
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.file, again.line) == (str(error), path, line)


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt])
def test_what_ends_the_process_passes_through(project, raised):
    """BOOT-111"""
    path = project.write("bad_controller.py", f"raise {raised.__name__}('bye')\n")
    with pytest.raises(raised):
        load_classes_from_files([path], project.root)
    assert not any(name.endswith("bad_controller") for name in sys.modules)


def test_no_file_is_written_and_optimised_runs_are_the_same(project):
    """BOOT-113"""
    project.write("controllers/todo_controller.py", "assert False\nclass Todo: ...\n")
    program = project.write("main.py", SHOW + "show(Path(__file__).parent)\n")
    before = sorted(project.root.rglob("*"))
    assert project.run("-O", "-B", program) == ["controllers.todo_controller Todo"]
    assert sorted(project.root.rglob("*")) == before


def test_circular_imports_are_what_they_are(project):
    """BOOT-114"""
    project.write("a_controller.py", "from . import b_controller\nclass A: ...\n")
    project.write("b_controller.py", "from . import a_controller\nclass B: ...\n")
    files = [project.root / "a_controller.py", project.root / "b_controller.py"]
    assert [cls.__name__ for cls in load_classes_from_files(files, project.root)] == ["A", "B"]


def test_a_missing_file_is_named(project):
    """BOOT-125"""
    with pytest.raises(BootError, match=r"absent_controller\.py"):
        load_classes_from_files([project.root / "absent_controller.py"], project.root)


def test_a_compiled_file_is_imported(project):
    """BOOT-087"""
    source = project.write("controllers/k_controller.py", "class K: ...\n")
    compiled = source.with_suffix(".pyc")
    py_compile.compile(str(source), cfile=str(compiled))
    source.unlink()
    assert [cls.__name__ for cls in load_classes_from_files([compiled], project.root)] == ["K"]


# Classes


def loaded(project, text, name="a_controller.py"):
    return [cls.__name__ for cls in load_classes_from_files([project.write(name, text)], project.root)]


def test_the_classes_of_a_file_in_order(project):
    """BOOT-120"""
    text = "class B: ...\ndef f(): ...\nclass A: ...\nvalue = A()\nnumber = 1\n"
    assert loaded(project, text) == ["B", "A"]
    assert loaded(project, "", "empty_controller.py") == []


def test_imported_classes_are_not_listed(project):
    """BOOT-121"""
    project.write("base.py", "class Base: ...\n")
    assert loaded(project, "from .base import Base\nfrom pathlib import Path\nclass Mine(Base): ...\n") == ["Mine"]


def test_only_public_names_and_each_class_once(project):
    """BOOT-122"""
    text = """
    class _Private: ...
    class Todo:
        class Inner: ...
    Alias = Todo
    Renamed = Todo.Inner
    def make():
        class Local: ...
        return Local
    """
    assert loaded(project, text) == ["Todo"]
    assert loaded(project, "__all__ = ['A']\nclass A: ...\nclass B: ...\n", "b_controller.py") == ["A"]


def test_what_is_no_class_is_not_listed(project):
    """BOOT-123"""
    text = """
    from dataclasses import dataclass
    from typing import Generic, NewType, TypeVar
    T = TypeVar("T")
    Number = NewType("Number", int)
    class Box(Generic[T]): ...
    IntBox = Box[int]
    Listed = list[int]
    Either = int | str
    class Pretends:
        __class__ = type
    pretending = Pretends()
    @dataclass(slots=True)
    class Data:
        x: int
    def wrap(cls):
        class Wrapped(cls): ...
        return Wrapped
    def lose(cls):
        return None
    @wrap
    class Decorated: ...
    @lose
    class Lost: ...
    """
    assert loaded(project, text) == ["Box", "Pretends", "Data", "Wrapped"]


FROZEN = """
import importlib.abc, importlib.util, sys
from pathlib import Path

SOURCES = {
    "shop": "",
    "shop.controllers": "",
    "shop.controllers.todo_controller": "class Todo: ...",
    "shop.controllers.helper": "raise RuntimeError('not an artifact')",
    "shop.controllers.deep": "",
    "shop.controllers.deep.more_controller": "class More: ...",
}
PACKAGES = {"shop", "shop.controllers", "shop.controllers.deep"}

class Frozen(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    \"\"\"Modules that are on no file system, and a path hook that can list them.\"\"\"

    def __init__(self, path=None):
        if path is not None and not str(path).startswith("/frozen/shop"):
            raise ImportError
        self.path = path

    def find_spec(self, name, path=None, target=None):
        if name not in SOURCES:
            return None
        spec = importlib.util.spec_from_loader(name, self, is_package=name in PACKAGES)
        if name in PACKAGES:
            spec.submodule_search_locations = ["/frozen/" + name.replace(".", "/")]
        return spec

    def get_source(self, name):
        return SOURCES[name]

    def is_package(self, name):
        return name in PACKAGES

    def iter_modules(self, prefix=""):
        parent = self.path[len("/frozen/"):].replace("/", ".")
        for name in SOURCES:
            if name.rpartition(".")[0] == parent:
                yield prefix + name.rpartition(".")[2], name in PACKAGES

sys.meta_path.insert(0, Frozen())
sys.path_hooks.insert(0, Frozen)
"""


def test_modules_that_only_an_importer_can_list(project):
    """BOOT-088"""
    program = project.write(
        "main.py",
        FROZEN
        + SHOW
        + """
import shop
show("/frozen/shop", "controllers/**/*_controller.py")
show("/frozen/shop", "controllers/*_controller.py")
import shop.controllers.todo_controller as real
print(load_classes_from_files(["/frozen/shop/controllers/todo_controller.py"], "/frozen/shop") == [real.Todo])
""",
    )
    assert project.run(program) == [
        "shop.controllers.deep.more_controller More",
        "shop.controllers.todo_controller Todo",
        "shop.controllers.todo_controller Todo",
        "True",
    ]


FOUR = {
    "shop/__init__.py": "",
    "shop/controllers/__init__.py": "",
    **{f"shop/controllers/{letter}_controller.py": f"class {letter.upper()}: ...\n" for letter in "abcd"},
}
SHOW_FOUR = SHOW + "show('shop', 'controllers/?_controller.py')\n"


def names_of_four(lines):
    return {cls: module for module, cls in (line.split() for line in lines)}


def has_real_name(names, cls):
    return names[cls] == f"shop.controllers.{cls.lower()}_controller"


def test_a_name_that_something_else_in_the_folder_has_as_well(project):
    """BOOT-102, BOOT-109: importing by the name would give the other; the file has a private name then."""
    for name, text in FOUR.items():
        project.write(name, text)
    project.write("shop/controllers/c_controller/__init__.py", "class Other: ...\n")
    names = names_of_four(project.run(project.write("main.py", SHOW_FOUR)))
    assert {cls: has_real_name(names, cls) for cls in names} == {"A": True, "B": True, "C": False, "D": True}


FINDER = """
import sys
from importlib.machinery import ModuleSpec
class _Claims:
    def find_spec(self, name, path, target=None):
        return ModuleSpec(name, self) if name == "shop.controllers.c_controller" else None
    def create_module(self, spec): ...
    def exec_module(self, module): ...
sys.meta_path.insert(0, _Claims())
"""


@pytest.mark.parametrize("place", ["shop/__init__.py", "shop/controllers/b_controller.py"], ids=["before", "meanwhile"])
def test_a_finder_that_claims_a_module_is_asked(project, place):
    """BOOT-102, BOOT-109: also one that came with an artifact, in the middle of a boot."""
    for name, text in FOUR.items():
        project.write(name, text + (FINDER if name == place else ""))
    names = names_of_four(project.run(project.write("main.py", SHOW_FOUR)))
    assert {cls: has_real_name(names, cls) for cls in names} == {"A": True, "B": True, "C": False, "D": True}


LOADER = """
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
class _Loud(SourceFileLoader):
    def exec_module(self, module):
        if "_controller" in module.__name__:
            print(module.__name__, "loud")
        super().exec_module(module)
sys.path_hooks.insert(0, FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_Loud, [".py"])))
sys.path_importer_cache.clear()
"""


@pytest.mark.parametrize(
    ("place", "loud"),
    [("shop/__init__.py", "abcd"), ("shop/controllers/b_controller.py", "cd")],
    ids=["before", "meanwhile"],
)
def test_a_loader_of_sources_of_its_own_loads_them(project, place, loud):
    """BOOT-101: what instruments code as it is loaded, say."""
    for name, text in FOUR.items():
        project.write(name, text + (LOADER if name == place else ""))
    lines = project.run(project.write("main.py", SHOW_FOUR))
    assert [line for line in lines if line.endswith("loud")] == [
        f"shop.controllers.{letter}_controller loud" for letter in loud
    ]
    names = names_of_four(line for line in lines if not line.endswith("loud"))
    assert all(has_real_name(names, cls) for cls in "ABCD")


def test_the_file_of_a_package_is_the_package_itself(project):
    """BOOT-100, BOOT-102: never a module ``services.__init__`` beside it."""
    project.write("shop/__init__.py")
    project.write("shop/services/__init__.py", "class Basket: ...\n")
    project.write("shop/services/mail.py", "class Mail: ...\n")
    project.write("loose/__init__.py", "class Loose: ...\n")
    project.write("loose/part.py", "from . import Loose\n")
    program = project.write(
        "main.py",
        SHOW
        + """
show("shop/services", "**/*.py")
import shop.services
print(load_classes_from_files(["shop/services/__init__.py"], "shop") == [shop.services.Basket])
print([name for name in sys.modules if name.endswith("__init__")])
sys.path.remove(str(Path.cwd()))
print([cls.__module__.rpartition(".")[2] for cls in load_classes_from_files(["loose/__init__.py"], "loose")])
""",
    )
    lines = project.run(program)
    assert lines[:4] == ["shop.services Basket", "shop.services.mail Mail", "True", "[]"]
    assert lines[4] != "['__init__']"


def test_modules_of_one_folder_are_made_alike(project):
    """BOOT-101: what a module says of itself does not depend on which of the files of its folder came first."""
    project.write("shop/__init__.py")
    for name in ("a", "b", "c"):
        project.write(f"shop/{name}.py", "before = dict(globals())\n")
        py_compile.compile(str(project.root / "shop" / f"{name}.py"), doraise=True)
    program = project.write(
        "main.py",
        SHOW
        + """
import importlib.util
show("shop")
show("shop", "**/*.py")
for name in ("a", "b", "c"):
    module = sys.modules[f"shop.{name}"]
    own = {key: value for key, value in module.before.items() if key not in ("__builtins__", "before")}
    ordinary = vars(importlib.util.module_from_spec(module.__spec__))
    print(own == ordinary, list(own) == list(ordinary), module.__spec__.loader is module.__loader__)
""",
    )
    assert project.run(program) == ["True True True"] * 3


@pytest.mark.parametrize("fault", ["none", "stale", "cut", "empty", "moved", "gone"])
def test_a_compiled_file_counts_only_if_it_is_of_this_very_source(project, fault):
    """BOOT-100: what Python would make of the source is what is got, whatever lies beside it."""
    for name in ("a", "b"):
        project.write(f"shop/{name}.py", f"class Right: file = __file__\nclass {name.upper()}: ...\n")
    project.write("shop/__init__.py")
    source = project.root / "shop" / "b.py"
    compiled = Path(py_compile.compile(str(source), doraise=True))
    before = source.stat()
    match fault:
        case "stale":
            source.write_text("class Right: file = __file__\nclass B: ...\nclass More: ...\n")
        case "cut":
            compiled.write_bytes(compiled.read_bytes()[:10])
        case "empty":
            compiled.write_bytes(b"")
        case "moved":
            other = project.write("elsewhere.py", source.read_text())
            os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
            py_compile.compile(str(other), cfile=str(compiled), doraise=True)
        case "gone":
            compiled.unlink()
    program = project.write(
        "main.py",
        SHOW
        + """
show("shop")
show("shop", "**/*.py")
right = sys.modules["shop.b"]
print(right.Right.file == right.__file__ == str(Path("shop/b.py").absolute()))
print(Path(right.__cached__).parent.name, Path(right.__spec__.cached).name == Path(right.__cached__).name)
code = right.__loader__.get_code("shop.b")
print(code.co_filename == right.__file__)
""",
    )
    more = ["shop.b More"] if fault == "stale" else []
    shown = ["shop.a Right", "shop.a A", "shop.b Right", "shop.b B", *more]
    assert project.run(program) == [*shown, "True", "__pycache__ True", "True"]
