"""What can be set, in ``settings.toml`` and by the environment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

__all__ = ["HERE", "Settings", "TenancySettings", "TenantSettings"]

HERE = Path(__file__).parents[1]


@dataclass(frozen=True)
class TenantSettings:
    """A section ``tenancy.tenants.<id>``.

    Attributes:
        name: What people call it.
        hosts: The hosts that are its own.
        most_notes: How many notes it may have.
    """

    name: str
    hosts: list[str] = field(default_factory=list)
    most_notes: int = 10_000


@dataclass(frozen=True)
class TenancySettings:
    """The section ``tenancy``.

    Attributes:
        tenants: The tenants, by id.
        strategies: The names of the strategies that are asked.
        jwt_key: What tokens are signed with (HS256); at least 32 bytes.
        folder: Where the databases are, from ``settings.toml``; empty for databases in memory.
    """

    tenants: dict[str, TenantSettings]
    strategies: list[str]
    jwt_key: str = ""
    folder: str = "."


class Settings(TypedDict):
    """The whole configuration."""

    tenancy: TenancySettings
    rest: dict[str, Any]
    shutdown: NotRequired[dict[str, Any]]
    logging: NotRequired[Any]
