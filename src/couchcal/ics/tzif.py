"""What the time zone database says of a zone: its recorded changes and the rule for the time after them.

`zoneinfo` gives offsets but hides both, and a VTIMEZONE is made of them. The file is looked for where `zoneinfo`
looks, so that both speak of the same data. TZif is RFC 8536.
"""

from __future__ import annotations

import calendar
import re
import struct
import zoneinfo
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct(">4sc15x6l")
_NAME: Final = r"(?:<[+\-0-9A-Za-z]+>|[A-Za-z]{3,})"
_CLOCK: Final = r"[+-]?\d{1,3}(?::\d{2}(?::\d{2})?)?"
_POSIX = re.compile(rf"({_NAME})({_CLOCK})(?:({_NAME})({_CLOCK})?,([^,]+),([^,]+))?")
_DAY_RULE = re.compile(rf"M(\d{{1,2}})\.([1-5])\.([0-6])(?:/({_CLOCK}))?")


class Offset(NamedTuple):
    """What clocks show: seconds ahead of UTC, whether the database calls it summer time, and its name."""

    seconds: int
    summer: bool
    name: str


class Change(NamedTuple):
    """From `at` (seconds since 1970-01-01T00:00Z) on, clocks show `offset`."""

    at: int
    offset: Offset


class DayRule(NamedTuple):
    """The `week`-th `weekday` of a month, 5 meaning the last; `seconds` after its local midnight.

    Weekdays are 0 (Sunday) to 6. `seconds` may be negative or exceed a day (RFC 8536 3.3.1).
    """

    month: int
    week: int
    weekday: int
    seconds: int

    def day(self, year: int) -> date:
        """The date of the named weekday, not yet moved by `seconds`."""
        first = date(year, self.month, 1)
        ahead = (self.weekday - first.isoweekday()) % 7
        number = 1 + ahead + 7 * (self.week - 1)
        if number > calendar.monthrange(year, self.month)[1]:
            number -= 7
        return first.replace(day=number)

    def local_seconds(self, year: int) -> int:
        """The wall-clock moment of the year, as if the clock showed UTC."""
        day = self.day(year)
        return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + self.seconds


class Footer(NamedTuple):
    """The rule for the time after the last recorded change: one offset, or two that alternate every year."""

    standard: Offset
    summer: Offset | None = None
    summer_begins: DayRule | None = None
    summer_ends: DayRule | None = None

    def changes(self, first_year: int, last_year: int) -> list[Change]:
        """The changes of these years, both included, ascending."""
        if self.summer is None or self.summer_begins is None or self.summer_ends is None:
            return []
        found = []
        for year in range(first_year, last_year + 1):
            found.append(Change(self.summer_begins.local_seconds(year) - self.standard.seconds, self.summer))
            found.append(Change(self.summer_ends.local_seconds(year) - self.summer.seconds, self.standard))
        return sorted(found)


class ZoneHistory(NamedTuple):
    """A zone: its offset before the first change, all recorded changes, and the rule after them.

    `footer` is None where the rule is of a shape that no zone has used for years (days of the year by number).
    """

    initial: Offset
    changes: tuple[Change, ...]
    footer: Footer | None


@lru_cache(maxsize=64)
def history(name: str) -> ZoneHistory:
    """The history of an IANA zone that `zoneinfo` knows.

    Raises:
        ValueError: there is no such file, or it is no TZif file.
    """
    return _parsed(_content(name))


def _content(name: str) -> bytes:
    parts = name.split("/")
    if not all(part not in ("", ".", "..") for part in parts):
        raise ValueError(f"no time zone {name!r}")
    for folder in zoneinfo.TZPATH:
        file = Path(folder, *parts)
        if file.is_file():
            return file.read_bytes()
    try:
        return resources.files("tzdata").joinpath("zoneinfo", *parts).read_bytes()
    except OSError:
        raise ValueError(f"no time zone {name!r}") from None


def _parsed(content: bytes) -> ZoneHistory:
    try:
        size = 4
        begin, end, counts = _block(content, 0, size)
        footer = ""
        if content[4:5] >= b"2":
            size = 8
            begin, end, counts = _block(content, end, size)
            footer = content[end:].strip(b"\n").decode("ascii")
    except (struct.error, UnicodeDecodeError):
        raise ValueError("not a TZif file") from None
    times, types, letters = counts
    moments = struct.unpack_from(f">{times}{'q' if size == 8 else 'l'}", content, begin)
    begin += times * size
    kinds = content[begin : begin + times]
    begin += times
    offsets = []
    names = content[begin + types * 6 : begin + types * 6 + letters]
    for seconds, summer, index in struct.iter_unpack(">lBB", content[begin : begin + types * 6]):
        label = names[index : names.index(b"\0", index)].decode("ascii", "replace")
        offsets.append(Offset(seconds, bool(summer), label))
    changes = tuple(Change(at, offsets[kind]) for at, kind in zip(moments, kinds, strict=True))
    last = changes[-1].offset if changes else offsets[0]
    return ZoneHistory(offsets[0], changes, parse_posix(footer) if footer else Footer(last))


def _block(content: bytes, begin: int, size: int) -> tuple[int, int, tuple[int, int, int]]:
    """Where the data of a header at `begin` starts and ends, and its counts of times, types and letters."""
    magic, _, isut, isstd, leaps, times, types, letters = _HEADER.unpack_from(content, begin)
    if magic != b"TZif":
        raise ValueError("not a TZif file")
    begin += _HEADER.size
    end = begin + times * (size + 1) + types * 6 + letters + leaps * (size + 4) + isstd + isut
    return begin, end, (times, types, letters)


def parse_posix(text: str) -> Footer | None:
    """A POSIX TZ string such as `EST5EDT,M3.2.0,M11.1.0`; None for rules by day of the year."""
    match = _POSIX.fullmatch(text)
    if match is None:
        return None
    name, west, summer_name, summer_west, begins, ends = match.groups()
    standard = Offset(-_clock(west), False, name.strip("<>"))
    if summer_name is None:
        return Footer(standard)
    seconds = standard.seconds + 3600 if summer_west is None else -_clock(summer_west)
    first, last = _day_rule(begins), _day_rule(ends)
    if first is None or last is None:
        return None
    return Footer(standard, Offset(seconds, True, summer_name.strip("<>")), first, last)


def _day_rule(text: str) -> DayRule | None:
    match = _DAY_RULE.fullmatch(text)
    if match is None:
        return None
    month, week, weekday, clock = match.groups()
    return DayRule(int(month), int(week), int(weekday), _clock(clock or "2"))


def _clock(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = ([int(part) for part in text.lstrip("+-").split(":")] + [0, 0])[:3]
    return sign * (hours * 3600 + minutes * 60 + seconds)
