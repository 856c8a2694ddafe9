"""The free starts of a month by the days of the visitor's calendar, and where the next ones are."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.scheduling.wallclock import day_bounds, to_local
from couchcal.web.manners import Manners, offset_words

MOST_DAYS = 45
"""The longest range of days that the door answers for at once."""
AHEAD = 9
"""How many such ranges are looked through for the first free time: about a year."""
_DAY = timedelta(days=1)
_NOON, _EVENING = 12, 17

Ask = Callable[[date, date], Sequence[datetime]]
"""The free starts on days of the practice's calendar, both included."""


class Cell(NamedTuple):
    """A day of the month, with how many starts it has free; `outside` it is a day of another month."""

    day: date
    free: int
    outside: bool


class Time(NamedTuple):
    """A start: the instant as it is sent, and the words for it."""

    at: str
    words: str


class PartOfDay(NamedTuple):
    """The starts of `morning`, `afternoon` or `evening`."""

    name: str
    times: Sequence[Time]


def first_of_month(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def last_month(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - _DAY).replace(day=1)


def by_day(starts: Sequence[datetime], tz: tzinfo) -> dict[date, list[datetime]]:
    """Starts by the visitor's day."""
    found: dict[date, list[datetime]] = {}
    for start in starts:
        found.setdefault(to_local(start, tz).date(), []).append(start)
    return found


def remembering(ask: Ask, today: date, tz: tzinfo) -> Ask:
    """`ask` for the length of one page: days inside those it was last asked for are not computed again.

    Args:
        today: the practice's day, before which nothing is free.
        tz: the practice's zone.
    """
    known: tuple[date, date, Sequence[datetime]] = (date.max, date.min, ())

    def asked(first: date, last: date) -> Sequence[datetime]:
        nonlocal known
        first = max(first, today)
        if not known[0] <= first <= last <= known[1]:
            known = first, last, ask(first, last)
        begin, end = day_bounds(first, tz)[0], day_bounds(last, tz)[1]
        return known[2][bisect_left(known[2], begin) : bisect_left(known[2], end)]

    return asked


def of_month(ask: Ask, month: date, tz: tzinfo) -> dict[date, list[datetime]]:
    """The free starts of a month of the visitor's calendar; the practice's days reach a day further (INV-A4)."""
    end = next_month(month)
    found = by_day(ask(month - _DAY, end), tz)
    return {day: starts for day, starts in found.items() if month <= day < end}


def first_free(ask: Ask, today: date) -> datetime | None:
    """The first free start from `today` on, about a year ahead."""
    begin = today
    for _ in range(AHEAD):
        if starts := ask(begin, begin + timedelta(days=MOST_DAYS - 1)):
            return starts[0]
        begin += timedelta(days=MOST_DAYS)
    return None


def weeks(month: date, free: dict[date, list[datetime]], week_start: int) -> list[list[Cell]]:
    """The rows of a calendar of the month."""
    first = month - timedelta(days=(month.weekday() - week_start) % 7)
    rows = []
    while first < next_month(month):
        days = [first + timedelta(days=n) for n in range(7)]
        rows.append([Cell(day, len(free.get(day, ())), day.month != month.month) for day in days])
        first += timedelta(days=7)
    return rows


def parts_of_day(starts: Sequence[datetime], tz: tzinfo, manners: Manners) -> list[PartOfDay]:
    """The starts of one day; of two that the clocks show alike each has its offset."""
    parts: dict[str, list[Time]] = {}
    shown = [manners.clock(to_local(start, tz)) for start in starts]
    for start, words in zip(starts, shown, strict=True):
        if shown.count(words) > 1:
            words = f"{words} ({offset_words(start, tz)})"
        hour = to_local(start, tz).hour
        name = "morning" if hour < _NOON else "afternoon" if hour < _EVENING else "evening"
        parts.setdefault(name, []).append(Time(instant_text(start), words))
    return [PartOfDay(name, times) for name, times in parts.items()]


def instant_text(instant: datetime) -> str:
    """`2026-03-09T14:00Z`."""
    return f"{instant:%Y-%m-%dT%H:%M}Z"
