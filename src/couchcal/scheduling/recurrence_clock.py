"""Rules shorter than a day (HOURLY, MINUTELY, SECONDLY), day by day.

The units (hours, minutes, seconds) that INTERVAL keeps form an arithmetic progression, so a day's times
follow from where the progression meets the day: its *phase*, the first kept unit of the day. Equal phases,
equal times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime
from math import gcd
from typing import Final

from couchcal.scheduling.recurrence_days import DaySelector, bits, span_mask, year_start
from couchcal.scheduling.recurrence_periods import Times, positions, seconds_of_minute
from couchcal.scheduling.recurrence_rule import Rule

UNIT_SECONDS: Final = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
_DAY: Final = 86_400


class ClockSeries:
    """Occurrences of one rule, day by day, without COUNT, UNTIL and the cut at DTSTART's own time."""

    def __init__(self, rule: Rule, dtstart: datetime) -> None:
        self._interval = rule.interval
        self._selector = DaySelector(rule, dtstart)
        day_parts = (rule.bymonth, rule.bymonthday, rule.byyearday, rule.byweekno, rule.byday)
        self._every_day = not any(day_parts)
        self._unit = UNIT_SECONDS[rule.freq]
        self._per_day = _DAY // self._unit
        clock = dtstart.hour * 3600 + dtstart.minute * 60 + dtstart.second
        self._origin = (dtstart.toordinal() * _DAY + clock) // self._unit
        self._within = _within_unit(rule, dtstart)
        self._filter = self._reachable(_filtered_units(rule))
        self._members = frozenset(self._filter or ())
        self._by_phase: dict[int, Times] = {}

    def days(self, first: int, end: int) -> Iterator[tuple[int, Times]]:
        """Each day first <= day < end (ordinals) with an occurrence, and its times."""
        for day in self._days(first, end):
            times = self._times(day)
            if times:
                yield day, times

    def count(self, first: int, end: int) -> int:
        """Number of occurrences on the days first <= day < end."""
        if self._every_day and self._filter is None:
            units = range(self._first_unit(first), max(first, end) * self._per_day, self._interval)
            return len(units) * len(self._within)
        if self._per_day % self._interval == 0:
            return sum(mask.bit_count() for _, mask in self._years(first, end)) * len(self._times(first))
        if not self._every_day or self._interval > self._per_day:
            return sum(len(self._times(day)) for day in self._days(first, end))
        # The phases come round again after this many days.
        cycle = self._interval // gcd(self._interval, self._per_day)
        cycles, rest = divmod(max(end - first, 0), cycle)
        sizes = [len(self._times(day)) for day in range(first, first + (cycle if cycles else rest))]
        return cycles * sum(sizes) + sum(sizes[:rest])

    def _years(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """First day and selected days first <= day < end of each year that has any."""
        if first >= end or self._filter == []:
            return
        for year in range(date.fromordinal(first).year, date.fromordinal(end - 1).year + 1):
            origin = year_start(year)
            mask = self._selector.mask(year) & span_mask(first - origin, end - origin, 366)
            if mask:
                yield origin, mask

    def _days(self, first: int, end: int) -> Iterator[int]:
        """Selected days first <= day < end; of a progression slower than a day only those that it meets."""
        for origin, mask in self._years(first, end):
            if self._interval <= self._per_day:
                for day in bits(mask):
                    yield origin + day
                continue
            last = (origin + mask.bit_length()) * self._per_day
            for unit in range(self._first_unit(max(first, origin)), last, self._interval):
                day = unit // self._per_day
                if mask >> (day - origin) & 1:
                    yield day

    def _first_unit(self, day: int) -> int:
        """The first kept unit on or after the midnight of `day`, counted like ordinals."""
        midnight = day * self._per_day
        return midnight + (self._origin - midnight) % self._interval

    def _times(self, day: int) -> Times:
        phase = self._first_unit(day) - day * self._per_day
        if phase >= self._per_day:
            return ()
        times = self._by_phase.get(phase)
        if times is None:
            times = self._by_phase[phase] = self._of_phase(phase)
        return times

    def _of_phase(self, phase: int) -> Times:
        kept = range(phase, self._per_day, self._interval)
        if self._filter is None:
            if self._within == (0,):
                return range(phase * self._unit, _DAY, self._interval * self._unit)
            units = list(kept)
        elif len(kept) < len(self._filter):
            units = [unit for unit in kept if unit in self._members]
        else:
            units = [unit for unit in self._filter[bisect_left(self._filter, phase) :] if unit in kept]
        return [unit * self._unit + offset for unit in units for offset in self._within]

    def _reachable(self, units: list[int] | None) -> list[int] | None:
        """Without the units of a day that the progression misses on every day."""
        if units is None:
            return None
        step = gcd(self._interval, self._per_day)
        return [unit for unit in units if (unit - self._origin) % step == 0]


def _filtered_units(rule: Rule) -> list[int] | None:
    """The units of a day that BYHOUR, BYMINUTE and BYSECOND leave, ascending; None when they leave all."""
    unit = UNIT_SECONDS[rule.freq]
    minutes = rule.byminute if unit <= 60 else ()
    seconds = tuple(sorted({min(second, 59) for second in rule.bysecond})) if unit == 1 else ()
    if not (rule.byhour or minutes or seconds):
        return None
    hours = rule.byhour or range(24)
    if unit == 3600:
        return list(hours)
    by_minute = [hour * 60 + minute for hour in hours for minute in minutes or range(60)]
    if unit == 60:
        return by_minute
    return [minute * 60 + second for minute in by_minute for second in seconds or range(60)]


def _within_unit(rule: Rule, dtstart: datetime) -> tuple[int, ...]:
    """Seconds from the start of a unit at which it has occurrences, BYSETPOS applied."""
    unit = UNIT_SECONDS[rule.freq]
    seconds = seconds_of_minute(rule, dtstart)
    if unit == 3600:
        minutes = rule.byminute or (dtstart.minute,)
        offsets = tuple(minute * 60 + second for minute in minutes for second in seconds)
    else:
        offsets = seconds if unit == 60 else (0,)
    if rule.bysetpos:
        offsets = tuple(offsets[index] for index in positions(rule.bysetpos, len(offsets)))
    return offsets
