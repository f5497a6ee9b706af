"""Dates as HTTP writes them (RFC 9110 section 5.6.7)."""

import re
from datetime import UTC, datetime, timedelta

__all__ = ["format_http_date", "parse_http_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS = (
    rf"[A-Z][a-z]{{2}}, (?P<day>\d\d) (?P<month>[A-Z][a-z]{{2}}) (?P<year>\d{{4}}) {_TIME} GMT",
    rf"[A-Z][a-z]+day, (?P<day>\d\d)-(?P<month>[A-Z][a-z]{{2}})-(?P<year>\d\d) {_TIME} GMT",  # RFC 850
    rf"[A-Z][a-z]{{2}} (?P<month>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",  # asctime
)


def format_http_date(moment: datetime | float) -> str:
    """The moment as an IMF-fixdate; a number is seconds of the Unix epoch, a naive moment is UTC."""
    if not isinstance(moment, datetime):
        moment = datetime.fromtimestamp(moment, UTC)
    elif moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    # `strftime` would write the names of the process's locale.
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"


def parse_http_date(text: str, *, now: datetime | None = None) -> datetime | None:
    """The moment a date field says, in UTC; ``None`` for what is no date. All three forms of the RFC are read.

    ``now`` decides the century of two-digit years: one more than 50 years ahead means the past.
    """
    for form in _FORMS:
        match = re.fullmatch(form, text.strip())
        if match is None:
            continue
        year = int(match["year"])
        try:
            month = _MONTHS.index(match["month"]) + 1
            if len(match["year"]) == 2:
                year = _century(year, now or datetime.now(UTC))
            second = min(int(match["second"]), 59)  # a leap second is written 60
            return datetime(
                year, month, int(match["day"]), int(match["hour"]), int(match["minute"]), second, tzinfo=UTC
            )
        except ValueError:
            return None
    return None


def _century(year: int, now: datetime) -> int:
    full = now.year - now.year % 100 + year
    return full - 100 if full > (now + timedelta(days=50 * 365.25)).year else full
