"""The lane that most requests take: found in a table, answered by the function of their operation.

There is one for a server that has nothing around its operations, and while nothing about it changes. Everything that
is not for the lane goes by the steps of the pipeline, which need no lane.
"""

from collections.abc import Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mainspring.rest.compiling import compile_run
from mainspring.rest.routes import AnyRoute
from mainspring.rest.runs import DoorLines, Run
from mainspring.rest.tables import RouteTable, is_tail

__all__ = ["NO_LANE", "Lane", "NoLane", "lane_of"]


class Lane:
    """The compiled operations of a server as it is at one moment, for requests that come in by one door.

    Args:
        plan: The server at that moment.
        table: Its routes.
        door: The door.

    Attributes:
        ready: Runs by plain path, once there was a request; of several verbs the one that came first. Empty as soon
            as the lane is closed.
        is_open: Whether nothing has changed since that moment.
    """

    __slots__ = (
        "_door",
        "_exact",
        "_others",
        "_pages",
        "_paths",
        "_runs",
        "_table",
        "_tails",
        "is_open",
        "plan",
        "ready",
    )

    def __init__(self, plan: Any, table: RouteTable, door: DoorLines) -> None:
        self.plan = plan
        self.is_open = True
        self.ready: dict[bytes, Run] = {}
        self._door = door
        self._table = table
        self._paths = table.paths
        self._pages = frozenset(path.encode("latin-1", "replace") for path in plan.pages)
        self._exact = table.exact | self._pages
        self._runs: dict[AnyRoute, Run | None] = {}
        self._tails: dict[bytes, Run] = {}
        self._others: dict[DoorLines, Lane] = {}

    def by(self, door: DoorLines) -> "Lane":
        """The lane of the same server for another door."""
        found = self._others.get(door)
        if found is None:
            found = self._others[door] = Lane(self.plan, self._table, door)
            if not self.is_open:  # closed before this door asked, or meanwhile: then it is so at every door
                found.close()
        return found

    def close(self) -> None:
        """Let nobody in any more: something has changed."""
        self.is_open = False
        self.ready.clear()
        self._tails.clear()
        for other in self._others.values():
            other.close()

    def enter(self, method: str, raw: bytes, one: Any, two: Any, three: Any) -> Coroutine[Any, Any, None] | None:
        """What answers a request that nothing is ready for; ``None`` when it is not for the lane.

        Args:
            method: The verb.
            raw: The path as sent.
            one, two, three: What the door hands over.
        """
        first, _, last = raw.rpartition(b"/")
        run = self._tails.get(first)
        if run is not None and last.isalnum() and run.verb == method and raw not in self._exact:
            return run.answer(one, two, three, (last.decode(),))
        if not self.is_open:
            return None
        paths = self._paths.get(method)
        if paths is None or raw in self._pages:
            return None
        route, values = paths.get(raw), None
        if route is None:
            found = self._table.find(method, raw)
            if found is None:
                return None
            route, values = found
        run = self._runs[route] if route in self._runs else self._begun(route, raw, values, (one, two, three))
        return None if run is None else run.answer(one, two, three, values)

    def _begun(self, route: AnyRoute, raw: bytes, values: Sequence[str] | None, request: tuple[Any, ...]) -> Run | None:
        """The run of an operation; ``None`` while it is not ready, which the first request by the steps sees to."""
        operation = self.plan.operations.get(route)
        if operation is None:
            return None
        exchange = self._door.make(*request)
        if not self._door.is_plain(*request):
            return None
        exchange.plan, exchange.operation, exchange.values = self.plan, operation, values
        run = self._runs[route] = compile_run(operation, self.plan.parts_of(route), exchange, self._door)
        if run is not None and route.template.is_static:
            self.ready.setdefault(raw, run)
        elif run is not None and is_tail(route.template):
            self._tails.setdefault(raw.rpartition(b"/")[0], run)
        if not self.is_open:  # it was closed meanwhile, by another thread
            self.close()
        return run


class NoLane:
    """Stands for a lane where there is none: it is closed."""

    ready: Mapping[bytes, Run] = MappingProxyType({})
    is_open = False
    plan = None

    def close(self) -> None:
        """Nothing."""

    def by(self, _: DoorLines) -> "NoLane":
        """The same for another door: none."""
        return self

    def enter(self, method: str, raw: bytes, one: Any, two: Any, three: Any) -> None:
        """Nothing."""


NO_LANE = NoLane()


def lane_of(plan: Any, door: DoorLines) -> Lane | NoLane:
    """The lane of a server that has one: nothing is around its operations, and nothing is asked before them."""
    table = plan.table
    if not plan.is_plain or plan.asks_first or table is None:
        return NO_LANE
    if plan.compression is not None or plan.versions is not None:
        return NO_LANE
    shape = plan.server.shape()
    if not shape.is_settled:  # a change above may give the server another shape, and this one not change
        return NO_LANE
    lane = Lane(plan, table, door)
    shape.followers.append(lane.close)
    return lane
