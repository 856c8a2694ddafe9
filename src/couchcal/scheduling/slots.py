"""The slot engine: which start times can be offered, from plain inputs.

A slot is offered when it lies in one availability block of its local day, respects notice, window and daily
cap, and keeps the required gap to every busy item (INV-A1 to A5, A8, A9). The client's zone is no input: what
is offered does not depend on it (INV-A4).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate
from typing import Literal

from couchcal.scheduling.wallclock import day_bounds, first_existing, to_local

_MIN_INSTANT = datetime.min.replace(tzinfo=UTC)
_MAX_INSTANT = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Block:
    """Weekly availability on `weekday` (0 is Monday), wall-clock `[start, end)` (AVL-01).

    An `end` of 00:00 is the next midnight. `event_types` and `visit_types` limit what may be booked; empty
    allows all (AVL-07).
    """

    weekday: int
    start: time
    end: time
    event_types: frozenset[Hashable] = frozenset()
    visit_types: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, slots=True)
class Busy:
    """A blocking item, aware instants `[start, end)`, with the minutes it wants free before and after itself.

    `key` identifies it to `SlotRequest.ignoring`; `counts` marks client sessions and live holds, which the
    daily cap counts on the local day they start.
    """

    start: datetime
    end: datetime
    buffer_before: int = 0
    buffer_after: int = 0
    key: Hashable = None
    counts: bool = False


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """What is to be booked and the policy for it. Durations, steps, notice and buffers are minutes.

    `step` "session" steps by the duration. `window_days` and `max_per_day` None mean unlimited. `ignoring`
    holds keys of busy items to leave out: the appointment being moved, the same client's own hold.
    Raises ValueError when the duration, the step or the cap is not positive.
    """

    duration: int
    step: int | Literal["session"] = 30
    min_notice: int = 30
    window_days: int | None = 60
    buffer_before: int = 0
    buffer_after: int = 0
    max_per_day: int | None = None
    event_type: Hashable = None
    visit_type: Hashable = None
    ignoring: frozenset[Hashable] = frozenset()

    def __post_init__(self) -> None:
        if self.duration <= 0:
            raise ValueError("a slot needs a positive duration")
        if self.step != "session" and self.step <= 0:
            raise ValueError("slots need a positive step")
        if self.max_per_day is not None and self.max_per_day <= 0:
            raise ValueError("a daily cap is at least 1")


def all_day_busy(first: date, until: date, tz: tzinfo, *, key: Hashable = None) -> Busy:
    """A busy item over whole local days, `until` exclusive: local midnight to local midnight."""
    return Busy(day_bounds(first, tz)[0], day_bounds(until, tz)[0], key=key)


def offer_slots(
    request: SlotRequest,
    blocks: Iterable[Block],
    busy: Iterable[Busy],
    *,
    now: datetime,
    tz: tzinfo,
    first: date,
    last: date,
) -> list[datetime]:
    """The offered starts (UTC, ascending) on the local days `first` to `last`, both included (BOOK-04, -05).

    `tz` is the practice's zone. Starts are at least `min_notice` after `now` and on days up to `window_days`
    after today. Between neighbours the required gap is the larger of the earlier one's buffer after and the
    later one's buffer before, not their sum.
    """
    today = to_local(now, tz).date()
    first = max(first, today)
    if request.window_days is not None and request.window_days < (date.max - today).days:
        last = min(last, today + timedelta(days=request.window_days))
    earliest = now + timedelta(minutes=request.min_notice)

    kept = [item for item in busy if item.key is None or item.key not in request.ignoring]
    full_days = _full_days(kept, request.max_per_day, tz)
    allowed = [block for block in blocks if _allows(block, request)]
    starts = _starts(request, allowed, kept, tz, first, last, skipped=full_days)
    return [start for start in starts if start >= earliest]


def free_slots(
    duration: int,
    blocks: Iterable[Block],
    busy: Iterable[Busy],
    *,
    not_before: datetime,
    tz: tzinfo,
    first: date,
    last: date,
    step: int = 15,
    ignoring: frozenset[Hashable] = frozenset(),
) -> Iterator[datetime]:
    """The practitioner's own free starts, ascending and computed as they are asked for.

    The same engine as `offer_slots` over the days `first` to `last`, without notice, window, cap, buffers of
    the new entry or limits on what a block is for. `next(free_slots(...), None)` is the next free slot.
    """
    request = SlotRequest(duration, step=step)
    kept = [item for item in busy if item.key is None or item.key not in ignoring]
    starts = _starts(request, list(blocks), kept, tz, first, last)
    return (start for start in starts if start >= not_before)


def _allows(block: Block, request: SlotRequest) -> bool:
    return (not block.event_types or request.event_type in block.event_types) and (
        not block.visit_types or request.visit_type in block.visit_types
    )


def _full_days(busy: list[Busy], cap: int | None, tz: tzinfo) -> frozenset[date]:
    if cap is None:
        return frozenset()
    counts = Counter(to_local(item.start, tz).date() for item in busy if item.counts)
    return frozenset(day for day, count in counts.items() if count >= cap)


def _starts(
    request: SlotRequest,
    blocks: list[Block],
    busy: list[Busy],
    tz: tzinfo,
    first: date,
    last: date,
    skipped: frozenset[date] = frozenset(),
) -> Iterator[datetime]:
    """Every start in the blocks that keeps its gap to all busy items."""
    duration = timedelta(minutes=request.duration)
    step = duration if request.step == "session" else timedelta(minutes=request.step)
    by_weekday: list[list[Block]] = [[] for _ in range(7)]
    for block in blocks:
        by_weekday[block.weekday].append(block)

    blocked = sorted(_with_gaps(item, request) for item in busy)
    blocked_starts = [start for start, _ in blocked]
    # The latest end of all items up to here: one look tells whether any of them reaches past a start.
    latest_ends = list(accumulate((end for _, end in blocked), max))

    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day in skipped or not by_weekday[day.weekday()]:
            continue
        for opens, closes in open_spans(by_weekday[day.weekday()], day, tz):
            room = closes - opens - duration
            for position in range(room // step + 1 if room >= timedelta(0) else 0):
                start = opens + position * step
                before = bisect_left(blocked_starts, start + duration)
                if not before or latest_ends[before - 1] <= start:
                    yield start


def _with_gaps(item: Busy, request: SlotRequest) -> tuple[datetime, datetime]:
    """The item widened by the gaps required on either side of it."""
    gap_before = max(request.buffer_after, item.buffer_before)
    gap_after = max(item.buffer_after, request.buffer_before)
    if not gap_before and not gap_after:
        return item.start, item.end
    before, after = timedelta(minutes=gap_before), timedelta(minutes=gap_after)
    return max(item.start, _MIN_INSTANT + before) - before, min(item.end, _MAX_INSTANT - after) + after


def open_spans(blocks: list[Block], day: date, tz: tzinfo) -> list[tuple[datetime, datetime]]:
    """The day's blocks as instants, each end converted by itself, touching ones merged, empty ones dropped.

    A local end inside a gap is the first instant after it; an ambiguous one is its first occurrence.
    """
    spans = sorted(
        (first_existing(datetime.combine(day, block.start), tz), _block_end(day, block.end, tz)) for block in blocks
    )
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in spans:
        if closes <= opens:
            continue
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _block_end(day: date, end: time, tz: tzinfo) -> datetime:
    if end == time.min:
        return day_bounds(day, tz)[1]
    return first_existing(datetime.combine(day, end), tz)
