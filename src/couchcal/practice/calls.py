"""Whom to call: sessions of which the client is reminded by telephone (APT-16). Plain statements; no ORM."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from couchcal.practice.agenda import Entry, between, day_instant, local_day
from couchcal.store.connection import Connection

_WANTED = """
SELECT a.id, c.phone FROM appointment a JOIN client c ON c.id = a.client_id
WHERE a.span = 0 AND a.start_utc >= ? AND a.start_utc < ? AND a.kind = 'client_session'
  AND a.status = 'scheduled' AND a.remind_phone AND c.remind_phone
"""


class Call(NamedTuple):
    """A session that is ahead, and the number of its client, empty where none is on file."""

    entry: Entry
    phone: str


def calls(connection: Connection, start: datetime, end: datetime, tz: tzinfo) -> list[Call]:
    """Sessions that begin in `[start, end)` and whose clients are to be called before, the earliest first.

    As with other reminders (C-04) it must be ticked for the client and for the session, and the session must be on,
    all as it is now. Who ended reminders did so for those that are sent.
    """
    bounds = int(start.timestamp()), int(end.timestamp())
    phones = dict(connection.execute(_WANTED, bounds).fetchall())
    if not phones:
        return []
    entries = between(connection, start, end, tz)
    return [
        Call(entry, phones[entry.row_id])
        for entry in entries
        if entry.table == "appointment" and entry.row_id in phones
    ]


def next_days(now: datetime, tz: tzinfo) -> tuple[datetime, datetime]:
    """What is ahead of today and tomorrow: those are called about now."""
    return now, day_instant(local_day(now, tz) + timedelta(days=2), tz)
