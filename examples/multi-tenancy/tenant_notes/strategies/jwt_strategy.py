"""``Authorization: Bearer …``: a token (RFC 7519) with the tenant among its claims."""

import sys
import time
from typing import Annotated, Any, ClassVar

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from mainspring import HttpErrors, inject, injectable, load_config
from mainspring.rest import Request

from ..settings import HERE, Settings, TenancySettings
from ..tenancy import TENANCY, identifies

__all__ = ["JwtStrategy", "issue"]

ALGORITHM = "HS256"
SHORTEST_KEY = 32  # bytes (RFC 7518 section 3.2)
CLAIMS = jwt.JWTClaimsRegistry(exp={"essential": True}, tenant={"essential": True})


def issue(tenant: str, key: str, *, seconds: float = 3600) -> str:
    """A token of a tenant; in real life somebody else makes them."""
    claims = {"tenant": tenant, "exp": int(time.time() + seconds)}
    return jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(key))


@injectable(identifies)
class JwtStrategy:
    """By a signed token.

    Raises:
        ValueError: The strategy is to be used, and there is no key that is long enough.
    """

    name = "jwt"
    scheme: ClassVar[dict[str, Any] | None] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

    def __init__(self, settings: Annotated[TenancySettings, inject(TENANCY)]) -> None:
        if self.name in settings.strategies and len(settings.jwt_key.encode()) < SHORTEST_KEY:
            raise ValueError(f"tenancy.jwt_key must have at least {SHORTEST_KEY} bytes.")
        self.key = OctKey.import_key(settings.jwt_key or "-")

    def identify(self, request: Request) -> str | None:
        """The claim ``tenant`` of a token that is genuine and has not expired; other credentials are refused."""
        said = request.headers.get("authorization")
        if said is None:
            return None
        scheme, _, token = said.partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise ValueError(scheme)
            claims = jwt.decode(token.strip(), self.key, algorithms=[ALGORITHM]).claims
            CLAIMS.validate(claims)
        except (JoseError, ValueError) as error:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}  # RFC 6750 section 3
            raise HttpErrors.Unauthorized("The token is not valid.", headers=challenge) from error
        return str(claims["tenant"])


if __name__ == "__main__":  # python -m tenant_notes.strategies.jwt_strategy acme
    print(issue(sys.argv[1], load_config(HERE / "settings.toml", into=Settings)["tenancy"].jwt_key))
