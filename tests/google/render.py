"""Rows as JSON: the whole event, what a narrower role sees of it (R-VIS), and the shapes of tombstones."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from tests.google.access import at_least
from tests.google.model import Calendar, EventRow, Json, Role, User
from tests.google.times import show, show_us
from tests.google.world import World

_HIDDEN = ("summary", "description", "location", "attendees")


@dataclass(frozen=True, slots=True)
class View:
    """For whom events are shown: caller, role, zone of the offsets, and what the parameters ask for."""

    world: World
    calendar: Calendar
    user: User
    role: Role
    zone: str
    stripped: bool = False
    max_attendees: int | None = None
    labels: bool = False

    def event(self, row: EventRow) -> Json:
        """The event as a GET answers it."""
        private = row.fields.get("visibility") in ("private", "confidential")
        if self.stripped:
            return self._bare_times(row) | _picked(row, "transparency")
        if private and self.role in ("reader", "writerWithoutPrivateAccess", "freeBusyReader"):
            return self._bare_times(row) | {"visibility": "private"}
        wire = self._whole(row)
        if not at_least(self.role, "reader"):
            for name in _HIDDEN:
                wire.pop(name, None)
        return wire

    def tombstone(self, row: EventRow) -> Json:
        """A cancelled row in a list, in the configured shape; purged rows have nothing left to show."""
        shape = self.world.config.tombstones
        if shape == "mixed":
            shape = self.world.rng.choice(("full", "documented", "recorded", "bare"))
        bare: Json = {"id": row.id, "status": "cancelled"}
        if row.purged or shape == "bare":
            return bare
        if shape == "full" and row.content_kept:
            return self.event(row)
        if shape != "documented":
            bare = {"kind": "calendar#event", "etag": row.etag} | bare
        return bare | self._origin(row)

    def item(self, row: EventRow) -> Json:
        return self.tombstone(row) if row.cancelled else self.event(row)

    def _bare_times(self, row: EventRow) -> Json:
        times = {"start": self._time(row, "start"), "end": self._time(row, "end")}
        return {"id": row.id, "status": row.status} | times

    def _time(self, row: EventRow, name: str) -> Json:
        return show(getattr(row, name), self.calendar.zone, self.zone, self.world.config.utc_suffix)

    def _origin(self, row: EventRow) -> Json:
        if row.original is None:
            return {}
        return {"recurringEventId": row.series, "originalStartTime": self._time(row, "original")}

    def _whole(self, row: EventRow) -> Json:
        calendar = self.calendar
        wire: Json = {
            "kind": "calendar#event",
            "etag": row.etag,
            "id": row.id,
            "status": row.status,
            "htmlLink": html_link(row.id, calendar.id),
            "created": show_us(row.created_us),
            "updated": show_us(row.updated_us),
            **row.fields,
            "creator": self._person(row.creator or calendar.owner),
            "organizer": self._person(row.organizer or calendar.id),
            "start": self._time(row, "start"),
            "end": self._time(row, "end"),
            "iCalUID": row.uid,
            "sequence": row.sequence,
            "eventType": row.fields.get("eventType", "default"),
            "reminders": row.fields.get("reminders", {"useDefault": True}),
        }
        if row.recurrence:
            wire["recurrence"] = list(row.recurrence)
        wire |= self._origin(row)
        if row.locked:
            wire["locked"] = True
        private = row.private.get(calendar.id)
        if private:
            wire["extendedProperties"] = {**row.fields.get("extendedProperties", {}), "private": dict(private)}
        self._label(wire)
        if "attendees" in wire:
            self._attendees(wire)
        return wire

    def _label(self, wire: Json) -> None:
        label = wire.get("eventLabelId")
        if label is None:
            return
        if not self.labels:
            del wire["eventLabelId"]
        shadow = next((entry.get("colorId") for entry in self.calendar.labels if entry.get("id") == label), None)
        if shadow is not None:
            wire["colorId"] = shadow

    def _attendees(self, wire: Json) -> None:
        people = [self._attendee(person, wire["organizer"]["email"]) for person in wire["attendees"]]
        if self.max_attendees is not None and len(people) > self.max_attendees:
            people = [person for person in people if person.get("self")]
            wire["attendeesOmitted"] = True
        wire["attendees"] = people

    def _attendee(self, person: Json, organizer: str) -> Json:
        shown: Json = {"responseStatus": "needsAction"} | person
        if person.get("email") == self.user.email:
            shown["self"] = True
        if person.get("email") == organizer:
            shown["organizer"] = True
        return shown

    def _person(self, email: str) -> Json:
        shown: Json = {"email": email}
        calendar = self.world.calendars.get(email)
        user = self.world.users.get(email)
        name = user.name if user else calendar.summary if calendar else ""
        if name:
            shown["displayName"] = name
        if email in (self.calendar.id, self.user.email):
            shown["self"] = True
        return shown


def html_link(event: str, calendar: str) -> str:
    eid = base64.urlsafe_b64encode(f"{event} {calendar}".encode()).decode().rstrip("=")
    return f"https://www.google.com/calendar/event?eid={eid}"


def _picked(row: EventRow, *names: str) -> dict[str, Any]:
    return {name: row.fields[name] for name in names if name in row.fields}
