"""Forms of both sorts, as one ordered collection of fields and files.

Names with brackets spell trees, as in queries. Limits are checked while reading: what is beyond one is not read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mainspring.http import (
    HttpErrors,
    PercentDecodingError,
    QueryLimitError,
    decode_component,
    nest_pairs,
    parse_media_type,
    parse_size,
)
from mainspring.rest.bodies import malformed_body
from mainspring.rest.uploads import UploadFile

__all__ = ["Form", "form_limit", "read_form"]

_NESTED = r"([^\[\]]+)((?:\[[^\[\]]*\])+)"
MULTIPART_LIMIT = 10 * 1024 * 1024
#: Fields of a form that is no multipart: as many as pairs of a query.
_FIELDS = 1000

Value = str | UploadFile


class Form(Mapping[str, Any]):
    """Fields and files in the order sent. ``form["name"]`` is the first of a name, ``getlist`` all of them."""

    def __init__(self, pairs: list[tuple[str, Value]]) -> None:
        self.pairs = pairs

    def getlist(self, name: str) -> list[Value]:
        """Everything of a name, in order."""
        return [value for key, value in self.pairs if key == name]

    def texts(self, name: str) -> list[str]:
        """The fields of a name that are no files."""
        return [value for value in self.getlist(name) if isinstance(value, str)]

    def files(self, name: str | None = None) -> list[UploadFile]:
        """The files of a name, or all."""
        return [value for key, value in self.pairs if isinstance(value, UploadFile) and name in (None, key)]

    def nested(self, name: str) -> Any:
        """What is said of a name with brackets; ``None`` when nothing is."""
        found = []
        for key, value in self.pairs:
            match = re.fullmatch(_NESTED, key)
            if match is not None and match[1] == name:
                found.append((match[2], value))
        return nest_pairs(found) if found else None

    def tree(self) -> dict[str, Any]:
        """Everything: texts and files, lists for repeated names, trees for brackets."""
        names: dict[str, None] = {}
        for key, _ in self.pairs:
            match = re.fullmatch(_NESTED, key)
            names[match[1] if match is not None else key] = None
        result: dict[str, Any] = {}
        for name in names:
            plain, nested = self.getlist(name), self.nested(name)
            if nested is None:
                result[name] = plain[0] if len(plain) == 1 else plain
            else:
                result[name] = [*plain, *nested] if isinstance(nested, list) else nested
        return result

    def __getitem__(self, name: str) -> Value:
        for key, value in self.pairs:
            if key == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key for key, _ in self.pairs))

    def __len__(self) -> int:
        return len({key for key, _ in self.pairs})

    async def close(self) -> None:
        """Remove the files."""
        for file in self.files():
            await file.close()


def form_limit(options: Mapping[str, Any]) -> int:
    """The limit of a whole multipart body."""
    multipart = options.get("multipart")
    given = multipart.get("limit") if isinstance(multipart, Mapping) else None
    return parse_size(given) if given is not None else MULTIPART_LIMIT


async def read_form(request: Any) -> Form:
    """The form a request carries.

    Raises:
        HttpError: 400 for what is malformed, 413 beyond a limit, 415 for what is no form.
    """
    text = request.content_type() or ""
    media_type = parse_media_type(text)
    essence = media_type.essence if media_type is not None else text
    if essence == "application/x-www-form-urlencoded":
        return Form(_pairs(await request.body(), media_type.charset if media_type is not None else None))
    if essence != "multipart/form-data" or media_type is None:
        message = f"{essence or 'A body without Content-Type'} is no form."
        accepted = "application/x-www-form-urlencoded, multipart/form-data"
        raise HttpErrors.UnsupportedMediaType(message, code="UNSUPPORTED_MEDIA_TYPE", headers={"Accept": accepted})
    boundary = media_type.parameters.get("boundary")
    if not boundary:
        raise malformed_body("its Content-Type names no boundary")
    plan = request.exchange.plan
    options = plan.body_options.get("multipart") or {}
    if request.reading.limit == plan.body_limit:  # nobody said how large this body may be: forms may be larger
        request.reading.limit = form_limit(plan.body_options)
    from mainspring.rest.multipart import MultipartLimits, read_multipart  # noqa: PLC0415 - a library of its own behind it

    limits = MultipartLimits.from_options(options)
    form = Form([])
    request.has_body = True
    request.form_data = form  # what was read of it is removed with the request, also when reading fails
    await read_multipart(request.stream(), boundary, limits, form.pairs)
    return form


def _pairs(body: bytes, charset: str | None) -> list[tuple[str, Value]]:
    parts = [part for part in body.decode("latin-1").split("&") if part]
    if len(parts) > _FIELDS:
        raise HttpErrors.PayloadTooLarge(f"The form has more than {_FIELDS} fields.", code="PAYLOAD_TOO_LARGE")
    if charset is not None and charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise HttpErrors.UnsupportedMediaType(
            f"The charset {charset!r} is not supported in forms; send utf-8.", code="UNSUPPORTED_MEDIA_TYPE"
        )
    pairs: list[tuple[str, Value]] = []
    try:
        for part in parts:
            name, _, value = part.partition("=")
            pairs.append((decode_component(name), decode_component(value)))
    except (PercentDecodingError, QueryLimitError) as error:
        raise malformed_body(str(error).rstrip(".")) from error
    return pairs
