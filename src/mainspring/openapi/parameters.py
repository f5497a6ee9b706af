"""The markers that say which part of a request a parameter takes: in ``Annotated``, or as the parameter's default."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from mainspring.openapi.errors import DeclarationError
from mainspring.openapi.notes import VISIBILITIES, copied_spec

__all__ = ["MISSING", "BodyMarker", "Location", "ParameterMarker", "param", "request_body"]

Location = Literal["query", "path", "header", "cookie", "form", "file"]


class _Missing:
    """Stands for "nothing was given" where ``None`` is a value."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False

    def __copy__(self) -> "_Missing":
        return self

    def __deepcopy__(self, memo: Any) -> "_Missing":
        return self

    def __reduce__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()

#: Keyword of a marker -> keyword of JSON Schema.
CONSTRAINTS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
}
#: What is carried over to the parameter in the document.
EXTRAS = ("description", "example", "examples", "deprecated", "allowEmptyValue", "allowReserved")
_KNOWN = {
    *CONSTRAINTS,
    *EXTRAS,
    "required",
    "schema",
    "format",
    "style",
    "explode",
    "default",
    "default_factory",
    "content",
    "visibility",
}


class ParameterMarker:
    """Where one parameter comes from. Made by `param`; immutable by agreement, so it may be shared.

    Attributes:
        location: The part of the request.
        name: The name there; ``None`` for the parameter's own.
        constraints: Keywords of JSON Schema.
        extras: What the document shows besides.
        is_documented: Whether the document shows it at all.
        model: The model whose filter (``role`` ``filter``) or condition (``where``) is read.
    """

    def __init__(self, location: Location, name: str | None = None, **options: Any) -> None:
        role, model, exclude = (options.pop(key, None) for key in ("role", "model", "exclude"))
        unknown = sorted(set(options) - _KNOWN)
        if unknown:
            known = ", ".join(sorted(_KNOWN))
            raise DeclarationError(f"param.{location}", f"{unknown[0]!r} is no option; known are {known}")
        self.location: Location = location
        self.name = name
        self.role: str | None = role
        self.model: Any = model
        self.exclude: tuple[str, ...] = (
            () if not exclude else ((exclude,) if isinstance(exclude, str) else tuple(exclude))
        )
        self.constraints = {CONSTRAINTS[key]: options[key] for key in CONSTRAINTS if options.get(key) is not None}
        self.extras = {key: options[key] for key in EXTRAS if options.get(key) is not None}
        self.required: bool | None = options.get("required")
        self.schema: Mapping[str, Any] | None = copied_spec(options.get("schema"))
        self.format: str | None = options.get("format")
        self.style: str | None = options.get("style")
        self.explode: bool | None = options.get("explode")
        self.default: Any = options.get("default", MISSING)
        self.default_factory: Callable[[], Any] | None = options.get("default_factory")
        visibility = options.get("visibility", "documented")
        if visibility not in VISIBILITIES:
            raise DeclarationError(f"param.{location}", f"visibility is one of {', '.join(VISIBILITIES)}")
        self.is_documented = visibility == "documented"

    def __repr__(self) -> str:
        return f"param.{self.role or self.location}({'' if self.name is None else repr(self.name)})"


class BodyMarker:
    """Says that a parameter is the request body, and how it is read.

    Attributes:
        content: Media types with their entries; ``None`` when nothing was said.
        options: The options of `json_schema`: ``partial, exclude, optional, include_relations, title``.
        stream: Whether the request is handed over unread.
    """

    def __init__(self, *, stream: bool = False, **given: Any) -> None:
        self.stream = stream
        self.description: str | None = given.pop("description", None)
        self.required: bool | None = given.pop("required", None)
        self.schema: Any = copied_spec(given.pop("schema", None))
        self.media_type: str | None = given.pop("media_type", None)
        self.content: dict[str, Any] | None = copied_spec(given.pop("content", None))
        self.extensions = {key: given.pop(key) for key in [key for key in given if key.startswith(("x-", "x_"))]}
        self.options = {key: value for key, value in given.items() if value is not None and value is not False}

    def __repr__(self) -> str:
        return "request_body()"


class _Parameters:
    """The family ``param.query, .path, .header, .cookie, .form, .file, .filter, .where``.

    Each takes the external name first (the parameter's own by default) and keywords: the constraints ``gt, ge, lt, le,
    multiple_of, pattern, min_length, max_length``, for the document ``description, example, deprecated, schema, format,
    style, explode``, and ``required, default, default_factory``. ``visibility="undocumented"`` keeps it out of the
    document.
    """

    def query(self, name: str | None = None, **options: Any) -> Any:
        """A value of the query string."""
        return ParameterMarker("query", name, **options)

    def path(self, name: str | None = None, **options: Any) -> Any:
        """A variable of the path template."""
        return ParameterMarker("path", name, **options)

    def header(self, name: str | None = None, **options: Any) -> Any:
        """A header field; without a name the parameter's own with ``-`` for ``_``."""
        return ParameterMarker("header", name, **options)

    def cookie(self, name: str | None = None, **options: Any) -> Any:
        """A cookie."""
        return ParameterMarker("cookie", name, **options)

    def form(self, name: str | None = None, **options: Any) -> Any:
        """A field of a form body."""
        return ParameterMarker("form", name, **options)

    def file(self, name: str | None = None, **options: Any) -> Any:
        """A file of a multipart body."""
        return ParameterMarker("file", name, **options)

    def filter(self, model: Any, name: str = "filter", *, exclude: str | Iterable[str] = (), **options: Any) -> Any:
        """A filter of a model, from ``?filter={...}`` or ``?filter[limit]=1``; ``exclude`` drops properties of it."""
        return ParameterMarker("query", name, role="filter", model=model, exclude=exclude, **options)

    def where(self, model: Any, name: str = "where", **options: Any) -> Any:
        """A condition on a model, from ``?where={...}`` or ``?where[id]=1``."""
        return ParameterMarker("query", name, role="where", model=model, **options)


class _RequestBody:
    """``request_body(...)`` and ``request_body.file()``."""

    def __call__(self, spec: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """Mark a parameter as the request body.

        Args:
            spec: The same as a mapping, a request body object of OpenAPI; keywords win.
            options: ``description, required, content, schema, media_type``, and the options of a model's
                ``json_schema``: ``partial, exclude, optional, include_relations, title``.
        """
        return BodyMarker(**{**(spec or {}), **options})

    def file(self, **options: Any) -> Any:
        """Hand the unread multipart request over; the handler reads the form itself."""
        binary = {"schema": {"type": "object"}, "x-parser": "stream"}
        return BodyMarker(stream=True, content={"multipart/form-data": binary}, required=True, **options)


param = _Parameters()
"""The markers of parameters: `param.query("name", ge=1)` and its siblings."""
request_body = _RequestBody()
"""The marker of the request body, and `request_body.file()`."""
