"""What waits to be sent, in SQL on the DB-API connection; triggers write it in the transaction of each change.

Functions that write are called inside `lease.transaction`, or inside a write session with its connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from couchcal.store.connection import Connection
from couchcal.sync.ledger import epoch


class Due(NamedTuple):
    """An appointment that waits to be sent, as of one of its revisions."""

    appointment_id: int
    revision: int
    attempts: int


class Blocked(NamedTuple):
    """An appointment that the service will not take, and why."""

    appointment_id: int
    reason: str


_WAITING = (
    "SELECT appointment_id, revision, attempts FROM sync_outbox WHERE id > 0 AND state <> 'blocked'"
    " AND (next_at IS NULL OR next_at <= ?1) AND appointment_id NOT IN (SELECT value FROM json_each(?2))"
)
_DUE = (
    f"{_WAITING} AND attempts = 0 ORDER BY id DESC LIMIT ?3",  # as it is stored: no more is read than asked for
    f"{_WAITING} ORDER BY attempts, id DESC LIMIT ?3",  # few ever failed
)


def anything_due(connection: Connection, now: datetime) -> bool:
    """Whether something waits to be sent now."""
    row = connection.execute(f"SELECT EXISTS ({_WAITING})", (epoch(now), "[]")).fetchone()
    return bool(row[0])


def due(connection: Connection, now: datetime, limit: int, skip: Iterable[int] = ()) -> list[Due]:
    """What is to be sent next: what failed least first, then the newest change. There may be more than it returns.

    What was on its way when a process ended is due like the rest: every request can be made twice.
    """
    given = (epoch(now), json.dumps(list(skip)), limit)
    for which in _DUE:
        found = connection.execute(which, given).fetchall()
        if found:
            return [Due(*row) for row in found]
    return []


def due_for(connection: Connection, appointment_id: int) -> Due | None:
    """The row of one appointment, whatever its state."""
    row = connection.execute(
        "SELECT appointment_id, revision, attempts FROM sync_outbox WHERE appointment_id = ?", (appointment_id,)
    ).fetchone()
    return None if row is None else Due(*row)


def waiting(connection: Connection) -> list[int]:
    """Every appointment that waits to be sent, now or later."""
    rows = connection.execute("SELECT appointment_id FROM sync_outbox WHERE state <> 'blocked' ORDER BY id DESC")
    return [row_id for (row_id,) in rows]


def mark_inflight(connection: Connection, appointment_ids: Iterable[int]) -> None:
    """These are about to be sent."""
    connection.execute(
        "UPDATE sync_outbox SET state = 'inflight' WHERE state = 'pending'"
        " AND appointment_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(appointment_ids)),),
    )


def done(connection: Connection, item: Due) -> None:
    """The remote knows this revision. A later one of the same appointment stays to be sent."""
    found = connection.execute(
        "DELETE FROM sync_outbox WHERE appointment_id = ? AND revision = ?", (item.appointment_id, item.revision)
    )
    if not found.rowcount:
        connection.execute(
            "UPDATE sync_outbox SET state = 'pending' WHERE appointment_id = ? AND state = 'inflight'",
            (item.appointment_id,),
        )


def block(connection: Connection, item: Due, reason: str) -> None:
    """The service will not take it: it waits until the appointment changes, or a person asks for another try."""
    _set_aside(connection, item, "blocked", None, reason)


def postpone(connection: Connection, item: Due, until: datetime, reason: str) -> None:
    """It did not get through: again later. A change of the appointment makes it due at once."""
    _set_aside(connection, item, "pending", epoch(until), reason)


def anything_postponed(connection: Connection) -> bool:
    """Whether something that did not get through waits for its next try."""
    row = connection.execute("SELECT EXISTS (SELECT 1 FROM sync_outbox WHERE next_at IS NOT NULL)").fetchone()
    return bool(row[0])


def postponed_no_more(connection: Connection) -> None:
    """What did not get through is due now: a person asks."""
    connection.execute("UPDATE sync_outbox SET next_at = NULL WHERE next_at IS NOT NULL AND state <> 'blocked'")


def _set_aside(connection: Connection, item: Due, state: str, next_at: int | None, reason: str) -> None:
    found = connection.execute(
        "UPDATE sync_outbox SET state = ?, attempts = attempts + 1, next_at = ?, error = ?"
        " WHERE appointment_id = ? AND revision = ?",
        (state, next_at, reason, item.appointment_id, item.revision),
    )
    if not found.rowcount:
        connection.execute(
            "UPDATE sync_outbox SET state = 'pending' WHERE appointment_id = ?", (item.appointment_id,)
        )


def enqueue(connection: Connection, appointment_ids: Iterable[int]) -> None:
    """Look at these again, as if they had changed."""
    connection.execute(
        "INSERT INTO sync_outbox (appointment_id, revision, state, attempts, error)"
        " SELECT value, 1, 'pending', 0, '' FROM json_each(?) WHERE true ON CONFLICT (appointment_id) DO UPDATE SET"
        " revision = sync_outbox.revision + 1, attempts = 0, next_at = NULL, error = '', state = 'pending'",
        (json.dumps(list(appointment_ids)),),
    )


def enqueue_everything(connection: Connection, link_id: int, now: datetime) -> None:
    """Look at every appointment that is, or may have to go, there; what is next on the calendar goes first."""
    rows = connection.execute(
        "SELECT id FROM ("
        "  SELECT a.id AS id, a.start_utc AS start FROM appointment a WHERE a.status <> 'cancelled'"
        "  UNION SELECT m.appointment_id, coalesce(a.start_utc, 0) FROM event_map m"
        "  LEFT JOIN appointment a ON a.id = m.appointment_id"
        "  WHERE m.link_id = ?1 AND m.state IN ('creating', 'live', 'missing')"
        " ) AS one ORDER BY start >= ?2, CASE WHEN start >= ?2 THEN -start ELSE start END",
        (link_id, epoch(now)),
    )
    enqueue(connection, [row_id for (row_id,) in rows])


def retry_blocked(connection: Connection) -> None:
    """Try again what the service would not take."""
    connection.execute(
        "UPDATE sync_outbox SET state = 'pending', attempts = 0, next_at = NULL, error = ''"
        " WHERE state = 'blocked' OR next_at IS NOT NULL"
    )


def counts(connection: Connection) -> tuple[int, int]:
    """How many wait to be sent, and how many the service will not take."""
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE state = 'blocked') FROM sync_outbox"
    ).fetchone()
    return int(row[0] - row[1]), int(row[1])


def blocked(connection: Connection) -> list[Blocked]:
    """What the service will not take, in the order it was refused."""
    rows = connection.execute("SELECT appointment_id, error FROM sync_outbox WHERE state = 'blocked' ORDER BY id")
    return [Blocked(*row) for row in rows]


def deletes_due(connection: Connection, link_id: int) -> list[int]:
    """Appointments that are cancelled or gone here while their event is there, by id."""
    rows = connection.execute(
        "SELECT o.appointment_id FROM sync_outbox o"
        " JOIN event_map m ON m.link_id = ?1 AND m.appointment_id = o.appointment_id AND m.state = 'live'"
        " LEFT JOIN appointment a ON a.id = o.appointment_id"
        " WHERE o.id > 0 AND o.state <> 'blocked' AND (a.id IS NULL OR a.status = 'cancelled')"
        " ORDER BY o.appointment_id",
        (link_id,),
    )
    return [row_id for (row_id,) in rows]
