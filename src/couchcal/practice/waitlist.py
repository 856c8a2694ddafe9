"""The waitlist: who would take an earlier time, when they could come, and whom a freed time fits.

Days and hours are on the practice's wall clock. Reading needs no ORM; `practice.waitlist_changes` writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from couchcal.clock_words import chosen_24h
from couchcal.errors import Invalid
from couchcal.practice.draft import LONGEST
from couchcal.scheduling.hours import hours_words, parse_hours
from couchcal.scheduling.wallclock import day_bounds, first_existing, to_local
from couchcal.store.connection import Connection

STATES = ("waiting", "offered", "booked")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOTE_LIMIT = 500
DEFAULT_MINUTES = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

_READ = """
SELECT w.id, w.client_id, c.internal_id, coalesce(nullif(c.preferred, ''), c.first), c.last, e.title,
       coalesce(e.minutes,
                (SELECT (a.end_utc - a.start_utc) / 60 FROM appointment a
                  WHERE a.client_id = c.id AND a.kind = 'client_session' AND a.status <> 'cancelled'
                  ORDER BY a.start_utc DESC LIMIT 1),
                (SELECT typical_min FROM service_code WHERE code = c.usual_service), ?),
       w.days, w.from_time, w.to_time, w.note, w.state, w.created_at, w.version, w.event_type_id
FROM waitlist w
JOIN client c ON c.id = w.client_id
LEFT JOIN event_type e ON e.id = w.event_type_id
WHERE c.state <> 'archived' AND (w.state <> 'booked' OR ?)
ORDER BY w.state = 'booked', w.created_at, w.id
"""
_OCCUPIED = """
SELECT DISTINCT w.client_id FROM waitlist w CROSS JOIN appointment a ON a.client_id = w.client_id
WHERE a.status <> 'cancelled' AND a.start_utc > ? AND a.start_utc < ? AND a.end_utc > ?
"""


class Waiting(NamedTuple):
    """Somebody on the waitlist; `first` is the name they are called by.

    `minutes` is the length of the event type, else of their latest session, else of their usual service.
    No `days` (0 is Monday) are all days; no `from_time` is the whole day, a `to_time` of 00:00 or None its
    end. `since` is when they were put on the list.
    """

    id: int
    client_id: int
    internal_id: str
    first: str
    last: str
    event_type: str | None
    minutes: int
    days: frozenset[int]
    from_time: time | None
    to_time: time | None
    note: str
    state: str
    since: datetime
    version: int
    event_type_id: int | None

    @property
    def wants(self) -> str:
        """`Tue, Thu 12:00–17:00 · 50 min`, on the chosen clock."""
        hours = hours_shown(self.from_time, self.to_time)
        length = f"{self.event_type}, {self.minutes} min" if self.event_type else f"{self.minutes} min"
        return f"{days_text(self.days)}{f' {hours}' if hours else ''} · {length}"


def waiting(connection: Connection, *, booked: bool = False) -> list[Waiting]:
    """Who waits or was offered a time, longest waiting first; with `booked` those who have got one, too."""
    return [_row(row) for row in connection.execute(_READ, (DEFAULT_MINUTES, booked))]


def fitting(connection: Connection, start: datetime, end: datetime, tz: tzinfo) -> list[Waiting]:
    """Whom the freed time `[start, end)` fits, longest waiting first.

    Their session has room in it on a day and at hours they named, and no appointment of their own overlaps it.

    Args:
        start, end: aware instants.
        tz: the practice's zone.
    """
    listed = waiting(connection)
    if not listed or end <= start:
        return []
    bounds = (_seconds(start) - LONGEST // timedelta(seconds=1), _seconds(end), _seconds(start))
    occupied = {row[0] for row in connection.execute(_OCCUPIED, bounds)}
    return [row for row in listed if row.client_id not in occupied and first_fit(row, start, end, tz) is not None]


def first_fit(row: Waiting, start: datetime, end: datetime, tz: tzinfo) -> datetime | None:
    """The earliest instant in `[start, end)` at which a session of `row` could begin, None where it does not fit.

    It begins on one of their days; with hours it lies within them, without it may run past midnight.
    """
    day, last = to_local(start, tz).date(), to_local(end, tz).date()
    length = timedelta(minutes=row.minutes)
    while day <= last:
        if not row.days or day.weekday() in row.days:
            opens, midnight = day_bounds(day, tz)
            closes = end
            if row.from_time is not None:
                opens = first_existing(datetime.combine(day, row.from_time), tz)
                closes = min(end, _until(day, row.to_time, midnight, tz))
            begins = max(start, opens)
            if begins < midnight and begins + length <= closes:
                return begins
        if day == date.max:
            return None
        day += _DAY
    return None


def _until(day: date, to_time: time | None, midnight: datetime, tz: tzinfo) -> datetime:
    return midnight if to_time in (None, time()) else first_existing(datetime.combine(day, to_time), tz)


def days_text(days: Iterable[int]) -> str:
    """`Tue, Thu`; `any day` for none of them or all."""
    chosen = sorted(set(days))
    return ", ".join(WEEKDAYS[day] for day in chosen) if 0 < len(chosen) < len(WEEKDAYS) else "any day"


def read_hours(text: str) -> tuple[time | None, time | None]:
    """`from_time` and `to_time` of hours a person wrote, such as `12-17`; None twice for an empty text.

    Raises:
        Invalid: these are no hours, or more than one stretch of them.
    """
    if not text.strip() or text.strip().casefold() in ("any", "any time"):
        return None, None
    try:
        blocks = parse_hours(text)
    except ValueError as error:
        raise Invalid(str(error), "give hours such as 12-17", field="hours") from None
    if len(blocks) != 1:
        raise Invalid("these are not hours of one stretch", "give hours such as 12-17", field="hours")
    return blocks[0]


def hours_text(from_time: time | None, to_time: time | None) -> str:
    """`12:00-17:00`, to the end of the day `12:00-24:00`; empty for the whole day."""
    if from_time is None:
        return ""
    return f"{from_time:%H:%M}-{'24:00' if to_time in (None, time()) else f'{to_time:%H:%M}'}"


def hours_shown(from_time: time | None, to_time: time | None) -> str:
    """`12:00–17:00` or `12:00pm–5:00pm`, on the chosen clock; empty for the whole day."""
    if from_time is None:
        return ""
    return hours_words([(from_time, to_time or time())], clock_24h=chosen_24h()).replace("-", "–")


def read_days(text: str) -> frozenset[int]:
    """Weekdays of a stored list."""
    return frozenset(map(int, text.split()))


def _row(row: tuple[Any, ...]) -> Waiting:
    *head, days, from_time, to_time, note, state, since, version, event_type_id = row
    hours = (time.fromisoformat(text) if text else None for text in (from_time, to_time))
    instant = _EPOCH + timedelta(seconds=since)
    return Waiting._make([*head, read_days(days), *hours, note, state, instant, version, event_type_id])


def _seconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)
