"""Small reads beside the agenda: waiting requests, mail that did not arrive, what details add to an entry.

Plain statements on the DB-API connection; no ORM.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from couchcal.store.connection import Connection


class Particulars(NamedTuple):
    """What the agenda does not carry and the details show (CAL-02)."""

    telehealth_url: str = ""
    instructions: str = ""
    client_tz: str = ""
    """The client's IANA zone; empty without a client."""


def waiting_requests(connection: Connection) -> int:
    """How many requests of clients wait for an answer."""
    row = connection.execute("SELECT count(*) FROM booking_request WHERE status = 'pending'").fetchone()
    return int(row[0])


def undelivered(connection: Connection, now: datetime) -> int:
    """How many letters did not reach anybody, or may not have, and nobody has dismissed yet (NOTIF-01 to NOTIF-05);
    of reminders those of sessions that are still ahead, which a call can make up for."""
    (letters,) = connection.execute(
        "SELECT count(*) FROM outbox_email WHERE state = 'failed' OR (state = 'claimed' AND error <> '')"
    ).fetchone()
    (reminders,) = connection.execute(
        "SELECT count(*) FROM reminder r JOIN appointment a ON a.id = r.appointment_id"
        " WHERE (r.state = 'missed' OR (r.state = 'claimed' AND r.reason <> '')) AND a.start_utc > ?"
        " AND a.status = 'scheduled'",
        (int(now.timestamp()),),
    ).fetchone()
    return int(letters) + int(reminders)


def client_zones(connection: Connection) -> list[str]:
    """The zones of clients, that of most of them first."""
    rows = connection.execute("SELECT tz FROM client WHERE tz <> '' GROUP BY tz ORDER BY count(*) DESC, tz")
    return [name for (name,) in rows]


def held_back(connection: Connection, appointment_id: int) -> int:
    """How many later sessions of its series would not follow a move: worked on (REC-09), or moved by hand."""
    row = connection.execute(
        "SELECT count(*) FROM appointment a JOIN appointment b"
        " ON b.series_id = a.series_id AND b.series_key > a.series_key"
        " WHERE a.id = ? AND (b.note_signed_at IS NOT NULL OR b.billing_status <> 'none'"
        " OR b.claim_status <> 'none' OR b.status = 'cancelled' OR ' ' || b.overridden || ' ' LIKE '% time %')",
        (appointment_id,),
    ).fetchone()
    return int(row[0])


def particulars(connection: Connection, appointment_id: int) -> Particulars:
    """Link and instructions of an appointment, and its client's zone."""
    row = connection.execute(
        "SELECT a.telehealth_url, a.instructions, coalesce(c.tz, '')"
        " FROM appointment a LEFT JOIN client c ON c.id = a.client_id WHERE a.id = ?",
        (appointment_id,),
    ).fetchone()
    return Particulars(*row) if row else Particulars()
