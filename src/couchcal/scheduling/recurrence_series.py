"""The endless series of a rule from DTSTART on: its occurrences in a window, by number, and their count."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from couchcal.scheduling.recurrence_clock import ClockSeries
from couchcal.scheduling.recurrence_days import year_start
from couchcal.scheduling.recurrence_periods import PeriodSeries
from couchcal.scheduling.recurrence_rule import SUB_DAILY, Rule
from couchcal.scheduling.wallclock import MIN_LOCAL

_DAY: Final = 86_400


class Series:
    """Occurrences of a rule from DTSTART to the end of year 9999, without COUNT and UNTIL."""

    def __init__(self, rule: Rule, dtstart: datetime) -> None:
        self._dtstart = dtstart
        self._first_day = dtstart.toordinal()
        kind = ClockSeries if rule.freq in SUB_DAILY else PeriodSeries
        self._by_day: PeriodSeries | ClockSeries = kind(rule, dtstart)

    def between(self, lo: datetime, hi: datetime) -> Iterator[datetime]:
        """Occurrences lo <= start < hi, ascending."""
        lo = max(lo, self._dtstart)
        if lo >= hi:
            return
        first, last = lo.toordinal(), hi.toordinal()
        for day, times in self._by_day.days(first, last + 1):
            if first < day < last:
                for second in times:
                    yield MIN_LOCAL + timedelta(day - 1, second)
            else:
                begin = _seconds_until(lo) if day == first else 0
                end = _seconds_until(hi) if day == last else _DAY
                for second in times[bisect_left(times, begin) : bisect_left(times, end)]:
                    yield MIN_LOCAL + timedelta(day - 1, second)

    def count_before(self, moment: datetime) -> int:
        """Number of occurrences before `moment`."""
        if moment <= self._dtstart:
            return 0
        last_day = moment.toordinal()
        whole_days = self._by_day.count(self._first_day, last_day)
        return whole_days - self._count_on(self._first_day, self._dtstart) + self._count_on(last_day, moment)

    def nth(self, number: int) -> datetime | None:
        """The occurrence with this number, from 1; None beyond year 9999."""
        remaining = number + self._count_on(self._first_day, self._dtstart)
        for year in range(self._dtstart.year, 10_000):
            first, end = max(self._first_day, year_start(year)), year_start(year + 1)
            in_year = self._by_day.count(first, end)
            if remaining > in_year:
                remaining -= in_year
                continue
            for day, times in self._by_day.days(first, end):
                if remaining <= len(times):
                    return MIN_LOCAL + timedelta(day - 1, times[remaining - 1])
                remaining -= len(times)
        return None

    def last_before(self, moment: datetime) -> datetime | None:
        """The latest occurrence before `moment`."""
        number = self.count_before(moment)
        return self.nth(number) if number else None

    def _count_on(self, day: int, moment: datetime) -> int:
        """Occurrences on `day` before the time of `moment`."""
        clock = _seconds_until(moment)
        return sum(bisect_left(times, clock) for _, times in self._by_day.days(day, day + 1))


def _seconds_until(moment: datetime) -> int:
    """Whole seconds of the day before `moment`: a time of day t precedes it exactly when t is less."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second + (moment.microsecond > 0)


@lru_cache(maxsize=64)
def series(rule: Rule, dtstart: datetime) -> Series:
    """The series of a rule, kept for a while because callers ask for one window after another."""
    return Series(rule, dtstart)
