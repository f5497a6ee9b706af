"""The lane that most requests take: found in a table, answered by the function of their operation.

There is one for a server that has nothing around its operations, and while nothing about it changes. Everything that
is not for the lane goes by the steps of the pipeline, which need no lane.
"""

from typing import Any

from mainspring.context.resolving import is_awaitable
from mainspring.rest.bodies import read_on
from mainspring.rest.compiling import Run, compile_run
from mainspring.rest.exchange import SENT, Exchange, Header, Reply, request_id_line
from mainspring.rest.heads import LENGTH_LINES, finished
from mainspring.rest.pipeline import complete, conclude, fail, refuse, walk
from mainspring.rest.replying import reply_to
from mainspring.rest.routes import AnyRoute
from mainspring.rest.tables import RouteTable, is_tail
from mainspring.rest.writing import JSON_LINE

__all__ = ["Lane", "answer_with", "answered", "lane_of", "recover"]


class Lane:
    """The compiled operations of a server as it is at one moment.

    Args:
        plan: The server at that moment.
        table: Its routes.
        steps: The run of what is not compiled, by the steps of the pipeline.

    Attributes:
        shape: The shape of the server's context,
        plans: and the plans of this shape at that moment: as long as they stay, nothing has changed.
        ready: Runs by plain path, once there was a request; of several verbs the one that came first.
        shows_request_id: Whether responses tell the id of their request.
    """

    __slots__ = (
        "_exact",
        "_pages",
        "_paths",
        "_runs",
        "_steps",
        "_table",
        "_tails",
        "plan",
        "plans",
        "ready",
        "shape",
        "shows_request_id",
    )

    def __init__(self, plan: Any, table: RouteTable, steps: Run) -> None:
        self.plan = plan
        self.shape = plan.server.shape()
        self.plans = self.shape.plans
        self.shows_request_id = plan.shows_request_id
        self.ready: dict[bytes, Run] = {}
        self._table = table
        self._paths = table.paths
        self._pages = frozenset(path.encode("latin-1", "replace") for path in plan.pages)
        self._exact = table.exact | self._pages
        self._steps = steps
        self._runs: dict[AnyRoute, Run] = {}
        self._tails: dict[bytes, Run] = {}

    def find(self, exchange: Exchange, method: str, raw: bytes) -> Run | None:
        """What runs for a request that nothing is ready for; ``None`` when it is not for the lane."""
        first, _, last = raw.rpartition(b"/")
        run = self._tails.get(first)
        if run is not None and last.isalnum() and run.verb == method and raw not in self._exact:
            exchange.values = (last.decode("ascii"),)
            return run
        paths = self._paths.get(method)
        if paths is None or raw in self._pages:
            return None
        route = paths.get(raw)
        if route is None:
            found = self._table.find(method, raw)
            if found is None:
                return None
            route, exchange.values = found
        return self._runs.get(route) or self._begun(exchange, route, raw)

    def _begun(self, exchange: Exchange, route: AnyRoute, raw: bytes) -> Run:
        """The steps while the operation is not ready, which the first request sees to; then its run."""
        exchange.plan = self.plan
        operation = exchange.operation = self.plan.operations.get(route)
        if operation is None:
            return self._steps
        run = compile_run(operation, self.plan.parts_of(route), exchange) or self._steps
        self._runs[route] = run
        if run is not self._steps and route.template.is_static:
            self.ready.setdefault(raw, run)
        elif run is not self._steps and is_tail(route.template):
            self._tails.setdefault(raw.rpartition(b"/")[0], run)
        return run


def lane_of(plan: Any) -> Lane | None:
    """The lane of a server that has one: nothing is around its operations, and nothing is asked before them."""
    table = plan.table
    if not plan.is_plain or plan.asks_first or plan.cancel_on_disconnect or table is None:
        return None
    if plan.compression is not None or plan.versions is not None:
        return None
    if not plan.server.shape().is_settled:  # a change above may give the server another shape, and this one not change
        return None
    return Lane(plan, table, Run(None, _by_steps, awaits=True))


async def _by_steps(exchange: Exchange) -> Reply:
    """Answer by the steps: for operations that are not compiled."""
    await conclude(exchange, await walk(exchange))
    return SENT


# The answer


async def answered(run: Run, exchange: Exchange) -> tuple[list[Header], bytes] | None:
    """Run an operation: head and body to send with its status, or ``None`` when they were sent.

    The door of ASGI does the same by itself, without a call.

    Raises:
        BaseException: What went wrong and cannot be answered.
    """
    try:
        if run.reads:
            exchange.arguments = {} if run.collect is None else run.collect(exchange)
            if run.limit and run.has_plain_body(exchange):
                exchange.whole = await read_on(exchange, b"", run.limit)
        result = run.start(exchange)
        if run.awaits or is_awaitable(result):
            result = await result
        exchange.result = result
        data = _bytes_of(run, exchange, result)
        if data is None:
            await answer_with(exchange, result)
            return None
    except Exception as error:
        await conclude(exchange, await refuse(exchange, error))
        return None
    exchange.status = run.status
    head = [JSON_LINE, LENGTH_LINES[len(data)]]
    if exchange.plan.shows_request_id:
        head.append(request_id_line(exchange))
    return head, data


def _bytes_of(run: Run, exchange: Exchange, result: Any) -> bytes | None:
    """The body for a result that is JSON and nothing else; ``None`` for every other one."""
    if not run.is_json(result) or exchange.response is not None or exchange.started:
        return None
    try:
        return run.encode(result)
    except Exception:  # it is encoded again, and the failure told
        return None


async def answer_with(exchange: Exchange, result: Any) -> None:
    """Answer with whatever a handler returned."""
    if result is SENT:
        return
    if exchange.started:
        await complete(exchange)
        return
    await conclude(exchange, finished(exchange, await reply_to(exchange, exchange.operation.reply, result)))


async def recover(exchange: Exchange, error: Exception) -> None:
    """Answer an error of a run.

    Raises:
        BaseException: What cannot be answered.
    """
    try:
        await conclude(exchange, await refuse(exchange, error))
    except BaseException as failure:
        await fail(exchange, failure)
