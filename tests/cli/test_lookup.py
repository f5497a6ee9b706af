"""From what the user says to the application."""

import textwrap

import pytest

from mainspring.cli.errors import ApplicationLookupError

# An application that says its name and ends: enough to see which one was found.
APPLICATION = '''
    import asyncio
    from mainspring.core import Application

    class Found(Application):
        """Says where it comes from."""

        label = "class"

        def run(self):
            print("found", __name__, self.label)
'''


def said(project, *arguments, **environment):
    done = project.run("run", *arguments, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def refused(project, *arguments):
    done = project.run("run", *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, "an error is one line"
    return done.stderr


@pytest.mark.parametrize("file", ["app.py", "application.py", "main.py"])
def test_the_one_application_of_the_folder_is_found(project, file):
    project.write(file, APPLICATION)
    assert said(project) == f"found {file[:-3]} class"


def test_the_files_are_asked_in_order(project):
    project.write("main.py", "raise SystemExit('main.py must not be imported')")
    project.write("application.py", APPLICATION)
    project.write("app.py", "from application import Found")
    assert said(project) == "found application class"


def test_a_folder_is_given(project):
    project.write("sub/app.py", APPLICATION)
    assert said(project, "sub") == "found app class"
    assert said(project, str(project.root / "sub")) == "found app class"


def test_a_folder_that_is_a_package_is_imported_as_one(project):
    project.write("shop/__init__.py", "")
    project.write("shop/words.py", "LABEL = 'relative'")
    project.write(
        "shop/application.py", "from .words import LABEL\n" + textwrap.dedent(APPLICATION) + "    label = LABEL\n"
    )
    done = project.run("run", cwd=project.root / "shop")
    assert done.stdout.strip() == "found shop.application relative"


def test_pyproject_decides(project):
    project.write("app.py", "raise SystemExit('app.py must not be imported')")
    project.write("src/pkg/__init__.py", "")
    project.write("src/pkg/things.py", APPLICATION)
    project.write("pyproject.toml", '[tool.mainspring]\napp = "pkg.things:Found"\n')
    assert said(project) == "found pkg.things class"


def test_a_class_an_instance_and_a_factory_are_given_by_name(project):
    project.write(
        "pkg/things.py",
        APPLICATION
        + """
    class Other(Found):
        label = "other"

    instance = Other()
    instance.label = "instance"

    class Holder:
        inner = Other

    def make():
        made = Other()
        made.label = "factory"
        return made

    async def late():
        return Other()

    def wants(config, name="x"):
        return Other()

    number = 5
    """,
    )
    for name, label in (("Found", "class"), ("instance", "instance"), ("make", "factory"), ("Holder.inner", "other")):
        assert said(project, f"pkg.things:{name}") == f"found pkg.things {label}"
    assert "asynchronous" in refused(project, "pkg.things:late")
    wanting = refused(project, "pkg.things:wants")
    assert "it is made by wants without arguments, but it is missing a required argument: 'config'" in wanting
    assert "Give each parameter a default." in wanting
    assert "it is int, not an Application" in refused(project, "pkg.things:number")
    assert "has no 'nothing'. It has instance." in refused(project, "pkg.things:nothing")


def test_an_instance_goes_before_its_class_and_a_subclass_before_its_base(project):
    project.write("app.py", APPLICATION + "\n    app = alias = Found()\n    app.label = 'instance'\n")
    assert said(project) == "found app instance"
    project.write("app.py", APPLICATION + "\n    class Leaf(Found):\n        label = 'leaf'\n")
    assert said(project) == "found app leaf"


def test_several_applications_are_named(project):
    project.write("app.py", APPLICATION + "\n    class One(Found): ...\n    class Two(Found): ...\n")
    error = refused(project)
    assert "app.py has several (One, Two)" in error
    assert "app:<name>" in error


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ((), "neither [tool.mainspring] app in a pyproject.toml nor an Application"),
        (("nothing",), "it is no folder"),
        ((":x",), "a side of the colon is empty"),
        (("nothing:x",), "there is no module 'nothing'"),
        (("json:loads",), "made by loads without arguments, but it is missing a required argument: 's'"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(project, target, words):
    assert words in refused(project, *target)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.mainspring\n", "is not valid TOML"),
        ("[tool.mainspring]\napp = 5\n", "is 5. Write"),
        ('[tool.mainspring]\napp = "x"\n', "is 'x'. Write"),
        ('[tool.mainspring]\napp = "nothing:x"\n', "there is no module 'nothing'"),
    ],
)
def test_a_wrong_pyproject_is_named(project, text, words):
    project.write("pyproject.toml", text)
    assert words in refused(project)


def test_an_error_in_the_users_file_shows_file_and_line(project):
    project.write("app.py", "from mainspring.core import Application\n\n\nclass App(Application):\n    x = unknown\n")
    error = refused(project)
    assert "NameError: name 'unknown' is not defined (app.py:5)" in error
    assert "--debug" in error
    project.write("app.py", "def broken(:\n")
    assert "app.py:1" in refused(project)
    project.write("app.py", "import not_installed\n")
    assert "ModuleNotFoundError: No module named 'not_installed' (app.py:1)" in refused(project)


def test_debug_shows_the_traceback(project):
    project.write("app.py", "1 / 0\n")
    done = project.run("run", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError" in done.stderr


def test_a_module_name_that_is_taken_is_refused_by_name(project):
    project.write("click/__init__.py", "")
    project.write("click/app.py", APPLICATION)
    assert "the module name 'click' is taken" in project.run("run", cwd=project.root / "click").stderr


def test_a_lookup_error_holds_its_data():
    error = ApplicationLookupError("x:y", "it is gone", "Look elsewhere.")
    assert (error.target, error.problem, error.way_out) == ("x:y", "it is gone", "Look elsewhere.")
    assert str(error) == "Cannot find the application 'x:y': it is gone. Look elsewhere."
