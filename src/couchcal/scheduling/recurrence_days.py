"""Which days of a year the day parts of a rule select, as bit sets: bit n is day n of the year, from 0.

The days depend on the rule and on the *shape* of the year only (its first weekday, its length and those of
its neighbours), so that a rule meets at most a few dozen different years, and a year costs a few operations
on 366-bit integers. Proleptic ordinals are those of `datetime.date.toordinal`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from couchcal.scheduling.recurrence_rule import Rule

_COMMON: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)
_LEAP: Final = (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)
_EVERY_SEVENTH: Final = sum(1 << (7 * week) for week in range(54))

Shape = tuple[bool, bool, bool, int]


def is_leap(year: int) -> bool:
    """Whether a year of the Gregorian calendar has 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_starts(leap: bool) -> tuple[int, ...]:
    """Day of the year on which each month begins, and the length of the year."""
    return _LEAP if leap else _COMMON


def year_start(year: int) -> int:
    """Ordinal of 1 January, also for the years 0 and 10000 that no date can hold."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 + 1


def weekday_of(ordinal: int) -> int:
    """The weekday of a day by its ordinal, Monday 0."""
    return (ordinal + 6) % 7


def week_year_start(year: int, wkst: int) -> int:
    """Ordinal of the first day of week 1, the first with four days in the year (RFC 5545 3.3.10)."""
    fourth = year_start(year) + 3
    return fourth - (weekday_of(fourth) - wkst) % 7


def shape_of(year: int) -> Shape:
    """Leap or not, of the year before, this one and the next, and the weekday of 1 January."""
    return is_leap(year - 1), is_leap(year), is_leap(year + 1), weekday_of(year_start(year))


def span_mask(start: int, end: int, size: int) -> int:
    """Bits start <= n < end, clipped to 0 <= n < size."""
    start, end = max(start, 0), min(end, size)
    return (1 << end) - (1 << start) if start < end else 0


def bits(mask: int) -> Iterable[int]:
    """The numbers of the bits that are set, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def nth_bit(mask: int, index: int) -> int:
    """The number of the bit that has `index` set bits below it."""
    above = mask.bit_count() - index
    if above <= index:
        for _ in range(above - 1):
            mask ^= 1 << (mask.bit_length() - 1)
        return mask.bit_length() - 1
    for _ in range(index):
        mask &= mask - 1
    return (mask & -mask).bit_length() - 1


@lru_cache(maxsize=128)
def _monthday_mask(leap: bool, monthday: int) -> int:
    starts = month_starts(leap)
    mask = 0
    for start, end in pairwise(starts):
        day = start + monthday - 1 if monthday > 0 else end + monthday
        mask |= span_mask(max(day, start), min(day + 1, end), end)
    return mask


def _nth_weekday(start: int, end: int, first_weekday: int, ordinal: int, weekday: int) -> int:
    """The bit of the ordinal-th such weekday among the days start..end-1, or 0; day 0 has `first_weekday`."""
    if ordinal > 0:
        day = start + (weekday - first_weekday - start) % 7 + 7 * (ordinal - 1)
    else:
        last = end - 1
        day = last - (first_weekday + last - weekday) % 7 + 7 * (ordinal + 1)
    return 1 << day if start <= day < end else 0


class DaySelector:
    """The day parts of a rule, completed from DTSTART where RFC 5545 3.3.10 leaves them to it.

    Without any day part YEARLY and MONTHLY repeat on DTSTART's day of the month and WEEKLY on its weekday;
    YEARLY with BYWEEKNO alone repeats on its weekday. YEARLY with nothing but BYMONTHDAY keeps DTSTART's
    month, as most readers do. Ordinals of BYDAY count within the year, or within the month with MONTHLY or
    BYMONTH; where the RFC forbids them (other frequencies, BYWEEKNO) they are ignored.
    """

    def __init__(self, rule: Rule, dtstart: datetime) -> None:
        yearly, monthly = rule.freq == "YEARLY", rule.freq == "MONTHLY"
        counted = (yearly or monthly) and not rule.byweekno
        self._months = rule.bymonth
        self._monthdays = rule.bymonthday
        self._yeardays = rule.byyearday
        self._weeknos = rule.byweekno
        self._weekdays = {weekday for ordinal, weekday in rule.byday if not (ordinal and counted)}
        self._nth = [pair for pair in rule.byday if pair[0] and counted]
        self._nth_in_month = monthly or bool(rule.bymonth)
        self._wkst = rule.wkst
        if yearly and not (rule.bymonth or rule.byweekno or rule.byyearday or rule.byday):
            self._months = (dtstart.month,)
        if not (rule.byweekno or rule.byyearday or rule.bymonthday or rule.byday):
            if yearly or monthly:
                self._monthdays = (dtstart.day,)
            elif rule.freq == "WEEKLY":
                self._weekdays = {dtstart.weekday()}
        elif yearly and rule.byweekno and not (rule.byyearday or rule.bymonthday or rule.byday):
            self._weekdays = {dtstart.weekday()}
        self._masks: dict[Shape, int] = {}

    def mask(self, year: int) -> int:
        """The selected days of `year`, INTERVAL and BYSETPOS apart."""
        shape = shape_of(year)
        mask = self._masks.get(shape)
        if mask is None:
            mask = self._masks[shape] = self._of_shape(shape)
        return mask

    def _of_shape(self, shape: Shape) -> int:
        _, leap, _, first_weekday = shape
        starts = month_starts(leap)
        size = starts[12]
        mask = (1 << size) - 1
        if self._months:
            mask &= _union(span_mask(starts[month - 1], starts[month], size) for month in self._months)
        if self._monthdays:
            mask &= _union(_monthday_mask(leap, monthday) for monthday in self._monthdays)
        if self._yeardays:
            days = (number - 1 if number > 0 else size + number for number in self._yeardays)
            mask &= _union(span_mask(day, day + 1, size) for day in days)
        if self._weeknos:
            mask &= self._weeks(shape)
        if self._weekdays or self._nth:
            mask &= self._by_day(starts, first_weekday)
        return mask

    def _by_day(self, starts: tuple[int, ...], first_weekday: int) -> int:
        mask = _union(_EVERY_SEVENTH << (weekday - first_weekday) % 7 for weekday in self._weekdays)
        spans = pairwise(starts) if self._nth_in_month else [(0, starts[12])]
        for start, end in spans if self._nth else ():
            mask |= _union(_nth_weekday(start, end, first_weekday, *pair) for pair in self._nth)
        return mask

    def _weeks(self, shape: Shape) -> int:
        previous_leap, leap, next_leap, first_weekday = shape
        lengths = [366 if is_long else 365 for is_long in (previous_leap, leap, next_leap)]
        firsts = [-lengths[0], 0, lengths[1], lengths[1] + lengths[2]]
        # Days relative to 1 January of this year, as in `week_year_start`.
        week_ones = [first + 3 - (first_weekday + first + 3 - self._wkst) % 7 for first in firsts]
        mask = 0
        for begin, end in pairwise(week_ones):
            weeks = (end - begin) // 7
            for number in self._weeknos:
                index = number - 1 if number > 0 else weeks + number
                if 0 <= index < weeks:
                    mask |= span_mask(begin + 7 * index, begin + 7 * index + 7, lengths[1])
        return mask


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
