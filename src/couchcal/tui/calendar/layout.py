"""Entries to places in a grid: day columns, lanes, all-day bars. Pure; wall-clock minutes of a local day.

A column always stands for the 24 hours a clock shows. On the days of a clock change an entry is where the
clock says it is; one whose clock end is not after its start (the repeated hour) keeps its true length.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from couchcal.practice.agenda import Entry
from couchcal.scheduling.lanes import Lane, assign_lanes
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.period import Period

DAY_MINUTES = 1440
MIN_LANE_CELLS = 4
_MINUTE = timedelta(minutes=1)

Key = tuple[str, int]


def key_of(entry: Entry) -> Key:
    """What identifies an entry across reloads: table and row id."""
    return entry.table, entry.row_id


def minute_of(moment: time) -> int:
    """The minute of the day."""
    return moment.hour * 60 + moment.minute


class Block(NamedTuple):
    """The part of a timed entry that lies on one local day, minutes `[start, end)`, never empty."""

    entry: Entry
    start: int
    end: int
    lane: Lane
    begins: bool
    """Whether the entry itself begins here, not on an earlier day."""
    touched: bool
    """Whether another block begins where this one ends: the painter leaves a hair of air."""


class Bar(NamedTuple):
    """An all-day entry over columns `[first, until)` in line `line` of the all-day strip."""

    entry: Entry
    first: int
    until: int
    line: int


def local_span(start: datetime, end: datetime, tz: tzinfo) -> tuple[datetime, datetime]:
    """Wall-clock start and end as a grid shows them: at least a minute long, in clock order."""
    start_local, end_local = to_local(start, tz), to_local(end, tz)
    if end_local <= start_local:
        end_local = start_local + max(end - start, _MINUTE)
    return start_local, end_local


def minutes_on(start_local: datetime, end_local: datetime, day: date) -> tuple[int, int] | None:
    """The minutes of `day` in `[start_local, end_local)`, None if there are none."""
    before = (start_local.date() - day).days * DAY_MINUTES + start_local.hour * 60 + start_local.minute
    after = (end_local.date() - day).days * DAY_MINUTES + end_local.hour * 60 + end_local.minute
    first, until = max(before, 0), min(max(after, before + 1), DAY_MINUTES)
    return (first, until) if first < until else None


def day_columns(entries: Iterable[Entry], period: Period, tz: tzinfo, row_minutes: int = 1) -> list[list[Block]]:
    """The timed blocks of each day of `period`, in lanes, sorted by start.

    What lies within one row of `row_minutes` has that row to itself: it stands beside its neighbours there,
    as below them it could not be seen.
    """
    parts: list[list[tuple[Entry, int, int, bool]]] = [[] for _ in range(period.days)]
    for entry in entries:
        if entry.all_day:
            continue
        start, end = local_span(entry.start, entry.end, tz)
        first = max((start.date() - period.first).days, 0)
        last = min((end.date() - period.first).days, period.days - 1)
        for index in range(first, last + 1):
            day = period.first + timedelta(days=index)
            minutes = minutes_on(start, end, day)
            if minutes is not None:
                parts[index].append((entry, *minutes, start.date() == day))
    return [_column(column, row_minutes) for column in parts]


def _column(parts: list[tuple[Entry, int, int, bool]], row_minutes: int) -> list[Block]:
    behind = [part for part in parts if part[0].kind == "time_off"]
    parts = sorted((part for part in parts if part[0].kind != "time_off"), key=lambda part: part[1:3])
    starts = {part[1] for part in parts}
    lanes = assign_lanes([_room(start, end, row_minutes) for _, start, end, _ in parts])
    whole = Lane(0, 1, 1)
    blocks = [Block(entry, start, end, whole, begins, False) for entry, start, end, begins in behind]
    blocks += [
        Block(entry, start, end, lane, begins, end in starts)
        for (entry, start, end, begins), lane in zip(parts, lanes, strict=True)
    ]
    return blocks


def _room(start: int, end: int, row_minutes: int) -> tuple[int, int]:
    """The minutes that keep others out of a block's lane."""
    row = start // row_minutes
    return (row * row_minutes, (row + 1) * row_minutes) if row == (end - 1) // row_minutes else (start, end)


def all_day_bars(entries: Iterable[Entry], period: Period) -> list[Bar]:
    """The all-day entries that touch `period`, longest first in the upper lines."""
    spans: list[tuple[int, int, Entry]] = []
    for entry in entries:
        if entry.first_day is None or entry.end_day is None:
            continue
        first = max((entry.first_day - period.first).days, 0)
        until = min((entry.end_day - period.first).days, period.days)
        if first < until:
            spans.append((first, until, entry))
    lanes = assign_lanes([(first, until) for first, until, _ in spans])
    return [Bar(entry, first, until, lane.index) for (first, until, entry), lane in zip(spans, lanes, strict=True)]


class Columns(NamedTuple):
    """Where day columns stand: `gutter` cells for the hours, then `(x, width)` of each column."""

    gutter: int
    places: tuple[tuple[int, int], ...]

    def at(self, x: int) -> int:
        """The column of cell `x`; cells left or right of all belong to the nearest."""
        starts = [place[0] for place in self.places]
        return max(bisect_right(starts, x) - 1, 0)


def columns(width: int, days: int, gutter: int) -> Columns:
    """`days` columns in `width` cells, as equal as cells allow; the wider ones come first."""
    room = max(width - gutter, days)
    each, extra = divmod(room, days)
    places, x = [], gutter
    for index in range(days):
        size = each + (1 if index < extra else 0)
        places.append((x, size))
        x += size
    return Columns(gutter, tuple(places))


def lane_cells(lane: Lane, x: int, width: int) -> tuple[int, int] | None:
    """The cells `[first, until)` of a lane in a column of `width` cells at `x`.

    Where lanes would be narrower than `MIN_LANE_CELLS`, only as many as fit are drawn: None for the others,
    which a `+n` stands for.
    """
    count = min(lane.count, max(width // MIN_LANE_CELLS, 1))
    if count < lane.count:
        if lane.index >= count:
            return None
        until_lane = min(lane.index + lane.width, count)
    else:
        until_lane = lane.index + lane.width
    return x + width * lane.index // count, x + width * until_lane // count


def eighths(start: int, end: int, row: int, row_minutes: int) -> tuple[int, int]:
    """The part of grid row `row` that minutes `[start, end)` cover, in eighths from its top: `0 <= a < b <= 8`."""
    top = row * row_minutes
    first = max(round((start - top) * 8 / row_minutes), 0)
    until = min(round((end - top) * 8 / row_minutes), 8)
    if until <= first:
        first = min(first, 7)
        until = first + 1
    return first, until


def row_covers(start: int, end: int, row_minutes: int) -> dict[int, tuple[int, int]]:
    """The rows that minutes `[start, end)` touch, each with the `eighths` of it that they cover."""
    rows = range(start // row_minutes, (end - 1) // row_minutes + 1)
    return {row: eighths(start, end, row, row_minutes) for row in rows}


def text_rows(covers: Mapping[int, tuple[int, int]]) -> list[int]:
    """The rows of a block that have room for words: at least half covered, or else the fullest one. A last
    row that is covered in part keeps its exact edge free of words where a row above can take them."""
    roomy = [row for row, (first, last) in covers.items() if last - first >= 4]
    if len(roomy) > 2 and covers[roomy[-1]][1] < 7:
        roomy.pop()
    return roomy or [max(covers, key=lambda row: covers[row][1] - covers[row][0])]


def hidden_counts(blocks: Sequence[Block], width: int) -> dict[int, int]:
    """`+n`: start minute and lane of a visible block (`start * 64 + lane`) -> how many blocks beside it have no
    room for a lane."""
    counts: dict[int, int] = {}
    shown = [block for block in blocks if lane_cells(block.lane, 0, width) is not None]
    for block in blocks:
        if lane_cells(block.lane, 0, width) is not None:
            continue
        host = max(shown, key=lambda other: _nearness(other, block), default=None)
        if host is not None:
            counts[host.start * 64 + host.lane.index] = counts.get(host.start * 64 + host.lane.index, 0) + 1
    return counts


def _nearness(other: Block, block: Block) -> tuple[bool, int, int, int]:
    overlapping = other.start < block.end and block.start < other.end
    return overlapping, 0 if overlapping else -abs(other.start - block.start), other.lane.index, -other.start
