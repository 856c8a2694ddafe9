"""Words of a wish for a time, each by itself: what a piece of text means as a whole, or None."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Final, TypeVar

from couchcal.scheduling.quickadd_times import take_time, take_times
from couchcal.scheduling.quickadd_tokens import WEEKDAY, Line, take_length, whole_words

NOON = 12 * 60
EVENING = 17 * 60
END = 24 * 60
"""Minutes of the day."""
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS: Final = {
    "weekday": range(5), "weekdays": range(5), "workdays": range(5), "weekend": (5, 6), "weekends": (5, 6),
}  # fmt: skip
_PARTS: Final = {"morning": (0, NOON), "afternoon": (NOON, EVENING), "evening": (EVENING, END)}
_UNIT = whole_words(r"(?:in|within|for|over)? ?(?:the )?(?:next|coming) ([0-9]{1,3}) (days?|weeks?|months?)")
_WITHIN = whole_words(r"(?:within|in under|in less than) ([0-9]{1,3}) (days?|weeks?|months?)")
_PERIOD = whole_words(r"(this|next) (week|weekend|month)")
_MONTH = re.compile(
    r"(?:in )?(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AHEAD = whole_words(r"in (a|an|[0-9]{1,3}) (days?|weeks?)")
_WEEKDAYS = re.compile(rf"({WEEKDAY})(?:-({WEEKDAY}))?")
_DAY = timedelta(days=1)

Value = TypeVar("Value")


def _whole(text: str, take: Callable[[Line], Value | None]) -> Value | None:
    line = Line(text)
    value = take(line)
    return None if line.words() else value


def length_of(text: str) -> int | None:
    """The minutes of a length."""
    return _whole(text, take_length)


def span_of(text: str) -> tuple[int, int] | None:
    """The minutes of the day of `9-12` or `9 to 12`."""

    def take(line: Line) -> tuple[int, int] | None:
        start, end = take_times(line, [])
        return None if start is None or end is None else (start, min(end, END))

    return _whole(text, take) if "-" in text or " to " in text else None


def weekdays_of(word: str) -> set[int]:
    """The weekdays of `tue`, `mon-wed` or `weekend`, 0 for Monday; none if it is no such word."""
    if word in _GROUPS:
        return set(_GROUPS[word])
    found = _WEEKDAYS.fullmatch(word)
    if found is None:
        return set()
    first = _NAMES.index(found[1][:3])
    last = _NAMES.index(found[2][:3]) if found[2] else first
    return {(first + step) % 7 for step in range((last - first) % 7 + 1)}


def _ahead(day: date, count: int, unit: str) -> date:
    """The day so many days, weeks or months on; the end of a shorter month."""
    if unit.startswith("month"):
        months = day.month - 1 + count
        begin = date(day.year + months // 12, months % 12 + 1, 1)
        following = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
        return min(begin + _DAY * (day.day - 1), following - _DAY)
    return day + _DAY * (count * (7 if unit.startswith("w") else 1))


def clock_of(minutes: int) -> time:
    """The time on the clock of a minute of the day."""
    return time(*divmod(minutes, 60))


def period_of(text: str, today: date) -> tuple[date, date] | None:
    """First and last day of `next 3 weeks`, `in 2 weeks`, `this month`, `december`.

    Raises:
        OverflowError, ValueError: the calendar ends before that.
    """
    if found := _UNIT.fullmatch(text) or _WITHIN.fullmatch(text):
        return today, _ahead(today, int(found[1]), found[2]) - _DAY
    if found := _AHEAD.fullmatch(text):
        day = _ahead(today, 1 if found[1].startswith("a") else int(found[1]), found[2])
        return day, day + (_DAY * 6 if found[2].startswith("w") else _DAY * 0)
    if found := _PERIOD.fullmatch(text):
        return _named_period(today, found[1] == "next", found[2])
    if found := _MONTH.fullmatch(text):
        ahead = (_MONTHS.index(found[1][:3]) + 1 - today.month) % 12
        begin = _ahead(today.replace(day=1), ahead, "month")
        return begin, _ahead(begin, 1, "month") - _DAY
    return None


def _named_period(today: date, following: bool, unit: str) -> tuple[date, date]:
    if unit == "month":
        begin = today.replace(day=1)
        if following:
            begin = _ahead(begin, 1, "month")
        return begin, _ahead(begin, 1, "month") - _DAY
    monday = today - _DAY * today.weekday() + _DAY * (7 if following else 0)
    return monday + _DAY * (5 if unit == "weekend" else 0), monday + _DAY * 6


def part_of_day(word: str) -> tuple[int, int] | None:
    """The minutes of `morning`, `afternoons` or `evening`."""
    return _PARTS.get(word.removesuffix("s"))


def is_month(word: str) -> bool:
    """Whether a word is the name of a month."""
    return _MONTH.fullmatch(word) is not None


def moment_of(text: str) -> int | None:
    """The minute of the day of a time on the clock."""
    return _whole(text, lambda line: take_time(line, []))
