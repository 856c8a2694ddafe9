"""Days and times typed on their own: where to go, where to move, how far."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from couchcal.scheduling.quickadd_days import DateOrder, take_day
from couchcal.scheduling.quickadd_times import take_time
from couchcal.scheduling.quickadd_tokens import Line

_SHIFT = re.compile(r"^([+-])((?:[0-9]{1,5}(?:w|d|h|min|m)){1,4})$")
_SHIFT_PART = re.compile(r"([0-9]{1,5})(w|d|h|m)")


@dataclass(frozen=True, slots=True)
class Shift:
    """A move by whole `days` on the wall clock and by elapsed `minutes`."""

    days: int = 0
    minutes: int = 0


def parse_when(
    text: str, *, now_local: datetime, base_local: datetime | None = None, order: DateOrder = "mdy"
) -> datetime | Shift | None:
    """A moment on the practice's wall clock, a `Shift` (`+1d`, `-30m`, `+1h30m`), or None if `text` is neither.

    `2026-03-03T15:00`, `tue 3pm`. With `base_local` (where the entry is), a time alone keeps its day, a day
    alone keeps its time, and `+1d 4pm` counts from it; without, a time alone is the next one and a day alone
    is None.
    """
    line = Line(text)
    if shift := line.take(_SHIFT):
        return _shift(shift)
    problems: list[str] = []
    spec, weekly = take_day(line, now_local.date(), order=order, problems=problems)
    minutes = take_time(line, problems)
    if problems or weekly or line.too_long or line.words() or not (spec.given or minutes is not None):
        return None
    if minutes is not None:
        at = time(*divmod(minutes, 60))
    elif base_local is not None:
        at = base_local.time()
    else:
        return None
    try:
        if not spec.given and base_local is not None:
            return datetime.combine(base_local.date(), at)
        origin = base_local.date() if base_local is not None else None
        return datetime.combine(spec.resolve(now_local, at.hour * 60 + at.minute, origin), at)
    except OverflowError:
        return None


def parse_day(text: str, today: date, *, order: DateOrder = "mdy") -> date | None:
    """A day (`2026-03-02`, `today`, `+2w`, `mon`, `dec 3`), or None if `text` is none.

    A weekday is today's or its next date; a date without a year is the next one.
    """
    line = Line(text)
    problems: list[str] = []
    spec, weekly = take_day(line, today, order=order, problems=problems)
    if problems or weekly or line.too_long or line.words() or not spec.given:
        return None
    try:
        return spec.resolve(datetime.combine(today, time.min), None)
    except OverflowError:
        return None


def _shift(found: re.Match[str]) -> Shift:
    sign = -1 if found[1] == "-" else 1
    days = minutes = 0
    for count, unit in _SHIFT_PART.findall(found[2]):
        if unit in ("w", "d"):
            days += int(count) * (7 if unit == "w" else 1)
        else:
            minutes += int(count) * (60 if unit == "h" else 1)
    return Shift(sign * days, sign * minutes)
