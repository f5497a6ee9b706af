"""Whether a server takes a call now: what it says to requests and to connections alike before anything else."""

from typing import Any

from mainspring.rest.pipeline import serve_failure, serve_unavailable

__all__ = ["admit"]


async def admit(server: Any, exchange: Any) -> Any:
    """The plan to answer the exchange by; ``None`` when it was answered: the server cannot serve, or is stopping."""
    try:
        if not server.planning.is_checked:
            await server.serving.prepare()
        plan = server.planning.plan()
    except Exception as error:
        await serve_failure(exchange, error)
        return None
    if server.serving.is_draining:
        await serve_unavailable(exchange)
        return None
    server.begin_serving(plan)
    return plan
