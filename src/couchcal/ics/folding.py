"""Content lines as RFC 5545 3.1 and 3.3.11 want them on the wire: escaped TEXT, dates, lines of 75 octets."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

LINE_OCTETS: Final = 75
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEWLINE = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SPECIAL = re.compile(r"[\\;,\n\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def escape(text: str) -> str:
    """A TEXT value (3.3.11): backslash, semicolon, comma and line break escaped, control characters dropped."""
    if _SPECIAL.search(text) is None:
        return text
    if not text.isprintable():
        text = _CONTROL.sub("", _NEWLINE.sub("\n", text).replace("\t", " "))
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def escape_line(text: str) -> str:
    """As `escape` for a value that must be one line, such as SUMMARY: white space of any kind is one space."""
    if _SPECIAL.search(text) is None:
        return text.strip()
    return escape(" ".join(text.split()))


def parameter(text: str) -> str:
    """A parameter value (3.2): quoted where it needs to be, without what no quoting can carry."""
    text = inert(text).replace('"', "")
    return f'"{text}"' if any(mark in text for mark in ",;:") else text


def inert(line: str) -> str:
    """A content line kept from a file, without control characters that could break it in two."""
    return line if line.isprintable() else _BREAKING.sub("", line.replace("\t", " "))


def fold(line: str) -> str:
    """The line in pieces of at most 75 octets, CRLF and a space between them.

    No piece ends inside a UTF-8 sequence, nor between a backslash and what it escapes: readers that unescape
    before they unfold would see another text.
    """
    if len(line) <= LINE_OCTETS and line.isascii():
        return line
    octets = line.encode("utf-8", "replace")
    if len(octets) <= LINE_OCTETS:
        return line
    pieces = []
    begin, room = 0, LINE_OCTETS
    while len(octets) - begin > room:
        end = _cut(octets, begin, begin + room)
        pieces.append(octets[begin:end])
        begin, room = end, LINE_OCTETS - 1
    pieces.append(octets[begin:])
    return b"\r\n ".join(pieces).decode("utf-8")


def _cut(octets: bytes, begin: int, end: int) -> int:
    """The last place at or before `end` where a piece may end; `end` itself when there is none."""
    cut = end
    while octets[cut] & 0xC0 == 0x80:
        cut -= 1
    backslashes = cut
    while backslashes > begin and octets[backslashes - 1] == 0x5C:
        backslashes -= 1
    if (cut - backslashes) % 2:
        cut -= 1
    return cut if cut > begin else end


def instant_of(seconds: int) -> datetime:
    """The aware UTC instant of stored seconds."""
    return _EPOCH + timedelta(seconds=seconds)


def utc_stamp(seconds: int) -> str:
    """`20260302T140000Z`, from stored seconds."""
    return f"{wall_stamp(instant_of(seconds))}Z"


def wall_stamp(local: datetime) -> str:
    """`20260302T090000`: the digits of a datetime, whatever its zone."""
    return f"{local.year:04}{local.month:02}{local.day:02}T{local.hour:02}{local.minute:02}{local.second:02}"


def date_stamp(day: date) -> str:
    """`20260302`."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def offset_stamp(seconds: int) -> str:
    """A UTC offset (3.3.14): `-0500`, with seconds where there are some."""
    sign = "-" if seconds < 0 else "+"
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{rest:02}" if rest else "")
