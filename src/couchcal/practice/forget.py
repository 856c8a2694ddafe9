"""Forgetting a client: what the practice knows of a person is removed once it need not be kept any more.

Past sessions stay as entries of nobody, so that reports add up as before. The audit trail has ids only and stays as
it is. Undo does not reach behind: the journal is emptied, as it holds what rows were. Backups made before still
have the person until they are rotated out.
"""

from __future__ import annotations

import json
import secrets
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound, Refused
from couchcal.store.audit import Deed, append
from couchcal.store.audit_anchor import appended
from couchcal.store.connection import Connection, Database, database_errors, transaction
from couchcal.store.search_index import forget_deleted

NOBODY = "forgotten"
"""The internal id of the record that has the sessions of all who were forgotten."""
KEEP_YEARS = 6
_THEIRS = "SELECT id FROM appointment WHERE client_id = :client"
_STAYS = (
    "kind", "start_utc", "end_utc", "span", "tz", "all_day", "status", "service", "location_id", "room_id", "busy",
    "medium", "collateral_role", "visit_type", "event_type_id", "note_signed_at", "billing_status", "claim_status",
)  # fmt: skip
_EMPTY = {
    "overridden": "", "title": "", "place": "", "telehealth_url": "", "instructions": "", "collateral_name": "",
    "diagnoses": "", "remind_email": 0, "remind_text": 0, "remind_phone": 0, "feedback_requested": 0,
    "sequence": 0, "version": 1, "origin": "couchcal", "created_at": 0, "updated_at": 0,
}  # fmt: skip
"""What a session of nobody has in the columns that may tell of somebody."""
_ALLOWED = "apply"
"""The resolution of deletions that need not be asked about any more; `sync.guard` reads it."""
_GONE_WITH_SESSIONS = ("appointment_ics", "reminder", "feedback")


class Forgettable(NamedTuple):
    """A client, and what would become of what is theirs; `keep_until` is None where nothing was ever documented."""

    client_id: int
    internal_id: str
    past: int
    coming: int
    keep_until: datetime | None


def look(connection: Connection, client_id: int, now: datetime, years: int = KEEP_YEARS) -> Forgettable:
    """What forgetting would do; writes nothing.

    Raises:
        NotFound: there is no such client.
    """
    row = connection.execute("SELECT internal_id FROM client WHERE id = ?", (client_id,)).fetchone()
    if row is None or row[0] == NOBODY:
        raise NotFound("there is no such client", "couchcal client list --archived shows them")
    at = int(now.timestamp())
    past, coming, last = connection.execute(
        "SELECT count(*) FILTER (WHERE end_utc <= ?2), count(*) FILTER (WHERE end_utc > ?2), max(end_utc)"
        " FROM appointment WHERE client_id = ?1",
        (client_id, at),
    ).fetchone()
    keep_until = None if last is None else _years_after(datetime.fromtimestamp(last, UTC), years)
    return Forgettable(client_id, row[0], int(past), int(coming), keep_until)


def _years_after(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February
        return moment.replace(year=moment.year + years, month=3, day=1)


def forget(
    database: Database,
    client_id: int,
    *,
    years: int = KEEP_YEARS,
    early: bool = False,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Forgettable:
    """Remove a client and all that is theirs for good.

    Args:
        years: how long after their last session it is kept.
        early: although it should be kept longer: the person answers for it.

    Raises:
        NotFound: there is no such client. Refused: it has to be kept longer.
        DatabaseProblem: the database is busy, the disk is full. Nothing is changed.
    """
    now = clock()
    with database_errors(database.path), closing(database.connect()) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        with transaction(connection):
            found = look(connection, client_id, now, years)
            if not early and found.keep_until is not None and found.keep_until > now:
                raise Refused(
                    f"records of {found.internal_id} are kept until {found.keep_until:%Y-%m-%d}",
                    "--now forgets them earlier; ask what the law wants kept first",
                    code="kept",
                )
            connection.execute("PRAGMA defer_foreign_keys=ON")
            _remove(connection, client_id, int(now.timestamp()))
            append(connection, int(now.timestamp()), actor, (Deed("forget", "client", str(client_id)),))
        forget_deleted(connection)
        with suppress(Exception):  # another program reads: pages are zeroed already, the file shrinks next time
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    appended(database)
    return found


def _remove(connection: Connection, client_id: int, now: int) -> None:
    values = {"client": client_id, "now": now}
    (email,) = connection.execute("SELECT lower(email) FROM client WHERE id = ?", (client_id,)).fetchone()
    _let_events_go(connection, client_id, now)
    _keep_past_as_nobodys(connection, client_id, now)
    connection.execute(
        "UPDATE event_map SET ours = json_remove(ours, '$.title', '$.description', '$.place')"  # noqa: S608
        f" WHERE json_valid(ours) AND appointment_id IN ({_THEIRS})",
        values,
    )
    connection.execute(
        "UPDATE event_map SET theirs = json_remove(theirs, '$.title', '$.description', '$.place')"  # noqa: S608
        f" WHERE json_valid(theirs) AND appointment_id IN ({_THEIRS})",
        values,
    )
    connection.execute(f"DELETE FROM sync_review WHERE appointment_id IN ({_THEIRS})", values)  # noqa: S608
    connection.execute(
        "DELETE FROM outbox_email WHERE client_id = :client OR appointment_id IN"  # noqa: S608
        f" ({_THEIRS}) OR (:email <> '' AND lower(recipient) = :email)",
        {**values, "email": email},
    )
    connection.execute(
        "DELETE FROM booking_request WHERE client_id = :client OR (:email <> '' AND lower(email) = :email)",
        {**values, "email": email},
    )
    for table in ("waitlist", "portal_token"):
        connection.execute(f"DELETE FROM {table} WHERE client_id = :client", values)  # noqa: S608
    for column in ("appointment_id", "replaces_appointment_id"):
        connection.execute(
            f"UPDATE booking_request SET {column} = NULL WHERE {column} IN ({_THEIRS})",  # noqa: S608
            values,
        )
    for table in (*_GONE_WITH_SESSIONS, "appointment_modifier", "cancellation"):
        connection.execute(f"DELETE FROM {table} WHERE appointment_id IN ({_THEIRS})", values)  # noqa: S608
    connection.execute("DELETE FROM appointment WHERE client_id = :client", values)
    theirs = "SELECT id FROM series WHERE client_id = :client"
    connection.execute(
        f"UPDATE appointment SET series_id = NULL, series_key = NULL WHERE series_id IN ({theirs})",  # noqa: S608
        values,
    )
    connection.execute(
        f"UPDATE series SET parent_series_id = NULL WHERE parent_series_id IN ({theirs})",  # noqa: S608
        values,
    )
    for table in ("series_exdate", "series_ics"):
        connection.execute(f"DELETE FROM {table} WHERE series_id IN ({theirs})", values)  # noqa: S608
    connection.execute("DELETE FROM series WHERE client_id = :client", values)
    connection.execute("DELETE FROM client WHERE id = :client", values)
    connection.execute("DELETE FROM change")  # and its rows: labels and images hold names, of merged records, too
    connection.execute("DELETE FROM change_row")


def _let_events_go(connection: Connection, client_id: int, now: int) -> None:
    """Allow their events to be removed from other calendars, however many they are: the sync asks about a great
    number otherwise, and this was decided by whoever forgets them."""
    rows = connection.execute(
        f"SELECT link_id, appointment_id FROM event_map WHERE appointment_id IN ({_THEIRS})"  # noqa: S608
        " ORDER BY link_id, appointment_id",
        {"client": client_id},
    ).fetchall()
    for link_id, group in groupby(rows, lambda row: row[0]):
        ids = [row[1] for row in group]
        ours = json.dumps({"direction": "push", "appointments": ids}, separators=(",", ":"))
        connection.execute(
            "INSERT INTO sync_review (link_id, remote_event_id, kind, detail, ours, theirs, at, resolved_at,"
            " resolution) VALUES (?, '', 'mass_delete', ?, ?, '', ?, ?, ?)",
            (link_id, f"{len(ids)} entries of a client who was forgotten go", ours, now, now, _ALLOWED),
        )


def _keep_past_as_nobodys(connection: Connection, client_id: int, now: int) -> None:
    """Copy their past sessions, with nothing that tells of anybody, to new rows: what other calendars have of the
    old ones is removed there, and the new ones are not sent."""
    columns = ", ".join((*_STAYS, *_EMPTY, "uid", "client_id"))
    values = ", ".join((*_STAYS, *(f":{name}" for name in _EMPTY), ":uid", ":nobody"))
    past = connection.execute(
        "SELECT id FROM appointment WHERE client_id = ? AND end_utc <= ? ORDER BY id", (client_id, now)
    ).fetchall()
    nobody = _nobody(connection, now) if past else None
    for (old,) in past:
        [new] = connection.execute(
            f"INSERT INTO appointment ({columns}) SELECT {values} FROM appointment"  # noqa: S608
            " WHERE id = :old RETURNING id",
            {**_EMPTY, "uid": secrets.token_hex(16), "nobody": nobody, "old": old},
        ).fetchone()
        connection.execute(
            "INSERT INTO appointment_modifier (created_at, updated_at, version, appointment_id, position, code,"
            " source) SELECT 0, 0, 1, ?, position, code, source FROM appointment_modifier WHERE appointment_id = ?",
            (new, old),
        )
        connection.execute(
            "INSERT INTO cancellation (created_at, updated_at, version, appointment_id, type, cancelled_by, reason,"
            " fee_cents, note, at, notified) SELECT 0, 0, 1, ?, type, cancelled_by, '', fee_cents, '', at, notified"
            " FROM cancellation WHERE appointment_id = ?",
            (new, old),
        )
        connection.execute("DELETE FROM sync_outbox WHERE appointment_id = ?", (new,))


def _nobody(connection: Connection, now: int) -> int:
    row = connection.execute("SELECT id FROM client WHERE internal_id = ?", (NOBODY,)).fetchone()
    if row is not None:
        return int(row[0])
    [new] = connection.execute(
        "INSERT INTO client (created_at, updated_at, version, internal_id, first, last, preferred, email, phone,"
        " tz, state, portal_state, remind_email, remind_text, remind_phone, self_scheduling, notes_admin)"
        " VALUES (?, ?, 1, ?, '', '', '', '', '', '', 'archived', 'none', false, false, false, 'off', '')"
        " RETURNING id",
        (now, now, NOBODY),
    ).fetchone()
    return int(new)
