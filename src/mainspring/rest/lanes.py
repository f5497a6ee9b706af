"""The lane that most requests take: found in a table, answered by the function of their operation.

There is one for a server that has nothing around its operations, and while nothing about it changes. Everything that
is not for the lane goes by the steps of the pipeline, which need no lane.
"""

from typing import Any

from mainspring.rest.compiling import Edges, Run, compile_run
from mainspring.rest.exchange import Exchange
from mainspring.rest.routes import AnyRoute, RouteMatch
from mainspring.rest.tables import RouteTable

__all__ = ["Lane"]


class Lane:
    """The compiled operations of a server as it is at one moment.

    Args:
        plan: The server at that moment.
        table: Its routes.
        steps: Answers a request by the steps of the pipeline, the way to what is not compiled yet.
        edges: Where compiled operations hand over to the steps.

    Attributes:
        shape: The shape of the server's context,
        plans: and the plans of this shape at that moment: as long as they stay, nothing has changed.
        ready: What answers requests for plain paths, by verb and path: compiled operations, once there was a request.
        running: The tasks of the requests in flight.
    """

    __slots__ = (
        "_edges",
        "_pages",
        "_paths",
        "_runs",
        "_steps",
        "_table",
        "plan",
        "plans",
        "ready",
        "running",
        "shape",
    )

    def __init__(self, plan: Any, table: RouteTable, steps: Run, edges: Edges) -> None:
        self.plan = plan
        self.shape = plan.server.shape()
        self.plans = self.shape.plans
        self.running = plan.server.serving.tasks
        self.ready: dict[str, dict[bytes, Run]] = {}
        self._table = table
        self._paths = table.paths
        self._pages = frozenset(path.encode("latin-1", "replace") for path in plan.pages)
        self._steps = steps
        self._edges = edges
        self._runs: dict[AnyRoute, Run] = {}

    def find(self, exchange: Exchange, method: str, raw: bytes) -> Run | None:
        """What answers a request that nothing is ready for; ``None`` when it is not for the lane."""
        paths = self._paths.get(method)
        if paths is None or raw in self._pages:
            return None
        route = paths.get(raw)
        if route is not None:
            exchange.match = RouteMatch(route, ())
        else:
            found = self._table.find(method, raw)
            if found is None:
                return None
            route, exchange.values = found
        run = self._runs.get(route)
        return self._begun(exchange, route, raw) if run is None else run

    def _begun(self, exchange: Exchange, route: AnyRoute, raw: bytes) -> Run:
        """The steps while the operation is not ready, which the first request sees to; then its function."""
        operation = exchange.operation = self.plan.operations.get(route)
        if operation is None:
            return self._steps
        run = compile_run(operation, self.plan.parts_of(route), exchange, self._edges) or self._steps
        self._runs[route] = run
        if route.template.is_static and run is not self._steps:
            self.ready.setdefault(exchange.method, {})[raw] = run
        return run
