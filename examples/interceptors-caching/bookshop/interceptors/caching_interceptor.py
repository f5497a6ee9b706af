"""The cache in front of calls."""

from typing import Any

from mainspring import InvocationContext, Next, RequestContext
from mainspring.context import Interceptor, global_interceptor
from mainspring.core import ContextTags
from mainspring.rest import RestBindings

from ..cache import Cache
from ..policies import Policy, policy_of

__all__ = ["CachingInterceptor"]


@global_interceptor("caching", tags={ContextTags.GLOBAL_INTERCEPTOR_SOURCE: "route"})
class CachingInterceptor:
    """Keeps results of reading, and forgets them after writing.

    Around every route it is because of the decorator above, around a method of a service by
    ``@intercept(CachingInterceptor)``.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache

    def value(self) -> Interceptor:
        """The interceptor."""
        return self.intercept

    async def intercept(self, invocation: InvocationContext, next: Next) -> Any:
        """Answer from the cache where the policy of the method lets it."""
        policy = policy_of(invocation)
        if policy.is_kept:
            return await self._remembered(invocation, next, policy)
        result = await next()
        for group in policy.forgets:  # not before: a read meanwhile would keep what was
            await self.cache.forget(group)
        return result

    async def _remembered(self, invocation: InvocationContext, next: Next, policy: Policy) -> Any:
        group = invocation.target_class.__name__
        result, was_kept = await self.cache.remember(policy.key(invocation), next, group=group, ttl=policy.ttl)
        if getattr(invocation.source, "type", None) == "route":
            context: RequestContext = await invocation.get(RestBindings.Http.CONTEXT)
            context.response.headers["Cache-Status"] = f"bookshop; {'hit' if was_kept else 'fwd=miss'}"  # RFC 9211
        return result
