"""THE read: what is on the calendar between two instants.

One statement over the `(span, start_utc)` indexes on the DB-API connection; O(log n + rows shown);
imports no ORM. Week grid, month grid, CLI, conflict marks and ICS all ask here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from operator import attrgetter
from typing import NamedTuple

from couchcal.scheduling.span import CLASSES, reach
from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.store.connection import Connection
from couchcal.store.public_id import encode

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MASTER_SPAN = -1
"""The span of masters of remote calendars. They are not on the calendar, so they are in none of its classes."""
_SECOND = timedelta(seconds=1)
WIDEST_OFFSET_S = 15 * 3600
"""All-day rows hold dates as UTC midnights; no zone is further than this from UTC."""
NO_TIME = ("cancelled", "declined")
"""Statuses of what takes no time from anybody, busy or not."""


class Entry(NamedTuple):
    """Something on the calendar. `start`/`end` are instants (an all-day entry's local midnights)."""

    table: str
    row_id: int
    kind: str
    start: datetime
    end: datetime
    all_day: bool
    first_day: date | None
    end_day: date | None
    """All-day: the first date and the date after the last."""
    tz: str
    status: str
    title: str
    client_id: int | None
    internal_id: str | None
    first: str
    last: str
    service: str | None
    modifiers: tuple[str, ...]
    location: str | None
    pos: str | None
    place: str
    busy: bool
    series_id: int | None
    rrule: str
    origin: str
    calendar: str | None
    group_key: str | None
    note_signed: bool
    billing_status: str
    claim_status: str
    cancel_type: str | None
    cancel_reason: str | None
    cancel_fee_cents: int | None
    uid: str
    version: int
    conflict: bool

    @property
    def id(self) -> str:
        """The public id."""
        return encode(self.table, self.row_id)

    @property
    def cancelled(self) -> bool:
        return self.status == "cancelled"

    @property
    def off(self) -> bool:
        """Whether it is not taking place here: cancelled, or an invitation that was declined. Shown crossed out."""
        return self.status in NO_TIME


APPOINTMENT = """
SELECT 'appointment', a.id, a.kind, a.start_utc, a.end_utc, a.all_day, a.tz, a.status, a.title,
       a.client_id, c.internal_id, coalesce(nullif(c.preferred, ''), c.first), c.last, a.service,
       (SELECT group_concat(code, ' ') FROM
           (SELECT code FROM appointment_modifier WHERE appointment_id = a.id ORDER BY position) AS m),
       l.name, l.pos, a.place, a.busy, a.series_id, s.rrule, a.origin, k.name, a.group_key,
       a.note_signed_at IS NOT NULL, a.billing_status, a.claim_status,
       x.type, x.reason, x.fee_cents, coalesce(s.uid, a.uid), a.version
FROM {source}
LEFT JOIN client c ON c.id = a.client_id
LEFT JOIN location l ON l.id = a.location_id
LEFT JOIN series s ON s.id = a.series_id
LEFT JOIN calendar k ON k.id = a.calendar_id
LEFT JOIN cancellation x ON x.appointment_id = a.id
WHERE {condition}
"""
EXTERNAL = """
SELECT 'external_event', a.id, 'external', a.start_utc, a.end_utc, a.all_day, a.tz,
       CASE WHEN a.status IN ('tentative', 'declined') THEN a.status ELSE 'scheduled' END,
       CASE WHEN a.title <> '' THEN a.title WHEN a.transparent THEN 'Free' ELSE 'Busy' END,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, a.place,
       NOT a.transparent AND a.status <> 'declined', NULL,
       CASE WHEN a.recurring_id <> '' THEN 'EXTERNAL' END, 'google', k.name, NULL,
       false, 'none', 'none', NULL, NULL, NULL, a.remote_event_id, a.version
FROM {source}
JOIN calendar_link k ON k.id = a.link_id
WHERE {condition} AND a.rrule = '' AND a.status <> 'cancelled'
"""
SPANS = f"WITH span(class, reach) AS (VALUES {', '.join(f'({k}, {reach(k)})' for k in range(CLASSES))})"
WINDOW = "a.span = span.class AND a.start_utc > ? - span.reach AND a.start_utc < ?"
"""What a statement on a window begins with, and how it joins a table: by the classes of length."""
_REACHES = "(a.end_utc > ? OR a.start_utc >= ?)"
STATEMENT = f"""
{SPANS}
{
    APPOINTMENT.format(
        source=f"span CROSS JOIN appointment a ON {WINDOW}",
        condition=f"{_REACHES} AND (a.status <> 'cancelled' OR ?)",
    )
}
UNION ALL
{EXTERNAL.format(source=f"span CROSS JOIN external_event a ON {WINDOW}", condition=_REACHES)}
UNION ALL
SELECT 'time_off', a.id, 'time_off', a.start_utc, a.end_utc, a.all_day, a.tz, 'scheduled', 'Time off',
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, a.reason, true, NULL,
       NULL, 'couchcal', NULL, NULL, false, 'none', 'none', NULL, NULL, NULL, a.uid, a.version
FROM time_off a WHERE a.start_utc < ? AND a.end_utc > ?
UNION ALL
SELECT 'booking_request', a.id, 'request', a.start_utc, a.end_utc, false, a.client_tz, 'pending', '',
       a.client_id, c.internal_id, coalesce(nullif(c.preferred, ''), c.first), c.last, a.service, NULL,
       l.name, l.pos, '', false, NULL, NULL, 'portal', NULL, NULL, false, 'none', 'none', NULL, NULL, NULL,
       a.uid, a.version
FROM booking_request a
LEFT JOIN client c ON c.id = a.client_id
LEFT JOIN location l ON l.id = a.location_id
WHERE a.status = 'pending' AND a.start_utc < ? AND a.start_utc > ? AND a.end_utc > ?
"""  # noqa: S608  no value is in the text, only our own fragments
"""The one statement; `statement_arguments` gives its values."""
_LONGEST_REQUEST_S = 86_400

_ONE = APPOINTMENT.format(source="appointment a", condition="a.id = ?")


def between(
    connection: Connection, start: datetime, end: datetime, tz: tzinfo, *, cancelled: bool = False
) -> list[Entry]:
    """What overlaps the half-open window `[start, end)`, sorted by start and id, conflicts marked.

    Args:
        connection: from `Database.connect()`.
        start, end: aware instants.
        tz: the practice's zone; all-day entries cover its local days.
        cancelled: whether cancelled appointments are among them.
    """
    lo, hi = seconds(start), _seconds_up(end)
    entries = _select(connection, lo, hi, tz, cancelled=cancelled)
    shown = [entry for entry in entries if _overlaps(entry, start, end)]
    clashing = conflicting(entries)
    for entry in shown:
        key = (entry.table, entry.row_id)
        beyond = entry.start < start or entry.end > end
        if beyond and key not in clashing and _clashes(connection, entry, tz):
            clashing.add(key)
    if not clashing:
        return shown
    return [entry._replace(conflict=True) if (entry.table, entry.row_id) in clashing else entry for entry in shown]


def one(connection: Connection, appointment_id: int, tz: tzinfo) -> Entry | None:
    """The entry of one appointment, cancelled or not, with its conflict mark; None if there is none."""
    row = connection.execute(_ONE, (appointment_id,)).fetchone()
    if row is None:
        return None
    entry = entry_of(row, tz)
    return entry._replace(conflict=True) if _clashes(connection, entry, tz) else entry


def _clashes(connection: Connection, entry: Entry, tz: tzinfo) -> bool:
    from couchcal.practice.clashes import clashes_with_another

    return may_conflict(entry) and clashes_with_another(connection, entry, tz)


def conflicting(entries: Iterable[Entry]) -> set[tuple[str, int]]:
    """`(table, row id)` of every entry that overlaps another (CNF-01, INV-A1, A5, A6, A10).

    Busy, not cancelled, half-open; members of one group do not clash; holds and time off never do.
    """
    active = sorted((entry for entry in entries if may_conflict(entry)), key=attrgetter("start"))
    found: set[tuple[str, int]] = set()
    running: list[Entry] = []
    for entry in active:
        running = [other for other in running if other.end > entry.start]
        for other in running:
            if entry.group_key is None or entry.group_key != other.group_key:
                found.add((entry.table, entry.row_id))
                found.add((other.table, other.row_id))
        running.append(entry)
    return found


def may_conflict(entry: Entry) -> bool:
    """Whether an entry takes time from others: busy, taking place, longer than nothing, no hold, no time off."""
    return entry.busy and not entry.off and entry.kind not in ("time_off", "request") and entry.end > entry.start


def _overlaps(entry: Entry, start: datetime, end: datetime) -> bool:
    return entry.start < end and (entry.end > start or entry.start >= start)


def statement_arguments(lo: int, hi: int, *, cancelled: bool) -> tuple[int, ...]:
    """The values of `STATEMENT` for a window of epoch seconds, widened for all-day rows."""
    wide_lo, wide_hi = lo - WIDEST_OFFSET_S, hi + WIDEST_OFFSET_S
    window = (wide_lo - 1, wide_hi, wide_lo, wide_lo)
    return (*window, int(cancelled), *window, wide_hi, wide_lo, hi, lo - _LONGEST_REQUEST_S, lo)


def _select(connection: Connection, lo: int, hi: int, tz: tzinfo, *, cancelled: bool) -> list[Entry]:
    rows = connection.execute(STATEMENT, statement_arguments(lo, hi, cancelled=cancelled))
    entries = [entry_of(row, tz) for row in rows if row[5] or (row[3] < hi and (row[4] > lo or row[3] >= lo))]
    entries.sort(key=attrgetter("start", "id"))
    return entries


def entry_of(row: tuple[object, ...], tz: tzinfo) -> Entry:
    """The entry of a row of `APPOINTMENT` or `EXTERNAL`, not marked."""
    (
        table, row_id, kind, start_s, end_s, all_day, zone, status, title, client_id, internal_id, first, last,
        service, modifiers, location, pos, place, busy, series_id, rrule, origin, calendar, group_key, signed,
        billing, claim, cancel_type, cancel_reason, cancel_fee, uid, version,
    ) = row  # fmt: skip
    start = EPOCH + timedelta(seconds=start_s)  # type: ignore[arg-type]  # integer columns
    end = EPOCH + timedelta(seconds=end_s)  # type: ignore[arg-type]
    first_day = end_day = None
    if all_day:
        first_day, end_day = start.date(), end.date()
        start, end = all_day_bounds(start_s, end_s, tz)  # type: ignore[arg-type]
    return Entry(  # the statement's columns have these types; a test holds them against the records
        table, row_id, kind, start, end, bool(all_day), first_day, end_day, zone, status, title,  # type: ignore[arg-type]
        client_id, internal_id, first or "", last or "", service,  # type: ignore[arg-type]
        tuple(modifiers.split()) if modifiers else (),  # type: ignore[attr-defined]
        location, pos, place, bool(busy), series_id, rrule or "", origin, calendar, group_key,  # type: ignore[arg-type]
        bool(signed), billing, claim, cancel_type, cancel_reason, cancel_fee, uid, version, False,  # type: ignore[arg-type]
    )  # fmt: skip


def all_day_bounds(start_s: int, end_s: int, tz: tzinfo) -> tuple[datetime, datetime]:
    """The local midnights in `tz` of an all-day row, whose columns hold dates as UTC midnights."""
    first, last = EPOCH + timedelta(seconds=start_s), EPOCH + timedelta(seconds=end_s)
    return day_instant(first.date(), tz), day_instant(last.date(), tz)


def day_instant(day: date, tz: tzinfo) -> datetime:
    """The instant at which `day` begins in `tz`."""
    return to_instant(datetime(day.year, day.month, day.day), tz)  # noqa: DTZ001  wall clock


def local_day(instant: datetime, tz: tzinfo) -> date:
    """The local date of an instant."""
    return to_local(instant, tz).date()


def seconds(instant: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (instant - EPOCH) // _SECOND


def _seconds_up(instant: datetime) -> int:
    return -((EPOCH - instant) // _SECOND)


def horizon_reached(connection: Connection, start: datetime, end: datetime) -> bool:
    """Whether every series, and every recurring event of remote calendars, has its rows in `[start, end)`; if not,
    `series.extend_all` first (REC-08)."""
    row = connection.execute(
        "SELECT EXISTS(SELECT 1 FROM series WHERE materialised_to < ?1)"
        " OR EXISTS(SELECT 1 FROM series WHERE materialised_from > ?2)"
        " OR EXISTS(SELECT 1 FROM external_event WHERE span = ?3 AND (expanded_to < ?1 OR expanded_from > ?2))",
        (_seconds_up(end), seconds(start), MASTER_SPAN),
    ).fetchone()
    return not row[0]


class PracticeFacts(NamedTuple):
    """What every face needs to know of the practice before anything else."""

    name: str
    tz: str
    week_start: int
    identifier_mode: str


def practice_facts(connection: Connection) -> PracticeFacts:
    """The practice's zone, week start and name mode."""
    row = connection.execute("SELECT name, tz, week_start, identifier_mode FROM practice ORDER BY id").fetchone()
    return PracticeFacts(*row) if row else PracticeFacts("", "UTC", 0, "id")
