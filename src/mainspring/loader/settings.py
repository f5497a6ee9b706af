"""The settings of one server: layers of mappings, the later ones on top, read with their placeholders replaced.

defaults < components < classes, bases first < constructor < environment < set()
"""

import copy
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mainspring.context import BindingScope
from mainspring.core.settings import PREFIX, convert_text, parse_text
from mainspring.loader.errors import LoaderSettingError
from mainspring.loader.placeholders import ABSENT, Interpolation
from mainspring.loader.setting_types import KINDS, canonical, check_setting, name_read, read_port, scope_named

__all__ = ["ServerSettings", "settings_of_class"]

_NOTED = "__mainspring_server_settings__"

#: The kinds that text of the environment is converted to; what is not here is taken as JSON where it is JSON.
_KINDS_OF_TEXT: dict[str, Any] = {
    "debug": bool,
    "strict": bool,
    "boot": bool,
    "scan": list[str],
    "exclude": list[str],
    "accept_mimes": list[str],
    "version": str,
    "root_dir": str,
    "upload_dir": str,
}

#: What no text can say, what has an overlay of its own (``rest``), or is a default in the environment (``env``).
_NOT_FROM_ENVIRONMENT = ("rest", "components", "middlewares", "error_handler", "env")

_DEFAULTS: dict[str, Any] = {
    "mount": {"/rest": "${root_dir}/controllers/**/*.py"},
    "scan": [f"${{root_dir}}/{folder}/**/*.py" for folder in ("services", "middlewares", "converters")],
    "exclude": ["**/test_*.py", "**/*_test.py", "**/conftest.py"],
    "components": [],
    "accept_mimes": ["application/json"],
    "statics": {},
    "logger": {},
    "version": "1.0.0",
    "debug": False,
    "strict": False,
    "upload_dir": "${root_dir}/uploads",
    "middlewares": [],
    "routers": {},
    "start_timeout": 60.0,
    "scopes": {"controller": "singleton", "service": "singleton", "middleware": "singleton"},
}


def settings_of_class(cls: type[Any]) -> dict[str, Any]:
    """What decorators say of a class and its bases.

    Raises:
        TypeError: A setting is of a wrong type.
        ValueError: A value is impossible.
    """
    found: dict[str, Any] = {}
    for klass in reversed(cls.__mro__):
        for noted in vars(klass).get(_NOTED, ()):
            try:
                _lay(found, normalized(noted))
            except (TypeError, ValueError) as error:
                error.add_note(f"It stands in @server_settings of {klass.__qualname__}.")
                raise
    return found


def note_settings(cls: type[Any], settings: Mapping[str, Any]) -> None:
    """Note what a decorator says of this very class; the decorator above wins over the one below it.

    Values are checked when a server is made of it.

    Raises:
        SettingTypeError: A setting has the name of another framework.
    """
    named = {canonical(key): value for key, value in settings.items()}
    setattr(cls, _NOTED, (*vars(cls).get(_NOTED, ()), named))


def normalized(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Checked settings under their own names; a list as ``mount`` means the endpoint ``/``.

    Raises:
        TypeError: A setting is of a wrong type, or has the name of another framework.
        ValueError: A value is impossible.
    """
    found: dict[str, Any] = {}
    for given, value in settings.items():
        key = canonical(str(given))
        check_setting(key, value)
        found[key] = by_endpoint(value) if key == "mount" else value
    return found


def by_endpoint(mount: Any) -> dict[str, Any]:
    """The setting ``mount`` as a mapping, endpoints in one spelling, those of one spelling merged."""
    if not isinstance(mount, Mapping):
        return {"/": list(mount)}
    found: dict[str, Any] = {}
    for endpoint, what in mount.items():
        name = endpoint_name(endpoint)
        found[name] = [*_listed(found[name]), *_listed(what)] if name in found else what
    return found


def endpoint_name(endpoint: str) -> str:
    """An endpoint with one slash before it and none behind."""
    return "/" + str(endpoint).strip("/")


def _listed(what: Any) -> list[Any]:
    return list(what) if isinstance(what, list | tuple) else [what]


def _lay(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Put settings on top of others: each replaces what was there, but ``mount`` is merged by endpoint."""
    for key, value in above.items():
        below[key] = {**below[key], **value} if key == "mount" and key in below else value


class ServerSettings(Mapping[str, Any]):
    """The settings of a server: a mapping with attributes for its top-level keys, and dotted paths for ``get``.

    What is read has its placeholders replaced, and is a copy: changing it changes no setting.

    Args:
        cls: The class of the server.
        given: What its constructor was given.
        rest: The section ``rest`` of the configuration, whose host and port are defaults here.
    """

    def __init__(self, cls: type[Any], given: Mapping[str, Any], rest: Callable[[], Mapping[str, Any]]) -> None:
        self._cls = cls
        self._rest = rest
        self._components: dict[str, Any] = {}
        self._of_class = copied(settings_of_class(cls))
        self._given = copied(normalized(given))
        self._set: dict[str, Any] = {}
        self._raw: dict[str, Any] | None = None

    # Reading

    def __getitem__(self, key: str) -> Any:
        name = self._name(key)
        raw = self._merged().get(name, ABSENT)
        if raw is ABSENT:
            raise KeyError(f"There is no setting {key!r}: give it by @server_settings, configuration or set().")
        return self._read(name, raw)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0], name=name, obj=self) from None

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._merged()))

    def __len__(self) -> int:
        return len(self._merged())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._cls.__name__}: {', '.join(self)}>"

    def get(self, path: str, default: Any = None) -> Any:
        """The value behind a dotted path, the default where there is none."""
        raw = self._lookup(path)
        return default if raw is ABSENT else self._read(path, raw)

    def is_given(self, key: str) -> bool:
        """Whether somebody gave a setting, so that not its default holds."""
        raw = self._merged().get(key, ABSENT)
        return raw is not ABSENT and raw is not _DEFAULTS.get(key, ABSENT)

    def check_paths(self) -> None:
        """Refuse what files could not be found by.

        Raises:
            PlaceholderError: A placeholder has no value.
            TypeError: A setting is of a wrong type.
            ValueError: A value is impossible, or the folder is not there.
        """
        for key in ("root_dir", "components", "scan", "exclude", "mount", "strict"):
            check_setting(key, self[key])
        root = self.root_dir
        if not Path(root).is_dir():
            raise LoaderSettingError("root_dir", root, "there is no such folder; create it, or name another one")

    def check(self) -> None:
        """Refuse what could not be served.

        Raises:
            PlaceholderError: A placeholder has no value.
            TypeError: A setting is of a wrong type.
            ValueError: A value is impossible.
        """
        for key in self:
            check_setting(key, self[key])

    # Writing

    def set(self, path: str | Mapping[str, Any], value: Any = None) -> None:
        """Change a setting by its dotted path, or several by a mapping of paths.

        Raises:
            TypeError: A value is of a wrong type.
            ValueError: A value is impossible.
        """
        changes = path if isinstance(path, Mapping) else {path: value}
        for each, new in changes.items():
            key, _, deeper = each.partition(".")
            name = canonical(key)
            if deeper:
                whole = copied(self._merged().get(name))
                new = _with(whole if isinstance(whole, dict) else {}, deeper.split("."), new)  # noqa: PLW2901 - the whole
            self._set.update(copied(normalized({name: new})))
        self._raw = None

    def contribute(self, settings: Mapping[str, Any]) -> None:
        """Defaults of a component: everything of the server's own is above them."""
        _lay(self._components, copied(normalized(settings)))
        self._raw = None

    # Layers

    def _merged(self) -> dict[str, Any]:
        if self._raw is None:
            own: dict[str, Any] = {}
            for layer in (self._components, self._of_class, self._given):
                _lay(own, layer)
            self._raw = {**_DEFAULTS, **own}
            self._raw.update(self._environment(self._raw))
            self._raw.update(self._set)
            self._complete(self._raw)
        return self._raw

    def _environment(self, known: Mapping[str, Any]) -> dict[str, Any]:
        found, variables = _address_wanted(known.get("http_port"))
        keys = {*known, *KINDS}
        for variable in [each for each in os.environ if each.startswith(PREFIX)]:
            text = os.environ[variable]
            key, *deeper = variable[len(PREFIX) :].lower().split("__")
            if key not in keys or key in _NOT_FROM_ENVIRONMENT:
                continue
            variables[key] = variable
            if deeper:
                below = copied(found.get(key, known.get(key)))
                found[key] = _with(below if isinstance(below, dict) else {}, deeper, parse_text(text))
            else:
                kind = _KINDS_OF_TEXT.get(key)
                found[key] = parse_text(text) if kind is None else convert_text(text, kind, variable)
        return {key: _fitting(key, value, variables[key]) for key, value in found.items()}

    def _complete(self, raw: dict[str, Any]) -> None:
        """Put in the defaults that depend on other settings."""
        raw.setdefault("root_dir", "")
        raw.setdefault("env", os.environ.get(f"{PREFIX}ENV") or "development")
        if "http_port" not in raw:
            raw["http_port"] = self._rest().get("port", 8080)
        if "https_port" not in raw:
            raw["https_port"] = 8000 if raw.get("https_options") is not None else False

    def _name(self, key: str) -> str:
        """The name under which a setting is kept: as it is written, if the program gave one of that spelling."""
        return key if key in self._merged() else name_read(key)

    def _lookup(self, path: str) -> Any:
        key, *deeper = path.split(".")
        key = self._name(key)
        raw = self._root_dir() if key == "root_dir" else self._merged().get(key, ABSENT)
        for name in deeper:
            if isinstance(raw, str):
                raw = Interpolation(path, self._lookup).value(raw)
            raw = raw.get(name, ABSENT) if isinstance(raw, Mapping) else getattr(raw, name, ABSENT)
        return raw

    def _read(self, path: str, raw: Any) -> Any:
        if path == "root_dir":
            return self._root_dir()
        return copied(Interpolation(path, self._lookup).value(raw))

    # What is made of them

    def _root_dir(self) -> str:
        raw = self._merged()["root_dir"]
        given = os.path.expanduser(str(Interpolation("root_dir", self._outside_root).value(raw)))
        return os.path.abspath(os.path.join(folder_of(self._cls), given))

    def _outside_root(self, path: str) -> Any:
        return self._merged()["root_dir"] if path == "root_dir" else self._lookup(path)

    def path(self, text: Any) -> str:
        """A path as an absolute one: relative to ``root_dir``, ``~`` being the home folder."""
        return os.path.abspath(os.path.join(self._root_dir(), os.path.expanduser(os.fspath(text))))

    def port(self, key: str) -> tuple[str | None, int] | None:
        """Host and port of ``http_port`` or ``https_port``; ``None`` when it is off."""
        return read_port(key, self[key])

    def scope(self, kind: str) -> Any:
        """The scope of classes of a kind that name none."""
        scopes = self._merged()["scopes"]
        if scopes is _DEFAULTS["scopes"]:  # asked for each class: mostly there is nothing to read
            return BindingScope.SINGLETON
        return scope_named(f"scopes.{kind}", self.get(f"scopes.{kind}", _DEFAULTS["scopes"][kind]))


def copied(value: Any) -> Any:
    """A copy of mappings, lists and sets at any depth; everything else is itself."""
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(copied(item) for item in value)
    return copy.copy(value) if isinstance(value, bytearray) else value


def _with(whole: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    name, *deeper = path
    below = whole.get(name)
    whole[name] = _with(below if isinstance(below, dict) else {}, deeper, value) if deeper else value
    return whole


def _fitting(key: str, value: Any, variable: str) -> Any:
    """A setting of the environment, checked.

    Raises:
        ValueError: It cannot be; the variable is named.
    """
    try:
        return normalized({key: value})[key]
    except (TypeError, ValueError) as error:
        raise ValueError(f"The environment variable {variable} does not fit: {error} Correct or unset it.") from error


def _address_wanted(port: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """``http_port`` by the variables of ``rest.host`` and ``rest.port``, and which one says so: they win over code.

    Where code says nothing they are the defaults, by way of ``config["rest"]``; what is switched off stays off.
    """
    if port is not None and port is not False:
        wanted = {name: os.environ.get(f"{PREFIX}REST_{name}") for name in ("PORT", "HOST")}
        if wanted["PORT"] is not None:
            return {"http_port": wanted["PORT"]}, {"http_port": f"{PREFIX}REST_PORT"}
        if wanted["HOST"] and isinstance(port, str):
            return {"http_port": port.rpartition(":")[2]}, {"http_port": f"{PREFIX}REST_HOST"}
    return {}, {}


def folder_of(cls: type[Any]) -> str:
    """The folder of the file that defines a class, else the working directory."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return os.path.dirname(os.path.abspath(file)) if isinstance(file, str) else os.getcwd()
