"""Rules shorter than a day (HOURLY, MINUTELY, SECONDLY), day by day.

The units (hours, minutes, seconds) INTERVAL keeps form an arithmetic progression, so a day's times follow from
where the progression meets the day's midnight. Days on which that phase is equal have equal times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Final

from couchcal.scheduling.recurrence_days import DaySelector, bits, span_mask, year_start
from couchcal.scheduling.recurrence_periods import Times, positions, seconds_of_minute
from couchcal.scheduling.recurrence_rule import Rule

UNIT_SECONDS: Final = {"HOURLY": 3600, "MINUTELY": 60, "SECONDLY": 1}
_DAY: Final = 86_400


class ClockSeries:
    """Occurrences of one rule, day by day, without COUNT, UNTIL and the cut at DTSTART's own time."""

    def __init__(self, rule: Rule, dtstart: datetime) -> None:
        self._rule = rule
        self._selector = DaySelector(rule, dtstart)
        self._unit = UNIT_SECONDS[rule.freq]
        self._per_day = _DAY // self._unit
        second = dtstart.hour * 3600 + dtstart.minute * 60 + dtstart.second
        self._origin = (dtstart.toordinal() * _DAY + second) // self._unit
        self._within = self._offsets(dtstart)
        self._seconds = {min(second, 59) for second in rule.bysecond}
        self._by_phase: dict[int, Times] = {}

    def days(self, first: int, end: int) -> Iterator[tuple[int, Times]]:
        """Each day first <= day < end (ordinals) with an occurrence, and its times."""
        for day in self._days(first, end):
            times = self._times(day)
            if times:
                yield day, times

    def count(self, first: int, end: int) -> int:
        """Number of occurrences on the days first <= day < end."""
        rule = self._rule
        if (
            rule.bymonth
            or rule.bymonthday
            or rule.byyearday
            or rule.byweekno
            or rule.byday
            or self._filters()
        ):
            return sum(len(self._times(day)) for day in self._days(first, end))
        units = range(self._first_unit(first), max(first, end) * self._per_day, rule.interval)
        return len(units) * len(self._within)

    def _days(self, first: int, end: int) -> Iterable[int]:
        """Selected days; when INTERVAL exceeds a day only those that it reaches."""
        if self._rule.interval > self._per_day:
            for unit in range(self._first_unit(first), end * self._per_day, self._rule.interval):
                day = unit // self._per_day
                year = date.fromordinal(day).year
                if self._selector.mask(year) >> (day - year_start(year)) & 1:
                    yield day
            return
        last_year = date.fromordinal(end - 1).year if first < end else 0
        for year in range(date.fromordinal(first).year, last_year + 1):
            origin = year_start(year)
            for day in bits(self._selector.mask(year) & span_mask(first - origin, end - origin, 366)):
                yield origin + day

    def _first_unit(self, day: int) -> int:
        """The first unit INTERVAL keeps on or after the midnight of `day`."""
        midnight = day * self._per_day
        return midnight + (self._origin - midnight) % self._rule.interval

    def _times(self, day: int) -> Times:
        phase = self._first_unit(day) - day * self._per_day
        if phase >= self._per_day:
            return ()
        times = self._by_phase.get(phase)
        if times is None:
            times = self._by_phase[phase] = self._of_phase(phase)
        return times

    def _of_phase(self, phase: int) -> Times:
        units: Sequence[int] = range(phase, self._per_day, self._rule.interval)
        if self._filters():
            units = [unit for unit in units if self._keeps(unit * self._unit)]
        if self._within == (0,):
            if isinstance(units, range):
                return range(phase * self._unit, _DAY, self._rule.interval * self._unit)
            return [unit * self._unit for unit in units]
        return [unit * self._unit + offset for unit in units for offset in self._within]

    def _filters(self) -> bool:
        """Whether BYHOUR, BYMINUTE or BYSECOND remove units, rather than divide them."""
        rule = self._rule
        return bool(
            rule.byhour or (rule.byminute and self._unit <= 60) or (rule.bysecond and self._unit == 1)
        )

    def _keeps(self, second: int) -> bool:
        rule = self._rule
        return (
            (not rule.byhour or second // 3600 in rule.byhour)
            and (not rule.byminute or self._unit > 60 or second // 60 % 60 in rule.byminute)
            and (not self._seconds or self._unit > 1 or second % 60 in self._seconds)
        )

    def _offsets(self, dtstart: datetime) -> tuple[int, ...]:
        """Seconds from the start of a unit at which it has occurrences, BYSETPOS applied."""
        rule = self._rule
        seconds = seconds_of_minute(rule, dtstart)
        if self._unit == 3600:
            minutes = rule.byminute or (dtstart.minute,)
            offsets = tuple(minute * 60 + second for minute in minutes for second in seconds)
        else:
            offsets = seconds if self._unit == 60 else (0,)
        if rule.bysetpos:
            offsets = tuple(offsets[index] for index in positions(rule.bysetpos, len(offsets)))
        return offsets
