"""Search as you type in the largest store."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

from bench.files import Store
from bench.measure import least
from bench.table import Table

_NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
_TYPED = {
    "a rare word": "99998",
    "a word of every entry": "session",
    "two words of every entry": "office folded",
    "the beginning of one": "fol",
    "seven words of every entry": "note which that long second line shows",
    "one letter": "s",
    "no match": "zzzz",
    "a month": "in:2026-05",
}


def measure(table: Table, store: Store) -> None:
    """The latest 200 matches with their entries, for what people type, on a new connection as the screen does it;
    plain and with a key file.
    """
    from couchcal.practice.search import find, resolve_id
    from couchcal.scheduling.wallclock import zone
    from couchcal.store.connection import Database
    from couchcal.store.public_id import encode

    tz = zone("America/New_York")
    for database in (Database(store.plain, None), Database(store.encrypted, bytes.fromhex(store.key))):

        def search(text: str, database: Database = database) -> None:
            with closing(database.connect()) as connection:
                find(connection, text, tz, now=_NOW)

        times = {name: least(partial(search, text), 9, time.process_time) for name, text in _TYPED.items()}
        kind = "key file" if database.encrypted else "plain"
        worst = max(times, key=lambda name: times[name])
        what = f"search in {store.size}, {kind}, processor time, slowest: {worst}"
        table.limit(what, times[worst] * 1000, 30, "ms")
        with closing(database.connect()) as connection:
            resolve = least(partial(resolve_id, connection, encode("appointment", store.size // 2)[:7]))
        table.fact(f"id by its beginning, {kind}", f"{resolve * 1000:.1f} ms")
