"""The ``validation`` setting of a server: own formats and keywords, prohibited keys, and how violations are told."""

from collections.abc import Callable, Mapping
from typing import Any

from mainspring.http import HttpErrors
from mainspring.openapi.codecs import own_checks
from mainspring.openapi.errors import SchemaViolation

__all__ = ["Validation"]


class Validation:
    """How values are checked on a server.

    Args:
        options: The ``validation`` setting; ``results`` says whether results are checked too.
        document: The document that references in schemas lead into.
        parser_names: The names of the program's own body parsers.
    """

    def __init__(
        self, options: Mapping[str, Any], document: Mapping[str, Any], parser_names: Callable[[], set[str]]
    ) -> None:
        self.unknown_formats: tuple[str, ...] = tuple(options.get("unknown_formats") or ())
        self.prohibited: tuple[str, ...] = tuple(options.get("prohibited_keys") or ())
        self.checks_results = bool(options.get("results"))
        self._transform = options.get("error_transformer")
        self._parser_names = parser_names
        self.check_options = own_checks(document, keywords=options.get("keywords"), formats=options.get("formats"))

    def knows_parser(self, name: str) -> bool:
        """Whether a body parser of the program has this name."""
        return name in self._parser_names()

    def check_keys(self, value: Any, what: str) -> None:
        """Refuse a value with a prohibited key in any of its objects.

        Raises:
            HttpError: 400, naming the key.
        """
        if not self.prohibited:
            return
        pending = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, Mapping):
                for key in item:
                    self._check_key(key, what)
                pending.extend(item.values())
            elif isinstance(item, list):
                pending.extend(item)

    def _check_key(self, key: Any, what: str) -> None:
        for prohibited in self.prohibited:
            if key == prohibited or str(key).startswith(f"{prohibited}."):
                raise HttpErrors.BadRequest(f"{what} has the key {key!r}, which is not allowed.", code="INVALID_KEY")

    def refused(self, error: SchemaViolation) -> Exception:
        """The answer to a body that violates its schema, with all entries."""
        entries = error.errors
        if self._transform is not None:
            entries = list(self._transform(entries))
        return HttpErrors.UnprocessableEntity(
            "The request body is invalid. See the errors for details.", code="VALIDATION_FAILED", details=entries
        )
