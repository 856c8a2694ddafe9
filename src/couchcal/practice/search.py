"""Finding entries and clients by words, and entries by (shortened) public id.

The full-text indexes are in the database file itself and follow every change by triggers. The rowid of
`entry_search` begins with the minute of the start, so the latest matches are the first ones read backwards.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.errors import NotFound, Refused
from couchcal.practice.agenda import Entry, day_instant, local_day
from couchcal.practice.clients import ClientRow, get
from couchcal.practice.entries_by_id import entries_by_id
from couchcal.practice.search_query import Query, parse_query
from couchcal.store.connection import Connection
from couchcal.store.public_id import decode, scramble, split
from couchcal.store.search_index import client_ids, entry_keys

LIMIT = 200
_YEAR_1_S = 62_135_596_800
_MINUTE_SHIFT = 30
_ID_MASK = (1 << (_MINUTE_SHIFT - 1)) - 1
_EXTERNAL = 1
_WIDEST_OFFSET = timedelta(hours=15)
"""All-day rows hold dates as UTC midnights; no zone is further than this from UTC."""
_LEAST_READ = 32


class Found(NamedTuple):
    """The clients and the entries that have all words; entries by start and id."""

    query: Query
    clients: list[ClientRow]
    entries: list[Entry]


def find(connection: Connection, text: str, tz: tzinfo, *, now: datetime, limit: int = LIMIT) -> list[Entry]:
    """Appointments and external events that have every word of `text` and fit its filters (`search_query`).

    The latest `limit` of them, sorted by start and id; series have rows only as far as they were looked at.

    Raises:
        Invalid: a filter that is none.
    """
    return _entries(connection, parse_query(text, local_day(now, tz)), tz, now, limit)


def find_all(
    connection: Connection, text: str, tz: tzinfo, *, now: datetime, limit: int = LIMIT, clients: int = 5
) -> Found:
    """What `find` finds, and up to `clients` clients with these names, address, number or id.

    Raises:
        Invalid: a filter that is none.
    """
    query = parse_query(text, local_day(now, tz))
    people = _people(connection, query, clients) if query.words and not (query.states or query.since) else []
    return Found(query, people, _entries(connection, query, tz, now, limit))


def _people(connection: Connection, query: Query, limit: int) -> list[ClientRow]:
    found = [get(connection, client_id) for client_id in client_ids(connection, query.words, 10 * limit)]
    found.sort(key=lambda row: (row.state == "archived", row.last.casefold(), row.called.casefold(), row.id))
    return found[:limit]


def _entries(connection: Connection, query: Query, tz: tzinfo, now: datetime, limit: int) -> list[Entry]:
    if query.empty:
        return []
    since = day_instant(query.since, tz) if query.since is not None else None
    until = day_instant(query.until, tz) if query.until is not None else None
    past = now if query.states == ("unsigned",) else None
    keys = entry_keys(connection, query.words, query.marks, *_range(since, until, past))
    if keys is None:
        return []
    found: list[Entry] = []
    while len(found) < limit and (rows := keys.fetchmany(max(limit - len(found), _LEAST_READ))):
        found += [
            entry
            for entry in _read(connection, [key for (key,) in rows], tz)
            if _within(entry, query, now, since, until)
        ]
    return sorted(found[:limit], key=lambda entry: (entry.start, entry.id))


def _range(since: datetime | None, until: datetime | None, past: datetime | None) -> tuple[int, int]:
    """The keys of entries that start in `[since, until)`, widened for all-day rows, and not after `past`."""
    lowest, highest = 0, (1 << 63) - 1
    if since is not None:
        lowest = _key(since - _WIDEST_OFFSET)
    if until is not None:
        highest = _key(until + _WIDEST_OFFSET) - 1
    if past is not None:
        highest = min(highest, _key(past + timedelta(minutes=1)) - 1)
    return lowest, highest


def _key(instant: datetime) -> int:
    return max(0, (int(instant.timestamp()) + _YEAR_1_S) // 60) << _MINUTE_SHIFT


def _read(connection: Connection, keys: list[int], tz: tzinfo) -> list[Entry]:
    """The entries of these keys in their order; masters of external series are none."""
    ids = [(key & _EXTERNAL, key >> 1 & _ID_MASK) for key in keys]
    entries = entries_by_id(
        connection, [i for kind, i in ids if kind != _EXTERNAL], [i for kind, i in ids if kind == _EXTERNAL], tz
    )
    by_id = {(int(entry.table == "external_event"), entry.row_id): entry for entry in entries}
    return [by_id[key] for key in ids if key in by_id]


def _within(entry: Entry, query: Query, now: datetime, since: datetime | None, until: datetime | None) -> bool:
    if since is not None and entry.start < since:
        return False
    if until is not None and entry.start >= until:
        return False
    return "unsigned" not in query.states or entry.cancelled or entry.end <= now


def resolve_id(connection: Connection, text: str) -> tuple[str, int]:
    """The table and row of a public id or a unique beginning of one.

    Raises:
        NotFound: nothing has it. Refused: several do.
    """
    try:
        table, digits = split(text)
    except ValueError:
        raise NotFound(f"'{text[:20]}' is no id", "agenda --json shows the ids") from None
    if len(digits) == 8:
        row_id = decode(digits)
        if connection.execute(f"SELECT 1 FROM {table} WHERE id = ?", (row_id,)).fetchone():  # noqa: S608  our names
            return table, row_id
        raise NotFound(f"there is no entry {text[:20]}", "agenda --json shows the ids")
    lowest = int(digits.ljust(8, "0"), 16)
    highest = int(digits.ljust(8, "f"), 16)
    found = connection.execute(
        f"SELECT id FROM {table} WHERE (id * ?) & 4294967295 BETWEEN ? AND ?",  # noqa: S608  our names
        (scramble(1), lowest, highest),
    ).fetchall()
    if not found:
        raise NotFound(f"there is no entry {text[:20]}", "agenda --json shows the ids")
    if len(found) > 1:
        raise Refused(f"{len(found)} entries begin with {text[:20]}", "give more of the id")
    return table, int(found[0][0])
