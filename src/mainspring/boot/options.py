"""Options of a boot: where artifacts are and what their files are called. Plain data, checked when it is made.

What the user gave is never changed; options that are not given have the booter's defaults.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from mainspring.boot.errors import BootError

__all__ = [
    "CONTROLLER_DEFAULTS",
    "DATASOURCE_DEFAULTS",
    "INTERCEPTOR_DEFAULTS",
    "LIFE_CYCLE_OBSERVER_DEFAULTS",
    "MODEL_API_DEFAULTS",
    "MODEL_DEFAULTS",
    "REPOSITORY_DEFAULTS",
    "SERVICE_DEFAULTS",
    "ArtifactOptions",
    "BootExecOptions",
    "BootFilter",
    "complete_options",
    "merge_boot_options",
]

PathText = str | os.PathLike[str]


@dataclass(frozen=True)
class ArtifactOptions:
    """Where the artifacts of one kind are found; what is ``None`` has the booter's default.

    Attributes:
        dirs: A folder or several, relative to the project root.
        extensions: An ending of file names or several, ``_controller.py``.
        nested: Whether to look in sub-folders.
        glob: A pattern relative to the project root, in place of the other three.
    """

    dirs: PathText | Sequence[PathText] | None = None
    extensions: str | Sequence[str] | None = None
    nested: bool | None = None
    glob: str | None = None


#: The conventions, by artifact namespace.
CONTROLLER_DEFAULTS = ArtifactOptions("controllers", "_controller.py", nested=True)
MODEL_DEFAULTS = ArtifactOptions("models", "_model.py", nested=True)
REPOSITORY_DEFAULTS = ArtifactOptions("repositories", "_repository.py", nested=True)
DATASOURCE_DEFAULTS = ArtifactOptions("datasources", "_datasource.py", nested=True)
SERVICE_DEFAULTS = ArtifactOptions("services", "_service.py", nested=True)
INTERCEPTOR_DEFAULTS = ArtifactOptions("interceptors", "_interceptor.py", nested=True)
LIFE_CYCLE_OBSERVER_DEFAULTS = ArtifactOptions("observers", "_observer.py", nested=True)
MODEL_API_DEFAULTS = ArtifactOptions("model_endpoints", "_config.py", nested=True)

_FIELDS = tuple(each.name for each in fields(ArtifactOptions))


def complete_options(given: Any, defaults: ArtifactOptions, namespace: str) -> ArtifactOptions:
    """The options of one kind of artifact, completed field by field.

    Args:
        given: ``ArtifactOptions``, a mapping with the same names, or ``None``.
        defaults: What is not given.
        namespace: For messages.

    Raises:
        BootError: An unknown field, or a value of the wrong type; namespace, field and the valid fields are named.
    """
    values = _as_mapping(given, namespace)
    for name, value in values.items():
        if name not in _FIELDS:
            raise _wrong(namespace, name, "is no option")
        _check(namespace, name, value)
    return ArtifactOptions(
        **{name: values[name] if values.get(name) is not None else getattr(defaults, name) for name in _FIELDS}
    )


def _check(namespace: str, name: str, value: Any) -> None:
    if value is None:
        return
    if name == "nested":
        if not isinstance(value, bool):
            raise _wrong(namespace, name, f"must be true or false, not {value!r}")
    elif name == "glob":
        if not isinstance(value, str) or not value:
            raise _wrong(namespace, name, f"must be a pattern, not {value!r}")
    else:
        _check_texts(namespace, name, value, str if name == "extensions" else str | os.PathLike)


def _check_texts(namespace: str, name: str, value: Any, kind: Any) -> None:
    items = [value] if isinstance(value, str | os.PathLike) else value
    if isinstance(items, Mapping) or not isinstance(items, Iterable):
        raise _wrong(namespace, name, f"must be a text or a list of texts, not {value!r}")
    for item in items:
        if not isinstance(item, kind):
            raise _wrong(namespace, name, f"must be a text or a list of texts, but has {item!r}")
        if not os.fspath(item):
            raise _wrong(namespace, name, "has an empty text")


def _wrong(namespace: str, name: str, what: str) -> BootError:
    return BootError(f"The boot options of {namespace!r}: {name!r} {what}. The options are {', '.join(_FIELDS)}.")


def as_list(value: Any) -> list[str]:
    """A text, or several, as a list."""
    items = [value] if isinstance(value, str | os.PathLike) else list(value or ())
    return [os.fspath(item) for item in items]


def _as_mapping(given: Any, namespace: str) -> dict[str, Any]:
    if given is None:
        return {}
    if isinstance(given, ArtifactOptions):
        return {name: getattr(given, name) for name in _FIELDS if getattr(given, name) is not None}
    if isinstance(given, Mapping):
        return dict(given)
    raise BootError(f"The boot options of {namespace!r} must be ArtifactOptions or a mapping, not {given!r}.")


def merge_boot_options(base: Any, over: Any) -> dict[str, Any]:
    """Options merged artifact by artifact and field by field; neither argument is changed.

    Raises:
        BootError: They are no mappings.
    """
    merged: dict[str, Any] = {}
    for options in (base, over):
        if options is None:
            continue
        if not isinstance(options, Mapping):
            raise BootError(f"Boot options are a mapping from artifact namespaces to options, not {options!r}.")
        for namespace, given in options.items():
            known = merged.get(namespace)
            if isinstance(given, ArtifactOptions | Mapping) and isinstance(known, Mapping):
                merged[namespace] = {**known, **_as_mapping(given, namespace)}
            elif isinstance(given, ArtifactOptions | Mapping):
                merged[namespace] = _as_mapping(given, namespace)
            elif given is not None or namespace not in merged:
                merged[namespace] = given
    return merged


@dataclass(frozen=True)
class BootFilter:
    """What of a boot is run: names of booter classes, names of phases in their order; ``None`` means all.

    Raises:
        BootError: Names are given as one text.
    """

    booters: Sequence[str] | None = None
    phases: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in ("booters", "phases"):
            value = getattr(self, name)
            if isinstance(value, str):  # its letters would be taken for names
                raise BootError(f"The {name} of a boot's filter are a list of names, not {value!r}: write [{value!r}].")


@dataclass(frozen=True)
class BootExecOptions:
    """Options of one call of ``Bootstrapper.boot``.

    Attributes:
        booters: Booter classes to bind before running.
        filter: What is run.
    """

    booters: Sequence[type[Any]] = ()
    filter: BootFilter = field(default_factory=BootFilter)

    @classmethod
    def of(cls, given: Any) -> "BootExecOptions":
        """From a mapping of the same shape, from another instance, or from nothing.

        Raises:
            BootError: It has a field that is no option.
        """
        if given is None:
            return cls()
        if isinstance(given, cls):
            return given
        try:
            values = dict(given)
            wanted = values.pop("filter", None)
            wanted = wanted if isinstance(wanted, BootFilter) else BootFilter(**(wanted or {}))
            return cls(filter=wanted, **values)
        except (TypeError, ValueError):
            raise BootError(
                f"{given!r} are no options of a boot: they are booters, and filter with booters and phases."
            ) from None
