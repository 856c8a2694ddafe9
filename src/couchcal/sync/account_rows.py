"""The connected account and its calendars as they are stored: read from a connection, without the ORM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from couchcal.errors import NotFound
from couchcal.store.connection import Connection, Database, database_errors, transaction

SCOPE = "https://www.googleapis.com/auth/"
APP_CREATED = SCOPE + "calendar.app.created"
CALENDAR_LIST = SCOPE + "calendar.calendarlist.readonly"
EVENTS = SCOPE + "calendar.events.readonly"
FREE_BUSY = SCOPE + "calendar.events.freebusy"
_READS = frozenset(
    {EVENTS, FREE_BUSY, *(SCOPE + name for name in ("calendar", "calendar.readonly", "calendar.events"))}
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Account(NamedTuple):
    """An account; `state` is `ok`, `needs_auth` (sign in again) or `disabled` (disconnected here). `sign_in` is
    another number after each sign-in."""

    id: int
    provider: str
    email: str
    scopes: frozenset[str]
    state: str
    secret_ref: str
    paused: str
    failures: int
    next_try: datetime | None
    last_ok: datetime | None
    last_error: str
    calendars_read_at: datetime | None
    sign_in: int

    @property
    def connected(self) -> bool:
        """Whether there is a sign-in, be it one that has to be renewed."""
        return self.state != "disabled"

    @property
    def kept_in(self) -> str:
        """Where its sign-in is: `keyring` or `database`, empty without one."""
        return self.secret_ref.partition(":")[0]

    @property
    def busy_only(self) -> bool:
        """Whether the sign-in shows when others' events are, not what."""
        return FREE_BUSY in self.scopes and not self.scopes & (_READS - {FREE_BUSY})


class Link(NamedTuple):
    """A calendar of the account. `role` is `owned_target` (written to) or `inbound`; `access` is the remote's word
    for what the account may do there; `readable` whether the sign-in includes reading events at all."""

    id: int
    account_id: int
    remote_calendar_id: str
    name: str
    role: str
    direction: str
    access: str
    primary: bool
    time_zone: str
    enabled: bool
    state: str
    last_ok: datetime | None
    last_error: str
    readable: bool


def account(connection: Connection) -> Account | None:
    """The account, connected or not; None if there never was one."""
    row = connection.execute(
        "SELECT id, provider, email, scopes, state, secret_ref, paused, failures, next_try, last_ok, last_error,"
        " calendars_read_at, version FROM calendar_account ORDER BY id LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    ident, provider, email, scopes, state, secret, paused, failures, next_try, last_ok, error, read_at, version = (
        row
    )
    return Account(
        ident, provider, email, frozenset(scopes.split()), state, secret, paused, failures,
        _instant(next_try), _instant(last_ok), error, _instant(read_at), version,
    )  # fmt: skip


def links(connection: Connection) -> list[Link]:
    """Its calendars: the one that is written to, then those that can be read, then the others, each by name."""
    rows = connection.execute(
        "SELECT l.id, l.account_id, l.remote_calendar_id, l.name, l.role, l.direction, l.access_role, l.is_primary,"
        " l.time_zone, l.enabled, l.state, l.last_ok, l.last_error, a.scopes"
        " FROM calendar_link l JOIN calendar_account a ON a.id = l.account_id"
    )
    found = [
        Link._make((*head, bool(primary), tz, bool(enabled), state, _instant(last_ok), error, _reads(scopes)))
        for *head, primary, tz, enabled, state, last_ok, error, scopes in rows
    ]
    return sorted(found, key=_order)


def _order(link: Link) -> tuple[bool, bool, bool, str, int]:
    return (link.role != "owned_target", bool(selectable(link)), not link.primary, link.name.casefold(), link.id)


def _reads(scopes: str) -> bool:
    return not _READS.isdisjoint(scopes.split())


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def target(connection: Connection) -> Link | None:
    """The calendar that is written to, None while there is none."""
    return next((link for link in links(connection) if link.role == "owned_target"), None)


def selectable(link: Link) -> str:
    """Why a calendar cannot be chosen for reading (SYNC-10, SYNC-24); empty if it can."""
    if link.role == "owned_target":
        return "your appointments go here"
    if link.state == "lost":
        return "it is gone, or not shared with you any more"
    group = link.remote_calendar_id.partition("#")[2]
    if group.startswith("holiday@"):
        return "holidays; read-only"
    if group.startswith("contacts@"):
        return "birthdays; read-only"
    if link.access == "owner":
        return "" if link.readable else "the sign-in does not include reading events: connect again and tick it"
    return _NOT_OWNED.get(link.access, "Google shows it to nobody here")


_NOT_OWNED = {
    "writer": "belongs to somebody else; import it into one of your own",
    "writerWithoutPrivateAccess": "belongs to somebody else; import it into one of your own",
    "reader": "shared read-only; import it into one of your own",
    "freeBusyReader": "shared read-only, free and busy alone; import it into one of your own",
}


def find(connection: Connection, text: str) -> Link:
    """The calendar with this id, name or unique beginning of either.

    Raises:
        NotFound: there is none, or several.
    """
    known = links(connection)
    text = text.strip()
    wanted = text.casefold()
    ways: tuple[Callable[[Link], bool], ...] = (
        lambda link: link.remote_calendar_id == text,
        lambda link: link.name.casefold() == wanted,
        lambda link: link.remote_calendar_id.startswith(text) or link.name.casefold().startswith(wanted),
    )
    for way in ways if text else ():
        found = [link for link in known if way(link)]
        if len(found) == 1:
            return found[0]
        if found:
            raise NotFound(f"several calendars are '{text[:40]}'", "give the id: couchcal google calendars --json")
    raise NotFound(f"there is no calendar '{text[:40]}'", "couchcal google calendars lists them")


def as_record(link: Link) -> dict[str, Any]:
    """A calendar as JSON (`google calendars --json`)."""
    reason = selectable(link)
    return {
        "id": link.remote_calendar_id,
        "name": link.name,
        "access": link.access,
        "primary": link.primary,
        "role": "target" if link.role == "owned_target" else "inbound",
        "enabled": link.enabled,
        "selectable": not reason,
        "reason": reason or None,
        "state": link.state,
        "time_zone": link.time_zone or None,
    }


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """A connection of its own, closed afterwards."""
    with database_errors(database.path), closing(database.connect()) as connection:
        yield connection


@contextmanager
def writing(database: Database) -> Iterator[Connection]:
    """An immediate transaction on a connection of its own: all or nothing."""
    with reading(database) as connection, transaction(connection):
        yield connection
