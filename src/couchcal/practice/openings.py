"""Which times are free: for clients who book, and for the practitioner. No ORM.

Two predicates, never one (C-13): `offered` keeps clients clear of everything, live requests of other clients
included; `free_starts` shows the practitioner hours that no appointment, busy event or time off takes, and
requests do not (REQ-04, INV-A7). Both are computed from the rows when they are asked for (AVL-06, TOF-03).

Series have rows up to their horizon. Beyond it time looks free that is not: whoever asks so far ahead looks at
`agenda.horizon_reached` and calls `series.extend_all` first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Literal

from couchcal.errors import Invalid, NotFound
from couchcal.practice import event_types
from couchcal.practice.availability import BlockRow, weekly
from couchcal.practice.event_type_values import SESSION_STEP
from couchcal.practice.event_types import EventTypeRow
from couchcal.scheduling.slots import Block, Busy, SlotRequest, all_day_busy, free_slots, offer_slots
from couchcal.scheduling.span import CLASSES, reach
from couchcal.scheduling.wallclock import day_bounds, to_local
from couchcal.store.connection import Connection
from couchcal.store.vocabulary import VISIT_TYPES

OFFICE_HOURS = tuple(BlockRow(weekday, time(9), time(17)) for weekday in range(5))
"""The practitioner's hours while none are set: Monday to Friday, nine to five. Clients are offered nothing then."""

Key = tuple[str, int]
"""Table and row id of something busy, as `agenda.Entry` has them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_MARGIN_S = 2 * 86_400
"""Wider than a buffer and the distance of any zone from UTC, in which all-day rows hold their dates."""
_CHUNK_DAYS = 42
_WINDOW = "a.span = span.class AND a.start_utc > ? - span.reach AND a.start_utc < ?"

STATEMENT = f"""
WITH span(class, reach) AS (VALUES {", ".join(f"({k}, {reach(k)})" for k in range(CLASSES))})
SELECT 'appointment', a.id, a.start_utc, a.end_utc, a.all_day, coalesce(t.buffer_before, 0),
       coalesce(t.buffer_after, 0), a.kind = 'client_session', a.group_key
FROM span CROSS JOIN appointment a ON {_WINDOW}
LEFT JOIN event_type t ON t.id = a.event_type_id
WHERE a.end_utc > ? AND a.end_utc > a.start_utc AND a.busy AND a.status <> 'cancelled'
UNION ALL
SELECT 'external_event', a.id, a.start_utc, a.end_utc, a.all_day, 0, 0, false, NULL
FROM span CROSS JOIN external_event a ON {_WINDOW}
WHERE a.end_utc > ? AND a.end_utc > a.start_utc AND NOT a.transparent AND a.rrule = ''
  AND a.status NOT IN ('cancelled', 'declined')
UNION ALL
SELECT 'time_off', o.id, o.start_utc, o.end_utc, o.all_day, 0, 0, false, NULL
FROM time_off o WHERE o.start_utc < ? AND o.end_utc > ?
UNION ALL
SELECT 'booking_request', a.id, a.start_utc, a.end_utc, false, coalesce(t.buffer_before, 0),
       coalesce(t.buffer_after, 0), true, NULL
FROM booking_request a LEFT JOIN event_type t ON t.id = a.event_type_id
WHERE a.status IN ('pending', 'unverified') AND a.start_utc < ? AND a.start_utc > ?
  AND (a.status = 'pending' OR a.hold_until > ?) AND ?
"""  # noqa: S608  no value is in the text, only our own fragments
"""Everything that takes time from somebody; `statement_arguments` gives its values."""


def free_starts(
    connection: Connection,
    minutes: int,
    *,
    first: date,
    last: date,
    now: datetime,
    tz: tzinfo,
    step: int | None = None,
    ignoring: Collection[Key] = (),
) -> Iterator[datetime]:
    """The practitioner's free starts of `minutes`, ascending, none before `now`; `next()` is the next one.

    They lie in the weekly hours (`OFFICE_HOURS` while none are set), whatever these are limited to, and off
    everything busy and off time off; buffers are for clients. Read as it is asked for, some weeks at a time.

    Args:
        first, last: local days, both included.
        now: an aware instant.
        tz: the practice's zone.
        step: minutes between starts; None is the practice's.
        ignoring: busy things to leave out, such as the appointment that is moved.
    """
    blocks = [Block(*row) for row in weekly(connection) or OFFICE_HOURS]
    step = step or _practice_rules(connection)["slot_step"] or minutes
    begin = max(first, to_local(now, tz).date())
    while begin <= last:
        until = begin + min(timedelta(days=_CHUNK_DAYS - 1), last - begin)
        busy = _busy(connection, begin, until, now, tz, ignoring, clients=False)
        yield from free_slots(
            minutes, blocks, busy, not_before=now, tz=tz, first=begin, last=until, step=step
        )  # fmt: skip
        if until == date.max:
            return
        begin = until + _DAY


def offered(
    connection: Connection,
    event_type_id: int,
    visit_type: str | None,
    *,
    first: date,
    last: date,
    now: datetime,
    tz: tzinfo,
    ignoring: Collection[Key] = (),
) -> list[datetime]:
    """The starts that a client can book, ascending UTC instants: availability that is free, by all rules.

    The blocks that allow this event type and visit type, without anything busy, time off and live holds
    (INV-A1 to A9, BOOK-05); the larger of two neighbours' buffers between them; notice, window, step and most
    a day of the event type, else of the practice. A booking asks again inside its write transaction.

    Args:
        visit_type: `telehealth` or `in_person`; None is the only one of the event type, or of a type for both
            what no block limits.
        first, last: local days, both included; no day outside today and the window is looked at.
        now: an aware instant.
        tz: the practice's zone. The client's is no matter of this (INV-A4).
        ignoring: the appointment that is moved, the same client's own hold.

    Raises:
        NotFound: there is no such event type, or it is not offered any more. Invalid: no such visit type.
    """
    kind = event_types.one(connection, event_type_id)
    if not kind.active:
        raise NotFound("that event type is not offered any more", "choose another one")
    if visit_type is not None and visit_type not in VISIT_TYPES:
        raise Invalid(
            f"there is no visit type '{visit_type}'", f"it is {' or '.join(VISIT_TYPES)}", field="visit_type"
        )
    if kind.visit_mode != "both":
        if visit_type not in (None, kind.visit_mode):
            return []
        visit_type = kind.visit_mode
    request = _request(kind, visit_type, _practice_rules(connection))
    today = to_local(now, tz).date()
    first = max(first, today)
    if request.window_days is not None:
        last = min(last, today + min(timedelta(days=request.window_days), date.max - today))
    blocks = [Block(*row) for row in weekly(connection)]
    if last < first or not blocks:
        return []
    busy = _busy(connection, first, last, now, tz, ignoring, clients=True)
    return offer_slots(request, blocks, busy, now=now, tz=tz, first=first, last=last)


def _practice_rules(connection: Connection) -> dict[str, Any]:
    names = ("min_notice_min", "window_days", "slot_step", "max_per_day")
    row = connection.execute(f"SELECT {', '.join(names)} FROM practice ORDER BY id LIMIT 1").fetchone()  # noqa: S608  our names
    return dict(zip(names, row, strict=True))


def _request(kind: EventTypeRow, visit_type: str | None, rules: dict[str, Any]) -> SlotRequest:
    """The event type's own rules where it has some, else the practice's; a window of 0 days is unlimited."""
    rules = {name: value if (own := getattr(kind, name)) is None else own for name, value in rules.items()}
    step: int | Literal["session"] = "session" if rules["slot_step"] == SESSION_STEP else rules["slot_step"]
    return SlotRequest(
        duration=kind.minutes,
        step=step,
        min_notice=rules["min_notice_min"],
        window_days=rules["window_days"] or None,
        buffer_before=kind.buffer_before,
        buffer_after=kind.buffer_after,
        max_per_day=rules["max_per_day"],
        event_type=kind.id,
        visit_type=visit_type,
    )


def statement_arguments(lo: int, hi: int, now: int, *, holds: bool) -> tuple[int, ...]:
    """The values of `STATEMENT` for a window of epoch seconds, wide enough for buffers and all-day rows.

    `holds` adds the requests that are live at `now`: pending ones that are still ahead, unverified ones until
    their time is up.
    """
    lo, hi = lo - _MARGIN_S, hi + _MARGIN_S
    window = (lo, hi, lo)
    return (*window, *window, hi, lo, hi, max(lo, now), now, int(holds))


def _busy(
    connection: Connection,
    first: date,
    last: date,
    now: datetime,
    tz: tzinfo,
    ignoring: Collection[Key],
    *,
    clients: bool,
) -> list[Busy]:
    """What is busy on the local days `first` to `last`, and around them. A group counts as one session.

    With `clients` also what is busy for them alone: live requests, and buffers.
    """
    lo, hi = day_bounds(first, tz)[0], day_bounds(last, tz)[1]
    arguments = statement_arguments(_seconds(lo), _seconds(hi), _seconds(now), holds=clients)
    found = []
    groups: set[tuple[str, int]] = set()
    for table, row_id, start_s, end_s, all_day, before, after, counts, group in connection.execute(
        STATEMENT, arguments
    ):
        if (table, row_id) in ignoring:
            continue
        start, end = _EPOCH + timedelta(seconds=start_s), _EPOCH + timedelta(seconds=end_s)
        if all_day:
            day = all_day_busy(start.date(), end.date(), tz)
            if day.end > day.start:  # not a date that the zone left out
                found.append(day)
            continue
        counted = bool(counts) and (group, start_s) not in groups
        if group is not None:
            groups.add((group, start_s))
        if not clients:
            before = after = 0
        found.append(Busy(start, end, before, after, counts=counted))
    return found


def _seconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(seconds=1)
