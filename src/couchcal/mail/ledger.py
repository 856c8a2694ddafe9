"""What became of mail: letters and reminders as lists show them, without addresses and names. No ORM."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from couchcal.store.connection import Connection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIST = """
SELECT 'letter', m.id, m.kind, CASE WHEN m.to_practitioner THEN 'you' ELSE coalesce(c.internal_id, 'somebody') END,
       m.not_before, m.state, m.attempts, m.error, m.client_id
FROM outbox_email m LEFT JOIN client c ON c.id = m.client_id
UNION ALL
SELECT 'reminder', r.id, 'reminder_' || r.kind || CASE r.channel WHEN 'text' THEN '_text' ELSE '' END,
       coalesce(c.internal_id, ''), r.due_at, r.state, 0, r.reason, a.client_id
FROM reminder r JOIN appointment a ON a.id = r.appointment_id LEFT JOIN client c ON c.id = a.client_id
ORDER BY 5 DESC, 2 DESC
"""
TROUBLED = ("failed", "unknown", "missed")
"""States of what a person may want to look after."""


class Item(NamedTuple):
    """A letter or a reminder: `table` says which. `to` is `you` or the client's internal id; `at` is when it
    is or was to go; `client_id` is the client's row, None without one."""

    table: str
    row_id: int
    kind: str
    to: str
    at: datetime
    state: str
    attempts: int
    error: str
    client_id: int | None


class Counts(NamedTuple):
    """How many letters wait longer than they should, have failed, or are unknown."""

    late: int
    failed: int
    unknown: int
    trouble: str
    """Why the oldest one that waits was not sent, where that is known."""


def items(connection: Connection, *, troubled: bool = False, most: int = 100) -> list[Item]:
    """Letters and reminders, the newest first."""
    found = []
    for table, row_id, kind, to, at, stored, attempts, error, client_id in connection.execute(_LIST):
        state = stored
        if stored == "claimed":
            state = "unknown" if error else "sending"
        elif stored == "cancelled" and error:
            state = "dismissed"
        if not troubled or state in TROUBLED:
            instant = _EPOCH + timedelta(seconds=at)
            found.append(Item(table, row_id, kind, to, instant, state, attempts, error, client_id))
        if len(found) == most:
            break
    return found


def counts(connection: Connection, now: datetime, late: timedelta) -> Counts:
    """How the outbox stands; a letter that is due for longer than `late` waits too long."""
    limit = int((now - late).timestamp())
    row = connection.execute(
        "SELECT count(*) FILTER (WHERE state = 'queued' AND not_before < ?1),"
        " count(*) FILTER (WHERE state = 'failed'),"
        " count(*) FILTER (WHERE state = 'claimed' AND error <> ''),"
        " coalesce((SELECT error FROM outbox_email WHERE state = 'queued'"
        " AND not_before < ?1 ORDER BY not_before LIMIT 1), '') FROM outbox_email",
        (limit,),
    ).fetchone()
    return Counts(int(row[0]), int(row[1]), int(row[2]), str(row[3]))


def retry(connection: Connection, item: Item, now: datetime) -> bool:
    """Queue a letter again that has failed or is unknown; whether it was one of those. One that is unknown may
    arrive twice: that is for a person to decide. A reminder is never sent again (REM-03)."""
    if item.table != "letter":
        return False
    done = connection.execute(
        "UPDATE outbox_email SET state = 'queued', attempts = 0, error = '', not_before = ?1, updated_at = ?1"
        " WHERE id = ?2 AND (state = 'failed' OR (state = 'claimed' AND error <> ''))",
        (int(now.timestamp()), item.row_id),
    )
    return done.rowcount == 1


def dismiss(connection: Connection, item: Item, now: datetime) -> bool:
    """Take a letter or a reminder off the list of what did not go out; whether it was on it. Nothing is sent, and
    why it did not go out stays written."""
    if item.table == "letter":
        statement = (
            "UPDATE outbox_email SET state = 'cancelled', error = coalesce(nullif(error, ''), 'dismissed'),"
            " updated_at = ?1 WHERE id = ?2 AND (state = 'failed' OR (state = 'claimed' AND error <> ''))"
        )
    else:
        statement = (
            "UPDATE reminder SET state = 'skipped', updated_at = ?1"
            " WHERE id = ?2 AND (state = 'missed' OR (state = 'claimed' AND reason <> ''))"
        )
    return connection.execute(statement, (int(now.timestamp()), item.row_id)).rowcount == 1
