"""What clients did by themselves, as a toast: with a name only where full names are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from couchcal.clock_words import clock_words
from couchcal.practice import agenda, requests
from couchcal.practice.names import short_name
from couchcal.practice.news import Item, What
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Connection
from couchcal.tui.calendar.period import day_label
from couchcal.tui.calendar.words import name_of
from couchcal.tui.text import clean

_COUNTED: dict[What, tuple[str, str]] = {
    "asked": ("new request", "new requests"),
    "booked": ("new booking", "new bookings"),
    "moved": ("session moved by its client", "sessions moved by their clients"),
    "cancelled": ("session cancelled by its client", "sessions cancelled by their clients"),
    "withdrawn": ("request withdrawn", "requests withdrawn"),
}
_VERBS: dict[What, str] = {
    "asked": "asks for",
    "booked": "booked",
    "moved": "moved their session to",
    "cancelled": "cancelled",
    "withdrawn": "no longer asks for",
}


def news_words(
    connection: Connection,
    items: Sequence[Item],
    tz: tzinfo,
    names: str,
    key: Callable[[str], str] | None,
) -> str:
    """`1 new request · r shows it`; of one alone, with full names, `Jane D. asks for Tue 3 Mar 15:00 · …`.

    Args:
        names: how clients are called: `id`, `initials`, `first` or `full`.
        key: the key of a command by its id; None where none of them works now.
    """
    counts = Counter(item.what for item in items)
    words = _told(connection, items[0], tz) if names == "full" and len(items) == 1 else ""
    if not words:
        words = ", ".join(f"{counts[what]} {_COUNTED[what][counts[what] > 1]}" for what in _COUNTED if counts[what])
    if counts["asked"] and key is not None:
        return f"{words} · {key('requests')} shows {'it' if len(items) == 1 else 'them'}"
    return words


def _told(connection: Connection, item: Item, tz: tzinfo) -> str:
    """One item with who and when; empty if what it is about is gone already."""
    if item.what in ("asked", "withdrawn"):
        found = connection.execute("SELECT 1 FROM booking_request WHERE id = ?", (item.row_id,)).fetchone()
        if found is None:
            return ""
        row = requests.one(connection, item.row_id)
        name = short_name(row.internal_id or "Somebody new", row.first, row.last)
        verb = "would move a session to" if item.what == "asked" and row.replaces_start else _VERBS[item.what]
        return clean(f"{name} {verb} {_moment(row.start, tz)}")
    entry = agenda.one(connection, item.row_id, tz)
    return "" if entry is None else f"{name_of(entry, 'full')} {_VERBS[item.what]} {_moment(entry.start, tz)}"


def _moment(start: datetime, tz: tzinfo) -> str:
    local = to_local(start, tz)
    return f"{day_label(local.date())} {clock_words(local)}"
