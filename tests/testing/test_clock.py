"""The application's clock, and one that stands until it is moved."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from mainspring.core import Application, Clock, CoreBindings
from mainspring.loader import ServerLoader, session
from mainspring.rest import RequestContext
from mainspring.rest import get as get_route
from mainspring.testing import FrozenClock, harness


def test_every_application_has_the_clock_of_the_system() -> None:
    app = Application()
    clock = app.get_sync(Clock)
    assert clock is app.get_sync(CoreBindings.CLOCK)
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC) + timedelta(seconds=1)
    assert clock.monotonic() <= clock.monotonic()
    assert clock.today() in (before.date(), datetime.now(UTC).date())


@pytest.mark.parametrize(
    "moment",
    [
        "2030-01-31T12:00:00",
        "2030-01-31T13:00:00+01:00",
        datetime(2030, 1, 31, 12),
        datetime(2030, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))),
        datetime(2030, 1, 31, 12, tzinfo=UTC).timestamp(),
    ],
)
def test_it_stands_where_it_is_put_and_moves_by_hand(moment: Any) -> None:
    clock = FrozenClock(moment)
    assert repr(clock) == "FrozenClock('2030-01-31T12:00:00+00:00')"
    clock.move(timedelta(hours=13))
    clock.move(0.5)
    assert (clock.now(), clock.today()) == (datetime(2030, 2, 1, 1, 0, 0, 500000, tzinfo=UTC), date(2030, 2, 1))
    assert clock.monotonic() == 13 * 3600 + 0.5
    clock.move_to("2029-12-31")
    assert clock.now() == datetime(2029, 12, 31, tzinfo=UTC)
    assert clock.monotonic() == 13 * 3600 + 0.5


def test_without_a_moment_it_stands_at_the_present() -> None:
    clock = FrozenClock()
    assert abs(clock.time() - Clock().time()) < 60
    assert clock.time() == clock.time()


def test_wrong_moments_are_refused() -> None:
    with pytest.raises(ValueError, match="'soon' is no moment: write it as ISO 8601"):
        FrozenClock("soon")
    with pytest.raises(ValueError, match=r"not moved on by -1 s: use move_to"):
        FrozenClock(0).move(-1)


class Visits:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @get_route("/visits")
    def visits(self, ctx: RequestContext) -> dict[str, Any]:
        ctx.session["visits"] = ctx.session.get("visits", 0) + 1
        return {"visits": ctx.session["visits"], "at": self.clock.now()}


class Server(ServerLoader):
    def __init__(self, config: Any = None) -> None:
        super().__init__(config)
        self.controller(Visits)
        self.use(session("a secret of some length", max_age=60))


async def test_programs_and_the_expiry_of_sessions_see_it() -> None:
    clock = FrozenClock("2030-01-01")
    async with harness(Server) as t:
        with t.override({Clock: clock}):
            first = await t.request("GET", "/visits")
            assert first.json() == {"visits": 1, "at": "2030-01-01T00:00:00Z"}
            cookie = first.headers["set-cookie"].partition(";")[0]
            clock.move(60)
            assert (await t.request("GET", "/visits", headers={"cookie": cookie})).json()["visits"] == 2
            clock.move(1)
            assert (await t.request("GET", "/visits", headers={"cookie": cookie})).json()["visits"] == 1
