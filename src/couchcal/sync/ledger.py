"""The books of the sync, in SQL on the DB-API connection: calendars, what stands for what, the log.

An ORM would cost more than the requests. Functions that write are called inside `lease.transaction`, or inside a
write session with its connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from couchcal.store.connection import Connection

LOG_LINES = 1000
"""How many lines the log keeps."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Account(NamedTuple):
    """The account as the engine needs it; instants are aware UTC."""

    id: int
    email: str
    state: str
    paused: str
    failures: int
    next_try: datetime | None
    last_ok: datetime | None
    last_error: str
    calendars_read_at: datetime | None


class Link(NamedTuple):
    """A remote calendar that is written to (`target`) or read."""

    id: int
    account_id: int
    calendar_id: str
    name: str
    role: str
    direction: str
    enabled: bool
    state: str
    created_at: datetime
    time_zone: str
    last_error: str

    @property
    def target(self) -> bool:
        return self.role == "owned_target"


class Mapped(NamedTuple):
    """Which remote event stands for an appointment; `ours` and `theirs` are JSON of what both sides knew last."""

    id: int
    link_id: int
    appointment_id: int
    event_id: str
    attempt: int
    etag: str
    state: str
    ours: str
    theirs: str


def epoch(moment: datetime) -> int:
    """An aware instant as it is stored: whole seconds since 1970."""
    return (moment - _EPOCH) // timedelta(seconds=1)


def moment(stored: int | None) -> datetime | None:
    """The instant of stored seconds."""
    return None if stored is None else _EPOCH + timedelta(seconds=stored)


# the account and its calendars


def account(connection: Connection) -> Account | None:
    """The account that is connected, None if there is none."""
    row = connection.execute(
        "SELECT id, email, state, paused, failures, next_try, last_ok, last_error, calendars_read_at"
        " FROM calendar_account WHERE state <> 'disabled' ORDER BY id LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    row_id, email, state, paused, failures, next_try, last_ok, last_error, read_at = row
    return Account(
        row_id, email, state, paused, failures, moment(next_try), moment(last_ok), last_error, moment(read_at)
    )


def links(connection: Connection, account_id: int) -> list[Link]:
    """The calendars of an account: the target first, then by name."""
    rows = connection.execute(
        "SELECT id, account_id, remote_calendar_id, name, role, direction, enabled, state, created_at,"
        " time_zone, last_error"
        " FROM calendar_link WHERE account_id = ? ORDER BY role = 'owned_target' DESC, name, id",
        (account_id,),
    )
    return [_link(row) for row in rows]


def link(connection: Connection, link_id: int) -> Link | None:
    """One calendar, None if it is no more."""
    row = connection.execute(
        "SELECT id, account_id, remote_calendar_id, name, role, direction, enabled, state, created_at,"
        " time_zone, last_error"
        " FROM calendar_link WHERE id = ?",
        (link_id,),
    ).fetchone()
    return None if row is None else _link(row)


def _link(row: Sequence[Any]) -> Link:
    row_id, account_id, calendar_id, name, role, direction, enabled, state, created_at, time_zone, error = row
    created = _EPOCH + timedelta(seconds=created_at)
    return Link(
        row_id, account_id, calendar_id, name, role, direction, bool(enabled), state, created, time_zone, error
    )  # fmt: skip


def account_works(connection: Connection, account_id: int, now: datetime) -> None:
    """The last cycle got through."""
    connection.execute(
        "UPDATE calendar_account SET state = CASE state WHEN 'needs_auth' THEN 'ok' ELSE state END, failures = 0,"
        " next_try = NULL, last_error = '', last_ok = ? WHERE id = ?",
        (epoch(now), account_id),
    )


def account_fails(connection: Connection, account_id: int, reason: str, next_try: datetime) -> None:
    """The last cycle did not get through; the next one is not before `next_try`."""
    connection.execute(
        "UPDATE calendar_account SET failures = failures + 1, next_try = ?, last_error = ? WHERE id = ?",
        (epoch(next_try), reason, account_id),
    )


def account_needs_sign_in(connection: Connection, account_id: int, reason: str) -> None:
    """A person has to sign in again; what waits stays."""
    connection.execute(
        "UPDATE calendar_account SET state = 'needs_auth', next_try = NULL, last_error = ? WHERE id = ?",
        (reason, account_id),
    )


def pause(connection: Connection, account_id: int, why: str) -> None:
    """Nothing is synced until a person decides: `user`, `mass_delete` or `calendar_lost`; empty goes on."""
    connection.execute("UPDATE calendar_account SET paused = ? WHERE id = ?", (why, account_id))


def set_link_state(connection: Connection, link_id: int, state: str) -> None:
    """Empty, `creating` or `lost`."""
    connection.execute("UPDATE calendar_link SET state = ? WHERE id = ?", (state, link_id))


def read_everything(connection: Connection, link_id: int) -> None:
    """Have everything of a calendar read next time, not only what changed."""
    connection.execute("UPDATE sync_state SET full_sync_at = NULL WHERE link_id = ?", (link_id,))


# what stands for what


_MAPPED = "SELECT id, link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs FROM event_map"


def maps_of(connection: Connection, link_id: int, appointment_ids: Iterable[int]) -> dict[int, Mapped]:
    """The events of these appointments, by appointment; those without one are left out."""
    rows = connection.execute(
        f"{_MAPPED} WHERE link_id = ? AND appointment_id IN (SELECT value FROM json_each(?))",  # noqa: S608  our own words
        (link_id, json.dumps(list(appointment_ids))),
    )
    return {row[2]: Mapped(*row) for row in rows}


def map_of(connection: Connection, link_id: int, appointment_id: int) -> Mapped | None:
    """The event of one appointment."""
    return maps_of(connection, link_id, (appointment_id,)).get(appointment_id)


def maps_by_event(connection: Connection, link_id: int, event_ids: Iterable[str]) -> dict[str, Mapped]:
    """Which of these events are ours, by event id."""
    rows = connection.execute(
        f"{_MAPPED} WHERE link_id = ? AND remote_event_id IN (SELECT atom FROM json_each(?))",  # noqa: S608  our own words
        (link_id, json.dumps(list(event_ids))),
    )
    return {row[3]: Mapped(*row) for row in rows}


def external_etags(connection: Connection, link_id: int, event_ids: Iterable[str]) -> dict[str, str]:
    """The etags of those of these events that are known as the remote's own, by event id."""
    rows = connection.execute(
        "SELECT remote_event_id, etag FROM external_event WHERE link_id = ?"
        " AND remote_event_id IN (SELECT atom FROM json_each(?))",
        (link_id, json.dumps(list(event_ids))),
    )
    return dict(rows.fetchall())


def allocate(
    connection: Connection, link_id: int, appointment_id: int, event_id: str, attempt: int, ours: str = ""
) -> None:
    """Decide the id of an appointment's event, before the remote hears of it; another attempt replaces one.

    Args:
        ours: what is going to be sent, if that is known.
    """
    connection.execute(
        "INSERT INTO event_map (link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs)"
        " VALUES (?, ?, ?, ?, '', 'creating', ?, '') ON CONFLICT (link_id, appointment_id) DO UPDATE SET"
        " remote_event_id = excluded.remote_event_id, attempt = excluded.attempt, etag = '', state = 'creating',"
        " ours = excluded.ours, theirs = ''",
        (link_id, appointment_id, event_id, attempt, ours),
    )


def write_map(connection: Connection, map_id: int, *, state: str, etag: str, ours: str, theirs: str) -> None:
    """What both sides know now of an event."""
    connection.execute(
        "UPDATE event_map SET state = ?, etag = ?, ours = ?, theirs = ? WHERE id = ?",
        (state, etag, ours, theirs, map_id),
    )


def set_map_state(connection: Connection, map_id: int, state: str) -> None:
    """Where an event is; what was known of it stays."""
    connection.execute("UPDATE event_map SET state = ? WHERE id = ?", (state, map_id))


def live_maps(connection: Connection, link_id: int) -> int:
    """How many events of ours are in a calendar."""
    row = connection.execute(
        "SELECT count(*) FROM event_map WHERE link_id = ? AND state = 'live'", (link_id,)
    ).fetchone()
    return int(row[0])


# the log


def log(connection: Connection, now: datetime, text: str, level: str = "info") -> None:
    """Write a line; `text` names nobody (see `disclosure.words`). Levels: info, warning, error."""
    row = connection.execute(
        "INSERT INTO sync_log (at, level, text) VALUES (?, ?, ?) RETURNING id", (epoch(now), level, text)
    ).fetchone()
    connection.execute("DELETE FROM sync_log WHERE id <= ?", (row[0] - LOG_LINES,))


def log_lines(connection: Connection, limit: int = LOG_LINES) -> list[tuple[datetime, str, str]]:
    """The last lines, the newest first: when, level, text."""
    rows = connection.execute("SELECT at, level, text FROM sync_log ORDER BY id DESC LIMIT ?", (limit,))
    return [(_EPOCH + timedelta(seconds=at), level, text) for at, level, text in rows]
