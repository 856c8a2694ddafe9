"""Days in a quick-add line: dates, offsets, weekdays and their combinations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from couchcal.scheduling.quickadd_tokens import WEEKDAY, Line, whole_words

DateOrder = Literal["mdy", "dmy", "ymd"]
"""Which number of a date is which: `12/3` is 3 December, or 12 March; `26/12/3` begins with the year."""

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20|21)[0-9]{2}"


@dataclass(frozen=True, slots=True)
class DaySpec:
    """A day as written: a fixed date, or an offset from an origin, or a weekday (0 is Monday) in some week."""

    fixed: date | None = None
    days: int | None = None
    weeks: int | None = None
    weekday: int | None = None

    def resolve(self, now_local: datetime, minutes: int | None, origin: date | None = None) -> date:
        """The day meant, for a time of day of `minutes`.

        A weekday is its next date, today only while the time is ahead; with weeks, it is the one in that
        calendar week (Monday first). Without any day it is today, or tomorrow when the time has passed.
        Offsets count from `origin`, by default today. Raises OverflowError beyond the year 9999.
        """
        today = now_local.date()
        passed = minutes is not None and timedelta(minutes=minutes) < now_local - datetime.combine(today, time.min)
        if self.fixed is not None:
            return self.fixed
        if self.days is not None or self.weeks is not None:
            day = (origin or today) + timedelta(days=self.days or 0, weeks=self.weeks or 0)
            return day if self.weekday is None else day + timedelta(days=self.weekday - day.weekday())
        if self.weekday is not None:
            ahead = (self.weekday - today.weekday()) % 7
            return today + timedelta(days=ahead or (7 if passed else 0))
        return today + timedelta(days=1 if passed else 0)

    @property
    def given(self) -> bool:
        return self != DaySpec()


_ISO_DATE = whole_words(r"(?:on )?([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_SLASHED = whole_words(r"(?:on )?([0-9]{1,2})/([0-9]{1,2})(?:/([0-9]{4}|[0-9]{1,2}))?")
_DOTTED = whole_words(r"(?:on )?([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4}|[0-9]{2})?")
# 14.30 is a time of day; two numbers that cannot be one are a day and a month.
_DOTTED_SHORT = whole_words(r"(?:on )?(2[4-9]|3[01]|[0-9]{1,2}(?=\.[0-9](?!\S)))\.([0-9]{1,2})")
_MONTH_DAY = whole_words(rf"(?:on )?({_MONTH}) ([0-9]{{1,2}})(?:st|nd|rd|th)?(?: ({_YEAR}))?")
_DAY_MONTH = re.compile(
    rf"(?<!\S)(?<!at )(?:on )?(?:the )?([0-9]{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? ({_MONTH})(?: ({_YEAR}))?(?!\S)"
)
_ORDINAL = whole_words(r"(?:on )?(?:the )?([0-9]{1,2})(?:st|nd|rd|th)")
_NAMED_DAY = whole_words(r"the day after tomorrow|day after tomorrow|today|tonight|tomorrow|tmrw|tmr|yesterday")
_NAMED_OFFSETS = {"today": 0, "tonight": 0, "tomorrow": 1, "tmrw": 1, "tmr": 1, "yesterday": -1}
_SIGNED_OFFSET = whole_words(r"([+-])([0-9]{1,4}) ?(d|days?|w|wks?|weeks?)")
_IN_OFFSET = whole_words(r"in (an?|[0-9]{1,4}) ?(d|days?|w|wks?|weeks?)")
_NEXT_WEEK = whole_words(r"next week")
_WEEKDAY_WORD = whole_words(rf"(?:on )?(next |this |coming )?({WEEKDAY})")


def take_day(line: Line, today: date, *, order: DateOrder = "mdy", problems: list[str]) -> tuple[DaySpec, bool]:
    """The day written in `line`, and whether a plural weekday ("tuesdays") asks for every week."""
    fixed = _take_date(line, today, order, problems)
    days: int | None = None
    weeks: int | None = None
    if fixed is None:
        if offset := line.take(_SIGNED_OFFSET):
            count = int(offset[2]) * (-1 if offset[1] == "-" else 1)
            days, weeks = (count, None) if offset[3].startswith("d") else (None, count)
        elif offset := line.take(_IN_OFFSET):
            count = 1 if offset[1].startswith("a") else int(offset[1])
            days, weeks = (count, None) if offset[2].startswith("d") else (None, count)
        elif line.take(_NEXT_WEEK):
            weeks = 1

    named = line.take(_WEEKDAY_WORD) if days is None else None
    if named is None:
        return DaySpec(fixed, days, weeks), False
    weekday = _WEEKDAYS.index(named[2][:3])
    weekly = named[2].rstrip(".").endswith("days")
    if fixed is not None:
        if fixed.weekday() != weekday:
            problems.append(f"{fixed} is a {_WEEKDAY_NAMES[fixed.weekday()]}, not a {_WEEKDAY_NAMES[weekday]}")
        return DaySpec(fixed), weekly
    if weeks is None and named[1] == "next ":
        weeks = 1
    return DaySpec(weeks=weeks, weekday=weekday), weekly


def _take_date(line: Line, today: date, order: DateOrder, problems: list[str]) -> date | None:
    if found := line.take(_NAMED_DAY):
        try:
            return today + timedelta(days=_NAMED_OFFSETS.get(found[0], 2))
        except OverflowError:
            problems.append(f"'{found[0]}' is not a date")
            return None
    if found := line.take(_ISO_DATE):
        return _dated(found, int(found[1]), int(found[2]), int(found[3]), today, problems)
    if found := line.take(_SLASHED):
        return _slashed(found, order, today, problems)
    if found := line.take(_DOTTED):
        return _dated(found, _year(found[3]), int(found[2]), int(found[1]), today, problems)
    if found := line.take(_DOTTED_SHORT):
        return _dated(found, None, int(found[2]), int(found[1]), today, problems)
    if found := line.take(_MONTH_DAY):
        return _dated(found, _year(found[3]), _MONTHS.index(found[1][:3]) + 1, int(found[2]), today, problems)
    if found := line.take(_DAY_MONTH):
        return _dated(found, _year(found[3]), _MONTHS.index(found[2][:3]) + 1, int(found[1]), today, problems)
    if found := line.take(_ORDINAL):
        return _dated(found, None, None, int(found[1]), today, problems)
    return None


def _slashed(found: re.Match[str], order: DateOrder, today: date, problems: list[str]) -> date | None:
    """Two or three numbers with slashes; a first number that can be no month is the day."""
    if order == "ymd" and found[3] is not None and len(found[3]) <= 2:
        return _dated(found, _year(f"{int(found[1]):02}"), int(found[2]), int(found[3]), today, problems)
    if found[3] is not None and len(found[3]) == 1:
        problems.append(f"'{found[0]}' is not a date")
        return None
    month, day = (int(found[2]), int(found[1])) if order == "dmy" else (int(found[1]), int(found[2]))
    if month > 12 >= day:
        month, day = day, month
    return _dated(found, _year(found[3]), month, day, today, problems)


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    return int(text) + (2000 if len(text) == 2 else 0)


def _dated(
    found: re.Match[str], year: int | None, month: int | None, day: int, today: date, problems: list[str]
) -> date | None:
    """The date with these parts; a missing year or month is the next one that makes it today or later."""
    years = (year,) if year is not None else range(today.year, today.year + 9)
    months = (month,) if month is not None else range(1, 13)
    for candidate_year in years:
        for candidate_month in months:
            try:
                candidate = date(candidate_year, candidate_month, day)
            except ValueError:
                continue
            if year is not None or candidate >= today:
                return candidate
    problems.append(f"'{found[0]}' is not a date")
    return None
