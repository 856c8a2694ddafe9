"""Weekly hours while they are edited: blocks of minutes, and cells of a quarter of an hour that are painted.

A block keeps the minutes it was given. A cell that a block covers in part stays as it is until that very cell
is painted or erased, so hours such as 9:10-12:00 survive every stroke beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import time
from typing import NamedTuple

from couchcal.practice.availability import BlockRow
from couchcal.scheduling.hours import DAY_MINUTES, minute_of

CELL_MINUTES = 15
CELLS = DAY_MINUTES // CELL_MINUTES


class Block(NamedTuple):
    """Bookable wall-clock minutes `[start, end)` of a day; empty sets allow everything (AVL-07)."""

    start: int
    end: int
    event_types: frozenset[int] = frozenset()
    visit_types: frozenset[str] = frozenset()

    @property
    def limited(self) -> bool:
        """Whether it is open to some event types or visit types only."""
        return bool(self.event_types or self.visit_types)

    def limits_like(self, other: Block) -> bool:
        """Whether both allow the same."""
        return self[2:] == other[2:]


Day = tuple[Block, ...]
"""Blocks in order of their start."""
Week = tuple[Day, ...]
"""Seven days, in the order in which they are shown."""


def week_of(rows: Iterable[BlockRow], week_start: int = 0) -> Week:
    """The stored blocks by day, the first day being `week_start` (0 is Monday)."""
    days: list[list[Block]] = [[] for _ in range(7)]
    for row in rows:
        block = Block(minute_of(row.start), minute_of(row.end) or DAY_MINUTES, row.event_types, row.visit_types)
        days[(row.weekday - week_start) % 7].append(block)
    return tuple(tuple(sorted(day, key=_order)) for day in days)


def rows_of(day: Day, weekday: int) -> list[BlockRow]:
    """A day's blocks as they are stored; midnight at the end is 00:00."""
    return [
        BlockRow(weekday, clock_of(block.start), clock_of(block.end), block.event_types, block.visit_types)
        for block in day
    ]


def clock_of(minute: int) -> time:
    """A minute of the day on the clock; 1440 is the next midnight, 00:00."""
    return time(minute // 60 % 24, minute % 60)


def hours_of(day: Day) -> list[tuple[time, time]]:
    """A day's blocks as pairs of clock times."""
    return [(clock_of(block.start), clock_of(block.end)) for block in day]


def fill(day: Day, start: int, end: int) -> Day:
    """The day with all of `[start, end)` open: what was closed there is open to everything."""
    added = []
    at = start
    for block in day:
        if block.end > at and block.start < end:
            if block.start > at:
                added.append(Block(at, block.start))
            at = block.end
    if at < end:
        added.append(Block(at, end))
    return _joined((*day, *added))


def clear(day: Day, start: int, end: int) -> Day:
    """The day with nothing open in `[start, end)`; a block around it becomes two."""
    kept = []
    for block in day:
        if block.end <= start or block.start >= end:
            kept.append(block)
            continue
        if block.start < start:
            kept.append(block._replace(end=start))
        if block.end > end:
            kept.append(block._replace(start=end))
    return tuple(kept)


def with_hours(day: Day, hours: Sequence[tuple[time, time]]) -> Day:
    """The day with these hours; each keeps the limits of the blocks it was, where they agree."""
    blocks = []
    for start, end in hours:
        block = Block(minute_of(start), minute_of(end) or DAY_MINUTES)
        limits = {other[2:] for other in day if other.start < block.end and block.start < other.end}
        if len(limits) == 1:
            event_types, visit_types = limits.pop()
            block = block._replace(event_types=event_types, visit_types=visit_types)
        blocks.append(block)
    return tuple(sorted(blocks, key=_order))


def open_minutes(day: Day, start: int = 0, end: int = DAY_MINUTES) -> int:
    """How many minutes of `[start, end)` are open."""
    return sum(max(0, min(block.end, end) - max(block.start, start)) for block in day)


def cell_open(day: Day, cell: int) -> bool:
    """Whether all of a cell is open; one that is open in part is not."""
    start = cell * CELL_MINUTES
    return open_minutes(day, start, start + CELL_MINUTES) >= CELL_MINUTES


def block_at(day: Day, cell: int) -> Block | None:
    """The first block that touches a cell."""
    start = cell * CELL_MINUTES
    return next((block for block in day if block.start < start + CELL_MINUTES and start < block.end), None)


def _joined(blocks: Iterable[Block]) -> Day:
    """Blocks in order, those that touch and allow the same as one."""
    found: list[Block] = []
    for block in sorted(blocks, key=_order):
        if found and found[-1].end == block.start and found[-1].limits_like(block):
            found[-1] = found[-1]._replace(end=block.end)
        else:
            found.append(block)
    return tuple(found)


def _order(block: Block) -> tuple[int, int]:
    return block.start, block.end
