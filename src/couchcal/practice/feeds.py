"""Calendars that others subscribe to: the practitioner's own, and one of a client's sessions.

The address of a feed is its only key: 256 random bits, made anew when it is revoked.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from couchcal.clock import Clock, system_clock
from couchcal.practice import agenda, disclosure
from couchcal.practice.door_movable import all_of
from couchcal.practice.door_shapes import ClientKey, Feed, FeedEntry
from couchcal.scheduling.wallclock import zone_or_utc
from couchcal.store.connection import Database

BACK, AHEAD = timedelta(days=90), timedelta(days=400)
"""What a feed covers."""
APPOINTMENT = "Appointment"
_SUBSCRIBED = """
SELECT t.purpose, t.client_id FROM portal_token t LEFT JOIN client c ON c.id = t.client_id
WHERE t.sha256 = ? AND t.purpose IN ('feed', 'client_feed') AND t.expires_at > ?
  AND (t.purpose = 'feed' OR (c.portal_state = 'accepted' AND c.state <> 'archived'))
"""


def feed(connection: sqlite3.Connection, token: str, *, now: datetime) -> Feed | None:
    """The feed of a token; None if there is none, it was revoked, or the client's access was withdrawn.

    The practitioner's has what a remote calendar would get: clients by the practice's identifier mode, no service
    (SYNC-27). A client's has the time of their own sessions.
    """
    from couchcal.practice.tokens import digest

    row = connection.execute(_SUBSCRIBED, (digest(token), int(now.timestamp()))).fetchone()
    if row is None:
        return None
    name, label, tz = connection.execute(
        "SELECT name, public_label, tz FROM practice ORDER BY id LIMIT 1"
    ).fetchone()
    purpose, client_id = row
    entries = (
        _own(connection, now, tz) if purpose == "feed" else _of_client(connection, client_id, label or name, now)
    )
    return Feed(purpose == "client_feed", label or name, tz, tuple(entries))


def _own(connection: sqlite3.Connection, now: datetime, tz: str) -> list[FeedEntry]:
    window = agenda.between(connection, now - BACK, now + AHEAD, zone_or_utc(tz))
    ids = [entry.row_id for entry in window if entry.table == "appointment"]
    known = disclosure.disclosed(connection, ids)
    sequences = dict(
        connection.execute(
            "SELECT id, sequence FROM appointment WHERE start_utc < ? AND end_utc > ?",
            (int((now + AHEAD).timestamp()), int((now - BACK).timestamp())),
        ).fetchall()
    )
    found = []
    for row_id in ids:
        shown = known[row_id]
        if not shown.wanted:
            continue
        start, end = (
            moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
            for moment in (shown.start, shown.end)
        )
        found.append(
            FeedEntry(
                shown.uid, start, end, shown.all_day, shown.title, shown.place, shown.busy, sequences.get(row_id, 0)
            )
        )
    return found


def _of_client(connection: sqlite3.Connection, client_id: int, label: str, now: datetime) -> list[FeedEntry]:
    title = f"{APPOINTMENT} ({label})" if label else APPOINTMENT
    return [
        FeedEntry(own.uid, own.start, own.end, False, title, "", True, own.sequence)
        for own in all_of(connection, ClientKey(client_id), now - BACK)
        if own.status != "cancelled" and own.start < now + AHEAD
    ]


def make(database: Database, client_id: int | None = None, *, clock: Clock = system_clock) -> str:
    """A new feed of the practitioner, or of a client; the one before is revoked. Its token, known only now."""
    from couchcal.practice.tokens import ENDLESS, issue
    from couchcal.store.session import write_session

    purpose = "feed" if client_id is None else "client_feed"
    actor = "user" if client_id is None else f"client:{client_id}"
    revoke(database, client_id, clock=clock)
    with write_session(database, "Made a feed", actor=actor, clock=clock) as session:
        return issue(session, purpose, client_id=client_id, expires_at=ENDLESS)


def revoke(database: Database, client_id: int | None = None, *, clock: Clock = system_clock) -> int:
    """End the feeds of the practitioner, or of a client; returns how many there were."""
    from sqlmodel import select

    from couchcal.store.records import PortalToken
    from couchcal.store.session import write_session

    purpose = "feed" if client_id is None else "client_feed"
    actor = "user" if client_id is None else f"client:{client_id}"
    with write_session(database, "Ended a feed", actor=actor, clock=clock) as session:
        mine = select(PortalToken).where(PortalToken.purpose == purpose, PortalToken.client_id == client_id)
        found = session.exec(mine).all()
        for row in found:
            session.delete(row)
        return len(found)
