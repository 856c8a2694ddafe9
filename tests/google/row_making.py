"""From a wire dict to the row it means: the shared part of insert, import, patch and update."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.google.context import Context
from tests.google.event_body import (
    CONTENT,
    check_members,
    check_recurrence,
    check_sizes,
    properties,
    refuse_bad_rules,
)
from tests.google.messages import ApiError, invalid
from tests.google.model import Calendar, EventRow, Json, Kind, When
from tests.google.times import read_range
from tests.google.world import World

_FREE_FOR_GUESTS = {"reminders", "colorId", "eventLabelId"}
_LOCKED = {"summary", "description", "location", "start", "end", "recurrence"}


def blank(email: str, id_: str, uid: str, sequence: int = 0) -> EventRow:
    """A new single event without content."""
    nowhere = When(instant=0)
    return EventRow(id_, "single", nowhere, nowhere, uid, id_, creator=email, sequence=sequence)


def filled(world: World, calendar: Calendar, row: EventRow, wire: Json) -> EventRow:
    """The row with the content of a whole wire dict; stamps and sequence stay. Raises 400."""
    config = world.config
    check_sizes(wire, config)
    lines = check_recurrence(wire)
    start, end = read_range(wire.get("start"), wire.get("end"), recurring=bool(lines))
    check_members(wire, calendar)
    shared, private = properties(wire)
    fields: dict[str, Any] = {name: wire[name] for name in CONTENT if wire.get(name) is not None}
    if "hangoutLink" in row.fields and "conferenceData" in fields:
        fields["hangoutLink"] = row.fields["hangoutLink"]
    if shared:
        fields["extendedProperties"] = shared
    others = {id_: pairs for id_, pairs in row.private.items() if id_ != calendar.id}
    kind: Kind = row.kind
    if kind != "exception":
        kind = "master" if lines else "single"
    new = dataclasses.replace(
        row,
        kind=kind,
        series=row.id if kind == "master" else row.series if kind == "exception" else None,
        start=start,
        end=end,
        recurrence=lines,
        fields=fields,
        private=others | ({calendar.id: private} if private else {}),
        status=wire.get("status") or "confirmed",
    )
    refuse_bad_rules(lines, new, config)
    return new


def only_what_versions_allow(context: Context, body: Json, row: EventRow | None) -> Json:
    """R-CONF and R-COLOR: without `conferenceDataVersion=1` and `eventLabelVersion=1` those members do nothing;
    a label shadows the colour until it is taken away.
    """
    body = dict(body)
    if context.query.get("conferenceDataVersion") != "1":
        body.pop("conferenceData", None)
    labels = context.query.get("eventLabelVersion") == "1"
    if not labels:
        body.pop("eventLabelId", None)
    shadowed = context.world.config.labels_mode and row is not None and row.fields.get("eventLabelId")
    if shadowed and body.get("eventLabelId") != "":
        body.pop("colorId", None)
    if body.get("eventLabelId") == "":
        body["eventLabelId"] = None
    return body


def with_meeting(context: Context, row: EventRow) -> EventRow:
    """A requested conference gets its link, as if made at once."""
    conference = row.fields.get("conferenceData")
    request = conference.get("createRequest") if isinstance(conference, dict) else None
    if not isinstance(request, dict) or not isinstance(conference, dict) or conference.get("entryPoints"):
        return row
    code = "-".join(context.world.new_id(length) for length in (3, 4, 3))
    link = f"https://meet.google.com/{code}"
    made = {
        "createRequest": request | {"status": {"statusCode": "success"}},
        "entryPoints": [{"entryPointType": "video", "uri": link, "label": link.removeprefix("https://")}],
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "conferenceId": code,
    }
    return dataclasses.replace(row, fields={**row.fields, "conferenceData": made, "hangoutLink": link})


def changed_names(before: Json, after: Json) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def check_organizer(context: Context, calendar: Calendar, row: EventRow, before: Json, after: Json) -> None:
    """R-ORG: on a copy of somebody else's event only reminders, colour, private properties and the own answer
    change; a locked event keeps its main fields. Raises 403 forbiddenForNonOrganizer.
    """
    changed = changed_names(before, after)
    foreign = row.organizer not in ("", calendar.id)
    if not foreign and not (row.locked and changed & _LOCKED):
        return
    shared = [wire.get("extendedProperties", {}).get("shared") for wire in (before, after)]
    if shared[0] == shared[1]:
        changed.discard("extendedProperties")
    others = [strangers(wire, context.user.email) for wire in (before, after)]
    if others[0] == others[1]:
        changed.discard("attendees")
    if (changed - _FREE_FOR_GUESTS) if foreign else changed & _LOCKED:
        message = "Shared properties can only be changed by the organizer of the event."
        raise ApiError(403, "forbiddenForNonOrganizer", message, domain="calendar")


def strangers(wire: Json, email: str) -> list[Json]:
    """The attendees without what the user alone decides: their own answer."""
    own = {"responseStatus", "comment", "additionalGuests"}
    people: list[Json] = []
    for person in wire.get("attendees") or []:
        mine = person.get("email") == email
        people.append({name: value for name, value in person.items() if not (mine and name in own)})
    return people


def next_sequence(context: Context, row: EventRow, new: EventRow, sent: int | None) -> int:
    """R-SEQ: one more when the times or the rule change. Raises 400 for a sent number below the present one."""
    if sent is not None and sent < row.sequence:
        raise invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of the "
            "resource. Re-fetch the resource and use its sequence number on the following request."
        )
    timing = (row.start, row.end, row.recurrence) != (new.start, new.end, new.recurrence)
    return max(row.sequence + timing, sent or 0)
