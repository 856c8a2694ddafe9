"""Calendars that others subscribe to: the practitioner's own, and one of a client's sessions.

The address of a feed is its only key: 256 random bits, made anew when it is revoked. Reading is on the DB-API
connection and loads no ORM. The window moves once a day, so that a feed stays the same from one look to the next.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from couchcal.clock import Clock, system_clock
from couchcal.practice import disclosure
from couchcal.practice.door_shapes import Feed, FeedEntry
from couchcal.store import audit
from couchcal.store.connection import Connection, Database

if TYPE_CHECKING:
    from couchcal.store.journal import JournalSession

BACK, AHEAD = timedelta(days=90), timedelta(days=400)
"""What a feed covers, counted from the UTC day."""
APPOINTMENT = "Appointment"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_SUBSCRIBED = """
SELECT t.purpose, t.client_id FROM portal_token t LEFT JOIN client c ON c.id = t.client_id
WHERE t.sha256 = ? AND t.purpose IN ('feed', 'client_feed') AND t.expires_at > ?
  AND (t.purpose = 'feed' OR (c.portal_state = 'accepted' AND c.state <> 'archived'))
"""
_IN_WINDOW = "status <> 'cancelled' AND start_utc < ?2 AND (end_utc > ?1 OR start_utc >= ?1)"
_OURS = f"SELECT id, sequence, updated_at FROM appointment WHERE {_IN_WINDOW}"  # noqa: S608  our own words
_OF_CLIENT = f"""
SELECT uid, start_utc, end_utc, sequence, created_at FROM appointment WHERE client_id = ?3 AND {_IN_WINDOW}
ORDER BY start_utc, uid
"""  # noqa: S608  our own words


def feed(connection: Connection, token: str, *, now: datetime) -> Feed | None:
    """The feed of a token; None if there is none, it was revoked, or the client's access was withdrawn.

    A client's has the time of their own sessions and nothing else.
    """
    from couchcal.practice.tokens import digest

    row = connection.execute(_SUBSCRIBED, (digest(token), int(now.timestamp()))).fetchone()
    if row is None:
        return None
    purpose, client_id = row
    if purpose == "feed":
        return practitioner(connection, now=now)
    label, tz = _practice(connection)
    return Feed(True, label, tz, tuple(_of_client(connection, client_id, label, now)))


def practitioner(connection: Connection, *, now: datetime) -> Feed:
    """What the practitioner's feed has, which is what a remote calendar would get: clients by the practice's
    identifier mode, and no service (SYNC-27)."""
    label, tz = _practice(connection)
    return Feed(False, label, tz, tuple(_ours(connection, now)))


def _practice(connection: Connection) -> tuple[str, str]:
    """The name that others know it by, and its zone."""
    label, tz = connection.execute(
        "SELECT coalesce(nullif(public_label, ''), name), tz FROM practice ORDER BY id LIMIT 1"
    ).fetchone()
    return label, tz


def _window(now: datetime) -> tuple[int, int]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today - BACK).timestamp()), int((today + AHEAD).timestamp())


def _ours(connection: Connection, now: datetime) -> list[FeedEntry]:
    rows = {row[0]: row[1:] for row in connection.execute(_OURS, _window(now))}
    found = []
    for row_id, shown in disclosure.disclosed(connection, rows).items():
        if not shown.wanted:
            continue
        sequence, changed = rows[row_id]
        start, end = (
            moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
            for moment in (shown.start, shown.end)
        )
        found.append(
            FeedEntry(
                shown.uid, start, end, shown.all_day, shown.title, shown.place, shown.busy, sequence,
                _EPOCH + changed * _SECOND,
            )
        )  # fmt: skip
    return sorted(found, key=lambda entry: (entry.start, entry.uid))


def _of_client(connection: Connection, client_id: int, label: str, now: datetime) -> list[FeedEntry]:
    """Its stamps grow with each move alone: when the practice works at a record is not the client's business."""
    title = f"{APPOINTMENT} ({label})" if label else APPOINTMENT
    return [
        FeedEntry(
            uid, _EPOCH + start * _SECOND, _EPOCH + end * _SECOND, False, title, "", True, sequence,
            _EPOCH + (created + sequence) * _SECOND,
        )
        for uid, start, end, sequence, created in connection.execute(_OF_CLIENT, (*_window(now), client_id))
    ]  # fmt: skip


def made(connection: Connection, client_id: int | None = None) -> bool:
    """Whether the practitioner, or a client, has a feed."""
    row = connection.execute(
        "SELECT EXISTS(SELECT 1 FROM portal_token WHERE purpose = ? AND client_id IS ?)",
        (_purpose(client_id), client_id),
    ).fetchone()
    return bool(row[0])


def make(database: Database, client_id: int | None = None, *, clock: Clock = system_clock) -> str:
    """A new feed of the practitioner, or of a client; the one before is revoked. Its token, known only now."""
    from couchcal.practice.tokens import ENDLESS, issue
    from couchcal.store.session import write_session

    actor = _actor(client_id)
    with write_session(database, "Made a feed", actor=actor, clock=clock) as session:
        _end(session, client_id)
        token = issue(session, _purpose(client_id), client_id=client_id, expires_at=ENDLESS)
    audit.note(database, "create", _purpose(client_id), actor=actor, clock=clock)
    return token


def revoke(database: Database, client_id: int | None = None, *, clock: Clock = system_clock) -> int:
    """End the feeds of the practitioner, or of a client; returns how many there were."""
    from couchcal.store.session import write_session

    actor = _actor(client_id)
    with write_session(database, "Ended a feed", actor=actor, clock=clock) as session:
        ended = _end(session, client_id)
    if ended:
        audit.note(database, "delete", _purpose(client_id), actor=actor, clock=clock)
    return ended


def _end(session: JournalSession, client_id: int | None) -> int:
    from sqlmodel import select

    from couchcal.store.records import PortalToken

    mine = select(PortalToken).where(PortalToken.purpose == _purpose(client_id), PortalToken.client_id == client_id)
    found = session.exec(mine).all()
    for row in found:
        session.delete(row)
    session.flush()
    return len(found)


def _purpose(client_id: int | None) -> str:
    return "feed" if client_id is None else "client_feed"


def _actor(client_id: int | None) -> str:
    return "user" if client_id is None else f"client:{client_id}"
