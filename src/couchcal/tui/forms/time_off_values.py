"""Days and times of time off as people type them, read into what is stored. No widgets. TOF-01."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from couchcal.practice.agenda import day_instant
from couchcal.scheduling.quickadd_days import DateOrder
from couchcal.scheduling.quickadd_when import Shift, parse_day, parse_when
from couchcal.scheduling.wallclock import to_instant, to_local

_DAY = timedelta(days=1)
_MIDNIGHTS = ("24", "24:00", "midnight")
_NAMED_DAYS = ("today", "tonight", "tomorrow", "tmr", "tmrw")
"""Days that are counted from today whatever the first day is."""


class Typed(NamedTuple):
    """The form as it stands; times count only while `all_day` is not ticked."""

    first: str
    last: str
    all_day: bool
    start: str = ""
    end: str = ""
    reason: str = ""


class Read(NamedTuple):
    """What a form means: `start` and `end` are dates (the end exclusive) or instants, None with errors."""

    start: date | datetime | None
    end: date | datetime | None
    errors: dict[str, str]
    first_day: date | None = None
    last_day: date | None = None


def read(typed: Typed, today: date, tz: tzinfo, *, order: DateOrder = "mdy") -> Read:
    """Read the form; without a last day it is the first one. Errors are by field.

    `order` is how dates of numbers only are read.
    """
    errors: dict[str, str] = {}
    first = parse_day(typed.first, today, order=order) if typed.first.strip() else None
    if first is None:
        errors["first"] = "mon, 3 mar, 2026-03-02" if typed.first.strip() else "which day?"
    last = first
    if typed.last.strip():
        named = typed.last.strip().casefold() in _NAMED_DAYS
        last = parse_day(typed.last, today if named or first is None else first, order=order)
    if typed.last.strip() and last is None:
        errors["last"] = "fri, 6 mar, 2026-03-06"
    if first is not None and last is not None and last < first:
        errors["last"] = "before the first day"
    if last == date.max:
        errors["last" if typed.last.strip() else "first"] = "the calendar ends there"
    if typed.all_day:
        if errors or first is None or last is None:
            return Read(None, None, errors, first, last)
        return Read(first, last + _DAY, errors, first, last)
    start, end = _clock(typed.start, today), _clock(typed.end, today, end=True)
    for name, text, clock in (("start", typed.start, start), ("end", typed.end, end)):
        if clock is None:
            errors[name] = "a time like 2pm" if text.strip() else "which time?"
    if errors or first is None or last is None or start is None or end is None:
        return Read(None, None, errors, first, last)
    begins = datetime.combine(first, time()) + start
    ends = datetime.combine(last, time()) + end
    instants = to_instant(begins, tz), to_instant(ends, tz)
    if ends <= begins or instants[1] <= instants[0]:
        return Read(None, None, {"end": "not after the start"}, first, last)
    return Read(*instants, errors, first, last)


def _clock(text: str, today: date, *, end: bool = False) -> timedelta | None:
    """A time of day after its midnight; 00:00 at the end is the next midnight."""
    if end and text.strip().casefold() in _MIDNIGHTS:
        return _DAY
    base = datetime.combine(today, time())
    found = parse_when(text, now_local=base, base_local=base) if text.strip() else None
    if found is None or isinstance(found, Shift) or found.date() != today or parse_day(text, today) is not None:
        return None
    after = found - base
    return _DAY if end and not after else after


def covered(start: date | datetime, end: date | datetime, tz: tzinfo) -> tuple[datetime, datetime]:
    """The instants that dates or instants reach over."""
    first, last = (at if isinstance(at, datetime) else day_instant(at, tz) for at in (start, end))
    return first, last


def typed_of(
    start: datetime, end: datetime, first_day: date | None, end_day: date | None, tz: tzinfo, reason: str
) -> Typed:
    """The form of stored time off: dates of an all-day one, else its local days and times.

    Hours have two digits: `02:00` is never read as the afternoon.
    """
    if first_day is not None and end_day is not None:
        return Typed(first_day.isoformat(), (end_day - _DAY).isoformat(), all_day=True, reason=reason)
    first, last = to_local(start, tz), to_local(end, tz)
    if last.time() == time() and last > first:
        day, clock = last.date() - _DAY, "24:00"
    else:
        day, clock = last.date(), f"{last:%H:%M}"
    return Typed(
        first.date().isoformat(), day.isoformat(), all_day=False, start=f"{first:%H:%M}",
        end=clock, reason=reason,
    )  # fmt: skip
