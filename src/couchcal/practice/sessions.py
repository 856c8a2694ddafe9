"""When clients were and will be seen: lists, counts and pages of their sessions, on the DB-API connection."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

from couchcal.practice import agenda, client_duplicates, clients
from couchcal.practice.agenda import Entry
from couchcal.practice.client_duplicates import Duplicate
from couchcal.practice.clients import ClientDetails
from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.store.connection import Connection

PAGE = 40
"""Entries of a page."""
Side = Literal["coming", "past"]
_SEEN = """
SELECT c.id,
       (SELECT start_utc FROM appointment WHERE client_id = c.id AND start_utc <= ?1 AND status <> 'cancelled'
        ORDER BY start_utc DESC LIMIT 1),
       (SELECT start_utc FROM appointment WHERE client_id = c.id AND start_utc > ?1 AND status <> 'cancelled'
        ORDER BY start_utc LIMIT 1)
FROM client c
"""
_PAGES = {
    "coming": "SELECT id FROM appointment WHERE client_id = ? AND (start_utc, id) > (?, ?)"
    " ORDER BY start_utc, id LIMIT ?",
    "past": "SELECT id FROM appointment WHERE client_id = ? AND (start_utc, id) < (?, ?)"
    " ORDER BY start_utc DESC, id DESC LIMIT ?",
}
_LAST_ID = (1 << 63) - 1
"""An id after every other."""
_COUNTS = """
SELECT count(*) FILTER (WHERE start_utc > ?2), count(*) FILTER (WHERE start_utc <= ?2),
       count(*) FILTER (WHERE start_utc >= ?3 AND start_utc <= ?2 AND kind = 'client_session'
                        AND status <> 'cancelled')
FROM appointment WHERE client_id = ?1
"""
_MISSED = """
SELECT x.type, count(*) FROM appointment a JOIN cancellation x ON x.appointment_id = a.id
WHERE a.client_id = ? AND a.start_utc >= ? AND a.start_utc <= ? GROUP BY x.type
"""
_HABIT = """
SELECT start_utc FROM appointment
WHERE client_id = ? AND kind = 'client_session' AND status <> 'cancelled' AND start_utc <= ?
ORDER BY start_utc DESC LIMIT 12
"""
_TAKEN = "SELECT 1 FROM appointment WHERE client_id = ? AND start_utc = ? AND status <> 'cancelled'"
_WEEKS_AHEAD = 26
_HABIT_FROM = 3
"""Sessions at one weekday and time that make it a habit, and they must be half of the latest ones."""


class Seen(NamedTuple):
    """Starts of the last and the next appointment of a client that is not cancelled."""

    last: datetime | None = None
    next: datetime | None = None


class Slot(NamedTuple):
    """A weekday (0 is Monday) and a wall-clock time."""

    weekday: int
    start: time


class Counts(NamedTuple):
    """How many appointments of a client are to come and past, and what this calendar year's were."""

    coming: int
    past: int
    sessions_this_year: int
    late_cancels: int
    no_shows: int


class ClientRecord(NamedTuple):
    """A client's record: who they are, counts, habit, and for one of the intake who they may be already."""

    details: ClientDetails
    counts: Counts
    usual_slot: Slot | None
    duplicates: tuple[Duplicate, ...] = ()


def seen_by_client(connection: Connection, now: datetime) -> dict[int, Seen]:
    """By client id when they were seen; clients without an appointment are left out."""
    rows = connection.execute(_SEEN, (int(now.timestamp()),))
    return {
        client_id: Seen(_instant(last), _instant(following))
        for client_id, last, following in rows
        if last is not None or following is not None
    }


def record_of(connection: Connection, client_id: int, now: datetime, tz: tzinfo) -> ClientRecord:
    """One client at `now`; the calendar year and the habit are those of `tz` (APT-20).

    Raises:
        NotFound: there is no such client any more.
    """
    details = clients.details(connection, client_id)
    found = client_duplicates.suggestions(connection, client_id) if details.row.state == "intake" else []
    counts = _counts(connection, client_id, now, tz)
    return ClientRecord(details, counts, usual_slot(connection, client_id, now, tz), tuple(found))


def page(
    connection: Connection,
    client_id: int,
    side: Side,
    now: datetime,
    tz: tzinfo,
    *,
    after: Entry | None = None,
    limit: int = PAGE,
) -> list[Entry]:
    """A page of a client's appointments, cancelled ones among them: those after `now`, the next one first, or
    those begun by then, the latest first.

    Args:
        after: the last entry of the page before; None for the first page.
    """
    key = (int(now.timestamp()), _LAST_ID) if after is None else (int(after.start.timestamp()), after.row_id)
    ids = connection.execute(_PAGES[side], (client_id, *key, limit)).fetchall()
    found = (agenda.one(connection, row_id, tz) for (row_id,) in ids)
    return [entry for entry in found if entry is not None]


def usual_slot(connection: Connection, client_id: int, now: datetime, tz: tzinfo) -> Slot | None:
    """The weekday and time of most of their latest twelve sessions, on the clocks of `tz`; None without a habit."""
    starts = [
        to_local(datetime.fromtimestamp(seconds, UTC), tz)
        for (seconds,) in connection.execute(_HABIT, (client_id, int(now.timestamp())))
    ]
    slots = Counter(Slot(start.weekday(), start.time()) for start in starts)
    if not slots:
        return None
    slot, times = slots.most_common(1)[0]
    return slot if times >= _HABIT_FROM and times * 2 >= len(starts) else None


def next_usual_start(connection: Connection, client_id: int, now: datetime, tz: tzinfo) -> datetime | None:
    """The next time of their habit at which they are not expected already; None without a habit, or if the
    next half year is taken."""
    slot = usual_slot(connection, client_id, now, tz)
    if slot is None:
        return None
    today = agenda.local_day(now, tz)
    first = today + timedelta(days=(slot.weekday - today.weekday()) % 7)
    for week in range(_WEEKS_AHEAD):
        start = to_instant(datetime.combine(first + timedelta(weeks=week), slot.start), tz)
        taken = connection.execute(_TAKEN, (client_id, int(start.timestamp()))).fetchone()
        if start > now and taken is None:
            return start
    return None


def _counts(connection: Connection, client_id: int, now: datetime, tz: tzinfo) -> Counts:
    moment = int(now.timestamp())
    year = int(agenda.day_instant(agenda.local_day(now, tz).replace(month=1, day=1), tz).timestamp())
    following, begun, sessions = connection.execute(_COUNTS, (client_id, moment, year)).fetchone()
    missed = dict(connection.execute(_MISSED, (client_id, year, moment)).fetchall())
    return Counts(following, begun, sessions, missed.get("late_cancel", 0), missed.get("no_show", 0))


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
