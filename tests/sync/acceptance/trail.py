"""What people did on either side since all had come to rest, so that nothing of it gets lost unseen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from couchcal.practice.disclosure import Disclosed, disclosed
from tests.google.model import EventRow
from tests.google.times import seconds

if TYPE_CHECKING:
    from tests.sync.acceptance.world import World

Span = tuple[object, object, str]
"""Start, end and zone: seconds since 1970, or days as text and no zone."""


class Deed(NamedTuple):
    """A change of when something is, None: it is not. `seen` are the reviews of it there were then."""

    number: int
    side: str
    before: Span | None
    after: Span | None
    seen: frozenset[tuple[object, ...]]


class Trail:
    """The deeds by appointment."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._number = 0
        self.deeds: dict[int, list[Deed]] = {}
        self.cycles: list[tuple[int, int]] = []
        self.retitled: set[str] = set()
        """Events whose content was edited there."""
        self.forgotten = False
        self.books_replaced = False
        """Whether an older file was put back: it does not know which events there are."""
        self.theirs: set[str] = set()
        """Events that a person there brought back or made recurring: they stay, whatever stands for them."""

    def forget(self) -> None:
        """What was done cannot be followed any more: the books were replaced."""
        self.deeds.clear()
        self.forgotten = True

    def rest(self) -> None:
        """All came to rest."""
        self.deeds.clear()
        self.cycles.clear()
        self.forgotten = False

    def between(self, one: Deed, other: Deed) -> bool:
        """Whether both sides had looked at each other between two deeds: all of a cycle was between them."""
        return any(one.number < began and ended < other.number for began, ended in self.cycles)

    def number(self) -> int:
        """The next number: of a deed, or of a cycle that begins."""
        self._number += 1
        return self._number

    def looked(self, since: int) -> None:
        """A cycle that began then has come to its end: it saw all that was done before, and what was done meanwhile
        perhaps."""
        self.cycles.append((since, self.number()))

    @contextmanager
    def here(self) -> Iterator[None]:
        """A person does something in couchcal."""
        before = self.locally()
        yield
        after = self.locally()
        self._world.changes += 1
        for row_id in before.keys() | after.keys():
            self._note(row_id, "here", before.get(row_id), after.get(row_id))

    @contextmanager
    def there(self) -> Iterator[None]:
        """A person does something in Google."""
        before, content, live = self.remotely(), self._content(), self._live()
        yield
        after = self.remotely()
        self._world.changes += 1
        for row_id in before.keys() | after.keys():
            self._note(row_id, "there", before.get(row_id), after.get(row_id))
        for event_id, now in self._content().items():
            if event_id in content and content[event_id] != now:
                self.retitled.add(event_id)
        self.theirs |= self._live() - live

    def _note(self, row_id: int, side: str, before: Span | None, after: Span | None) -> None:
        if before != after:
            deed = Deed(self.number(), side, before, after, self.reviews(row_id))
            self.deeds.setdefault(row_id, []).append(deed)

    def reviews(self, row_id: int) -> frozenset[tuple[object, ...]]:
        """What was told of an appointment."""
        found = self._world.rows(
            "SELECT id, detail, at, resolution FROM sync_review WHERE appointment_id = ?", row_id
        )
        return frozenset(found)

    def locally(self) -> dict[int, Span | None]:
        """When each appointment is; None for one that is not on."""
        ids = [row_id for (row_id,) in self._world.rows("SELECT id FROM appointment")]
        entries = disclosed(self._world.looking, ids)
        return {row_id: when(entry) if entry.wanted else None for row_id, entry in entries.items()}

    def maps(self) -> dict[str, int]:
        """Appointments by their events; those that a person keeps here alone have none."""
        target = self._world.target
        found = self._world.rows(
            "SELECT remote_event_id, appointment_id FROM event_map WHERE link_id = ? AND state <> 'unlinked'",
            target.id,
        )
        return dict(found)

    def remotely(self) -> dict[int, Span | None]:
        """When the event of each appointment is; None for one that is not there."""
        calendar = self._world.calendar
        if calendar is None:
            return {}
        found: dict[int, Span | None] = {}
        for event_id, row_id in self.maps().items():
            row = calendar.events.get(event_id)
            if row is not None:
                found[row_id] = None if row.cancelled or row.purged else span(row, calendar.zone)
        return found

    def _live(self) -> set[str]:
        """What is there, by kind and id."""
        calendar = self._world.calendar
        rows = () if calendar is None else calendar.events.values()
        return {f"{row.kind} {row.id}" for row in rows if not row.cancelled}

    def _content(self) -> dict[str, object]:
        calendar = self._world.calendar
        if calendar is None:
            return {}
        return {
            row.id: tuple(repr(row.fields.get(name)) for name in ("summary", "description", "location"))
            for row in calendar.events.values()
        }


def when(entry: Disclosed) -> Span:
    """When an appointment is."""
    if isinstance(entry.start, datetime) and isinstance(entry.end, datetime):
        return int(entry.start.timestamp()), int(entry.end.timestamp()), entry.tz
    return str(entry.start), str(entry.end), ""


def span(row: EventRow, zone: str) -> Span:
    """When an event is."""
    if row.start.all_day:
        return str(row.start.day), str(row.end.day), ""
    return seconds(row.start, zone), seconds(row.end, zone), row.start.zone or zone
