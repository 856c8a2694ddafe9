"""Content lines that an import kept because no column of ours has them, on their way out again.

They are written as their file had them, but for what would spoil the file that they go into: some readers drop a
whole calendar for one line that is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from couchcal.ics.folding import inert

_CONTENT_LINE = re.compile(
    r"([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:\"[^\"]*\"|[^\";:,]*)(?:,(?:\"[^\"]*\"|[^\";:,]*))*)*):(.*)"
)
_UTC_STAMP = re.compile(r"\d{8}T\d{6}Z")
_MODIFIED = re.compile(r"^LAST-MODIFIED:[ ]*(\d{8}T\d{6}Z)[ ]*$", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(r"[A-Za-z0-9-]+")
_WRITTEN: Final = frozenset(
    {
        "UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION",
        "DESCRIPTION", "STATUS", "TRANSP", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID",
    }
)  # fmt: skip
"""Properties that columns say."""
_ONCE: Final = frozenset({"CLASS", "COLOR", "CREATED", "GEO", "ORGANIZER", "PRIORITY", "URL"})
"""Properties of which a VEVENT has one at most (RFC 5545 3.6.1, RFC 7986 5)."""


def kept_lines(extra: str) -> tuple[dict[str, str], list[str]]:
    """The lines to write: of properties that occur once by name, and all others, components last.

    Left out are properties that columns say, times in a zone that only the file defined, repeated and malformed
    lines, components without their END, and alarms that say not what to do or when.
    """
    once: dict[str, str] = {}
    properties: list[str] = []
    components: list[str] = []
    for lines in _parts(extra.split("\n")):
        if len(lines) > 1:
            if _whole(lines):
                components += lines
            continue
        match = _CONTENT_LINE.fullmatch(lines[0])
        if match is None:
            continue
        name, parameters, value = match[1].upper(), match[2], match[3]
        if name in _WRITTEN or ";TZID=" in parameters.upper():
            continue
        if name not in _ONCE:
            properties.append(lines[0])
        elif _fits(name, value):
            once.setdefault(name, lines[0])
    return once, [*properties, *components]


def _fits(name: str, value: str) -> bool:
    if name == "CREATED":
        return _UTC_STAMP.fullmatch(value) is not None
    return name != "CLASS" or _WORD.fullmatch(value) is not None


def _parts(lines: Iterable[str]) -> Iterator[list[str]]:
    """Single properties, and components whole: lines from a BEGIN to its END, without those that are none."""
    open_names: list[str] = []
    component: list[str] = []
    for kept in lines:
        line = inert(kept)
        name, _, value = line.partition(":")
        name, value = name.upper(), value.strip().upper()
        if name == "BEGIN":
            open_names.append(value)
        if not open_names:
            if name != "END":
                yield [line]
            continue
        if name == "END":
            if open_names.pop() != value:
                return
        elif _CONTENT_LINE.fullmatch(line) is None:
            continue
        component.append(line)
        if not open_names:
            yield component
            component = []


def _whole(component: list[str]) -> bool:
    names = {re.split("[;:]", line, maxsplit=1)[0].upper() for line in component}
    return component[0].upper() != "BEGIN:VALARM" or {"ACTION", "TRIGGER"} <= names


def definition_lines(definition: str) -> list[str]:
    """The content lines of a VTIMEZONE kept from a file, without its frame and its TZID."""
    lines = [inert(line) for line in definition.split("\n")]
    lines = [line for line in lines if _CONTENT_LINE.fullmatch(line) is not None]
    return [line for line in lines[1:-1] if re.split("[;:]", line, maxsplit=1)[0].upper() != "TZID"]


def modified(extra: str) -> str | None:
    """The LAST-MODIFIED of the file, if it is a UTC time."""
    match = _MODIFIED.search(extra)
    return match[1] if match else None
