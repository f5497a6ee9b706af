"""The configuration of an application as a typed mapping."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["ApplicationConfig"]


class ApplicationConfig(dict[str, Any]):
    """The configuration of an application: a mapping whose entries are attributes too.

    Args:
        name: The name of the application.
        shutdown: ``grace_period`` (seconds) and ``signals`` (names).
        components: Component classes mounted by the constructor of the application, in this order.
        sections: Any further sections (``rest``, ``logging``, …); they are kept as they are.

    What is not given is not in the mapping.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        shutdown: Mapping[str, Any] | None = None,
        components: Sequence[type[Any]] | None = None,
        **sections: Any,
    ) -> None:
        known = {"name": name, "shutdown": shutdown, "components": components}
        super().__init__({key: value for key, value in known.items() if value is not None}, **sections)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The configuration has no section {name!r}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (dict(self),)


def _restore(data: dict[str, Any]) -> ApplicationConfig:
    return ApplicationConfig(**data)
