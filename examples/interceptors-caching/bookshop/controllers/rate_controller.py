"""``/rates/{currency}``, and ``/calls``."""

from typing import Annotated

from msgspec import Meta

from mainspring import inject, param, request_body, rest

from ..policies import cached
from ..services.call_log_service import CallLog
from ..services.exchange_service import ExchangeService

__all__ = ["RateController"]

Rate = Annotated[float, Meta(gt=0, le=1_000_000), request_body()]
Currency = Annotated[str, param.path(pattern="^[A-Z]{3}$")]


class RateController:
    """Rates, and what was really called."""

    def __init__(self, exchange: Annotated[ExchangeService, inject(as_proxy_with_interceptors=True)]) -> None:
        self.exchange = exchange

    @rest.put("/rates/{currency}")
    async def change(self, currency: Currency, rate: Rate) -> None:
        """Set what a euro is worth; the body is the number."""
        await self.exchange.change(currency, rate)

    @rest.get("/calls")
    @cached(ttl=0)
    async def calls(self, log: CallLog) -> list[str]:
        """The calls that no cache answered, in order; never from the cache itself."""
        return list(log)
