"""Which entry a cursor stands on, the letters to jump to others by, the hour to arrive at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice, product
from string import ascii_letters, ascii_lowercase

from couchcal.practice.agenda import Entry
from couchcal.practice.availability import BlockRow
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.layout import DAY_MINUTES, Key, key_of, local_span, minute_of, minutes_on
from couchcal.tui.calendar.scene import Cursor

_EVENING = 18 * 60
"""When a day of work is over where no hours are set."""
_NEAR = timedelta(days=2)
"""How far from noon in UTC, whatever the zone and its clocks do, anything of a day may end or begin."""


def jump_labels(count: int) -> list[str]:
    """`count` labels, all of one letter or, where there are not enough, all of two: none begins another."""
    if count <= len(ascii_letters):
        return list(ascii_letters[:count])
    letters = ascii_lowercase if count <= len(ascii_lowercase) ** 2 else ascii_letters
    return ["".join(pair) for pair in islice(product(letters, repeat=2), count)]


def entry_at(
    entries: Iterable[Entry], cursor: Cursor, keep: Key | None, row_minutes: int, tz: tzinfo, *, whole_day: bool
) -> Key | None:
    """The entry in the cursor's row of `row_minutes` (or anywhere in its day): `keep` if it is there, else the
    one that begins first."""
    found: list[tuple[bool, datetime, Key]] = []
    slot = (cursor.minute, cursor.minute + row_minutes)
    noon = datetime.combine(cursor.day, time(12), UTC)
    earliest, latest = noon - _NEAR, noon + _NEAR
    for entry in entries:
        if entry.end < earliest or entry.start > latest:
            continue
        key = key_of(entry)
        if entry.first_day is not None and entry.end_day is not None:
            if entry.first_day <= cursor.day < entry.end_day and (cursor.all_day or whole_day):
                found.append((key != keep, entry.start, key))
            continue
        if cursor.all_day:
            continue
        minutes = minutes_on(*local_span(entry.start, entry.end, tz), cursor.day)
        if minutes is not None and (whole_day or (minutes[0] < slot[1] and slot[0] < minutes[1])):
            found.append((key != keep, entry.start, key))
    return min(found)[2] if found else None


def arrival(
    day: date, minute: int, hours: Sequence[BlockRow], entries: Iterable[Entry], tz: tzinfo, first_minute: int
) -> int:
    """The minute of `day` to arrive at, coming from another one: `minute` if one works then, else when the hours of
    the day begin, or its first entry where that is earlier. A free day begins when the others do.

    Args:
        first_minute: when a day begins where no hours are set.
    """
    spans = [
        (minute_of(block.start), minute_of(block.end) or DAY_MINUTES)
        for block in hours
        if block.weekday == day.weekday()
    ]
    if not hours:
        spans = [(first_minute, _EVENING)]
    if any(start <= minute < end for start, end in spans):
        return minute
    begins = [start for start, _ in spans] or [minute_of(block.start) for block in hours]
    starts = [
        to_local(entry.start, tz)
        for entry in entries
        if not (entry.all_day or entry.cancelled or entry.kind == "time_off")
    ]
    return min([min(begins), *(minute_of(start.time()) for start in starts if start.date() == day)])
