"""The day's agenda as the practitioner's mail has it: times and internal ids, whatever else is shown elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from couchcal.clock import Clock
from couchcal.clock_words import span_words
from couchcal.practice.agenda import between, day_instant
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.store.connection import Connection, Database

LATEST = timedelta(hours=6)
"""How much later than wanted the agenda still goes out, where nothing was running."""
_BUSY = "busy"
_ALL_DAY = "All day"


def entries(connection: Connection, day: str, tz: str, *, us: bool) -> Iterator[tuple[str, str]]:
    """When and who of each entry that takes time on a day (ISO 8601), in the practice's zone. Of entries without a
    client only that they are there."""
    known = zone_or_utc(tz)
    first = date.fromisoformat(day)
    for entry in between(
        connection, day_instant(first, known), day_instant(first + timedelta(days=1), known), known
    ):
        if entry.off or not entry.busy:
            continue
        who = entry.internal_id or _BUSY
        if entry.kind == "request":
            who += " (request)"
        if entry.first_day is not None:
            yield _ALL_DAY, who
        else:
            yield span_words(to_local(entry.start, known), to_local(entry.end, known), clock_24h=not us), who


def to_tell(connection: Connection, at: str, tz: str, now: datetime) -> str | None:
    """The day (ISO 8601) whose agenda is to go out: today, in the hours after `at` (`HH:MM`), if it did not yet."""
    local = to_local(now, zone_or_utc(tz))
    hours, _, minutes = at.partition(":")
    wanted = local.replace(hour=int(hours), minute=int(minutes), second=0)
    day = local.date().isoformat()
    return day if wanted <= local < wanted + LATEST and not _told(connection, day) else None


def queue(database: Database, day: str, *, clock: Clock) -> bool:
    """Queue the agenda of a day; whether nobody had done it before."""
    from couchcal.practice.rows import raw_connection
    from couchcal.store.session import write_session

    with write_session(database, "Agenda", actor="worker", clock=clock) as session:
        connection, at = raw_connection(session), int(session.now.timestamp())
        if _told(connection, day):
            return False
        connection.execute(
            "INSERT INTO outbox_email (created_at, updated_at, version, kind, recipient, to_practitioner, sequence,"
            " payload, not_before, state, attempts, message_id, error)"
            " VALUES (?1, ?1, 1, 'agenda', '', true, 0, ?2, ?1, 'queued', 0, '', '')",
            (at, _payload(day)),
        )
    return True


def _told(connection: Connection, day: str) -> bool:
    found = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM outbox_email WHERE kind = 'agenda' AND payload = ?)", (_payload(day),)
    ).fetchone()
    return bool(found[0])


def _payload(day: str) -> str:
    return json.dumps({"day": day})
