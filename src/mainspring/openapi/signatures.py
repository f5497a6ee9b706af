"""From a handler's signature (and its spec) to a description: which parameter comes from where.

A name in the path template is a path parameter, a model is the body, a class that only the container can give is
injected, the rest are query parameters; markers say otherwise.
"""

from collections.abc import Callable, Mapping
from inspect import Parameter, getdoc
from typing import Any, get_args, get_origin

from msgspec.structs import replace

from mainspring.http.paths import PathTemplate, parse_path_template
from mainspring.openapi.bodies import body_from_parameter, form_of_fields
from mainspring.openapi.builders import built
from mainspring.openapi.descriptions import BodyDescription, HandlerDescription, ParameterDescription, Source
from mainspring.openapi.errors import DeclarationError, UnknownLocationError
from mainspring.openapi.kinds import bare, contains_model, is_injected_class, is_nullable, is_stream, union_members
from mainspring.openapi.parameters import EXTRAS, MISSING, BodyMarker, ParameterMarker
from mainspring.openapi.raw_parameters import RawParameter, json_types, plain_function, raw_parameters
from mainspring.openapi.references import resolve_reference

__all__ = ["describe_handler"]

_LOCATIONS = ("query", "path", "header", "cookie")


def describe_handler(
    handler: Callable[..., Any] | Any,
    *,
    verb: str,
    path: str,
    spec: Mapping[str, Any] | None,
    owner: type | None = None,
    components: Mapping[str, Any] | None = None,
) -> HandlerDescription:
    """Describe how a handler is called for an operation.

    Args:
        handler: A function, method, static or class method, partial or object with ``__call__``.
        verb: The verb.
        path: The path template.
        spec: The operation object that the declaration gave.
        owner: The controller class when the handler is an attribute of it, got from the class.
        components: Where ``$ref`` parameters and bodies of the spec are looked up.

    Raises:
        AnnotationError: An annotation cannot be evaluated.
        DeclarationError: The parameters cannot work: two bodies, ``*args``, a path parameter that the template lacks.
        UnknownLocationError: The spec has a parameter in an unknown location.
    """
    return _Describer(handler, verb, path, built(dict(spec or {})), owner, components or {}).describe()


class _Describer:
    def __init__(  # the arguments of `describe_handler`, taken over as they are
        self,
        handler: Any,
        verb: str,
        path: str,
        spec: dict[str, Any],
        owner: type | None,
        components: Mapping[str, Any],
    ) -> None:
        self.handler, self.verb, self.spec, self.owner, self.components = handler, verb.lower(), spec, owner, components
        self.template: PathTemplate = parse_path_template(path)
        self.function = plain_function(handler)
        name = getattr(self.function, "__name__", type(handler).__name__)
        self.name = f"{owner.__name__}.{name}" if owner is not None else name
        self.place = f"{verb.upper()} {self.template.text} ({self.name})"
        self.declared = self._declared_parameters()

    def describe(self) -> HandlerDescription:
        raws, returns = raw_parameters(self.handler, self.owner, self.place)
        parameters = [self._describe(raw) for raw in raws if raw.parameter.kind is not Parameter.VAR_KEYWORD]
        if len(parameters) < len(raws):
            parameters += self._keyword_parameters(parameters)
        parameters, body = self._with_body(parameters)
        return HandlerDescription(
            handler=self.handler,
            owner=self.owner,
            name=self.name,
            verb=self.verb,
            template=self.template,
            spec=self.spec,
            parameters=tuple(parameters),
            body=body,
            returns=returns,
            documentation=getdoc(self.function) if self.function is not None else None,
        )

    # -- what the spec says

    def _declared_parameters(self) -> list[dict[str, Any]]:
        found = []
        for declared in self.spec.get("parameters") or ():
            resolved = dict(resolve_reference(declared, self.components, self.place))
            location = str(resolved.get("in"))
            if location not in _LOCATIONS:
                raise UnknownLocationError(self.place, str(resolved.get("name")), location)
            found.append(resolved)
        return found

    def _declared_for(self, name: str, marker: ParameterMarker | None) -> dict[str, Any] | None:
        for declared in self.declared:
            if marker is not None and (declared["in"] != marker.location or declared["name"] != (marker.name or name)):
                continue
            if declared["name"] == name or _python_name(declared["name"]) == name or marker is not None:
                return declared
        return None

    def _keyword_parameters(self, parameters: list[ParameterDescription]) -> list[ParameterDescription]:
        """What the spec declares and the signature does not name: it travels in ``**kwargs``."""
        taken = {(parameter.source, parameter.wire_name) for parameter in parameters}
        found = []
        for declared in self.declared:
            if (declared["in"], declared["name"]) not in taken:
                parameter = Parameter(_python_name(declared["name"]), Parameter.KEYWORD_ONLY)
                described = self._from_request(RawParameter(parameter, MISSING, None), declared["in"], None, declared)
                found.append(replace(described, kind=Parameter.VAR_KEYWORD))
        return found

    # -- one parameter

    def _describe(self, raw: RawParameter) -> ParameterDescription:
        marker = raw.marker
        if raw.is_injected:
            return self._injected(raw, marker)
        if isinstance(marker, BodyMarker):
            return self._bodily(raw)
        if isinstance(marker, ParameterMarker):
            declared = self._declared_for(raw.name, marker)
            return self._from_request(raw, marker.location, marker, declared)
        declared = self._declared_for(raw.name, None)
        if declared is not None:
            return self._from_request(raw, declared["in"], None, declared)
        return self._by_type(raw)

    def _by_type(self, raw: RawParameter) -> ParameterDescription:
        if raw.name in self.template.variables or raw.name in map(_python_name, self.template.variables):
            return self._from_request(raw, "path", None, None)
        if raw.annotation is MISSING:
            wanted = "requestBody" in self.spec
            return self._bodily(raw) if wanted else self._from_request(raw, "query", None, None)
        if contains_model(raw.annotation) or is_stream(raw.annotation):
            return self._bodily(raw)
        if _is_upload(raw.annotation):
            return self._from_request(raw, "file", None, None)
        if is_injected_class(raw.annotation):
            return self._injected(raw, None)
        if "requestBody" in self.spec and _is_structured(raw.annotation):
            return self._bodily(raw)
        return self._from_request(raw, "query", None, None)

    def _from_request(
        self, raw: RawParameter, source: Source, marker: ParameterMarker | None, declared: dict[str, Any] | None
    ) -> ParameterDescription:
        wire_name = self._wire_name(raw, source, marker, declared)
        default, factory = _default_of(raw, marker, declared)
        return ParameterDescription(
            name=raw.name,
            wire_name=wire_name,
            source=source,
            annotation=raw.annotation,
            required=_is_required(source, raw, marker, declared, default is MISSING and factory is None),
            default=None if default is MISSING and factory is None and is_nullable(raw.annotation) else default,
            default_factory=factory,
            kind=raw.parameter.kind,
            constraints=marker.constraints if marker is not None else {},
            schema=self._given_schema(raw, marker, declared),
            marker=marker,
            extras={**_extras_of(declared), **(marker.extras if marker is not None else {})},
        )

    def _wire_name(
        self, raw: RawParameter, source: Source, marker: ParameterMarker | None, declared: dict[str, Any] | None
    ) -> str:
        name = marker.name if marker is not None else None
        if name is None and declared is not None:
            return str(declared["name"])
        if source == "path":
            found = name or next((item for item in self.template.variables if _python_name(item) == raw.name), raw.name)
            if found not in self.template.variables:
                reason = (
                    f"parameter {raw.name!r} is the path variable {found!r}, which the template lacks; add {{{found}}}"
                )
                raise DeclarationError(self.place, reason)
            return found
        if name is not None:
            return name
        if marker is not None and marker.role is not None:
            return marker.role
        return raw.name.replace("_", "-") if source == "header" else raw.name

    def _given_schema(self, raw: RawParameter, marker: ParameterMarker | None, declared: dict[str, Any] | None) -> Any:
        if marker is not None and marker.schema is not None:
            _check_contradiction(self.place, raw, marker.schema)
            return marker.schema
        if declared is None:
            return None
        content = declared.get("content")
        entry: Mapping[str, Any] = {} if content is None else next(iter(content.values()), {})
        return declared.get("schema") if content is None else entry.get("schema")

    def _injected(self, raw: RawParameter, marker: Any) -> ParameterDescription:
        return ParameterDescription(
            name=raw.name,
            wire_name=raw.name,
            source="inject",
            annotation=raw.annotation,
            required=raw.default is MISSING and not is_nullable(raw.annotation),
            default=raw.default,
            default_factory=None,
            kind=raw.parameter.kind,
            injection=marker,
        )

    def _bodily(self, raw: RawParameter) -> ParameterDescription:
        optional = raw.default is not MISSING or (raw.annotation is not MISSING and is_nullable(raw.annotation))
        said = raw.marker.required if isinstance(raw.marker, BodyMarker) else None
        if said is None and raw.annotation is MISSING:
            said = bool(self._body_spec().get("required", False))
        return ParameterDescription(
            name=raw.name,
            wire_name=raw.name,
            source="body",
            annotation=raw.annotation,
            required=(not optional) if said is None else bool(said),
            default=None if raw.default is MISSING and (optional or said is False) else raw.default,
            default_factory=None,
            kind=raw.parameter.kind,
            schema=raw.marker,
        )

    # -- the body

    def _body_spec(self) -> Mapping[str, Any]:
        found = self.spec.get("requestBody")
        return {} if not found else resolve_reference(found, self.components, self.place)

    def _with_body(
        self, parameters: list[ParameterDescription]
    ) -> tuple[list[ParameterDescription], BodyDescription | None]:
        bodies = [parameter for parameter in parameters if parameter.source == "body"]
        fields = [parameter for parameter in parameters if parameter.source in ("form", "file")]
        if len(bodies) > 1 or (bodies and fields):
            names = " and ".join(repr(parameter.name) for parameter in [*bodies, *fields][:2])
            raise DeclarationError(self.place, f"{names} are both the request body; keep one, or put both in one model")
        if bodies:
            marker = bodies[0].schema if isinstance(bodies[0].schema, BodyMarker) else None
            plain = replace(bodies[0], schema=None)
            body = body_from_parameter(plain, marker, self._body_spec(), self.spec, self.place)
            return [plain if parameter is bodies[0] else parameter for parameter in parameters], body
        if fields:
            return parameters, form_of_fields(tuple(fields), self.spec)
        return parameters, None


def _python_name(wire_name: str) -> str:
    return wire_name.replace("-", "_").replace(".", "_")


def _extras_of(declared: Mapping[str, Any] | None) -> dict[str, Any]:
    names = (*EXTRAS, "style", "explode")
    return {} if declared is None else {name: declared[name] for name in names if name in declared}


def _default_of(
    raw: RawParameter, marker: ParameterMarker | None, declared: Mapping[str, Any] | None
) -> tuple[Any, Callable[[], Any] | None]:
    if raw.default is not MISSING:
        return raw.default, None
    if marker is not None and (marker.default is not MISSING or marker.default_factory is not None):
        return marker.default, marker.default_factory
    if declared is not None and raw.annotation is MISSING:
        schema = declared.get("schema")
        if isinstance(schema, Mapping) and "default" in schema:
            return schema["default"], None
        if not declared.get("required"):
            return None, None
    return MISSING, None


def _is_required(
    source: Source, raw: RawParameter, marker: ParameterMarker | None, declared: Mapping[str, Any] | None, missing: bool
) -> bool:
    if source == "path":
        return True
    if marker is not None and marker.required is not None:
        return marker.required
    if declared is not None and raw.annotation is MISSING:
        return bool(declared.get("required", False))
    return missing and not (raw.annotation is not MISSING and is_nullable(raw.annotation))


def _is_upload(annotation: Any) -> bool:
    members = [bare(member) for member in union_members(annotation)]
    inner = [get_args(member)[0] if get_origin(member) is list else member for member in members]
    return any(getattr(member, "__mainspring_upload__", False) for member in inner)


def _is_structured(annotation: Any) -> bool:
    """Whether it is a mapping, a list or anything at all: what a body is rather than a query parameter."""
    found = bare(annotation)
    origin = get_origin(found) or found
    return found is Any or (
        (isinstance(origin, type) and (origin is object or hasattr(origin, "__getitem__")))
        and (origin not in (str, bytes))
    )


def _check_contradiction(place: str, raw: RawParameter, schema: Any) -> None:
    """A marker's schema of another type than the annotated one would promise what is refused."""
    said = schema.get("type") if isinstance(schema, Mapping) else None
    if not isinstance(said, str) or raw.annotation is MISSING:
        return
    known = json_types(raw.annotation)
    if known and said not in known:
        shown = getattr(raw.annotation, "__name__", raw.annotation)
        reason = (
            f"the schema of parameter {raw.name!r} says {said!r}, but it is annotated {shown}; change one of the two"
        )
        raise DeclarationError(place, reason)
