"""Settings as the framework reads them: a section of the configuration with the environment on top.

``MAINSPRING_<SECTION>_<KEY>`` stands for ``config[section][key]`` wherever the framework reads that section. The object
the application was given is never changed: what is read is a new mapping.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import UnionType
from typing import Any, Union, get_args, get_origin

__all__ = [
    "PREFIX",
    "convert_text",
    "effective_section",
    "effective_value",
    "parse_text",
    "section_of",
    "server_configurations",
]

#: The beginning of every variable that stands for a setting.
PREFIX = "MAINSPRING_"

#: What a switch may be called in a variable; the words of other tools, so that nobody has to look them up.
_SWITCH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def section_of(config: Any, section: str) -> Any:
    """The section of a configuration (mapping entry or attribute) as it was given; ``None`` when there is none."""
    if isinstance(config, Mapping):
        return config.get(section)
    return getattr(config, section, None)


def effective_section(
    config: Any, section: str, types: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The section as a new mapping, overlaid with the environment.

    Args:
        config: The configuration of the application: a mapping or an object with attributes.
        section: The name of the section, ``rest``.
        types: The type of each setting that may come from the environment; others come from ``config`` only.
        environ: The environment, ``os.environ`` by default.

    Raises:
        ValueError: A variable does not convert to the setting's type, or the section is no section; it is named.
    """
    environ = os.environ if environ is None else environ
    given = section_of(config, section)
    try:
        values = _with_known_spelling(_as_dict(given), types)
    except TypeError as error:
        raise ValueError(
            f"config[{section!r}] is {given!r}: give a mapping, or an object with the settings as attributes."
        ) from error
    start = f"{PREFIX}{section.upper()}_"
    for variable in [each for each in environ if each.startswith(start)]:
        text = environ[variable]
        key, *deeper = variable[len(start) :].lower().split("__")
        if key in types and not deeper:
            values[key] = convert_text(text, types[key], variable)
        elif key in types and all(deeper):
            values[key] = _put(_as_dict(values.get(key)), deeper, parse_text(text))
    return values


def effective_value(config: Any, key: str, kind: Any, environ: Mapping[str, str] | None = None) -> Any:
    """A setting that is no section (``logging``): ``MAINSPRING_<KEY>``, else what the configuration says.

    Raises:
        ValueError: The variable does not convert; it is named.
    """
    environ = os.environ if environ is None else environ
    variable = f"{PREFIX}{key.upper()}"
    if variable in environ:
        return convert_text(environ[variable], kind, variable)
    return section_of(config, key)


def server_configurations(
    config: Any, name: str | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, Callable[[], Any]]:
    """By the name of a server what gives its configuration, read when it is asked for.

    ``MAINSPRING_SERVERS_<NAME>__<KEY>`` stands for ``config["servers"][name][key]``. Without such a variable it is the
    very object that stands in the configuration.

    Args:
        config: The configuration of the application.
        name: The one server to look for, in the environment as well; all of the configuration without it.
        environ: The environment, ``os.environ`` by default.
    """
    environ = os.environ if environ is None else environ
    servers = section_of(config, "servers")
    given: Mapping[str, Any] = servers if isinstance(servers, Mapping) else {}
    names = [*given]
    if name is not None:
        start = f"{PREFIX}SERVERS_{normal_key(name).upper()}__"
        names = [name] if name in given or any(variable.startswith(start) for variable in environ) else []
    return {each: partial(_server_configuration, each, given.get(each), environ) for each in names}


def _server_configuration(name: str, given: Any, environ: Mapping[str, str]) -> Any:
    key = normal_key(name)
    return effective_section({"servers": {key: given}}, "servers", {key: dict}, environ)[key]


def parse_text(text: str) -> Any:
    """The text as JSON where it is JSON, else the text itself."""
    import json  # noqa: PLC0415 - importing the room stays light

    try:
        return json.loads(text)
    except ValueError:
        return text


def convert_text(text: str, kind: Any, variable: str) -> Any:
    """The text of a variable as a value of a type.

    Raises:
        ValueError: It does not convert; the variable is named.
    """
    try:
        return _convert(text, kind)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"The environment variable {variable} is {text!r}, which is not {_words(kind)}: correct or unset it."
        ) from error


def _convert(text: str, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _convert_union(text, get_args(kind))
    if kind is bool:
        return _as_switch(text)
    if kind is type(None):
        return _as_none(text)
    if kind in (str, int, float):
        return kind(text)
    if kind is Any:
        return parse_text(text)
    return _convert_structure(text, origin or kind)


def _convert_union(text: str, members: tuple[Any, ...]) -> Any:
    # `None` first, so that "null" is not taken for a text; text last, since everything is one.
    for member in sorted(members, key=lambda item: (item is str, item is not type(None))):
        try:
            return _convert(text, member)
        except (ValueError, TypeError):
            continue
    raise ValueError(text)


def _convert_structure(text: str, kind: Any) -> Any:
    if kind is object or not isinstance(kind, type):  # a Literal and the like: its reader checks it
        return parse_text(text)
    if issubclass(kind, Mapping):
        return _instance(parse_text(text), Mapping, text)
    if issubclass(kind, list | tuple | set | frozenset):
        value = parse_text(text)
        items = value if isinstance(value, list) else [part.strip() for part in text.split(",") if part.strip()]
        return kind(items)
    make: Any = kind
    return make(text)


def _instance(value: Any, kind: type[Any], text: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(text)
    return value


def _as_switch(text: str) -> bool:
    try:
        return _SWITCH[text.strip().lower()]
    except KeyError:
        raise ValueError(text) from None


def _as_none(text: str) -> None:
    if text.strip().lower() not in ("", "null", "none"):
        raise ValueError(text)


def _with_known_spelling(values: dict[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of a file (``error-format``) under the name of the setting they mean."""
    known = {normal_key(name): name for name in types}
    return {known.get(normal_key(key), key) if key not in types else key: value for key, value in values.items()}


def normal_key(key: Any) -> str:
    """The form in which keys are compared: case does not count, nor the difference of ``-`` and ``_``."""
    return str(key).casefold().replace("-", "_")


def _as_dict(section: Any) -> dict[str, Any]:
    if section is None:
        return {}
    if isinstance(section, Mapping):
        return dict(section)
    fields = getattr(section, "__struct_fields__", None) or getattr(section, "__dataclass_fields__", None)
    names = list(fields) if fields is not None else _attributes_of(section)
    return {name: getattr(section, name) for name in names}


def _attributes_of(section: Any) -> list[str]:
    slots = [slot for cls in type(section).__mro__ for slot in getattr(cls, "__slots__", ())]
    if isinstance(section, str | bytes | int | float | Sequence) or not (slots or hasattr(section, "__dict__")):
        raise TypeError(f"{section!r} is no section.")
    names = [*slots, *getattr(section, "__dict__", ())]
    return [name for name in names if not name.startswith("_") and hasattr(section, name)]


def _put(values: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    name, *deeper = path
    values[name] = _put(_as_dict(values.get(name)), deeper, value) if deeper else value
    return values


def _words(kind: Any) -> str:
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_words(member) for member in get_args(kind))
    if kind is bool:
        return "true or false"
    if kind is type(None):
        return "null"
    return {int: "an integer", float: "a number", dict: "a JSON object"}.get(kind, getattr(kind, "__name__", str(kind)))
