"""The records that describe a handler: plain data, read by the document and by whoever makes the call."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from msgspec import Struct

from mainspring.http.paths import PathTemplate
from mainspring.openapi.parameters import MISSING, ParameterMarker

__all__ = ["BodyDescription", "HandlerDescription", "MediaDescription", "ParameterDescription", "Source"]

Source = Literal["query", "path", "header", "cookie", "form", "file", "body", "inject"]


class ParameterDescription(Struct, frozen=True):
    """One parameter of a handler.

    Attributes:
        name: In the signature.
        wire_name: In the request.
        source: The part of the request, ``body``, or ``inject`` for the container.
        annotation: The evaluated type, markers removed; ``MISSING`` when the signature has none.
        required: Whether a request without it is refused.
        default: What it gets when it is absent; ``MISSING`` when there is none.
        default_factory: Called per request instead of ``default``.
        kind: The kind of parameter (``inspect.Parameter.kind``); ``VAR_KEYWORD`` for one that travels in ``**kwargs``.
        constraints: Keywords of JSON Schema from the marker.
        schema: A schema given by the marker or the spec, which counts where there is no annotation.
        marker: The marker, where one was written.
        injection: The container's marker, ``None`` for injection by type.
        extras: What the document shows besides: ``description``, ``example`` and others.
    """

    name: str
    wire_name: str
    source: Source
    annotation: Any
    required: bool
    default: Any
    default_factory: Callable[[], Any] | None
    kind: Any
    constraints: Mapping[str, Any] = {}
    schema: Any = None
    marker: ParameterMarker | None = None
    injection: Any = None
    extras: Mapping[str, Any] = {}

    @property
    def style(self) -> str | None:
        """How lists are spelt (``pipeDelimited`` say), ``None`` for the location's usual way."""
        found = self.marker.style if self.marker is not None else self.extras.get("style")
        return None if found is None else str(found)

    @property
    def explode(self) -> bool | None:
        """Whether a list is spelt by repeating the name; ``None`` for the location's usual way."""
        found = self.marker.explode if self.marker is not None else self.extras.get("explode")
        return None if found is None else bool(found)

    @property
    def format(self) -> str | None:
        """The format said by the marker, ``int32`` say."""
        return self.marker.format if self.marker is not None else None

    @property
    def is_documented(self) -> bool:
        """Whether the document shows it."""
        return self.marker is None or self.marker.is_documented

    @property
    def role(self) -> str | None:
        """``filter`` or ``where`` for those of a model."""
        return self.marker.role if self.marker is not None else None


class MediaDescription(Struct, frozen=True):
    """One media type of a body. ``schema`` is as given, ``None`` for the annotated type's; ``entry`` is as written."""

    schema: Any = None
    parser: Any = None
    entry: Mapping[str, Any] = {}


class BodyDescription(Struct, frozen=True):
    """What an operation takes as body.

    Attributes:
        parameter: The parameter that gets it; ``None`` for a form whose fields are parameters of their own.
        fields: The ``form`` and ``file`` parameters.
        media: The accepted media types, in order.
        annotation: The type of the whole; ``MISSING`` for a form of fields, or without annotation.
        options: The options of a model's ``json_schema``, for decoding too.
        stream: Whether the request is handed over unread.
        limit: The operation's own limit of size, as written.
    """

    parameter: ParameterDescription | None
    fields: tuple[ParameterDescription, ...]
    media: Mapping[str, MediaDescription]
    annotation: Any
    required: bool
    description: str | None = None
    options: Mapping[str, Any] = {}
    stream: bool = False
    limit: int | str | None = None


class HandlerDescription(Struct, frozen=True):
    """Everything about calling one handler for one operation.

    Attributes:
        name: For messages: ``TodoController.find`` or the function's name.
        parameters: In the order of the signature; those of ``**kwargs`` last.
        returns: The evaluated return annotation, ``MISSING`` without one.
        documentation: The handler's docstring.
    """

    handler: Any
    owner: type | None
    name: str
    verb: str
    template: PathTemplate
    spec: Mapping[str, Any]
    parameters: tuple[ParameterDescription, ...]
    body: BodyDescription | None
    returns: Any = MISSING
    documentation: str | None = None

    @property
    def place(self) -> str:
        """The operation in words: ``GET /todos (TodoController.find)``."""
        return f"{self.verb.upper()} {self.template.text} ({self.name})"
