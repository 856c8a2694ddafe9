"""Which reminders there are to be: a row for each, planned ahead, moved with its appointment (REM-01, REM-03).

What was sent is never planned again (INV-M1). No ORM but in `plan`: the worker looks here every half a minute.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from couchcal.clock import Clock
from couchcal.store.connection import Connection, Database

AHEAD = timedelta(days=2)
"""How long before it is due a reminder gets its row."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
LEADS = """
WITH lead(kind, seconds) AS (
    SELECT 'lead', reminder_lead * 60 FROM practice WHERE reminders_on
    UNION ALL SELECT '24h', 86400 FROM practice WHERE reminders_on AND reminder_24h
), channel(name) AS (VALUES ('email'), ('text'))
"""
"""The reminders that the practice wants, with how long before the start they are due."""
_LACKING = f"""{LEADS}
SELECT ?1, ?1, 1, a.id, lead.kind, channel.name, a.start_utc - lead.seconds, 'pending', ''
FROM lead CROSS JOIN channel CROSS JOIN appointment a
WHERE a.span = 0 AND a.start_utc > ?1 AND a.start_utc <= ?1 + lead.seconds + ?2
  AND a.start_utc - lead.seconds > ?1 - lead.seconds / 2
  AND a.kind = 'client_session' AND a.status = 'scheduled'
  AND CASE channel.name WHEN 'email' THEN a.remind_email ELSE a.remind_text END
  AND NOT EXISTS (SELECT 1 FROM reminder r
                  WHERE r.appointment_id = a.id AND r.kind = lead.kind AND r.channel = channel.name)
"""  # noqa: S608  our own fragments
_MOVED = f"""{LEADS}
SELECT r.id, a.start_utc - lead.seconds
FROM reminder r JOIN appointment a ON a.id = r.appointment_id JOIN lead ON lead.kind = r.kind
WHERE r.state IN ('pending', 'skipped', 'missed') AND a.start_utc > ?1 AND r.due_at <> a.start_utc - lead.seconds
  AND (r.state = 'pending' OR a.start_utc - lead.seconds > ?1)
"""  # noqa: S608  our own fragments


def work_left(connection: Connection, now: datetime) -> bool:
    """Whether there is a row to plan, to move or to send: what `plan` and `send_due` would change."""
    at = seconds(now)
    lacking = connection.execute(f"SELECT EXISTS ({_LACKING})", (at, AHEAD // _SECOND)).fetchone()[0]
    return bool(
        lacking or connection.execute(f"SELECT EXISTS ({_MOVED})", (at,)).fetchone()[0] or _is_due(connection, now)
    )


def _is_due(connection: Connection, now: datetime) -> bool:
    due = next_due(connection)
    return due is not None and due <= now


def wanted(connection: Connection) -> bool:
    """Whether the practice wants reminders at all (REM-01)."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM practice WHERE reminders_on)").fetchone()[0])


def next_due(connection: Connection) -> datetime | None:
    """When the next planned reminder is due, None if there is none."""
    (due,) = connection.execute("SELECT min(due_at) FROM reminder WHERE state = 'pending'").fetchone()
    return None if due is None else _EPOCH + due * _SECOND


def plan(database: Database, *, clock: Clock) -> int:
    """Give upcoming appointments the rows of their reminders, and those that were moved their new time; how many
    rows that changed. What was sent is never planned again."""
    from couchcal.practice.rows import raw_connection
    from couchcal.store.session import write_session

    with write_session(database, "Reminders", actor="worker", clock=clock) as session:
        connection, at = raw_connection(session), seconds(session.now)
        added = connection.execute(
            "INSERT INTO reminder"
            f" (created_at, updated_at, version, appointment_id, kind, channel, due_at, state, reason) {_LACKING}",
            (at, AHEAD // _SECOND),
        ).rowcount
        moved = connection.execute(_MOVED, (at,)).fetchall()
        connection.executemany(
            "UPDATE reminder SET due_at = ?, state = 'pending', reason = '', updated_at = ? WHERE id = ?",
            [(due, at, row_id) for row_id, due in moved],
        )
    return max(added, 0) + len(moved)


def seconds(instant: datetime) -> int:
    """An instant as it is stored."""
    return (instant - _EPOCH) // _SECOND
