"""From what the user says, or does not say, to the application.

The user says ``module:attribute``, a folder, or nothing, which means the folder the command runs in. In a folder,
``[tool.mainspring] app = "module:attribute"`` of its ``pyproject.toml`` decides; else it is the one application in
``app.py``, ``application.py`` or ``main.py``.
"""

import importlib
import inspect
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from mainspring.cli.errors import ApplicationLookupError, place_of
from mainspring.core import Application

__all__ = ["find_application"]

FILES = ("app.py", "application.py", "main.py")
SPELLINGS = "Give it as module:attribute (a class, an instance or a function that makes one) or as a folder."


def find_application(target: str | None) -> Application:
    """The application that ``target`` means, constructed.

    Folders are put on ``sys.path`` as Python would do for a script in them.

    Raises:
        ApplicationLookupError: There is none, or more than one.
        Exception: Whatever the application's own code raises while it is imported or constructed.
    """
    said = target or "."
    try:
        return _found(said)
    except SystemExit as ending:  # of its own code; a command that says nothing and ends would puzzle
        place, status = place_of(ending), f" with status {ending.code}" if isinstance(ending.code, int) else ""
        problem = f"its code ended the process{status}{f' ({place})' if place else ''} while it was read"
        raise ApplicationLookupError(said, problem, 'Put what only runs into `if __name__ == "__main__":`.') from ending


def _found(said: str) -> Application:
    if os.path.isdir(said):
        return _made(_in_folder(Path(said).resolve(), said), said)
    module, colon, attribute = said.rpartition(":")
    if not colon or not module or not attribute:
        problem = "it is no folder" if os.sep in said or not colon else "a side of the colon is empty"
        raise ApplicationLookupError(said, problem, SPELLINGS)
    _importable_from(Path.cwd())
    return _made(_attribute(module, attribute, said), said)


def _in_folder(folder: Path, said: str) -> Any:
    configured = _configured(folder, said)
    if configured is not None:
        module_name, _, attribute = configured.rpartition(":")
        _importable_from(folder)
        return _attribute(module_name, attribute, configured)
    for file in FILES:
        if (folder / file).is_file():
            module = _imported_file(folder / file)
            candidates = _candidates(module)
            if len(candidates) == 1:
                return candidates.popitem()[1]
            if candidates:
                names = ", ".join(candidates)
                way_out = f"Say which, as {module.__name__}:<name>, or in [tool.mainspring] app of pyproject.toml."
                raise ApplicationLookupError(said, f"{file} has several ({names})", way_out)
    problem = f"neither [tool.mainspring] app in a pyproject.toml nor an Application in {', '.join(FILES)} is there"
    raise ApplicationLookupError(said, problem, SPELLINGS)


def _configured(folder: Path, said: str) -> str | None:
    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("mainspring", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ApplicationLookupError(said, f"{file} is not valid TOML ({error})", "Repair the file.") from error
    app = table.get("app")
    if app is None:
        return None
    if not isinstance(app, str) or not all(app.partition(":")):
        raise ApplicationLookupError(said, f"[tool.mainspring] app of {file} is {app!r}", 'Write "module:attribute".')
    return app


def _importable_from(folder: Path) -> None:
    """Put a project's folder, and its ``src``, first on the path, as far as they are not there."""
    for place in (folder / "src", folder):
        if place.is_dir():
            sys.path[:] = [str(place), *(each for each in sys.path if each != str(place))]
    importlib.invalidate_caches()


def _attribute(module_name: str, attribute: str, said: str) -> Any:
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # a module that the application's own code asks for
        problem = f"there is no module {error.name!r} below {Path.cwd()}"
        raise ApplicationLookupError(said, problem, SPELLINGS) from error
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            applications = ", ".join(_candidates(found)) if isinstance(found, ModuleType) else ""
            problem = f"{module_name!r} has no {attribute!r}"
            way_out = f"It has {applications}." if applications else SPELLINGS
            raise ApplicationLookupError(said, problem, way_out) from error
    return found


def _imported_file(file: Path) -> ModuleType:
    """Import a file under the name any other code would import it by: that of its package, if it is in one."""
    folder, names = file.parent, [file.stem]
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    name = ".".join(names)
    _importable_from(folder)
    taken = sys.modules.get(names[0])
    if taken is not None and not _is_from(taken, folder):
        way_out = "Rename the folder, or run the application as module:attribute from another folder."
        raise ApplicationLookupError(str(file), f"the module name {names[0]!r} is taken by {taken!r}", way_out)
    return importlib.import_module(name)


def _is_from(module: ModuleType, folder: Path) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(place and Path(place).resolve().is_relative_to(folder) for place in places)


def _candidates(module: ModuleType) -> dict[str, Any]:
    """The applications of a module: its instances, else the classes that it defines and no other of them extends."""
    values: list[tuple[str, Any]] = []
    for name, value in vars(module).items():
        if not any(value is known for _, known in values):  # a second name of one application makes no second one
            values.append((name, value))
    instances = {name: value for name, value in values if isinstance(value, Application)}
    if instances:
        return instances
    own = [(name, v) for name, v in values if _is_application_class(v) and v.__module__ == module.__name__]
    return {name: v for name, v in own if not any(other is not v and issubclass(other, v) for _, other in own)}


def _is_application_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Application)


def _made(found: Any, said: str) -> Application:
    made = found
    if not isinstance(found, Application) and callable(found):  # an application is callable too: it speaks ASGI
        _check_call(found, said)
        made = found()
    if inspect.iscoroutine(made):
        made.close()
        raise ApplicationLookupError(said, "the function that makes it is asynchronous", "Make it a plain function.")
    if not isinstance(made, Application):
        problem = f"it is {type(made).__name__}, not an Application"
        raise ApplicationLookupError(said, problem, SPELLINGS)
    return made


def _check_call(factory: Callable[..., Any], said: str) -> None:
    """Refuse what wants arguments: nobody could say which."""
    try:
        inspect.signature(factory).bind()
    except ValueError:  # a builtin without a signature: the call tells
        return
    except TypeError as error:
        problem = f"it is made by {getattr(factory, '__name__', factory)} without arguments, but it is {error}"
        raise ApplicationLookupError(said, problem, "Give each parameter a default.") from error
