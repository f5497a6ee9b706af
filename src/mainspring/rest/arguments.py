"""From a request to the arguments of a call: read and checked by a plan that is made once per operation.

The plan is an interpreter of the handler's description: a list of parameters, each with its reader. It decides what is
right and words every failure; `collecting` makes a function per route that does the same for requests that are plain.
"""

from collections.abc import Callable, Mapping
from typing import Any

from mainspring.http import HttpErrors, PercentDecodingError, decode_path_segment
from mainspring.openapi.descriptions import HandlerDescription, ParameterDescription
from mainspring.openapi.encoding import encode_json
from mainspring.openapi.errors import MalformedJsonError, SchemaViolation
from mainspring.rest.exchange import Exchange
from mainspring.rest.requests import Request
from mainspring.rest.verbs import check_verb

__all__ = ["ArgumentPlan", "Arguments", "ParameterFailures", "Source"]

#: How much of a value is quoted to whoever sent it: enough to recognise it.
_QUOTED = 200


class Arguments:
    """What a handler is called with, by parameter.

    Attributes:
        values: Values by the names of the signature; injected parameters are not among them.
    """

    __slots__ = ("positional", "values")

    def __init__(self, values: dict[str, Any], positional: tuple[str, ...] = ()) -> None:
        self.values = values
        self.positional = positional

    @property
    def args(self) -> list[Any]:
        """The values of positional-only parameters, in order."""
        return [self.values[name] for name in self.positional]

    @property
    def kwargs(self) -> dict[str, Any]:
        """The other values, by name."""
        if not self.positional:
            return self.values
        return {name: value for name, value in self.values.items() if name not in self.positional}

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def __repr__(self) -> str:
        return f"Arguments({self.values!r})"


class ParameterFailures:
    """The failures of the parameters of one request, in the order of the signature.

    Attributes:
        entries: One for each violation.
        concern_path: Whether one of the path is among them.
    """

    __slots__ = ("_code", "_detail", "concern_path", "entries")

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.concern_path = False
        self._code = ""
        self._detail = ""

    def add(self, parameter: ParameterDescription, error: SchemaViolation, raw: Any) -> None:
        """Note that a parameter failed; ``raw`` is what was sent for it: a text, or a tree of texts."""
        from mainspring.openapi.readers import MissingParameterError  # noqa: PLC0415 - for requests that are refused

        place = {"in": parameter.source, "name": parameter.wire_name}
        self.concern_path = self.concern_path or parameter.source == "path"
        for violation in error.violations:
            entry = violation.to_entry()
            self.entries.append({**entry, "info": {**entry["info"], **place}})
        if self._code:
            return
        missing = isinstance(error, MissingParameterError)
        self._code = "MISSING_REQUIRED_PARAMETER" if missing else "INVALID_PARAMETER_VALUE"
        if missing:
            self._detail = f"Required {parameter.source} parameter {parameter.wire_name} is missing."
        else:
            shown = quoted(raw, error.violations[0].path if error.violations else "")
            reasons = "; ".join(violation.message for violation in error.violations[:3])
            self._detail = f'Invalid value "{shown}" for {parameter.source} parameter {parameter.wire_name}: {reasons}.'

    def refuse(self, exchange: Exchange) -> None:
        """Refuse the request.

        Raises:
            HttpError: 400, with all failures; 405 where the path is rather one that has other verbs.
        """
        if self.concern_path:
            check_verb(exchange)
        self.raise_any()

    def raise_any(self) -> None:
        """Refuse the request if anything failed.

        Raises:
            HttpError: 400, with all failures.
        """
        if self.entries:
            raise HttpErrors.BadRequest(self._detail, code=self._code, details=self.entries)


def quoted(raw: Any, path: str) -> str:
    """What was sent at a path of a value: the text there, else the whole."""
    found = raw
    for step in path.split("/")[1:]:
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            break
    return ("" if found is None else found if isinstance(found, str) else encode_json(found).decode())[:_QUOTED]


class Source:
    """One parameter, its reader (a `ParameterReader`), and how its texts are got from the request."""

    __slots__ = ("fetch", "parameter", "reader")

    def __init__(self, parameter: ParameterDescription, reader: Any, fetch: "Fetch") -> None:
        self.parameter = parameter
        self.reader = reader
        self.fetch = fetch


Fetch = Callable[[Request, str], tuple[list[str], Any]]


def _from_query(request: Request, name: str) -> tuple[list[str], Any]:
    query = request.parsed_query
    return query.getlist(name), query.nested(name)


def _from_header(request: Request, name: str) -> tuple[list[str], Any]:
    return request.headers.getlist(name), None


def _from_cookie(request: Request, name: str) -> tuple[list[str], Any]:
    value = request.cookies.get(name)
    return ([] if value is None else [value]), None


def _from_path(request: Request, name: str) -> tuple[list[str], Any]:
    return [_path_text(request.exchange.match, name)], None  # parameters are read when the route is found


def _path_text(match: Any, name: str) -> str:
    return decode_path_segment(match.values[match.route.template.variables.index(name)])


FETCHERS: Mapping[str, Fetch] = {
    "query": _from_query,
    "header": _from_header,
    "cookie": _from_cookie,
    "path": _from_path,
}


def _sent(texts: list[str], tree: Any) -> Any:
    """The object that was sent, before anything is made of it; ``None`` for what is none."""
    from mainspring.openapi.codecs import decode_json  # noqa: PLC0415 - for operations with parameters

    if tree is not None or len(texts) != 1:
        return tree
    try:
        return decode_json(texts[0].encode("utf-8", "surrogatepass"))
    except MalformedJsonError:
        return None


def _sources(parameters: list[ParameterDescription], place: str, check_options: Any) -> list[Source]:
    from mainspring.openapi.codecs import parameter_reader  # noqa: PLC0415 - for operations with parameters

    return [
        Source(
            parameter,
            parameter_reader(parameter, place=place, check_options=check_options),
            FETCHERS[parameter.source],
        )
        for parameter in parameters
    ]


class ArgumentPlan:
    """How the parameters of one operation that are no body are read.

    Args:
        description: The handler.
        check_options: Own formats and keywords, and the document that references lead into.
        check_keys: Called with each object that is sent, refuses keys that are prohibited.

    Attributes:
        sources: The parameters, in the order of the signature.
        positional: The names of positional-only parameters.

    Raises:
        AnnotationError: The type of a parameter cannot be read from text.
    """

    __slots__ = ("check_keys", "description", "positional", "sources")

    def __init__(
        self,
        description: HandlerDescription,
        check_options: Any = None,
        check_keys: Callable[[Any, str], None] | None = None,
    ) -> None:
        self.description = description
        self.check_keys = check_keys
        read = [parameter for parameter in description.parameters if parameter.source in FETCHERS]
        self.sources = _sources(read, description.place, check_options) if read else []
        self.positional = tuple(
            parameter.name for parameter in description.parameters if parameter.kind is parameter.kind.POSITIONAL_ONLY
        )

    def collect(self, exchange: Exchange) -> dict[str, Any]:
        """The values by parameter.

        Raises:
            HttpError: 400, with all failures; 405 where the path is rather one that has other verbs.
        """
        request = exchange.request
        if request is None:
            request = exchange.request = Request(exchange)
        values: dict[str, Any] = {}
        failures: ParameterFailures | None = None
        for source in self.sources:
            parameter = source.parameter
            raw: Any = None
            try:
                texts, tree = source.fetch(request, parameter.wire_name)
                raw = ", ".join(texts) if texts else tree
                if self.check_keys is not None and source.reader.kind == "object":
                    self.check_keys(_sent(texts, tree), f"The {parameter.source} parameter {parameter.wire_name}")
                values[parameter.name] = source.reader.read(texts, tree)
            except SchemaViolation as error:
                if failures is None:
                    failures = ParameterFailures()
                failures.add(parameter, error, raw)
            except PercentDecodingError as error:
                message = f"The {parameter.source} parameter {parameter.wire_name} does not decode: {error.reason}."
                raise HttpErrors.BadRequest(message, code="INVALID_PARAMETER_VALUE") from error
        if failures is not None:
            failures.refuse(exchange)
        return values

    def fits(self, match: Any) -> bool:
        """Whether what a path has for the variables of the route are values of their types."""
        try:
            for source in self.sources:
                if source.parameter.source == "path":
                    source.reader.read([_path_text(match, source.parameter.wire_name)])
        except (SchemaViolation, PercentDecodingError):
            return False
        return True
