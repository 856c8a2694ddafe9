"""The calendar that is sent to: its requests, and telling an event that is gone from a calendar that is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TypeVar

from couchcal.sync.lease import Lease
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.port import EventFields, NotThere, Remote, RemoteEvent, Transient
from couchcal.sync.waiter import Waiter, trying

T = TypeVar("T")


class CalendarLost(Exception):
    """The calendar that is written to is gone."""


class TargetCalendar:
    """The calendar of `link` at the remote. Each request is tried as `waiter.trying` does, and `lease` renewed
    meanwhile; what the port says of its calls is raised here, too."""

    def __init__(
        self, remote: Remote, link: Link, waiter: Waiter, lease: Lease | None, rng: random.Random | None
    ) -> None:
        self._remote, self._id = remote, link.calendar_id
        self._waiter, self._lease, self._rng = waiter, lease, rng

    def event(self, mapped: Mapped, *, answered: bool = False) -> RemoteEvent | None:
        """What it shows of an event, None if it knows none such.

        Args:
            answered: whether it has just answered otherwise, so that it is there.

        Raises:
            CalendarLost: the calendar is gone.
        """
        try:
            return self._ask(lambda: self._remote.event(self._id, mapped.event_id))
        except NotThere:
            if not answered:
                self.check()
            return None

    def changed_event(self, mapped: Mapped) -> RemoteEvent:
        """An event of which it has just said that it changed: it is there."""
        return self._ask(lambda: self._certain(mapped))

    def _certain(self, mapped: Mapped) -> RemoteEvent:
        try:
            return self._remote.event(self._id, mapped.event_id)
        except NotThere:
            raise Transient("the calendar's answers do not agree with each other") from None

    def insert(self, mapped: Mapped, fields: EventFields) -> RemoteEvent:
        """Make the event under the id that is kept for it."""
        name = mapped.event_id
        return self._ask(lambda: self._remote.insert(self._id, name, fields, name))

    def patch(
        self, mapped: Mapped, changes: Mapping[str, object], etag: str, *, revive: bool = False
    ) -> RemoteEvent:
        """Change some fields of an event that is at `etag`; with `revive` one that was deleted."""
        return self._ask(lambda: self._remote.patch(self._id, mapped.event_id, changes, etag, revive=revive))

    def delete(self, mapped: Mapped) -> None:
        """Remove an event, as long as it is as it is known."""
        self._ask(lambda: self._remote.delete(self._id, mapped.event_id, mapped.etag))

    def check(self) -> None:
        """Tell an event that is gone from a calendar that is.

        Raises:
            CalendarLost: the calendar is gone.
        """
        try:
            self._ask(lambda: self._remote.calendar(self._id))
        except NotThere:
            raise CalendarLost from None

    def missing(self) -> Transient:
        """What it means that the calendar was not found.

        Raises:
            CalendarLost: the calendar is gone.
        """
        self.check()
        return Transient("the calendar does not answer")

    def _ask(self, call: Callable[[], T]) -> T:
        return trying(self._waiter, call, rng=self._rng, beat=self._beat)

    def _beat(self) -> None:
        if self._lease is not None:
            self._lease.renew()
