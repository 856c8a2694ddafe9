"""Values of iCalendar properties as real files write them (RFC 5545 3.2, 3.3). Nothing here knows a time zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, NamedTuple

_DURATION = re.compile(
    r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?|T)?", re.IGNORECASE
)
_STAMP = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"\\([\\;,nN])")
_PARAMETER = re.compile(r';\s*([^=;]+)=((?:"[^"]*"|[^";])*)')
_HEAD = re.compile(r'((?:[^":]|"[^"]*")*):(.*)', re.DOTALL)
_MAX_DURATION: Final = timedelta(days=36_525)
"""A century. Longer durations are slips or attacks; none is a calendar entry."""


class Stamp(NamedTuple):
    """A DATE, or a DATE-TIME on the wall clock of its zone; `utc` when it ends in Z."""

    local: datetime
    is_date: bool
    utc: bool


def parse_stamp(text: str) -> Stamp:
    """`20260302`, `20260302T090000`, `20260302T090000Z`, and the usual slips: seconds left out, ISO 8601 with
    hyphens and colons, lower case, 24:00, a leap second, an offset.

    Raises:
        ValueError: it is no date.
    """
    size = len(text)
    if text[:8].isdigit() and text.isascii():
        if size == 15 and text[8] == "T" and text[9:].isdigit() and text[9:11] < "24" and text[13] < "6":
            return Stamp(datetime.fromisoformat(text), False, False)
        if size == 16 and text[8] == "T" and text[15] == "Z" and text[9:11] < "24" and text[13] < "6":
            return Stamp(datetime.fromisoformat(text[:15]), False, True)
        if size == 8:
            return Stamp(datetime.fromisoformat(text), True, False)
    return _parse_odd_stamp(text)


def _parse_odd_stamp(text: str) -> Stamp:
    match = _STAMP.fullmatch(text.strip())
    if match is None or not text.isascii():
        raise ValueError(f"{text[:40]!r} is no date")
    year, month, day, hour, minute, second, suffix = match.groups()
    local = datetime(int(year), int(month), int(day))  # noqa: DTZ001  wall clock
    if hour is None:
        return Stamp(local, True, False)
    if int(hour) > 24 or int(minute) > 59 or int(second or 0) > 60:
        raise ValueError(f"{text[:40]!r} is no time")
    try:
        local += timedelta(hours=int(hour), minutes=int(minute), seconds=min(int(second or 0), 59))
        if suffix and suffix not in "Zz":
            sign = -1 if suffix[0] == "-" else 1
            local -= sign * timedelta(hours=int(suffix[1:3]), minutes=int(suffix[-2:]))
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is beyond year 9999") from None
    return Stamp(local, False, bool(suffix))


class Span(NamedTuple):
    """A duration: nominal `days`, which follow the wall clock, and exact `rest` (RFC 5545 3.3.6)."""

    days: int
    rest: timedelta

    @property
    def total(self) -> timedelta:
        return timedelta(days=self.days) + self.rest


def parse_duration(text: str) -> Span:
    """`PT50M`, `P1DT2H`, `P2W`.

    Raises:
        ValueError: it is none, it is negative, or it is longer than a century.
    """
    match = _DURATION.fullmatch("".join(text.split()))
    if match is None or not any(match.groups()[1:]):
        raise ValueError(f"{text[:40]!r} is no duration")
    sign, weeks, days, hours, minutes, seconds = match.groups()
    if any(number and len(number) > 9 for number in (weeks, days, hours, minutes, seconds)):
        raise ValueError(f"the duration {text[:40]!r} is absurd")
    span = Span(
        7 * int(weeks or 0) + int(days or 0),
        timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0)),
    )
    try:
        total = span.total
    except OverflowError:
        total = timedelta.max
    if total > _MAX_DURATION:
        raise ValueError(f"the duration {text[:40]!r} is absurd")
    if sign == "-" and total:
        raise ValueError(f"the duration {text[:40]!r} is negative")
    return span


def unescape(text: str) -> str:
    r"""TEXT as people read it: `\n` a line break, `\,` `\;` `\\` the character (RFC 5545 3.3.11).

    Any other backslash was not meant as an escape (`C:\temp`) and stays.
    """
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def quoted_printable(text: str) -> str:
    """Text that a property with ENCODING=QUOTED-PRINTABLE (a habit of vCalendar) carries."""
    import quopri

    data = quopri.decodestring(text.encode("utf-8"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def split_line(line: str) -> tuple[str, str]:
    """A content line as its head (name and parameters) and its value, quoted colons kept together.

    Raises:
        ValueError: it has no value.
    """
    head, colon, value = line.partition(":")
    if '"' in head and head.count('"') % 2:
        match = _HEAD.fullmatch(line)
        if match is not None:
            return match[1], match[2]
    if not colon:
        raise ValueError(f"{line[:40]!r} is no content line")
    return head, value


def parse_head(head: str) -> tuple[str, dict[str, str]]:
    """The property name and its parameters, names in capitals, quotes taken off."""
    name, semicolon, _ = head.partition(";")
    if not semicolon:
        return head.strip().upper(), {}
    parameters = {key.strip().upper(): value.strip().replace('"', "") for key, value in _PARAMETER.findall(head)}
    return name.strip().upper(), parameters
