"""Finding files by pattern."""

import os
import subprocess
import sys
import zipfile

import pytest

from mainspring.boot import BootError, discover_files


@pytest.fixture
def tree(tmp_path):
    """A folder whose own name has characters that mean something in patterns."""
    root = tmp_path / "a [x] {b} *"
    for name in (
        "x_controller.py",
        "controllers/b_controller.py",
        "controllers/sub/a_controller.py",
        "controllers/sub/deep/c_controller.py",
        "controllers/helper.py",
        "handlers/d_handler.py",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def found(pattern, root):
    return [str(path.relative_to(root)) for path in discover_files(pattern, root)]


def test_files_are_absolute_sorted_and_each_once(tree, monkeypatch):
    """BOOT-080, BOOT-069"""
    monkeypatch.chdir(tree.parent)
    files = discover_files("**/*_controller.py", tree.name)
    assert all(path.is_absolute() and path.is_file() for path in files)
    assert [str(path.relative_to(tree)) for path in files] == [
        "controllers/b_controller.py",
        "controllers/sub/a_controller.py",
        "controllers/sub/deep/c_controller.py",
        "x_controller.py",
    ]
    assert discover_files("**/*.nothing", tree) == []
    assert discover_files("**/*", tree / "absent") == []


def test_the_order_compares_part_by_part(tmp_path):
    """BOOT-069"""
    for name in ("a/z_x.py", "a-b/a_x.py", "a/b/c_x.py", "B/a_x.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert found("**/*_x.py", tmp_path) == ["B/a_x.py", "a/b/c_x.py", "a/z_x.py", "a-b/a_x.py"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("controllers/*_controller.py", ["controllers/b_controller.py"]),
        ("/controllers/*_controller.py", ["controllers/b_controller.py"]),
        ("./controllers//*_controller.py", ["controllers/b_controller.py"]),
        ("controllers/**/*_controller.py", 3),
        ("**/sub/*.py", ["controllers/sub/a_controller.py"]),
        ("**/sub/**/*.py", ["controllers/sub/a_controller.py", "controllers/sub/deep/c_controller.py"]),
        ("{controllers,handlers}/*{_controller,_handler}.py", ["controllers/b_controller.py", "handlers/d_handler.py"]),
        ("controllers/{sub/a,b}_controller.py", ["controllers/b_controller.py", "controllers/sub/a_controller.py"]),
        ("controllers/[ab]_controller.py", ["controllers/b_controller.py"]),
        ("controllers/[!b]*.py", ["controllers/helper.py"]),
        ("?_controller.py", ["x_controller.py"]),
        ("controllers/**", 4),
        ("handlers/../x_controller.py", ["x_controller.py"]),
        ("Controllers/*.py", []),
        ("controllers/B_controller.py", []),
    ],
)
def test_patterns(tree, pattern, expected):
    """BOOT-063, BOOT-081, BOOT-084"""
    result = found(pattern, tree)
    assert (len(result) if isinstance(expected, int) else result) == expected


def test_some_places_are_never_looked_at(tree):
    """BOOT-082, BOOT-086"""
    for name in (
        "__pycache__/n_controller.py",
        ".git/n_controller.py",
        "node_modules/n_controller.py",
        "venv/pyvenv.cfg",
        "venv/n_controller.py",
        "controllers/x_controller.py~",
        "controllers/.#x_controller.py",
        "controllers/x_controller.py.bak",
    ):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tree / "folder_controller.py").mkdir()
    os.mkfifo(tree / "pipe_controller.py")
    before = 4
    assert len(found("**/*_controller.py", tree)) == before
    assert found("__pycache__/*_controller.py", tree) == []
    assert found(".git/*_controller.py", tree) == []
    assert found("venv/*.py", tree) == []
    assert found("**", tree) == sorted(found("**", tree))
    assert not any(".#" in name for name in found("**", tree))


def test_links_are_followed_and_each_file_comes_once(tree):
    """BOOT-083"""
    (tree / "a_link").symlink_to(tree / "controllers")
    (tree / "controllers" / "loop").symlink_to(tree)
    (tree / "controllers" / "broken_controller.py").symlink_to("nowhere")
    (tree / "controllers" / "z_controller.py").symlink_to(tree / "x_controller.py")
    assert found("**/*_controller.py", tree) == [
        "controllers/b_controller.py",
        "controllers/sub/a_controller.py",
        "controllers/sub/deep/c_controller.py",
        "x_controller.py",
    ]
    assert found("a_link/*_controller.py", tree) == ["a_link/b_controller.py", "a_link/z_controller.py"]
    assert found("controllers/*_controller.py", tree) == ["controllers/b_controller.py", "controllers/z_controller.py"]


def test_an_unreadable_folder_is_named(tree, monkeypatch):
    """BOOT-085"""
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("handlers"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(BootError, match=r"handlers.*Permission denied") as caught:
        discover_files("**/*.py", tree)
    assert caught.value.file == tree / "handlers"


def test_a_compiled_file_without_source_counts_as_the_source(tree):
    """BOOT-087"""
    (tree / "controllers" / "k_controller.pyc").touch()
    (tree / "controllers" / "b_controller.pyc").touch()
    assert found("controllers/*_controller.py", tree) == ["controllers/b_controller.py", "controllers/k_controller.pyc"]


def test_blanks_and_letters_of_any_script(tmp_path):
    """BOOT-084"""
    path = tmp_path / "mit leer" / "größe" / "ü_controller.py"
    path.parent.mkdir(parents=True)
    path.touch()
    assert discover_files("größe/*_controller.py", tmp_path / "mit leer") == [path]


def test_discovery_works_in_a_zip_archive(tmp_path):
    """BOOT-088"""
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for name in ("shop/__init__.py", "shop/controllers/a_controller.py", "shop/controllers/n/b_controller.py"):
            made.writestr(name, "class Todo: ...\n")
        made.writestr("shop/controllers/__pycache__/c_controller.py", "")
    root = archive / "shop"
    assert found("controllers/**/*_controller.py", root) == [
        "controllers/a_controller.py",
        "controllers/n/b_controller.py",
    ]
    assert found("controllers/*_controller.py", root) == ["controllers/a_controller.py"]
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import shop\n"
        "from pathlib import Path; from mainspring.boot import *\n"
    ).replace("*", "discover_files, load_classes_from_files")
    program += (
        "root = Path(shop.__file__).parent\n"
        "classes = load_classes_from_files(discover_files('controllers/**/*_controller.py', root), root)\n"
        "print([cls.__module__ for cls in classes])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(archive)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['shop.controllers.a_controller', 'shop.controllers.n.b_controller']"


def test_each_folder_is_walked_once(tree, monkeypatch):
    """BOOT-029"""
    walked = []
    scandir = os.scandir

    def count(path):
        walked.append(str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", count)
    discover_files("**/sub/**/*{_controller.py,_handler.py}", tree)
    assert len(walked) == len(set(walked)) == 5
