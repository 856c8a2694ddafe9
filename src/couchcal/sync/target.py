"""The calendar that is written to: made once, found again, never the primary (SYNC-08).

Before the remote hears of it, its row is here with a random marker, which the remote's description repeats; so a
calendar whose making was not heard of is found and no second one is made.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from datetime import datetime

from couchcal.clock import Clock
from couchcal.errors import NotFound
from couchcal.practice import external_rows
from couchcal.practice.disclosure import safe_zone
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.sync import ledger, outbox, review
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.ledger import Link
from couchcal.sync.merge import OVER
from couchcal.sync.port import Rejected, Remote, RemoteCalendar
from couchcal.sync.waiter import RealWaiter, Waiter, trying

DEFAULT_NAME = "couchcal"
DESCRIPTION = "Managed by couchcal."
CREATING = "creating"
LOST = "lost"
_MARK = "creating:"
"""Begins the calendar id of a link whose calendar is not known yet; the marker follows."""


def ensure(
    database: Database,
    remote: Remote,
    *,
    clock: Clock,
    name: str | None = None,
    waiter: Waiter | None = None,
    lease: Lease | None = None,
) -> int:
    """The link of the target calendar, which is made if there is none. From then on every change is queued.

    A calendar that was lost stays lost until a person decides (`recreate`).

    Raises:
        NotFound: no account is connected. RemoteProblem: the service said so; calling again goes on.
    """
    with database_errors(database.path), closing(database.connect()) as connection:
        link = _link(connection, clock, name, lease)
        if link.state != CREATING:
            return link.id
        marker = link.calendar_id.removeprefix(_MARK)
        found = trying(waiter or RealWaiter(), lambda: _found_or_made(remote, marker, link.name, _zone(connection)))
        if found.primary:
            raise Rejected("the main calendar of an account is never written to")
        with transaction(connection, lease):
            connection.execute(
                "DELETE FROM calendar_link WHERE account_id = ? AND remote_calendar_id = ? AND role = 'inbound'",
                (link.account_id, found.id),
            )
            connection.execute(
                "UPDATE calendar_link SET remote_calendar_id = ?, name = ?, access_role = ?, time_zone = ?,"
                " state = '', enabled = true, created_at = ?, updated_at = ? WHERE id = ? AND state = 'creating'",
                (
                    found.id, found.name or link.name, found.access or "owner", found.time_zone,
                    ledger.epoch(clock()), ledger.epoch(clock()), link.id,
                ),
            )  # fmt: skip
            outbox.enqueue_everything(connection, link.id, clock())
            ledger.log(connection, clock(), "the calendar is made; everything is sent to it")
        return link.id


def _link(connection: Connection, clock: Clock, name: str | None, lease: Lease | None) -> Link:
    """The target's row, made if there is none."""
    with transaction(connection, lease):
        account = ledger.account(connection)
        if account is None:
            raise NotFound("no account is connected", "run couchcal google connect")
        for link in ledger.links(connection, account.id):
            if link.target:
                return link
        now = ledger.epoch(clock())
        connection.execute(
            "INSERT INTO calendar_link (created_at, updated_at, version, account_id, remote_calendar_id, name,"
            " role, direction, access_role, is_primary, time_zone, enabled, state, last_error)"
            " VALUES (?, ?, 1, ?, ?, ?, 'owned_target', 'two_way', '', false, '', true, 'creating', '')",
            (now, now, account.id, _new_mark(), name or DEFAULT_NAME),
        )
        return ledger.links(connection, account.id)[0]


def _found_or_made(remote: Remote, marker: str, name: str, time_zone: str) -> RemoteCalendar:
    """The calendar with the marker, or a new one. Made in one call, so that a try after a lost answer looks
    first."""
    for calendar in remote.calendars():
        if marker in calendar.description and calendar.access == "owner" and not calendar.deleted:
            return calendar
    return remote.create_calendar(name, time_zone, f"{DESCRIPTION} {marker}")


def _zone(connection: Connection) -> str:
    row = connection.execute("SELECT tz FROM practice ORDER BY id LIMIT 1").fetchone()
    return safe_zone(row[0], "UTC")


def _new_mark() -> str:
    return f"{_MARK}{secrets.token_hex(8)}"


def lost(connection: Connection, link: Link, clock: Clock) -> None:
    """Inside a transaction: a calendar is gone at the remote, or is not shared any more. Nothing is deleted here.

    Without its target the account waits for a decision.
    """
    ledger.set_link_state(connection, link.id, LOST)
    if link.target:
        ledger.pause(connection, link.account_id, "calendar_lost")
    detail = f"the calendar {link.name} " + ("is gone" if link.target else "cannot be read any more")
    review.open_one(connection, review.New("calendar_lost", detail), link_id=link.id, now=clock())
    ledger.log(connection, clock(), detail, "error")


def recreate(connection: Connection, link_id: int, now: datetime) -> None:
    """Inside a transaction: forget the calendar and its events; the next cycle makes another and sends everything.

    The row stays, so that what changes meanwhile is queued; so does what a person wants to have here alone. What
    was asked about events that are no more answers itself.
    """
    external_rows.clear(connection, link_id)
    connection.execute(
        "UPDATE sync_review SET resolved_at = ?, resolution = ? WHERE link_id = ? AND resolved_at IS NULL"
        " AND kind IN ('remote_deleted', 'unknown_event', 'mass_delete')",
        (ledger.epoch(now), OVER, link_id),
    )
    connection.execute("DELETE FROM event_map WHERE link_id = ? AND state <> 'unlinked'", (link_id,))
    connection.execute("DELETE FROM sync_state WHERE link_id = ?", (link_id,))
    connection.execute("DELETE FROM sync_stage WHERE link_id = ?", (link_id,))
    connection.execute(
        "UPDATE calendar_link SET remote_calendar_id = ?, state = 'creating', last_ok = NULL, last_error = ''"
        " WHERE id = ?",
        (_new_mark(), link_id),
    )
    connection.execute(
        "UPDATE calendar_account SET paused = '' WHERE paused IN ('calendar_lost', 'mass_delete')"
        " AND id = (SELECT account_id FROM calendar_link WHERE id = ?)",
        (link_id,),
    )
