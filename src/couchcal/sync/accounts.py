"""What is done with the connected account: its list of calendars kept, calendars chosen, the account let go.

One account per provider (SYNC-26). Neither the ORM nor anything of the network is loaded until a function needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from couchcal.clock import Clock, system_clock
from couchcal.errors import NotFound, Refused
from couchcal.store.connection import Connection, Database
from couchcal.sync.account_rows import Account, Link, account, links, reading, selectable, target, writing

if TYPE_CHECKING:
    import requests

    from couchcal.sync.port import Remote, RemoteCalendar

__all__ = [
    "Account", "Direction", "Link", "account", "disable", "disconnect", "enable", "forget", "links",
    "needs_sign_in", "other_account", "put", "refresh_calendars", "selectable", "set_direction", "signed_in",
    "target",
]  # fmt: skip
MANAGED = "Managed by couchcal."
"""How the description of a calendar begins that couchcal made."""
Direction = Literal["two_way", "one_way"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def put(database: Database, email: str, scopes: frozenset[str], *, provider: str = "google", clock: Clock) -> int:
    """The id of the account `email`, made if it is new. It needs a sign-in until `signed_in` says that it is kept.

    Raises:
        Refused: another account is linked (SYNC-26).
    """
    now = _seconds(clock)
    with writing(database) as connection:
        known = account(connection)
        if known is not None:
            if known.email and known.email.casefold() != email.casefold():
                raise other_account(known.email, email)
            connection.execute(
                "UPDATE calendar_account SET email = ?, scopes = ?, state = 'needs_auth', updated_at = ?,"
                " version = version + 1 WHERE id = ?",
                (email, " ".join(sorted(scopes)), now, known.id),
            )
            return known.id
        row = connection.execute(
            "INSERT INTO calendar_account"
            " (created_at, updated_at, version, provider, email, scopes, state, secret_ref)"
            " VALUES (?, ?, 1, ?, ?, ?, 'needs_auth', '') RETURNING id",
            (now, now, provider, email, " ".join(sorted(scopes))),
        ).fetchone()
        return int(row[0])


def other_account(known: str, given: str) -> Refused:
    """The words for a sign-in with another account than the linked one (SYNC-26)."""
    return Refused(
        f"you signed in as {given}, but this calendar is linked to {known}",
        "sign in with that account, or start over with this one: couchcal google connect --switch",
        code="other_account",
    )


def signed_in(database: Database, account_id: int, *, clock: Clock) -> None:
    """The sign-in is kept: the account works, whatever kept it from that before."""
    with writing(database) as connection:
        connection.execute(
            "UPDATE calendar_account SET state = 'ok', failures = 0, next_try = NULL, last_error = '',"
            " paused = CASE paused WHEN 'user' THEN '' ELSE paused END, updated_at = ?, version = version + 1"
            " WHERE id = ?",
            (_seconds(clock), account_id),
        )


def refresh_calendars(database: Database, remote: Remote, clock: Clock = system_clock) -> list[Link]:
    """Read the account's list of calendars and keep it.

    What is not in the list any more is forgotten, unless it is in use: whether such a calendar is gone, only asking
    for it tells.

    Raises:
        RemoteProblem: the list cannot be read; nothing is changed then.
    """
    calendars = remote.calendars()
    now = _seconds(clock)
    with writing(database) as connection:
        found = account(connection)
        if found is None:
            return []
        _keep(connection, found.id, calendars, now)
        connection.execute("UPDATE calendar_account SET calendars_read_at = ? WHERE id = ?", (now, found.id))
        return links(connection)


def _keep(connection: Connection, account_id: int, calendars: list[RemoteCalendar], now: int) -> None:
    rows = connection.execute(
        "SELECT remote_calendar_id, role, enabled, state FROM calendar_link WHERE account_id = ?", (account_id,)
    ).fetchall()
    known = {row[0]: row for row in rows}
    making = any(role == "owned_target" and state == "creating" for _, role, _, state in rows)
    listed = {calendar.id: calendar for calendar in calendars if not calendar.deleted}
    for calendar in listed.values():
        values = (calendar.name or calendar.id, calendar.access, calendar.primary, calendar.time_zone)
        if calendar.id in known:
            connection.execute(
                "UPDATE calendar_link SET name = ?, access_role = ?, is_primary = ?, time_zone = ?"
                " WHERE account_id = ? AND remote_calendar_id = ?",
                (*values, account_id, calendar.id),
            )
        elif not (making and calendar.description.startswith(MANAGED)):  # it may be the very one that is being made
            connection.execute(
                "INSERT INTO calendar_link (name, access_role, is_primary, time_zone, account_id,"
                " remote_calendar_id, role, direction, enabled, state, last_error, created_at, updated_at, version)"
                " VALUES (?, ?, ?, ?, ?, ?, 'inbound', 'two_way', false, '', '', ?, ?, 1)",
                (*values, account_id, calendar.id, now, now),
            )
    gone = [ident for ident, role, enabled, _ in rows if ident not in listed and role == "inbound" and not enabled]
    for ident in gone if listed else ():
        connection.execute(
            "DELETE FROM calendar_link WHERE account_id = ? AND remote_calendar_id = ?", (account_id, ident)
        )


def enable(database: Database, link_id: int, *, clock: Clock = system_clock) -> Link:
    """Read a calendar from now on (SYNC-15).

    Raises:
        NotFound: there is no such calendar. Refused: it cannot be read; the reason in words (SYNC-24).
    """
    with writing(database) as connection:
        link = _link(connection, link_id)
        reason = selectable(link)
        if reason:
            raise Refused(
                f"{link.name} cannot be chosen: {reason}", "couchcal google calendars lists those that can"
            )
        connection.execute(
            "UPDATE calendar_link SET enabled = true, last_error = '', updated_at = ?, version = version + 1"
            " WHERE id = ? AND NOT enabled",
            (_seconds(clock), link_id),
        )
        return link._replace(enabled=True)


def disable(database: Database, link_id: int, *, clock: Clock = system_clock) -> Link:
    """Read a calendar no more; its events leave this calendar, and nothing changes there.

    Raises:
        NotFound: there is no such calendar. Refused: it is the one appointments go to.
    """
    with reading(database) as connection:
        link = _link(connection, link_id)
    if link.role == "owned_target":
        raise Refused(f"your appointments go to {link.name}", "couchcal google disconnect ends the connection")
    with _clearing(database, [link_id], clock) as connection:
        connection.execute(
            "UPDATE calendar_link SET enabled = false, last_error = '', updated_at = ?, version = version + 1,"
            " state = CASE state WHEN 'lost' THEN '' ELSE state END WHERE id = ?",
            (_seconds(clock), link_id),
        )
    return link._replace(enabled=False)


def set_direction(database: Database, direction: Direction, *, clock: Clock = system_clock) -> None:
    """Two-way, or one-way: then nothing is read back, and what came from Google leaves this calendar (SYNC-14).
    Which calendars were read is remembered.

    Raises:
        NotFound: no calendar is connected.
    """
    with reading(database) as connection:
        known = links(connection)
    if not any(link.role == "owned_target" for link in known):
        raise NotFound("no calendar is connected", "couchcal google connect")
    cleared = [link.id for link in known] if direction == "one_way" else []
    with _clearing(database, cleared, clock) as connection:
        connection.execute(
            "UPDATE calendar_link SET direction = ?, updated_at = ?, version = version + 1"
            " WHERE role = 'owned_target' AND direction <> ?",
            (direction, _seconds(clock), direction),
        )


def disconnect(database: Database, *, session: requests.Session | None = None, clock: Clock = system_clock) -> bool:
    """Give the sign-in back and forget it. Appointments, links and what came from Google stay: connecting again
    goes on from there. Returns whether Google could be told; if not, it can be done in the Google account.

    Raises:
        NotFound: nothing is connected.
    """
    with reading(database) as connection:
        found = account(connection)
    if found is None or not found.connected:
        raise NotFound("no Google account is connected", "couchcal google connect")
    revoked = _revoked(database, found.id, session)
    _forget(database, found.id)
    with writing(database) as connection:
        connection.execute(
            "UPDATE calendar_account SET state = 'disabled', paused = '', failures = 0, next_try = NULL,"
            " last_error = '', updated_at = ?, version = version + 1 WHERE id = ?",
            (_seconds(clock), found.id),
        )
    return revoked


def forget(database: Database, *, session: requests.Session | None = None, clock: Clock = system_clock) -> None:
    """Let go of an account with its links, for another to take its place (SYNC-26). Its calendar at Google stays as
    it is, and so do all appointments here; what came from its other calendars goes."""
    with reading(database) as connection:
        found = account(connection)
        inbound = [link.id for link in links(connection)]
    if found is None:
        return
    if found.connected:
        _revoked(database, found.id, session)
    _forget(database, found.id)
    with _clearing(database, inbound, clock) as connection:
        connection.execute("DELETE FROM calendar_account WHERE id = ?", (found.id,))


def _revoked(database: Database, account_id: int, session: requests.Session | None) -> bool:
    from couchcal.sync.google.auth import remote_for
    from couchcal.sync.port import RemoteProblem

    try:
        remote = remote_for(database, account_id, session=session)
    except (RemoteProblem, Refused):
        return False
    try:
        remote.revoke()
    except RemoteProblem:
        return False
    finally:
        remote.close()
    return True


def _forget(database: Database, account_id: int) -> None:
    from couchcal.sync.google.tokens import TokenStore

    TokenStore(database).clear(account_id)


def _link(connection: Connection, link_id: int) -> Link:
    found = next((link for link in links(connection) if link.id == link_id), None)
    if found is None:
        raise NotFound("there is no such calendar", "couchcal google calendars lists them")
    return found


@contextmanager
def _clearing(database: Database, link_ids: list[int], clock: Clock) -> Iterator[Connection]:
    """A change in one transaction with taking away what came from these calendars, and how far they were read."""
    from couchcal.practice import external
    from couchcal.practice.rows import raw_connection
    from couchcal.store.session import write_session

    with write_session(database, "Calendars to read", actor="google", clock=clock) as session:
        connection = raw_connection(session)
        for link_id in link_ids:
            external.clear(session, link_id)
            connection.execute("DELETE FROM sync_state WHERE link_id = ?", (link_id,))
            connection.execute("DELETE FROM sync_stage WHERE link_id = ?", (link_id,))
        yield connection


def _seconds(clock: Clock) -> int:
    return (clock() - _EPOCH) // timedelta(seconds=1)


def needs_sign_in(database: Database, account_id: int, message: str, *, clock: Clock = system_clock) -> None:
    """Google does not take the sign-in any more: nothing is tried until a person signs in again (SYNC-25)."""
    with writing(database) as connection:
        connection.execute(
            "UPDATE calendar_account SET state = 'needs_auth', last_error = ?, updated_at = ?"
            " WHERE id = ? AND state = 'ok'",
            (message, _seconds(clock), account_id),
        )
