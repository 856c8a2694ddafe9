"""The state behind the emulator: users, calendars, rows of events, grants, log entries.

A row is a frozen value: a write makes a new row and keeps the older one in the calendar's history, so older
states can be shown and a snapshot is a shallow copy. `world.World.write` alone puts rows into a calendar.
Instants of rows are whole seconds since 1970 UTC; clock, `created`, `updated` are microseconds since 1970 UTC.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
Kind = Literal["single", "master", "exception"]
Role = Literal["none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"]
ROLES: tuple[Role, ...] = ("none", "freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
HISTORY_DEPTH = 64


@dataclass(frozen=True, slots=True)
class When:
    """A start or an end: `day` (YYYY-MM-DD, all-day) or an instant with the zone declared for it, if any."""

    day: str | None = None
    instant: int | None = None
    zone: str | None = None

    @property
    def all_day(self) -> bool:
        return self.day is not None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One stored event: a single one, the master of a series, or an exception to one occurrence.

    `fields` holds the other writable members as they are sent (summary, reminders, extendedProperties without
    `private`, …) and is never changed in place. `private` holds the private extended properties of each
    calendar's copy. `family` is the id of the master that a split series began with, or the row's own id.
    `series` is the id of the master (of a master itself too) and None for a single event.
    """

    id: str
    kind: Kind
    start: When
    end: When
    uid: str
    family: str
    series: str | None = None
    original: When | None = None
    recurrence: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
    sequence: int = 0
    creator: str = ""
    organizer: str = ""
    overridden: frozenset[str] = frozenset()  # what an exception says for itself
    locked: bool = False
    deleted_us: int | None = None
    deleted_in_ui: bool = False
    content_kept: bool = True
    purged: bool = False
    created_us: int = 0  # 0: stamped at the first write
    updated_us: int = 0
    etag_us: int = 0
    rev: int = 0

    @property
    def etag(self) -> str:
        return f'"{2 * self.etag_us}"'

    @property
    def cancelled(self) -> bool:
        return self.status == "cancelled"


@dataclass
class Calendar:
    """A calendar with its rows. `events` keeps purged rows too: their ids stay taken."""

    id: str
    owner: str
    zone: str
    summary: str = ""
    description: str | None = None
    location: str | None = None
    primary: bool = False
    creator_client: str | None = None
    created_us: int = 0
    etag_us: int = 0
    deleted: bool = False
    acl: dict[str, Role] = field(default_factory=dict)
    acl_etag_us: dict[str, int] = field(default_factory=dict)
    acl_changes: list[tuple[int, str]] = field(default_factory=list)
    labels: list[Json] = field(default_factory=list)
    events: dict[str, EventRow] = field(default_factory=dict)
    rev: int = 0
    updated_us: int = 0
    valid_from_us: dict[str, int] = field(default_factory=dict)  # tokens issued before are void; "*": everybody's
    generations: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    history: dict[str, list[EventRow]] = field(default_factory=dict)  # older states, oldest first
    changes: list[tuple[int, str]] = field(default_factory=list)  # (rev, row id), ascending
    rev_us: list[int] = field(default_factory=list)  # when revision n + 1 was written
    by_uid: dict[str, set[str]] = field(default_factory=dict)
    by_family: dict[str, dict[str, None]] = field(default_factory=dict)
    by_series: dict[str, dict[str, None]] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"c{2 * self.etag_us}"'

    def exceptions(self, master: str) -> list[EventRow]:
        """The stored exceptions of a series, cancelled ones too, without purged ones."""
        rows = (self.events[id_] for id_ in self.by_series.get(master, ()) if id_ != master)
        return [row for row in rows if not row.purged]

    def relatives(self, family: str) -> list[EventRow]:
        """All rows that are purged neither now nor strangers to the family."""
        return [row for row in (self.events[id_] for id_ in self.by_family.get(family, ())) if not row.purged]

    def at(self, id_: str, rev: int) -> EventRow | None:
        """The row as it was at revision `rev`, None if it was not there yet."""
        row = self.events.get(id_)
        if row is None or row.rev <= rev:
            return row
        older = self.history.get(id_, [])
        index = bisect_right(older, rev, key=lambda state: state.rev)
        if index:
            return older[index - 1]
        return older[0] if len(older) >= HISTORY_DEPTH else None

    def changed_since(self, rev: int, upto: int) -> list[str]:
        """The ids of rows with a change in (rev, upto], each once, in the order of their last such change."""
        first = bisect_right(self.changes, rev, key=lambda change: change[0])
        last = bisect_right(self.changes, upto, key=lambda change: change[0])
        seen = dict.fromkeys(id_ for _, id_ in reversed(self.changes[first:last]))
        return list(reversed(seen))

    def rev_at(self, us: int) -> int:
        """The last revision written at or before `us`."""
        return bisect_right(self.rev_us, us)

    def generation(self, rev: int) -> int:
        """The timeline that revision `rev` belongs to; a restored backup begins a new one."""
        return self.generations[bisect_right(self.generations, rev, key=lambda entry: entry[0]) - 1][1]

    def copy(self) -> Calendar:
        """A copy that shares the frozen rows."""
        twin = dataclasses.replace(self)
        for name in ("acl", "acl_etag_us", "events", "valid_from_us"):
            setattr(twin, name, dict(getattr(self, name)))
        for name in ("acl_changes", "labels", "generations", "changes", "rev_us"):
            setattr(twin, name, list(getattr(self, name)))
        twin.history = {key: list(states) for key, states in self.history.items()}
        twin.by_uid = {key: set(ids) for key, ids in self.by_uid.items()}
        twin.by_family = {key: dict(ids) for key, ids in self.by_family.items()}
        twin.by_series = {key: dict(ids) for key, ids in self.by_series.items()}
        return twin


@dataclass
class ListEntry:
    """A calendar in one user's list. `deleted` entries stay, for the deltas of the list."""

    calendar: str
    color_id: str = "14"
    background: str | None = None
    foreground: str | None = None
    summary_override: str | None = None
    hidden: bool = False
    selected: bool = True
    reminders: list[Json] = field(default_factory=list)
    notifications: list[Json] = field(default_factory=list)
    deleted: bool = False
    etag_us: int = 0
    rev: int = 0

    @property
    def etag(self) -> str:
        return f'"l{2 * self.etag_us}"'


@dataclass
class User:
    """A Google account. `rev` counts the changes of its calendar list."""

    email: str
    settings: dict[str, str]
    entries: dict[str, ListEntry] = field(default_factory=dict)
    rev: int = 0
    valid_from_us: int = 0
    name: str = ""


@dataclass
class Grant:
    """A consent: what one client may do for one user until it is revoked."""

    refresh_token: str | None
    email: str
    client_id: str
    scopes: tuple[str, ...]
    issued_us: int
    last_used_us: int
    testing: bool = False
    revoked: bool = False


@dataclass
class AccessToken:
    """A bearer token, good until `expires_us`."""

    value: str
    grant: Grant
    expires_us: int


@dataclass
class LogEntry:
    """One handled request as the control API reports it. `applied` counts how often it took effect."""

    seq: int
    virtual_us: int
    wall: float
    op: str
    method: str
    path: str
    target: str
    query: list[tuple[str, str]]
    host: str
    if_match: str | None = None
    user: str | None = None
    token_id: str | None = None
    client_id: str | None = None
    calendar: str | None = None
    event_id: str | None = None
    body: Any = None
    status: int = 0
    reason: str | None = None
    applied: int = 0
    etag: str | None = None
    fault: str | None = None
    retry_after: float | None = None
