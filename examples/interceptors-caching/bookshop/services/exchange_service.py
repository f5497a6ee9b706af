"""What a euro is worth."""

import asyncio
from typing import Annotated

from mainspring import BindingScope, HttpErrors, config, injectable, intercept

from ..interceptors.caching_interceptor import CachingInterceptor
from ..interceptors.logging_interceptor import log_call
from ..policies import cached, forgets

__all__ = ["ExchangeService"]


@injectable(scope=BindingScope.SINGLETON)
class ExchangeService:
    """Rates by currency; whoever wants them cached asks for a proxy of this.

    Args:
        delay: Configuration: the seconds that asking takes.
    """

    def __init__(self, delay: Annotated[float, config("delay")] = 0.5) -> None:
        self.delay = delay
        self._rates = {"EUR": 1.0, "CZK": 24.5, "USD": 1.16}

    @intercept(CachingInterceptor, log_call)
    @cached(ttl=5)
    async def rate(self, currency: str) -> float:
        """How many of a currency a euro is worth.

        Raises:
            HttpErrors.NotFound: Nobody deals in it.
        """
        await asyncio.sleep(self.delay)
        if currency not in self._rates:
            raise HttpErrors.NotFound(f"Nobody here deals in {currency}.")
        return self._rates[currency]

    @intercept(CachingInterceptor, log_call)
    @forgets("ExchangeService", "BookController")
    async def change(self, currency: str, rate: float) -> None:
        """Set a rate; prices that were made with the one before are forgotten as well."""
        self._rates[currency] = rate
