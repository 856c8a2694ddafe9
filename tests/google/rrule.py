"""RRULE and EXRULE values: reading them, and the wall-clock starts they give.

Naive wall-clock time throughout; zones, RDATE and EXDATE are the business of `recurrence`. Frequencies below a
day are refused, as no calendar of Google offers them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = timedelta(days=1)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_UNTIL = re.compile(r"(\d{8})(T\d{6}(Z?))?")
_BYDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
# The lowest and highest value of each list part, and whether it counts from the end when negative.
_LISTS = {
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYSETPOS": (1, 366, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
}
# RFC 5545 section 3.3.10: what a frequency does not take.
_REFUSED = {
    "DAILY": ("BYWEEKNO", "BYYEARDAY"),
    "WEEKLY": ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"),
    "MONTHLY": ("BYWEEKNO", "BYYEARDAY"),
    "YEARLY": (),
}


class BadRecurrence(ValueError):
    """A recurrence the API answers with 400; the message is the one for the error body."""

    def __init__(self, message: str = "Invalid recurrence rule.") -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Until:
    """The UNTIL of a rule as written: a `date` alone, or a time that is UTC or floating."""

    day: date
    at: time | None
    utc: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One RRULE or EXRULE. An empty tuple stands for a part that is not given."""

    freq: str
    interval: int
    count: int | None
    until: Until | None
    week_start: int
    by_day: tuple[tuple[int, int], ...]  # (ordinal or 0, weekday)
    lists: Mapping[str, tuple[int, ...]]

    def values(self, part: str) -> tuple[int, ...]:
        return self.lists.get(part, ())


def read_rule(value: str) -> Rule:
    """The rule of an RRULE value such as `FREQ=WEEKLY;BYDAY=MO`. Raises BadRecurrence."""
    parts = rule_parts(value)
    freq = parts.pop("FREQ", "")
    if freq not in _FREQUENCIES or any(part in parts for part in _REFUSED[freq]):
        raise BadRecurrence
    if "UNTIL" in parts and "COUNT" in parts:
        raise BadRecurrence
    count = _number(parts.pop("COUNT"), 1, 10**6) if "COUNT" in parts else None
    until = _until(parts.pop("UNTIL")) if "UNTIL" in parts else None
    interval = _number(parts.pop("INTERVAL", "1"), 1, 10**4)
    week_start = parts.pop("WKST", "MO")
    if week_start not in WEEKDAYS:
        raise BadRecurrence
    by_day = tuple(_weekday(item, freq) for item in parts.pop("BYDAY").split(",")) if "BYDAY" in parts else ()
    if any(ordinal for ordinal, _ in by_day) and "BYWEEKNO" in parts:
        raise BadRecurrence
    lists = {name: _numbers(name, text) for name, text in parts.items()}
    if "BYSETPOS" in parts and not by_day and len(lists) == 1:
        raise BadRecurrence
    return Rule(freq, interval, count, until, WEEKDAYS.index(week_start), by_day, lists)


def rule_parts(value: str) -> dict[str, str]:
    """The parts of a rule in their order, names and values in capitals. Raises BadRecurrence."""
    parts: dict[str, str] = {}
    for item in value.strip().upper().rstrip(";").split(";"):
        name, equals, text = item.partition("=")
        if not equals or not text or name in parts:
            raise BadRecurrence
        parts[name] = text
    return parts


def starts(rule: Rule, first: datetime, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The wall-clock starts of `rule` from `first` on that lie before `end`, in order.

    Those before `begin` may be left out unless the rule has a COUNT; COUNT and UNTIL are left to the caller.
    """
    skip_to = first if rule.count is not None else max(first, begin)
    for days in _periods(rule, first, skip_to.date(), end.date()):
        for wall in _in_period(rule, first, days):
            if wall >= end:
                return
            if wall >= first:
                yield wall


def _in_period(rule: Rule, first: datetime, days: list[date]) -> list[datetime]:
    times = sorted(
        time(hour, minute, second)
        for hour in rule.values("BYHOUR") or (first.hour,)
        for minute in rule.values("BYMINUTE") or (first.minute,)
        for second in rule.values("BYSECOND") or (first.second,)
    )
    found = [datetime.combine(day, at) for day in days if _day_matches(rule, first, day) for at in times]
    positions = rule.values("BYSETPOS")
    if not positions:
        return found
    length = len(found)
    wanted = {place - 1 if place > 0 else length + place for place in positions}
    return [found[place] for place in sorted(wanted) if 0 <= place < length]


def _periods(rule: Rule, first: datetime, skip_to: date, last: date) -> Iterator[list[date]]:
    """The days of each period the interval lands on, from the one before `skip_to` until after `last`."""
    origin = first.date()
    if rule.freq in ("DAILY", "WEEKLY"):
        length = 1 if rule.freq == "DAILY" else 7
        opening = origin - _DAY * ((origin.weekday() - rule.week_start) % 7 if length == 7 else 0)
        stride = _DAY * (length * rule.interval)
        opening += stride * ((skip_to - opening) // stride)
        while opening <= last:
            yield [opening + _DAY * offset for offset in range(length)]
            opening += stride
        return
    months = rule.interval * (1 if rule.freq == "MONTHLY" else 12)
    number = origin.year * 12 + (origin.month - 1 if rule.freq == "MONTHLY" else 0)
    number += months * max(0, (skip_to.year * 12 + skip_to.month - 1 - number) // months)
    while number <= last.year * 12 + last.month - 1:
        opening = date(number // 12, number % 12 + 1, 1)
        closing = _month_end(opening) if rule.freq == "MONTHLY" else date(opening.year, 12, 31)
        yield [opening + _DAY * offset for offset in range((closing - opening).days + 1)]
        number += months


def _day_matches(rule: Rule, first: datetime, day: date) -> bool:
    months = rule.values("BYMONTH")
    weeks, year_days, month_days = (rule.values(part) for part in ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"))
    if months and day.month not in months:
        return False
    if weeks and not _counted(*week_of_year(day, rule.week_start), weeks):
        return False
    if year_days and not _counted(day.timetuple().tm_yday, _year_length(day.year), year_days):
        return False
    if month_days and not _counted(day.day, _month_end(day).day, month_days):
        return False
    if rule.by_day:
        return any(_is_weekday(rule, day, ordinal, weekday) for ordinal, weekday in rule.by_day)
    if year_days or month_days:
        return True
    # What the rule leaves open comes from the first start.
    if weeks or rule.freq == "WEEKLY":
        return day.weekday() == first.weekday()
    if rule.freq == "MONTHLY" or (rule.freq == "YEARLY" and months):
        return day.day == first.day
    return rule.freq == "DAILY" or (day.month, day.day) == (first.month, first.day)


def _is_weekday(rule: Rule, day: date, ordinal: int, weekday: int) -> bool:
    if day.weekday() != weekday:
        return False
    if not ordinal:
        return True
    if rule.freq == "MONTHLY" or rule.values("BYMONTH"):
        place, length = day.day, _month_end(day).day
    else:
        place, length = day.timetuple().tm_yday, _year_length(day.year)
    return ordinal == ((place - 1) // 7 + 1 if ordinal > 0 else -((length - place) // 7 + 1))


def week_of_year(day: date, week_start: int) -> tuple[int, int]:
    """The number of the week `day` lies in and how many weeks its week-year has (first week: four days in it)."""
    middle = day + _DAY * (3 - (day.weekday() - week_start) % 7)
    return (middle.timetuple().tm_yday - 1) // 7 + 1, (_last_middle(middle.year, week_start) - 1) // 7 + 1


def _last_middle(year: int, week_start: int) -> int:
    """The day of the year of the last fourth weekday: the middle of the last week of the week-year."""
    end = date(year, 12, 31)
    return _year_length(year) - (end.weekday() - week_start - 3) % 7


def _counted(place: int, length: int, wanted: tuple[int, ...]) -> bool:
    return place in wanted or place - length - 1 in wanted


def _month_end(day: date) -> date:
    return (day.replace(day=28) + _DAY * 4).replace(day=1) - _DAY


def _year_length(year: int) -> int:
    return date(year, 12, 31).timetuple().tm_yday


def _number(text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadRecurrence
    return int(text)


def _numbers(name: str, text: str) -> tuple[int, ...]:
    if name not in _LISTS:
        raise BadRecurrence
    low, high, from_end = _LISTS[name]
    numbers = []
    for item in text.split(","):
        negative = item.startswith("-")
        if negative and not from_end:
            raise BadRecurrence
        number = _number(item.lstrip("+-") if item[:1] in "+-" else item, low, high)
        numbers.append(-number if negative else number)
    return tuple(sorted(set(numbers)))


def _weekday(text: str, freq: str) -> tuple[int, int]:
    match = _BYDAY.fullmatch(text)
    if not match:
        raise BadRecurrence
    ordinal = int(match[1] or 0)
    if match[1] and (not ordinal or freq not in ("MONTHLY", "YEARLY") or abs(ordinal) > 53):
        raise BadRecurrence
    return ordinal, WEEKDAYS.index(match[2])


def _until(text: str) -> Until:
    match = _UNTIL.fullmatch(text)
    if not match:
        raise BadRecurrence
    try:
        day = date.fromisoformat(match[1])
        at = time.fromisoformat(match[2][:7]) if match[2] else None
    except ValueError:
        raise BadRecurrence from None
    return Until(day, at, bool(match[3]))
