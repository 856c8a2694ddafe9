"""What became of mail: letters and reminders as lists show them, without addresses and names. No ORM."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIST = """
SELECT 'letter', m.id, m.kind, CASE WHEN m.to_practitioner THEN 'you' ELSE coalesce(c.internal_id, 'somebody') END,
       m.not_before, m.state, m.attempts, m.error
FROM outbox_email m LEFT JOIN client c ON c.id = m.client_id
UNION ALL
SELECT 'reminder', r.id, 'reminder_' || r.kind || CASE r.channel WHEN 'text' THEN '_text' ELSE '' END,
       coalesce(c.internal_id, ''), r.due_at, r.state, 0, r.reason
FROM reminder r JOIN appointment a ON a.id = r.appointment_id LEFT JOIN client c ON c.id = a.client_id
ORDER BY 5 DESC, 2 DESC
"""
TROUBLED = ("failed", "unknown", "missed")
"""States of what a person may want to look after."""


class Item(NamedTuple):
    """A letter or a reminder. `to` is `you` or the client's internal id; `at` is when it is or was to go."""

    table: str
    row_id: int
    kind: str
    to: str
    at: datetime
    state: str
    attempts: int
    error: str


class Counts(NamedTuple):
    """How many letters wait longer than they should, have failed, or are unknown."""

    late: int
    failed: int
    unknown: int
    trouble: str
    """Why the oldest one that waits was not sent, where that is known."""


def items(connection: sqlite3.Connection, *, troubled: bool = False, most: int = 100) -> list[Item]:
    """Letters and reminders, the newest first."""
    found = []
    for table, row_id, kind, to, at, stored, attempts, error in connection.execute(_LIST):
        state = stored if stored != "claimed" else "unknown" if error else "sending"
        if not troubled or state in TROUBLED:
            found.append(Item(table, row_id, kind, to, _EPOCH + timedelta(seconds=at), state, attempts, error))
        if len(found) == most:
            break
    return found


def counts(connection: sqlite3.Connection, now: datetime, late: timedelta) -> Counts:
    """How the outbox stands; a letter that is due for longer than `late` waits too long."""
    limit = int((now - late).timestamp())
    row = connection.execute(
        "SELECT total(state = 'queued' AND not_before < ?1), total(state = 'failed'),"
        " total(state = 'claimed' AND error <> ''), coalesce((SELECT error FROM outbox_email WHERE state = 'queued'"
        " AND not_before < ?1 ORDER BY not_before LIMIT 1), '') FROM outbox_email",
        (limit,),
    ).fetchone()
    return Counts(int(row[0]), int(row[1]), int(row[2]), str(row[3]))


def retry(connection: sqlite3.Connection, letter_id: int, now: datetime) -> bool:
    """Queue a letter again that has failed or is unknown; whether it was one of those. One that is unknown may
    arrive twice: that is for a person to decide."""
    done = connection.execute(
        "UPDATE outbox_email SET state = 'queued', attempts = 0, error = '', not_before = ?1, updated_at = ?1"
        " WHERE id = ?2 AND (state = 'failed' OR (state = 'claimed' AND error <> ''))",
        (int(now.timestamp()), letter_id),
    )
    return done.rowcount == 1
