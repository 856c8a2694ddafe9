"""A remote calendar service in memory: the port as simple as it can be and still be true.

Etags of families, tombstones, burnt ids, pages that straddle families, tokens that expire. What a person does in
the service's own program are the methods `put`, `change`, `drop`, `bring_back` and `purge`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from couchcal.sync.port import (
    Changed,
    Duplicate,
    EventFields,
    NotThere,
    Page,
    RemoteCalendar,
    RemoteEvent,
    TokenExpired,
)

T = TypeVar("T")
Hook = Callable[[str, str], None]
"""Told the name of the call and the id of what it is about; may raise whatever the call should raise."""


def _nothing(_call: str, _subject: str) -> None:
    return None


@dataclass
class _Row:
    event: RemoteEvent
    rev: int


@dataclass
class Shelf:
    """A calendar with its events, deleted ones among them. `era` is that of the tokens it accepts."""

    calendar: RemoteCalendar
    rows: dict[str, _Row] = field(default_factory=dict)
    burnt: set[str] = field(default_factory=set)
    families: dict[str, set[str]] = field(default_factory=dict)
    rev: int = 0
    era: int = 0


@dataclass
class _Walk:
    calendar_id: str
    ids: list[str]
    token: str
    full: bool
    number: int


class FakeRemote:
    """Implements `couchcal.sync.port.Remote`.

    `before` and `after` are called around each request; what `after` raises is an answer that got lost.
    """

    def __init__(self, *, page_size: int = 2500, seed: int | None = None) -> None:
        self.requests = 0
        self.page_size = page_size
        self.shelves: dict[str, Shelf] = {}
        self.calls: list[tuple[str, str]] = []
        self.before: Hook = _nothing
        self.after: Hook = _nothing
        self.bare_tombstones = False
        self.null_tokens = 0
        """How many readings more end without a sync token."""
        self.hidden: set[str] = set()
        """Ids that a full reading leaves out, although they are there."""
        self.time_zone = "America/New_York"
        self.revoked = False
        self._random = Random(seed) if seed is not None else None  # noqa: S311  an order, no secret
        self._walks: dict[str, _Walk] = {}
        self._count = 0

    # calendars

    def calendars(self) -> list[RemoteCalendar]:
        return self._asked("calendars", "", lambda: [shelf.calendar for shelf in self.shelves.values()])

    def create_calendar(self, name: str, time_zone: str, description: str) -> RemoteCalendar:
        return self._asked("create_calendar", name, lambda: self.add_calendar(name, time_zone, description))

    def calendar(self, calendar_id: str) -> RemoteCalendar:
        return self._asked("calendar", calendar_id, lambda: self._shelf(calendar_id).calendar)

    def delete_calendar(self, calendar_id: str) -> None:
        self._asked("delete_calendar", calendar_id, lambda: self.shelves.pop(calendar_id, None))

    def revoke(self) -> None:
        self.revoked = True

    # events

    def events(self, calendar_id: str, *, sync_token: str = "", page: str = "") -> Page:
        return self._asked("events", calendar_id, lambda: self._page(calendar_id, sync_token, page))

    def event(self, calendar_id: str, event_id: str) -> RemoteEvent:
        return self._asked("event", event_id, lambda: self._row(calendar_id, event_id).event)

    def insert(self, calendar_id: str, event_id: str, fields: EventFields, tag: str) -> RemoteEvent:
        def run() -> RemoteEvent:
            shelf = self._shelf(calendar_id)
            if event_id in shelf.rows or event_id in shelf.burnt:
                raise Duplicate("the id is in use")
            return self.put(
                calendar_id,
                RemoteEvent(
                    event_id, when=fields.when, title=fields.title, description=fields.description,
                    place=fields.place, busy=fields.busy, ours=tag,
                ),
            )  # fmt: skip

        return self._asked("insert", event_id, run)

    def patch(
        self, calendar_id: str, event_id: str, changes: Mapping[str, object], etag: str, *, revive: bool = False
    ) -> RemoteEvent:
        def run() -> RemoteEvent:
            row = self._row(calendar_id, event_id)
            if row.event.etag != etag:
                raise Changed("it changed meanwhile")
            values: dict[str, Any] = dict(changes)
            return self.change(calendar_id, event_id, **values, **({"cancelled": False} if revive else {}))

        return self._asked("patch", event_id, run)

    def delete(self, calendar_id: str, event_id: str, etag: str) -> None:
        def run() -> None:
            row = self._shelf(calendar_id).rows.get(event_id)
            if row is None or row.event.cancelled:
                return
            if row.event.etag != etag:
                raise Changed("it changed meanwhile")
            self.drop(calendar_id, event_id)

        self._asked("delete", event_id, run)

    # what a person does there

    def add_calendar(
        self,
        name: str,
        time_zone: str = "UTC",
        description: str = "",
        *,
        access: str = "owner",
        primary: bool = False,
    ) -> RemoteCalendar:
        self._count += 1
        calendar = RemoteCalendar(f"c{self._count}@fake", name, access, primary, time_zone, description)
        self.shelves[calendar.id] = Shelf(calendar)
        return calendar

    def put(self, calendar_id: str, event: RemoteEvent) -> RemoteEvent:
        """Write an event as it is, but for its etag; the rest of its family gets the new etag, too."""
        shelf = self._shelf(calendar_id)
        shelf.rows[event.id] = _Row(event, 0)
        family = shelf.families.setdefault(event.recurring_id or event.id, set())
        family.add(event.id)
        shelf.rev += 1
        for row in (shelf.rows[member] for member in family if member in shelf.rows):
            row.rev = shelf.rev
            row.event = replace(row.event, etag=f'"{shelf.rev}"')
        return shelf.rows[event.id].event

    def change(self, calendar_id: str, event_id: str, **values: Any) -> RemoteEvent:
        return self.put(calendar_id, replace(self._row(calendar_id, event_id).event, **values))

    def drop(self, calendar_id: str, event_id: str) -> None:
        self.change(calendar_id, event_id, cancelled=True)

    def bring_back(self, calendar_id: str, event_id: str) -> None:
        self.change(calendar_id, event_id, cancelled=False)

    def purge(self, calendar_id: str, event_id: str) -> None:
        """Empty the bin of one event: nothing shows it any more, and its id is of no use again."""
        shelf = self._shelf(calendar_id)
        shelf.rows.pop(event_id, None)
        shelf.burnt.add(event_id)

    def expire_tokens(self, calendar_id: str) -> None:
        self._shelf(calendar_id).era += 1

    # looking at it

    def live(self, calendar_id: str) -> dict[str, RemoteEvent]:
        """The events that are there, by id."""
        rows = self._shelf(calendar_id).rows
        return {row.event.id: row.event for row in rows.values() if not row.event.cancelled}

    # inside

    def _asked(self, call: str, subject: str, run: Callable[[], T]) -> T:
        self.requests += 1
        self.calls.append((call, subject))
        self.before(call, subject)
        answer = run()
        self.after(call, subject)
        return answer

    def _shelf(self, calendar_id: str) -> Shelf:
        if calendar_id not in self.shelves:
            raise NotThere("no such calendar")
        return self.shelves[calendar_id]

    def _row(self, calendar_id: str, event_id: str) -> _Row:
        row = self._shelf(calendar_id).rows.get(event_id)
        if row is None:
            raise NotThere("no such event")
        return row

    def _page(self, calendar_id: str, sync_token: str, page: str) -> Page:
        shelf = self._shelf(calendar_id)
        if page:
            walk = self._walks.get(page)
            if walk is None or walk.calendar_id != calendar_id:
                raise TokenExpired("no such page")
        else:
            walk = self._walk(shelf, sync_token)
        ids, rest = walk.ids[: self.page_size], walk.ids[self.page_size :]
        shown = [shelf.rows[event_id].event for event_id in ids if event_id in shelf.rows]
        if walk.full:
            shown = [event for event in shown if event.id not in self.hidden]
        events = tuple(self._shown(event) for event in shown)
        if rest:
            self._count += 1
            self._walks[f"p{self._count}"] = replace(walk, ids=rest)
            return Page(events, f"p{self._count}", None, self.time_zone)
        self._walks = {name: other for name, other in self._walks.items() if other.number != walk.number}
        if self.null_tokens:
            self.null_tokens -= 1
            return Page(events, None, None, self.time_zone)
        return Page(events, None, walk.token, self.time_zone)

    def _walk(self, shelf: Shelf, sync_token: str) -> _Walk:
        since = 0
        if sync_token:
            calendar_id, era, rev = sync_token.split(" ")
            if calendar_id != shelf.calendar.id or int(era) != shelf.era:
                raise TokenExpired("the token is of no use any more")
            since = int(rev)
        ids = [row.event.id for row in sorted(shelf.rows.values(), key=lambda row: row.rev) if row.rev > since]
        if self._random is not None:
            self._random.shuffle(ids)
        token = f"{shelf.calendar.id} {shelf.era} {shelf.rev}"
        self._count += 1
        return _Walk(shelf.calendar.id, ids, token, not sync_token, self._count)

    def _shown(self, event: RemoteEvent) -> RemoteEvent:
        if event.cancelled and self.bare_tombstones:
            return RemoteEvent(event.id, cancelled=True)
        return event
