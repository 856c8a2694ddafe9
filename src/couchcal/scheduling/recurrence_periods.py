"""Rules of a day and more (DAILY, WEEKLY, MONTHLY, YEARLY): the days of any year and the times of each day.

Nothing is walked from DTSTART: a year's days are computed from the year alone, and counting an old series
costs one look-up for each year in between.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache

from couchcal.scheduling.recurrence_days import (
    DaySelector,
    bits,
    is_leap,
    month_starts,
    nth_bit,
    shape_of,
    span_mask,
    week_year_start,
    weekday_of,
    year_start,
)
from couchcal.scheduling.recurrence_rule import Rule

Times = Sequence[int]
"""Seconds of the day, ascending."""


def times_of_day(rule: Rule, dtstart: datetime) -> tuple[int, ...]:
    """Times of a day of a DAILY or longer rule; a leap second is second 59 (RFC 5545 3.3.12)."""
    hours = rule.byhour or (dtstart.hour,)
    minutes = rule.byminute or (dtstart.minute,)
    return tuple(
        hour * 3600 + minute * 60 + second
        for hour in hours
        for minute in minutes
        for second in seconds_of_minute(rule, dtstart)
    )


def seconds_of_minute(rule: Rule, dtstart: datetime) -> tuple[int, ...]:
    """The seconds at which a minute of the rule has starts; a leap second reads as the one before it."""
    return tuple(sorted({min(second, 59) for second in rule.bysecond})) or (dtstart.second,)


@lru_cache(maxsize=512)
def positions(bysetpos: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Indices that BYSETPOS picks from a set of `size` members, ascending."""
    indices = {position - 1 if position > 0 else size + position for position in bysetpos}
    return tuple(sorted(index for index in indices if 0 <= index < size))


class PeriodSeries:
    """Occurrences of one rule, day by day, without COUNT, UNTIL and the cut at DTSTART's own time."""

    def __init__(self, rule: Rule, dtstart: datetime) -> None:
        self._rule = rule
        self._start = dtstart.toordinal()
        self._selector = DaySelector(rule, dtstart)
        self._times = times_of_day(rule, dtstart)
        self._setpos = rule.bysetpos
        if rule.freq == "DAILY" and rule.bysetpos:
            self._times = tuple(self._times[index] for index in positions(rule.bysetpos, len(self._times)))
            self._setpos = ()
        self._week = self._start - (weekday_of(self._start) - rule.wkst) % 7
        self._month = dtstart.year * 12 + dtstart.month - 1
        self._year = self._base_year(dtstart)
        self._years: dict[Hashable, tuple[int, dict[int, Times] | None]] = {}

    def days(self, first: int, end: int) -> Iterator[tuple[int, Times]]:
        """Each day first <= day < end (ordinals) with an occurrence, and its times."""
        last_year = date.fromordinal(end - 1).year if first < end else 0
        for year in range(date.fromordinal(first).year, last_year + 1):
            mask, picked = self._of_year(year)
            if not mask:
                continue
            origin = year_start(year)
            for day in bits(mask & span_mask(first - origin, end - origin, 366)):
                yield origin + day, self._times if picked is None else picked[day]

    def count(self, first: int, end: int) -> int:
        """Number of occurrences on the days first <= day < end."""
        total = 0
        last_year = date.fromordinal(end - 1).year if first < end else 0
        for year in range(date.fromordinal(first).year, last_year + 1):
            mask, picked = self._of_year(year)
            if not mask:
                continue
            origin = year_start(year)
            mask &= span_mask(first - origin, end - origin, 366)
            if picked is None:
                total += mask.bit_count() * len(self._times)
            else:
                total += sum(len(picked[day]) for day in bits(mask))
        return total

    def _of_year(self, year: int) -> tuple[int, dict[int, Times] | None]:
        """The days of `year` with occurrences, and their times where BYSETPOS makes them differ."""
        key = self._key(year)
        found = self._years.get(key)
        if found is None:
            found = self._years[key] = self._pick(year) if self._setpos else (self._on_grid(year), None)
        return found

    def _key(self, year: int) -> Hashable:
        """Years with equal keys have equal occurrences; their days are then computed once."""
        rule = self._rule
        if rule.freq == "MONTHLY":
            return shape_of(year), (self._month - year * 12) % rule.interval
        if rule.freq == "YEARLY" and not rule.byweekno:
            return (year - self._year) % rule.interval == 0 and shape_of(year)
        return year

    def _on_grid(self, year: int) -> int:
        """The selected days of `year` that lie in a period INTERVAL keeps."""
        rule = self._rule
        if not self._times:
            return 0
        if rule.interval == 1:
            return self._selector.mask(year)
        origin = year_start(year)
        if rule.freq == "DAILY":
            grid = _every(rule.interval, 1, (origin - self._start) % rule.interval)
        elif rule.freq == "WEEKLY":
            grid = _every(7 * rule.interval, 7, (origin - self._week) % (7 * rule.interval))
        else:
            grid = 0
            for start, end in self._periods(year):
                grid |= span_mask(start - origin, end - origin, 366)
        return self._selector.mask(year) & grid if grid else 0

    def _pick(self, year: int) -> tuple[int, dict[int, Times] | None]:
        """As `_of_year`, with BYSETPOS applied within each period."""
        origin, size = year_start(year), 366 if is_leap(year) else 365
        count = len(self._times)
        mask = 0
        picked: dict[int, list[int]] = {}
        if not any(self._selector.mask(near) for near in (year - 1, year, year + 1)):
            return mask, None
        for start, end in self._periods(year):
            days = self._selected(start, end)
            for index in positions(self._setpos, days.bit_count() * count):
                day = start + nth_bit(days, index // count) - origin
                if 0 <= day < size:
                    mask |= 1 << day
                    if count > 1:
                        picked.setdefault(day, []).append(self._times[index % count])
        if count == 1:
            return mask, None
        return mask, {day: tuple(times) for day, times in picked.items()}

    def _selected(self, start: int, end: int) -> int:
        """The selected days start <= day < end as bits from `start`, INTERVAL and BYSETPOS apart."""
        days = 0
        year = 1 if start < 1 else date.fromordinal(start).year
        while (origin := year_start(year)) < end:
            mask = self._selector.mask(year) & span_mask(start - origin, end - origin, 366)
            days |= mask << (origin - start) if origin >= start else mask >> (start - origin)
            year += 1
        return days

    def _periods(self, year: int) -> Iterator[tuple[int, int]]:
        """The periods INTERVAL keeps that have a day in `year`: first day and the day after the last."""
        rule, origin = self._rule, year_start(year)
        if rule.freq == "WEEKLY":
            step = 7 * rule.interval
            behind = (origin - self._week) % step
            first = origin - behind if behind < 7 else origin - behind + step
            for start in range(first, year_start(year + 1), step):
                yield start, start + 7
        elif rule.freq == "MONTHLY":
            starts = month_starts(is_leap(year))
            for month in range((self._month - year * 12) % rule.interval, 12, rule.interval):
                yield origin + starts[month], origin + starts[month + 1]
        elif rule.byweekno:
            for week_year in (year - 1, year, year + 1):
                if (week_year - self._year) % rule.interval == 0:
                    yield week_year_start(week_year, rule.wkst), week_year_start(week_year + 1, rule.wkst)
        elif (year - self._year) % rule.interval == 0:
            yield origin, year_start(year + 1)

    def _base_year(self, dtstart: datetime) -> int:
        """The year from which INTERVAL counts.

        With BYWEEKNO that is the year to which DTSTART's week belongs, provided that DTSTART is selected.
        """
        year = dtstart.year
        if self._rule.freq == "YEARLY" and self._rule.byweekno:
            day = self._start - year_start(year)
            if self._selector.mask(year) >> day & 1:
                starts = [week_year_start(number, self._rule.wkst) for number in (year, year + 1)]
                return year - 1 + sum(start <= self._start for start in starts)
        return year


@lru_cache(maxsize=512)
def _every(length: int, run: int, phase: int) -> int:
    """Bits n below 366 for which (n + phase) mod length < run; phase < length."""
    mask = 0
    for start in range(-phase, 366, length):
        mask |= span_mask(start, start + run, 366)
    return mask
