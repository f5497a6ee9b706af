"""The decorators of classes: a server's settings, a controller's place, a class in the place of another one."""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from msgspec import Struct

from mainspring.context import BindingScope
from mainspring.http.paths import parse_path_template
from mainspring.loader.setting_types import scope_named
from mainspring.loader.settings import note_settings
from mainspring.metadata import MetadataKey, define_metadata
from mainspring.metadata.plain import own_value

__all__ = [
    "CONTROLLER",
    "OVERRIDES",
    "ControllerNotes",
    "controller",
    "controller_notes",
    "overridden_by",
    "override",
    "server_settings",
]

C = TypeVar("C", bound=type[Any])


class ControllerNotes(Struct, frozen=True):
    """What ``@controller`` says of a class.

    Attributes:
        path: What the paths of its operations begin with.
        children: Controllers below it.
        scope: How long an instance is kept; ``None``: as the settings say.
    """

    path: str
    children: tuple[Any, ...] = ()
    scope: BindingScope | None = None


CONTROLLER: MetadataKey[ControllerNotes] = MetadataKey("mainspring.loader.controller")
OVERRIDES: MetadataKey[Any] = MetadataKey("mainspring.loader.overrides")
_NO_NOTES: ControllerNotes | None = None


def server_settings(**settings: Any) -> Callable[[C], C]:
    """Give a server class its settings; a subclass inherits them. Their values are checked when a server is made.

    Raises:
        TypeError: The class is no ``ServerLoader``, or a setting has a name of another framework.
    """

    def decorate(cls: C) -> C:
        if not (isinstance(cls, type) and getattr(cls, "is_server_loader", False)):
            raise TypeError(f"@server_settings decorates a subclass of ServerLoader, not {cls!r}.")
        note_settings(cls, settings)
        return cls

    return decorate


@overload
def controller(path: C) -> C: ...
@overload
def controller(
    path: str | None = None, *, children: Iterable[Any] = (), scope: BindingScope | str | None = None
) -> Callable[[C], C]: ...
def controller(path: Any = None, *, children: Iterable[Any] = (), scope: BindingScope | str | None = None) -> Any:
    """Make a class a controller that a server can mount.

    Args:
        path: What the paths of its operations begin with; the name of the class in lower case, without
            ``Controller``, when it is left out.
        children: Controllers that are served below it.
        scope: How long an instance is kept.

    Raises:
        TypeError: It is put on something else than a class.
        ValueError: There is no such scope.
    """
    if isinstance(path, type):
        return controller()(path)
    if path is not None:
        parse_path_template(_joined(path))
    kept = None if scope is None else scope_named("scope", scope)

    def decorate(cls: C) -> C:
        if not isinstance(cls, type):
            raise TypeError(f"@controller decorates a class, not {cls!r} ({type(cls).__name__}).")
        own = _default_path(cls) if path is None else path
        define_metadata(CONTROLLER, ControllerNotes(_joined(own), tuple(children), kept), cls)
        return cls

    return decorate


def _default_path(cls: type[Any]) -> str:
    return (re.sub(r"Controller$", "", cls.__name__) or cls.__name__).lower()


def _joined(path: str) -> str:
    """A path with one slash before it and none behind; ``""`` for none."""
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


def controller_notes(cls: Any) -> ControllerNotes | None:
    """What is noted on this very class; ``None`` of what is no controller."""
    return own_value(CONTROLLER.name, cls, _NO_NOTES) if isinstance(cls, type) else None


def override(original: type[Any]) -> Callable[[C], C]:
    """Let a class be what everybody gets who asks for the original one.

    Raises:
        TypeError: It is not put on a class, or the original is none.
    """
    if not isinstance(original, type):
        raise TypeError(f"@override takes the class that is replaced, not {original!r}.")

    def decorate(cls: C) -> C:
        if not isinstance(cls, type):
            raise TypeError(f"@override({original.__name__}) decorates a class, not {cls!r}.")
        define_metadata(OVERRIDES, original, cls)
        return cls

    return decorate


def overridden_by(cls: Any) -> type[Any] | None:
    """The class that this very class stands in the place of."""
    return own_value(OVERRIDES.name, cls, None) if isinstance(cls, type) else None
