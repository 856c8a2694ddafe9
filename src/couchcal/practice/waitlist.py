"""The waitlist: who would take an earlier time, when they could come, and whom a freed time fits.

Days and hours are on the practice's wall clock. Reading needs no ORM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import chosen_24h
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice.draft import LONGEST
from couchcal.practice.names import short_name
from couchcal.practice.outcome import Done
from couchcal.scheduling.hours import hours_words, parse_hours
from couchcal.scheduling.wallclock import day_bounds, first_existing, to_local
from couchcal.store.connection import Connection, Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession
    from couchcal.store.records import Client, Waitlist

STATES = ("waiting", "offered", "booked")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOTE_LIMIT = 500
DEFAULT_MINUTES = 50
_EDITABLE = ("event_type_id", "days", "from_time", "to_time", "note")
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


def add(
    database: Database,
    client_id: int,
    *,
    event_type_id: int | None = None,
    days: Iterable[int] = (),
    from_time: time | None = None,
    to_time: time | None = None,
    note: str = "",
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Put a client on the waitlist, once for each event type.

    Raises:
        NotFound: no such client or event type. Refused: they wait for it already, or are archived.
        Invalid: `days` or `hours` that cannot be right.
    """
    from couchcal.store.records import Client, Waitlist
    from couchcal.store.session import write_session

    values = {
        "event_type_id": event_type_id,
        "days": days,
        "from_time": from_time,
        "to_time": to_time,
        "note": note,
    }
    with write_session(database, "Added to the waitlist", actor=actor, clock=clock) as session:
        client = session.get(Client, client_id)
        if client is None:
            raise NotFound("there is no such client", "couchcal client list shows them")
        if client.state == "archived":
            raise Refused("the client is archived", "take them back first")
        row = Waitlist(client_id=client_id, **_checked(session, values))
        _refuse_second(session, row)
        session.relabel(f"{_name(client)} is on the waitlist")
        session.add(row)
        return Done(f"{_name(client)} is on the waitlist")


def edit(
    database: Database,
    waiting_id: int,
    changes: Mapping[str, Any],
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Change `event_type_id`, `days`, `from_time`, `to_time` or `note` of an entry.

    Raises:
        NotFound, Stale: it is gone, or not at `expected_version` any more. Invalid, Refused: as `add`.
    """
    from couchcal.practice.rows import put
    from couchcal.store.session import write_session

    unknown = set(changes) - set(_EDITABLE)
    if unknown:
        raise Invalid(
            f"there is no field '{min(unknown)}'", f"fields are {', '.join(_EDITABLE)}", field=min(unknown)
        )
    with write_session(database, "Changed the waitlist", actor=actor, clock=clock) as session:
        row, client = _load(session, waiting_id, expected_version)
        values = {name: getattr(row, name) for name in _EDITABLE}
        values["days"] = read_days(row.days)
        wanted = _checked(session, values | dict(changes))
        if all(getattr(row, name) == value for name, value in wanted.items()):
            return Done("Nothing changed", changed=0)
        for name, value in wanted.items():
            put(row, name, value)
        _refuse_second(session, row)
        session.relabel(f"Changed what {_name(client)} waits for")
        return Done(f"Changed what {_name(client)} waits for")


def set_state(
    database: Database,
    waiting_id: int,
    state: str,
    *,
    with_appointment: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Say that somebody waits, was offered a time, or has got one.

    Args:
        with_appointment: the appointment that was just booked for them. It and the new state are then one
            undo step.

    Raises:
        NotFound: the entry is gone. Invalid: no such state. Refused: they wait for the same again meanwhile.
    """
    from couchcal.store.session import write_session

    if state not in STATES:
        raise Invalid(f"'{state}' is no state of the waitlist", f"states are {', '.join(STATES)}", field="state")
    with write_session(database, "Changed the waitlist", actor=actor, clock=clock) as session:
        booking = _booking_change(session, with_appointment)
        if booking is not None:
            session.join_change(booking)
        row, client = _load(session, waiting_id, None)
        row.state = state
        _refuse_second(session, row)
        label = {
            "waiting": f"{_name(client)} waits again",
            "offered": f"{_name(client)} was offered a time",
            "booked": f"{_name(client)} has got a time",
        }[state]
        if booking is None:
            session.relabel(label)
        return Done(label)


def remove(database: Database, waiting_id: int, *, actor: str = "user", clock: Clock = system_clock) -> Done:
    """Take an entry off the waitlist.

    Raises:
        NotFound: it is gone already.
    """
    from couchcal.store.session import write_session

    with write_session(database, "Changed the waitlist", actor=actor, clock=clock) as session:
        row, client = _load(session, waiting_id, None)
        session.relabel(f"{_name(client)} is off the waitlist")
        session.delete(row)
        return Done(f"{_name(client)} is off the waitlist")


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


def _checked(session: JournalSession, values: dict[str, Any]) -> dict[str, Any]:
    from couchcal.practice.draft import clean_text
    from couchcal.store.records import EventType

    days = set(values["days"])
    if not days <= set(range(7)):
        raise Invalid("weekdays are 0 for Monday to 6 for Sunday", "give some of them", field="days")
    from_time, to_time = values["from_time"], values["to_time"]
    if from_time is None and to_time is not None:
        from_time = time()
    if from_time is not None and (to_time or time()) != time() and to_time <= from_time:
        raise Invalid("the hours end before they begin", "give hours such as 12-17", field="hours")
    if (from_time, to_time or time()) == (time(), time()):
        from_time = to_time = None
    if values["event_type_id"] is not None and session.get(EventType, values["event_type_id"]) is None:
        raise NotFound("there is no such event type", "choose one of the list")
    return {
        "event_type_id": values["event_type_id"],
        "days": " ".join(map(str, sorted(days))) if len(days) < len(WEEKDAYS) else "",
        "from_time": from_time,
        "to_time": to_time,
        "note": clean_text(str(values["note"] or ""), NOTE_LIMIT).replace("\n", " "),
    }


def _refuse_second(session: JournalSession, row: Waitlist) -> None:
    """A client waits once for each event type; what is booked waits no more."""
    from sqlmodel import select

    from couchcal.store.records import Waitlist

    if row.state == "booked":
        return
    others = session.exec(
        select(Waitlist).where(Waitlist.client_id == row.client_id, Waitlist.state != "booked")
    ).all()
    if any(other.id != row.id and other.event_type_id == row.event_type_id for other in others):
        raise Refused("the client waits for that already", "change the entry on the list")


def _load(session: JournalSession, waiting_id: int, expected_version: int | None) -> tuple[Waitlist, Client]:
    from couchcal.practice.rows import refuse_stale
    from couchcal.store.records import Client, Waitlist

    row = session.get(Waitlist, waiting_id)
    client = session.get(Client, row.client_id) if row is not None else None
    if row is None or client is None:
        raise NotFound("that entry of the waitlist is not there any more", "it may have been removed elsewhere")
    refuse_stale(row, expected_version)
    return row, client


def _booking_change(session: JournalSession, appointment_id: int | None) -> int | None:
    """The change that booked the appointment, unless it was undone."""
    from sqlmodel import col, select

    from couchcal.store.records import Change, ChangeRow

    if appointment_id is None:
        return None
    found = session.exec(
        select(Change)
        .join(ChangeRow, col(ChangeRow.change_id) == Change.id)
        .where(
            ChangeRow.table_name == "appointment",
            ChangeRow.row_id == appointment_id,
            ChangeRow.operation == "insert",
        )
        .order_by(col(Change.id).desc())
    ).first()
    return found.id if found is not None and found.reverted_by_id is None else None


def _name(client: Client) -> str:
    return short_name(client.internal_id, client.preferred or client.first, client.last)
