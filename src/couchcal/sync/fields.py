"""What both sides knew last of an event, and events as text, so that they can wait in a table."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from couchcal.practice.disclosure import DESCRIPTION, Disclosed
from couchcal.sync.port import EventFields, RemoteEvent, When

NAMES = ("when", "title", "description", "place", "busy")
"""The fields of `EventFields`."""
_INSTANCE = re.compile(r"_[0-9]{8}(?:T[0-9]{6}Z)?$")


@dataclass(frozen=True, slots=True)
class Known:
    """The fields of an event as far as one side knew them; None is not known.

    `again` names fields that are to be sent although nothing changed here: what the remote did to them is put back.
    """

    when: When | None = None
    title: str | None = None
    description: str | None = None
    place: str | None = None
    busy: bool | None = None
    again: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether no field is known."""
        return all(getattr(self, name) is None for name in NAMES)


class Base(NamedTuple):
    """The last state both sides knew: what was last sent or taken over, and what the remote last showed.

    They differ where the remote changed what only goes one way (a title), or wrote what it was sent in its own way.
    """

    ours: Known = Known()
    theirs: Known = Known()

    def due(self, local: EventFields) -> frozenset[str]:
        """The fields that have to be sent: they changed here, or are to be put back, and differ from what the
        remote shows."""
        return frozenset(
            name for name in changed(local, self.ours) if getattr(local, name) != getattr(self.theirs, name)
        )


def outgoing(disclosed: Disclosed) -> EventFields:
    """An appointment as it is sent."""
    when = When(disclosed.start, disclosed.end, disclosed.tz)
    return EventFields(when, disclosed.title, DESCRIPTION, disclosed.place, disclosed.busy)


def known(fields: EventFields) -> Known:
    """All of what is sent, as known."""
    return Known(fields.when, fields.title, fields.description, fields.place, fields.busy)


def agreed(sent: Known, fields: EventFields) -> Known:
    """What is known of fields that were sent once more: those that were sent otherwise before are not known."""
    values: dict[str, Any] = {
        name: getattr(sent, name) for name in NAMES if getattr(sent, name) == getattr(fields, name)
    }
    return Known(**values)


def shown(event: RemoteEvent) -> Known:
    """All of what a remote shows of a live event, as known."""
    return Known(event.when, event.title, event.description, event.place, event.busy)


def changed(now: EventFields | Known, before: EventFields | Known) -> frozenset[str]:
    """Names of the fields in which two states differ, or that are to be sent again."""
    again = before.again if isinstance(before, Known) else frozenset()
    return again | {name for name in NAMES if getattr(now, name) != getattr(before, name)}


def with_value(known_fields: Known, name: str, value: object) -> Known:
    """The same with one field known to be `value`, and not to be sent again for that."""
    values: dict[str, Any] = {name: value}
    return replace(known_fields, **values, again=known_fields.again - {name})


def when_list(when: When) -> list[str]:
    """`[start, end, zone]`: instants in UTC, or dates; what `when_of` reads."""
    return [_moment_text(when.start), _moment_text(when.end), when.tz]


def when_of(texts: list[str]) -> When:
    """A `When` as `when_list` wrote it."""
    start, end, tz = texts
    return When(_moment(start), _moment(end), tz)


def _moment_text(moment: datetime | date) -> str:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat()
    return moment.isoformat()


def _moment(text: str) -> datetime | date:
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def text_of(known_fields: Known) -> str:
    """Known fields as JSON that is the same whenever they are."""
    values: dict[str, Any] = {
        name: getattr(known_fields, name) for name in NAMES if getattr(known_fields, name) is not None
    }
    if known_fields.when is not None:
        values["when"] = when_list(known_fields.when)
    if known_fields.again:
        values["again"] = sorted(known_fields.again)
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""


def known_of(text: str) -> Known:
    """Known fields as `text_of` wrote them; an empty text knows nothing."""
    if not text:
        return Known()
    values = json.loads(text)
    when = values.get("when")
    return Known(
        when_of(when) if when else None,
        values.get("title"),
        values.get("description"),
        values.get("place"),
        values.get("busy"),
        frozenset(values.get("again", ())),
    )


def event_text(event: RemoteEvent) -> str:
    """A remote event as JSON; it begins with `[1` if it is an instance of a series, else with `[0`.

    A tombstone may say so by its id alone.
    """
    instance = bool(event.recurring_id) or (event.cancelled and _INSTANCE.search(event.id) is not None)
    return json.dumps(
        [
            int(instance), event.id, event.cancelled, event.etag,
            when_list(event.when) if event.when is not None else None, event.title, event.description, event.place,
            event.busy, event.tentative, event.declined, event.event_type, event.recurrence, event.recurring_id,
            _moment_text(event.original_start) if event.original_start is not None else None, event.ours,
            event.unreadable,
        ],
        ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip


def event_of(text: str) -> RemoteEvent:
    """A remote event as `event_text` wrote it."""
    (
        _, event_id, cancelled, etag, when, title, description, place, busy, tentative, declined, event_type,
        recurrence, recurring_id, original_start, ours, unreadable,
    ) = json.loads(text)  # fmt: skip
    return RemoteEvent(
        event_id, cancelled, etag, when_of(when) if when else None, title, description, place, busy, tentative,
        declined, event_type, tuple(recurrence), recurring_id,
        _moment(original_start) if original_start else None, ours, unreadable,
    )  # fmt: skip
