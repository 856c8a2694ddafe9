"""Which entry a cursor stands on, and the letters to jump to others by. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import islice, product
from string import ascii_letters, ascii_lowercase

from couchcal.practice.agenda import Entry
from couchcal.tui.calendar.layout import Key, key_of, local_span, minutes_on
from couchcal.tui.calendar.scene import Cursor


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
    for entry in entries:
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
