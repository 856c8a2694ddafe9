"""What the sync needs of a remote calendar service, whoever provides it.

Events are read tolerantly and written narrowly: `RemoteEvent` is what a remote may show, `EventFields` all that
is ever sent. Nothing here knows HTTP, JSON or a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol


class When(NamedTuple):
    """When something is, as one value: it is compared, merged and moved as a whole.

    Timed: aware UTC instants of whole seconds and the IANA zone it was declared in. All-day: dates, end exclusive,
    zone empty. Half-open. Two `When`s of equal instants in zones of other names differ.
    """

    start: datetime | date
    end: datetime | date
    tz: str = ""

    @property
    def all_day(self) -> bool:
        return not isinstance(self.start, datetime)


@dataclass(frozen=True, slots=True)
class EventFields:
    """All of an appointment that leaves this machine (SYNC-27, INV-Y4)."""

    when: When
    title: str
    description: str
    place: str
    busy: bool


@dataclass(frozen=True, slots=True)
class RemoteCalendar:
    """A calendar of the account. `access` is the service's word and may be one that is not known here."""

    id: str
    name: str
    access: str
    primary: bool = False
    time_zone: str = ""
    description: str = ""
    hidden: bool = False
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class RemoteEvent:
    """An event as a reading shows it.

    A tombstone (`cancelled`) may have an id only. `recurrence` is not empty on the master of a series;
    `recurring_id` names the master of an instance, `original_start` the start it stands for (an aware instant, or
    a date). `ours` is its private mark, the id it was made under, empty on events that are not made here; it is
    evidence, never identity: copies have it, too. `unreadable` says why an event cannot be used; then only `id`,
    `cancelled` and `etag` mean something.
    """

    id: str
    cancelled: bool = False
    etag: str = ""
    when: When | None = None
    title: str = ""
    description: str = ""
    place: str = ""
    busy: bool = True
    tentative: bool = False
    declined: bool = False
    event_type: str = "default"
    recurrence: tuple[str, ...] = ()
    recurring_id: str = ""
    original_start: datetime | date | None = None
    ours: str = ""
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a reading. The last has a sync token (a remote may fail to give one: then it is None) and no
    page token; a page may be empty and not be the last."""

    events: tuple[RemoteEvent, ...]
    next_page: str | None
    sync_token: str | None
    time_zone: str = ""


class Remote(Protocol):
    """One account of a service. Every call may raise a `RemoteProblem`; nothing is retried in here except once
    after a refreshed sign-in."""

    requests: int
    """How many requests were made so far."""

    def calendars(self) -> list[RemoteCalendar]:
        """Every calendar of the account's list, hidden ones too."""

    def create_calendar(self, name: str, time_zone: str, description: str) -> RemoteCalendar:
        """A new calendar that this account owns."""

    def calendar(self, calendar_id: str) -> RemoteCalendar:
        """One calendar that was created here. Raises NotThere if it is gone."""

    def delete_calendar(self, calendar_id: str) -> None:
        """Remove a calendar that was created here; one that is gone is no error."""

    def events(self, calendar_id: str, *, sync_token: str = "", page: str = "") -> Page:
        """A page of all events (no token) or of what changed since; masters and exceptions, tombstones among them.

        Raises:
            TokenExpired: everything is to be read anew. NotThere: no such calendar (any more).
        """

    def event(self, calendar_id: str, event_id: str) -> RemoteEvent:
        """One event; a deleted one is `cancelled`. Raises NotThere if it never was or is purged."""

    def insert(self, calendar_id: str, event_id: str, fields: EventFields, tag: str) -> RemoteEvent:
        """Make an event under an id of ours. Raises Duplicate if the id was ever used."""

    def patch(
        self, calendar_id: str, event_id: str, changes: Mapping[str, object], etag: str, *, revive: bool = False
    ) -> RemoteEvent:
        """Change only the named fields of `EventFields`; `revive` takes a deleted event back.

        Raises:
            Changed: the etag is not that of the event any more.
        """

    def delete(self, calendar_id: str, event_id: str, etag: str) -> None:
        """Remove an event; one that was removed is no error.

        Raises:
            Changed: as `patch` does. NotThere: there never was one, or it is purged.
        """

    def revoke(self) -> None:
        """Give the sign-in back."""


class RemoteProblem(Exception):
    """Something a remote answered, or did not; `message` is for people and has no data of the request."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class NeedsSignIn(RemoteProblem):
    """The sign-in is over (expired, revoked) or does not allow this; a person has to sign in again."""


class Transient(RemoteProblem):
    """No answer, a wrong one, or one that says later: worth another try, no sooner than `retry_after` seconds.

    `limited` if it was asked too often."""

    def __init__(self, message: str, *, retry_after: float | None = None, limited: bool = False) -> None:
        super().__init__(message, retry_after=retry_after)
        self.limited = limited


class TokenExpired(RemoteProblem):
    """A sync token (or page token) is of no use any more: read everything."""


class NotThere(RemoteProblem):
    """No such calendar or event, or none that this account may see."""


class Duplicate(RemoteProblem):
    """The id is in use, maybe by a deleted event."""


class Changed(RemoteProblem):
    """The event, or another of its family, changed since the etag was read."""


class Forbidden(RemoteProblem):
    """Not allowed with this event or calendar, now and later."""


class Rejected(RemoteProblem):
    """The service will never take this request."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a cycle is: what it does, how many of how many."""

    doing: str = ""
    done: int = 0
    of: int = 0
    since: datetime | None = field(default=None, compare=False)
