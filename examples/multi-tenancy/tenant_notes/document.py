"""What the OpenAPI document says of tenants: each strategy has its way, and any of them will do."""

from typing import Any

from .tenancy import Strategies

__all__ = ["TenancyEnhancer"]


class TenancyEnhancer:
    """Adds security schemes, and the answers of the middleware."""

    name = "tenancy"

    def __init__(self, strategies: Strategies) -> None:
        self.strategies = strategies

    def modify_spec(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The document with tenants; called by the framework."""
        schemes = {each.name: each.scheme for each in self.strategies.used if each.scheme is not None}
        spec.setdefault("components", {})["securitySchemes"] = schemes
        spec["security"] = [{name: []} for name in schemes]
        refused = {"401": "Nothing says whose request it is.", "403": "There is no such tenant, or there are two."}
        problem = {"application/problem+json": {"schema": {"type": "object"}}}
        for item in spec["paths"].values():
            for operation in item.values():
                for status, words in refused.items():
                    operation["responses"][status] = {"description": words, "content": problem}
        return spec
