"""What the screen of requests reads in a thread: both lists with what they overlap, a draft, an entry to go to."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, tzinfo
from typing import NamedTuple

from couchcal.practice import agenda, request_answers, requests
from couchcal.practice.agenda import Entry
from couchcal.practice.draft import Draft
from couchcal.practice.requests import RequestRow
from couchcal.store.connection import Connection, Database


class Listed(NamedTuple):
    """A request, and what is on the calendar at its time (while it waits)."""

    row: RequestRow
    clashes: tuple[Entry, ...] = ()


class Lists(NamedTuple):
    """The requests that wait, the earliest first, and the others, the latest first."""

    pending: tuple[Listed, ...] = ()
    past: tuple[Listed, ...] = ()


class Asked(NamedTuple):
    """A request with what accepting it would put on the calendar; `moves` is the appointment that would move."""

    row: RequestRow
    draft: Draft
    moves: int | None


def read_lists(database: Database, tz: tzinfo, now: datetime) -> Lists:
    """Both lists. Series have their rows wherever a request waits. Blocks."""
    with closing(database.connect()) as connection:
        pending = requests.requests(connection)
        until = max((row.end for row in pending), default=now)
        if until > now and not agenda.horizon_reached(connection, now, until):
            from couchcal.practice.series import extend_all

            extend_all(database, now, until)
        return Lists(
            tuple(Listed(row, _clashes(connection, row, tz)) for row in pending),
            tuple(Listed(row) for row in requests.requests(connection, past=True)),
        )


def _clashes(connection: Connection, row: RequestRow, tz: tzinfo) -> tuple[Entry, ...]:
    """What takes its time; an appointment that it would move does not count."""
    return tuple(
        entry
        for entry in agenda.between(connection, row.start, row.end, tz)
        if entry.busy
        and not entry.off
        and entry.kind != "request"
        and (entry.table, entry.row_id) != ("appointment", row.replaces_appointment_id)
    )


def read_asked(database: Database, request_id: int, tz: tzinfo) -> Asked:
    """A request made ready to be accepted. Blocks.

    Raises:
        NotFound: there is no such request.
    """
    with closing(database.connect()) as connection:
        row = requests.one(connection, request_id)
        moved = None
        if row.replaces_appointment_id is not None:
            moved = agenda.one(connection, row.replaces_appointment_id, tz)
    moves = moved.row_id if moved is not None and not moved.cancelled else None
    return Asked(row, request_answers.draft_of(database, request_id), moves)


def read_status(database: Database, request_id: int) -> str:
    """What has become of a request, empty if it is gone with its client. Blocks."""
    with closing(database.connect()) as connection:
        found = connection.execute("SELECT status FROM booking_request WHERE id = ?", (request_id,)).fetchone()
    return str(found[0]) if found is not None else ""


def read_entry(database: Database, row: RequestRow, tz: tzinfo) -> Entry | None:
    """What stands on the calendar for a request: the request itself, or what it became. Blocks."""
    with closing(database.connect()) as connection:
        if row.appointment_id is not None:
            return agenda.one(connection, row.appointment_id, tz)
        around = agenda.between(connection, row.start, row.end, tz)
    return next((entry for entry in around if (entry.table, entry.row_id) == ("booking_request", row.id)), None)
