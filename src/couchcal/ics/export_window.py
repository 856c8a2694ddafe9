"""The part of the calendar that an export holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from couchcal.ics.folding import instant_of
from couchcal.practice.agenda import day_instant

FIRST_SECOND: Final = -62_135_596_800
LAST_SECOND: Final = 253_402_300_799
"""Year 1 and the end of year 9999, in seconds since the epoch."""
WIDEST_OFFSET_S: Final = 15 * 3600
"""No zone is further from UTC: all-day entries hold dates as UTC midnights."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(instant: datetime) -> int:
    """Whole seconds since the epoch."""
    return (instant - _EPOCH) // timedelta(seconds=1)


class Window(NamedTuple):
    """Half-open `[lo, hi)` in seconds since the epoch; None is without end. All-day entries cover days of `tz`."""

    lo: int | None
    hi: int | None
    tz: tzinfo

    @classmethod
    def between(cls, start: datetime | None, end: datetime | None, tz: tzinfo) -> Window:
        return cls(None if start is None else seconds_of(start), None if end is None else seconds_of(end), tz)

    @property
    def endless(self) -> bool:
        return self.lo is None and self.hi is None

    def admits(self, start: int, end: int, *, all_day: bool) -> bool:
        """Whether an entry overlaps the window, as the agenda has it: one without length at its start."""
        if self.endless:
            return True
        if all_day:
            start, end = (seconds_of(day_instant(instant_of(day).date(), self.tz)) for day in (start, end))
        if self.hi is not None and start >= self.hi:
            return False
        return self.lo is None or end > self.lo or start >= self.lo

    def condition(self, start: str, end: str) -> tuple[str, tuple[int, ...]]:
        """SQL that no row of the window fails, and its values; `admits` decides."""
        parts, values = ["true"], []
        if self.hi is not None:
            parts.append(f"{start} < ?")
            values.append(self.hi + WIDEST_OFFSET_S)
        if self.lo is not None:
            parts.append(f"({end} > ? OR {start} >= ?)")
            values += [self.lo - WIDEST_OFFSET_S] * 2
        return " AND ".join(parts), tuple(values)
