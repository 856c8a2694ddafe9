"""RFC 5545 3.3.10 recurrence rules: the value and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final, Literal, TypeVar

Frequency = Literal["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]

_T = TypeVar("_T")

FREQUENCIES: Final[dict[str, Frequency]] = {
    "SECONDLY": "SECONDLY",
    "MINUTELY": "MINUTELY",
    "HOURLY": "HOURLY",
    "DAILY": "DAILY",
    "WEEKLY": "WEEKLY",
    "MONTHLY": "MONTHLY",
    "YEARLY": "YEARLY",
}
SUB_DAILY: Final = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

_MAX_DIGITS = 10
_SIGNED_RANGES: Final = {"BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_UNSIGNED_RANGES: Final = {
    "BYMONTH": (1, 12),
    "BYHOUR": (0, 23),
    "BYMINUTE": (0, 59),
    "BYSECOND": (0, 60),
}
_MAX_ORDINAL = 53


class RecurrenceError(ValueError):
    """A recurrence rule that cannot be read, or that this program does not evaluate."""


class TooManyOccurrences(RecurrenceError):
    """More occurrences in the window than the caller allowed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One RRULE. Numbers are as RFC 5545 3.3.10 writes them, weekdays 0 (Monday) to 6.

    `byday` holds (ordinal, weekday) pairs, ordinal 0 meaning every such weekday. `until` is a date, a naive
    wall-clock datetime, or an aware UTC one, as it was written. With both `count` and `until` the earlier end
    holds. `str(rule)` is the canonical text, which `parse_rule` reads back to an equal rule.
    """

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    byday: tuple[tuple[int, int], ...] = ()
    bymonth: tuple[int, ...] = ()
    bymonthday: tuple[int, ...] = ()
    byyearday: tuple[int, ...] = ()
    byweekno: tuple[int, ...] = ()
    bysetpos: tuple[int, ...] = ()
    byhour: tuple[int, ...] = ()
    byminute: tuple[int, ...] = ()
    bysecond: tuple[int, ...] = ()
    wkst: int = 0

    def __str__(self) -> str:
        parts = [f"FREQ={self.freq}"]
        if self.interval != 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={_until_text(self.until)}")
        for name, numbers in (
            ("BYMONTH", self.bymonth),
            ("BYWEEKNO", self.byweekno),
            ("BYYEARDAY", self.byyearday),
            ("BYMONTHDAY", self.bymonthday),
        ):
            if numbers:
                parts.append(f"{name}={','.join(map(str, numbers))}")
        if self.byday:
            days = (f"{ordinal or ''}{WEEKDAYS[weekday]}" for ordinal, weekday in self.byday)
            parts.append(f"BYDAY={','.join(days)}")
        for name, numbers in (
            ("BYHOUR", self.byhour),
            ("BYMINUTE", self.byminute),
            ("BYSECOND", self.bysecond),
            ("BYSETPOS", self.bysetpos),
        ):
            if numbers:
                parts.append(f"{name}={','.join(map(str, numbers))}")
        # Readers differ in the default they assume, and only a fortnightly rule shows it.
        if self.wkst != 0 or (self.freq == "WEEKLY" and self.interval > 1):
            parts.append(f"WKST={WEEKDAYS[self.wkst]}")
        return ";".join(parts)

    def for_all_day(self) -> Rule:
        """The rule for a DTSTART of type DATE: without BYHOUR, BYMINUTE and BYSECOND (RFC 5545 3.3.10).

        Raises RecurrenceError for a frequency shorter than a day.
        """
        if self.freq in SUB_DAILY:
            raise RecurrenceError(f"FREQ={self.freq} cannot repeat an all-day event")
        return replace(self, byhour=(), byminute=(), bysecond=())


def parse_rule(text: str) -> Rule:
    """Read an RRULE value as real files write it.

    Accepted beyond the RFC: any letter case, white space, an ``RRULE:`` prefix, empty parts, a repeated equal
    part, UNTIL and COUNT together, and X- parts, which are ignored. Duplicate numbers are dropped and lists
    sorted. RSCALE and SKIP (RFC 7529) are accepted only as GREGORIAN and OMIT, which change nothing.

    Raises RecurrenceError naming the part that is wrong.
    """
    parts = _split("".join(text.split()).upper().removeprefix("RRULE:"))
    freq = FREQUENCIES.get(parts.pop("FREQ", ""))
    if freq is None:
        raise RecurrenceError("a recurrence rule needs FREQ=DAILY, WEEKLY, MONTHLY, YEARLY or a shorter frequency")
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise RecurrenceError("only RSCALE=GREGORIAN is supported")
    if parts.pop("SKIP", "OMIT") != "OMIT":
        raise RecurrenceError("only SKIP=OMIT is supported")
    rule = Rule(
        freq=freq,
        interval=_optional(parts, "INTERVAL", _positive) or 1,
        count=_optional(parts, "COUNT", _positive),
        until=_optional(parts, "UNTIL", _until),
        byday=_by_day(parts.pop("BYDAY", "")),
        bymonth=_numbers(parts, "BYMONTH"),
        bymonthday=_numbers(parts, "BYMONTHDAY"),
        byyearday=_numbers(parts, "BYYEARDAY"),
        byweekno=_numbers(parts, "BYWEEKNO"),
        bysetpos=_numbers(parts, "BYSETPOS"),
        byhour=_numbers(parts, "BYHOUR"),
        byminute=_numbers(parts, "BYMINUTE"),
        bysecond=_numbers(parts, "BYSECOND"),
        wkst=_optional(parts, "WKST", _weekday) or 0,
    )
    if parts:
        raise RecurrenceError(f"unknown part {next(iter(parts))[:40]!r} in a recurrence rule")
    return rule


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise RecurrenceError(f"a recurrence rule is made of NAME=value parts, not {part[:40]!r}")
        if name.startswith("X-"):
            continue
        if parts.setdefault(name, value) != value:
            raise RecurrenceError(f"{name[:40]} occurs twice in a recurrence rule")
    return parts


def _optional(parts: dict[str, str], name: str, read: Callable[[str, str], _T]) -> _T | None:
    value = parts.pop(name, None)
    return None if value is None else read(name, value)


def _whole(name: str, text: str) -> int:
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise RecurrenceError(f"{name}={text[:40]} is not a whole number")
    return int(text)


def _positive(name: str, text: str) -> int:
    number = _whole(name, text)
    if number < 1:
        raise RecurrenceError(f"{name}={number} must be 1 or more")
    return number


def _numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    text = parts.pop(name, "")
    if not text:
        return ()
    numbers = sorted({_whole(name, item) for item in text.split(",") if item})
    if name in _SIGNED_RANGES:
        bound = _SIGNED_RANGES[name]
        wrong = [number for number in numbers if number == 0 or abs(number) > bound]
        allowed = f"1 to {bound} or -{bound} to -1"
    else:
        low, high = _UNSIGNED_RANGES[name]
        wrong = [number for number in numbers if not low <= number <= high]
        allowed = f"{low} to {high}"
    if wrong:
        raise RecurrenceError(f"{name}={wrong[0]} is outside {allowed}")
    return tuple(numbers)


def _weekday(name: str, text: str) -> int:
    if text not in WEEKDAYS:
        raise RecurrenceError(f"{name}={text[:40]} is not a weekday such as MO")
    return WEEKDAYS.index(text)


def _by_day(text: str) -> tuple[tuple[int, int], ...]:
    days = set()
    for item in filter(None, text.split(",")):
        ordinal = _whole("BYDAY", item[:-2]) if item[:-2] else 0
        if abs(ordinal) > _MAX_ORDINAL:
            raise RecurrenceError(f"BYDAY={item[:40]}: no year has so many weeks")
        days.add((ordinal, _weekday("BYDAY", item[-2:])))
    return tuple(sorted(days))


def _until(name: str, text: str) -> date | datetime:
    stamp = text.removesuffix("Z")
    day, _, clock = stamp.partition("T")
    try:
        if not ((day + clock).isascii() and (day + clock).isdigit() and len(day) == 8):
            raise ValueError
        year, month, day_of_month = int(day[:4]), int(day[4:6]), int(day[6:])
        if not clock:
            return date(year, month, day_of_month)
        if len(clock) != 6:
            raise ValueError
        hour, minute, second = int(clock[:2]), int(clock[2:4]), min(int(clock[4:]), 59)
        zone = UTC if text.endswith("Z") else None
        return datetime(year, month, day_of_month, hour, minute, second, tzinfo=zone)
    except ValueError:
        raise RecurrenceError(f"{name}={text[:40]} is not a date such as 20260131 or 20260131T090000Z") from None


def _until_text(until: date | datetime) -> str:
    day = f"{until.year:04}{until.month:02}{until.day:02}"
    if not isinstance(until, datetime):
        return day
    return f"{day}T{until.hour:02}{until.minute:02}{until.second:02}{'Z' if until.tzinfo else ''}"
