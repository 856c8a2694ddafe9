"""Time off: nobody can book then; what is booked already stays. TOF-01 to TOF-04.

The reason is private: it is read here and on the practitioner's own screen, and in no label, JSON or export.
Reading needs no ORM.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import clock_words, day_words
from couchcal.errors import Invalid, NotFound
from couchcal.practice import agenda
from couchcal.practice.agenda import Entry
from couchcal.practice.outcome import Done
from couchcal.scheduling.wallclock import UnknownZone, day_bounds, to_local, zone, zone_or_utc
from couchcal.store.connection import Connection, Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import TimeOff

REASON_LIMIT = 500
EDITABLE = ("start", "end", "all_day", "tz", "reason")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class TimeOffRow(NamedTuple):
    """Time off over the instants `[start, end)`, all-day ones from local midnight to local midnight.

    `first_day` and `end_day` (the date after the last) are set for all-day ones only.
    """

    id: int
    start: datetime
    end: datetime
    all_day: bool
    first_day: date | None
    end_day: date | None
    tz: str
    reason: str
    version: int


def time_off(connection: Connection, tz: tzinfo, *, since: datetime | None = None) -> list[TimeOffRow]:
    """Time off by start; with the aware instant `since` only what ends after it. `tz` is the practice's zone."""
    rows = connection.execute(
        "SELECT id, start_utc, end_utc, all_day, tz, reason, version FROM time_off ORDER BY start_utc, id"
    )
    found = [_row(row, tz) for row in rows]
    return found if since is None else [row for row in found if row.end > since]


def _row(row: tuple[Any, ...], tz: tzinfo) -> TimeOffRow:
    row_id, start_s, end_s, all_day, name, reason, version = row
    start, end = _EPOCH + timedelta(seconds=start_s), _EPOCH + timedelta(seconds=end_s)
    if not all_day:
        return TimeOffRow(row_id, start, end, False, None, None, name, reason, version)
    first, until = start.date(), end.date()
    opens, closes = day_bounds(first, tz)[0], day_bounds(until, tz)[0]
    return TimeOffRow(row_id, opens, closes, True, first, until, name, reason, version)


def add(
    database: Database,
    start: date | datetime,
    end: date | datetime,
    *,
    all_day: bool = True,
    tz: str,
    reason: str = "",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Take time off (TOF-01). No appointment is changed; `Done.advice` says how many are in it (TOF-04).

    Args:
        start, end: dates, `end` the one after the last; not `all_day`: aware instants.
        tz: the name of the zone it was taken in.

    Raises:
        Invalid: it ends before it starts, the zone is unknown, or the reason is too long.
    """
    from couchcal.store.records import TimeOff
    from couchcal.store.session import write_session

    start_utc, end_utc = _stored_times(start, end, all_day=all_day)
    label = f"Time off {_when(start_utc, end_utc, _zone(tz), all_day=all_day, now=clock())}"
    with write_session(database, label, actor=actor, clock=clock) as session:
        row = TimeOff(start_utc=start_utc, end_utc=end_utc, all_day=all_day, tz=tz, reason=_reason(reason))
        session.add(row)
        session.flush()
        return Done(label, advice=_advice(session, row))


def edit(
    database: Database,
    time_off_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change time off. `changes` are `start`, `end`, `all_day`, `tz` and `reason`, as `add` takes them.

    Raises:
        NotFound: there is none. Stale: it is not at `expected_version` any more. Invalid: as `add`.
    """
    from couchcal.practice.rows import put_all, refuse_stale
    from couchcal.store.session import write_session

    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise Invalid(f"time off has no '{min(unknown)}'", f"fields are {', '.join(EDITABLE)}", field=min(unknown))
    with write_session(database, "Changed time off", actor=actor, clock=clock) as session:
        row = _load(session, time_off_id)
        refuse_stale(row, expected_version)
        values = _stored_values(row, changes)
        if not put_all(row, values):
            return Done("Nothing changed", changed=0)
        label = f"Changed time off to {_words(row, clock())}"
        session.relabel(label)
        session.flush()
        return Done(label, advice=_advice(session, row))


def remove(database: Database, time_off_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Delete time off; its time can be booked again at once (TOF-03).

    Raises:
        NotFound: there is none.
    """
    from couchcal.store.session import write_session

    with write_session(database, "Removed time off", actor=actor, clock=clock) as session:
        row = _load(session, time_off_id)
        label = f"Removed time off {_words(row, clock())}"
        session.relabel(label)
        session.delete(row)
        session.flush()
        return Done(label)


def affected(connection: Connection, start: datetime, end: datetime, tz: tzinfo) -> list[Entry]:
    """Appointments with clients over the aware instants `[start, end)` that are not cancelled (TOF-04).

    Series have rows up to their horizon: where `agenda.horizon_reached` says no, extend them first.
    """
    return [
        entry
        for entry in agenda.between(connection, start, end, tz)
        if entry.table == "appointment" and entry.client_id is not None and entry.end > start
    ]


def _load(session: JournalSession, time_off_id: int) -> TimeOff:
    from couchcal.store.records import TimeOff

    row = session.get(TimeOff, time_off_id)
    if row is None:
        raise NotFound("that time off is not there any more", "it may have been removed in another window")
    return row


def _stored_values(row: TimeOff, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The columns after the changes. Times that stay are read as `add` takes them."""
    all_day = bool(changes.get("all_day", row.all_day))
    if all_day != row.all_day and not {"start", "end"} <= set(changes):
        raise Invalid("all day or not needs its start and end", "give both", field="start")
    values: dict[str, Any] = {"all_day": all_day}
    if "tz" in changes:
        _zone(changes["tz"])
        values["tz"] = changes["tz"]
    if "reason" in changes:
        values["reason"] = _reason(changes["reason"])
    if {"start", "end"} & set(changes):
        start, end = (
            changes.get(name, stored.date() if row.all_day else stored)
            for name, stored in (("start", row.start_utc), ("end", row.end_utc))
        )
        values["start_utc"], values["end_utc"] = _stored_times(start, end, all_day=all_day)
    return values


def _stored_times(start: date | datetime, end: date | datetime, *, all_day: bool) -> tuple[datetime, datetime]:
    """As the columns hold them: instants on whole seconds, of days their UTC midnights."""
    begins, ends = (_midnight(start), _midnight(end)) if all_day else (_instant(start), _instant(end))
    if ends <= begins:
        raise Invalid("time off ends before it starts", "give the earlier one first", field="end")
    return begins, ends


def _midnight(day: date | datetime) -> datetime:
    if isinstance(day, datetime):
        raise TypeError("all-day time off takes dates")
    return datetime.combine(day, time(), UTC)


def _instant(moment: date | datetime) -> datetime:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise TypeError("time off of part of a day takes aware instants")
    return moment.astimezone(UTC).replace(microsecond=0)


def _zone(name: str) -> tzinfo:
    try:
        return zone(name)
    except UnknownZone:
        raise Invalid("there is no such time zone", "write it as America/New_York", field="tz") from None


def _reason(text: str) -> str:
    reason = str(text).strip()
    if len(reason) > REASON_LIMIT:
        raise Invalid(f"the reason is longer than {REASON_LIMIT} characters", "shorten it", field="reason")
    return reason


def _advice(session: JournalSession, row: TimeOff) -> tuple[str, ...]:
    from couchcal.practice.rows import practice_of, raw_connection

    tz = zone_or_utc(practice_of(session).tz)
    start, end = row.start_utc, row.end_utc
    if row.all_day:
        start, end = day_bounds(start.date(), tz)[0], day_bounds(end.date(), tz)[0]
    count = len(affected(raw_connection(session), start, end, tz))
    if not count:
        return ()
    return ("1 session in it stays as it is" if count == 1 else f"{count} sessions in it stay as they are",)


def _words(row: TimeOff, now: datetime) -> str:
    return _when(row.start_utc, row.end_utc, zone_or_utc(row.tz), all_day=row.all_day, now=now)


def _when(start: datetime, end: datetime, tz: tzinfo, *, all_day: bool, now: datetime) -> str:
    """`Mon 2 Mar`, `Mon 2 Mar to Fri 6 Mar`, `Tue 3 Mar 13:00-15:00`; with the year where it is another one."""
    if not all_day:
        start, end = to_local(start, tz), to_local(end, tz)
    year = to_local(now, tz).year
    last = end - _DAY if all_day else end
    first_words, last_words = _day(start, year), _day(last, year)
    if all_day:
        return first_words if last <= start else f"{first_words} to {last_words}"
    if start.date() == last.date():
        return f"{first_words} {_clock(start)}-{_clock(last)}"
    return f"{first_words} {_clock(start)} to {last_words} {_clock(last)}"


def _clock(local: datetime) -> str:
    return clock_words(local, clock_24h=True)


def _day(day: datetime, year: int) -> str:
    words = day_words(day)
    return words if day.year == year else f"{words} {day.year}"
