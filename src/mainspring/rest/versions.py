"""Versions of an interface: which one a request asks for, and the routes of each.

A controller says its version by ``@api(version="2")``. By the strategy ``path`` its paths get a prefix, ``/v2``; by
``header`` and ``media_type`` the versions share paths: each has a router with its own routes and those of no version.
"""

import copy
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from mainspring.http import HttpErrors, parse_media_type
from mainspring.rest.errors import SettingError
from mainspring.rest.exchange import Exchange
from mainspring.rest.routes import AnyRoute, RouteMatch

__all__ = ["DefaultPathRouter", "VersionPlans", "Versioning"]

_STRATEGIES = ("path", "header", "media_type")
_HEADER = "API-Version"
#: The parameter of a media type, ``application/json; version=2``.
_PARAMETER = "version"


class Versioning(Struct, frozen=True):
    """The setting ``rest.versioning``.

    Attributes:
        strategy: ``path``, ``header`` or ``media_type``.
        default: The version of requests that name none; ``None``: they have to.
    """

    strategy: str
    default: str | None = None

    @staticmethod
    def of(setting: Any) -> "Versioning | None":
        """The setting, ``None`` when there is none.

        Raises:
            SettingError: It is impossible.
        """
        if setting is None:
            return None
        if not isinstance(setting, Mapping):
            raise SettingError("versioning", setting, "give a mapping with strategy and default")
        strategy, default = setting.get("strategy"), setting.get("default")
        unknown = sorted(set(setting) - {"strategy", "default"})
        if unknown:
            raise SettingError("versioning", setting, f"{unknown[0]!r} is no option; known are strategy and default")
        if strategy not in _STRATEGIES:
            raise SettingError("versioning", setting, f"the strategy is one of {', '.join(_STRATEGIES)}")
        return Versioning(strategy, None if default is None else str(default))

    @property
    def by_path(self) -> bool:
        """Whether versions are told apart by their paths."""
        return self.strategy == "path"

    @property
    def field(self) -> str:
        """The field of a request that tells its version."""
        return _HEADER if self.strategy == "header" else "Accept"

    def prefix(self, version: str) -> str:
        """What paths of a version begin with."""
        return f"/{version}" if version.startswith("v") else f"/v{version}"

    def version_of(self, exchange: Exchange) -> str | None:
        """The version a request asks for."""
        if self.strategy == "header":
            found = exchange.header(_HEADER.lower().encode())
            asked = found.decode("latin-1").strip() if found is not None else ""
        else:
            asked = _version_in(exchange, b"accept") or _version_in(exchange, b"content-type") or ""
        return asked or self.default

    def refusal(self, asked: str | None, known: list[str]) -> Exception:
        """The error of a request for a version that there is not, or for none at all."""
        where = f"the header {_HEADER}" if self.strategy == "header" else f"the media type parameter {_PARAMETER}"
        what = "No version is named" if asked is None else f"There is no version {asked!a}"
        return HttpErrors.BadRequest(f"{what}: name one of {', '.join(known)} by {where}.", code="UNKNOWN_VERSION")


def _version_in(exchange: Exchange, field: bytes) -> str | None:
    for name, value in exchange.raw_headers:
        if name != field:
            continue
        for member in value.decode("latin-1").split(","):
            parsed = parse_media_type(member)
            if parsed is not None and _PARAMETER in parsed.parameters:
                return parsed.parameters[_PARAMETER]
    return None


class DefaultPathRouter:
    """A router that finds paths without a version among those of the default one."""

    def __init__(self, router: Any, prefix: str) -> None:
        self._router = router
        self._prefix = prefix

    def find(self, verb: str, path: str) -> RouteMatch | None:
        """The route of a verb for an undecoded path."""
        found: RouteMatch | None = self._router.find(verb, path) or self._router.find(verb, f"{self._prefix}{path}")
        return found

    def list(self) -> list[AnyRoute]:
        """All routes."""
        found: list[AnyRoute] = self._router.list()
        return found


class _RefusingRouter:
    """The routes of no version; those of the versions are there, and refused."""

    def __init__(self, neutral: Any, routers: Mapping[str, Any], refusal: Exception) -> None:
        self._neutral = neutral
        self._routers = routers
        self._refusal = refusal

    def find(self, verb: str, path: str) -> RouteMatch | None:
        """The route of a verb for an undecoded path.

        Raises:
            HttpError: 400, when some version has one.
        """
        found: RouteMatch | None = self._neutral.find(verb, path)
        if found is None and any(router.find(verb, path) is not None for router in self._routers.values()):
            raise self._refusal
        return found


class VersionPlans:
    """A plan of the server for each version that is told by the request's fields.

    Args:
        plan: The plan of the server, whose router has the routes of no version.
        versioning: The setting.
        routers: The router of each version.
    """

    def __init__(self, plan: Any, versioning: Versioning, routers: Mapping[str, Any]) -> None:
        self._plan = plan
        self._versioning = versioning
        self._routers = routers
        self._plans: dict[str, Any] = {}

    def choose(self, exchange: Exchange) -> Any:
        """The plan by which a request is served."""
        exchange.vary = (*exchange.vary, self._versioning.field)
        version = self._versioning.version_of(exchange)
        router = self._routers.get(version) if version is not None else None
        if version is None or router is None:
            refusal = self._versioning.refusal(version, list(self._routers))
            return _variant(self._plan, _RefusingRouter(self._plan.router, self._routers, refusal), None, refusal)
        found = self._plans.get(version)
        if found is None:
            found = self._plans[version] = _variant(self._plan, router, version)
        return found


def _variant(plan: Any, router: Any, version: str | None, refusal: Exception | None = None) -> Any:
    variant = copy.copy(plan)
    variant.router, variant.version, variant.refusal = router, version, refusal
    vars(variant).pop("sockets", None)  # worked out for another version
    return variant
