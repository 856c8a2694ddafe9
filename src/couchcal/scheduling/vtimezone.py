"""A time zone out of the VTIMEZONE of a calendar file (RFC 5545 3.6.5). Text in, `tzinfo` out; no I/O."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from couchcal.scheduling.recurrence import RecurrenceError, parse_rule, starts

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
"""Changes of the clock are worked out between these years; outside them the nearest offset holds."""
_OFFSET = re.compile(r"([+-]?)(\d{1,2}):?(\d{2})(?::?(\d{2}))?")
_MAX_CHANGES = 5_000


@dataclass(slots=True)
class Observance:
    """A STANDARD or DAYLIGHT part: from its onsets on, clocks are `to` ahead of UTC instead of `since`."""

    daylight: bool = False
    onset: datetime | None = None
    since: timedelta | None = None
    to: timedelta | None = None
    name: str = ""
    rules: list[str] = field(default_factory=list)
    more: list[datetime] = field(default_factory=list)


class DefinedZone(tzinfo):
    """The clocks that a VTIMEZONE describes. Ambiguous and missing wall-clock times are as PEP 495 has them."""

    def __init__(self, key: str, observances: Iterable[Observance]) -> None:
        self.key = key
        changes: dict[datetime, Observance] = {}
        for part in observances:
            for onset in _onsets(part):
                changes[onset] = part
        ordered = sorted(changes.items(), key=lambda change: change[0])
        self.changes = [moment for moment, _ in ordered]
        """When the offset changes, as naive UTC, ascending."""
        self._parts = [part for _, part in ordered]
        self._before = ordered[0][1].since or timedelta(0)
        offsets = [self._before, *(part.to or timedelta(0) for part in self._parts)]
        self._early = [
            moment + max(offsets[index], offsets[index + 1]) for index, moment in enumerate(self.changes)
        ]
        self._late = [moment + min(offsets[index], offsets[index + 1]) for index, moment in enumerate(self.changes)]
        self._offsets = offsets

    def __repr__(self) -> str:
        return f"DefinedZone({self.key!r})"

    def _index(self, dt: datetime | None) -> int:
        if dt is None:
            return 0
        return bisect_right(self._late if dt.fold else self._early, dt.replace(tzinfo=None, fold=0))

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return self._offsets[self._index(dt)]

    def dst(self, dt: datetime | None) -> timedelta:
        index = self._index(dt)
        part = self._parts[index - 1] if index else None
        if part is None or not part.daylight or part.since is None or part.to is None:
            return timedelta(0)
        return part.to - part.since

    def tzname(self, dt: datetime | None) -> str:
        index = self._index(dt)
        return (self._parts[index - 1].name if index else "") or self.key

    def fromutc(self, dt: datetime) -> datetime:
        index = bisect_right(self.changes, dt.replace(tzinfo=None))
        local = dt + self._offsets[index]
        return local.replace(fold=int(self._index(local.replace(fold=0)) != index))


def parse_definition(key: str, lines: Iterable[str]) -> DefinedZone | None:
    """The zone of the content lines of a VTIMEZONE (unfolded, with or without its BEGIN and END).

    Parts that cannot be read are left out; None when nothing remains.
    """
    parts: list[Observance] = []
    current: Observance | None = None
    for line in lines:
        head, _, value = line.partition(":")
        name = head.partition(";")[0].strip().upper()
        value = value.strip()
        if name == "BEGIN":
            kind = value.upper()
            current = Observance(daylight=kind == "DAYLIGHT") if kind in ("STANDARD", "DAYLIGHT") else None
        elif name == "END":
            if current is not None and current.onset and current.to is not None:
                parts.append(current)
            current = None
        elif current is not None:
            _read(current, name, value)
    for part in parts:
        if part.since is None:
            part.since = part.to
    try:
        return DefinedZone(key, parts) if parts else None
    except (RecurrenceError, OverflowError, IndexError):
        return None


def _read(part: Observance, name: str, value: str) -> None:
    if name == "DTSTART":
        part.onset = part.onset or _wall_clock(value)
    elif name == "TZOFFSETFROM":
        part.since = _offset(value)
    elif name == "TZOFFSETTO":
        part.to = _offset(value)
    elif name == "TZNAME":
        part.name = part.name or value
    elif name == "RRULE":
        part.rules.append(value)
    elif name == "RDATE":
        part.more += filter(None, map(_wall_clock, value.split(",")))


def _wall_clock(text: str) -> datetime | None:
    text = text.strip().rstrip("Zz").partition("/")[0]
    if len(text) not in (8, 15) or not text[:8].isdigit():
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _offset(text: str) -> timedelta | None:
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    sign, hours, minutes, seconds = match.groups()
    size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if size >= timedelta(hours=24):
        return None
    return -size if sign == "-" else size


def _onsets(part: Observance) -> list[datetime]:
    """Naive UTC moments at which the part takes effect."""
    if part.onset is None or part.since is None:
        return []
    local = {part.onset, *part.more}
    lo, hi = datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR, 1, 1)  # noqa: DTZ001  wall clock
    for text in part.rules:
        rule = parse_rule(text)
        local.update(starts(rule, part.onset, lo, hi, tz=timezone(part.since), limit=_MAX_CHANGES))
    found = []
    for moment in local:
        try:
            found.append(moment - part.since)
        except OverflowError:
            found.append(moment)
    return found
