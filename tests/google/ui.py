"""The person at the web page or with a phone (spec 12): does what people do, past all checks of the API.

`dispatch` runs one operation. Bodies name `calendar` (the person's own without it) and `event`; operations on
series take `scope` this, following or all, and `original_start` where the id is the series'.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.google import series, ui_import
from tests.google.messages import ApiError, not_found
from tests.google.model import Calendar, EventRow, Json, When
from tests.google.recurrence import to_wall
from tests.google.times import shifted, zone_named
from tests.google.ui_change import NOT_CONTENT, Change, Person, changed, read_change, read_time, with_rules
from tests.google.ui_series import apply, delete, edit, picked, to_zone

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

_ADDRESS = ("calendar", "event", "scope", "original_start")
_NINE = timedelta(hours=9)


def dispatch(emulator: Emulator, email: str, op: str, body: Mapping[str, Any]) -> Json:
    """Run `op` for the person; answers `event` (the id now looked at), `calendar` and the ids `changed`.

    Raises ApiError 404 for an unknown operation, person, calendar or event, 400 for a body that says nothing.
    """
    person = Person(emulator.world, email)
    if op == "undo":
        return _undo(person)
    operation = _OPERATIONS.get(op)
    if operation is None:
        raise ApiError(404, "notFound", f"No such operation: {op}")
    calendar_id, event_id = operation(emulator, person, body)
    if person.before:
        person.world.ui_actions.setdefault(email, []).append(person.before)
    return {"event": event_id, "calendar": calendar_id, "changed": _ids(person)}


def _unmade(
    person: Person, calendar: Calendar, row: EventRow, first: Mapping[tuple[str, str], EventRow | None]
) -> EventRow:
    """What an undo leaves of a row that was not there: a plain instance of its series, else a deleted event."""
    master = first.get((calendar.id, row.series or "")) or calendar.events.get(row.series or "")
    if row.kind == "exception" and master is not None and master.kind == "master" and not master.cancelled:
        start = series.original_instant(row)
        if series.has_instance(person.world, calendar, master, start):
            return series.virtual(calendar, master, start)
    return series.cancelled(row)


Result = tuple[str, str | None]
Operation = Callable[["Emulator", Person, Mapping[str, Any]], Result]


def _ids(person: Person) -> list[str]:
    return sorted({id_ for _, id_, _ in person.before})


def _undo(person: Person) -> Json:
    """Take back the person's last action: the rows are as before, their etags are new; what was made is gone."""
    actions = person.world.ui_actions.get(person.email)
    if not actions:
        raise ApiError(400, "invalid", "Nothing to undo.")
    first: dict[tuple[str, str], EventRow | None] = {}
    for calendar_id, id_, row in actions.pop():
        first.setdefault((calendar_id, id_), row)
    for calendar_id in dict.fromkeys(name for name, _ in first):
        calendar = person.calendar(calendar_id)
        rows = []
        for (name, id_), row in first.items():
            if name == calendar_id:
                rows.append(row or _unmade(person, calendar, calendar.events[id_], first))
        person.write(calendar, rows)
    return {"event": None, "calendar": person.before[0][0], "changed": _ids(person)}


def _fresh(person: Person, start: When, end: When) -> EventRow:
    id_ = person.world.new_id()
    return EventRow(id_, "single", start, end, f"{id_}@google.com", id_, creator=person.email)


def _made(person: Person, calendar: Calendar, body: Mapping[str, Any]) -> EventRow:
    """A new event with everything the body says; without an end it lasts an hour or a day."""
    start = read_time(body["start"], calendar.zone)
    lasts = timedelta(days=1) if start.all_day else timedelta(hours=1)
    row = _fresh(person, start, shifted(start, lasts))
    said = {name: value for name, value in body.items() if name not in (*_ADDRESS, "start")}
    return dataclasses.replace(changed(calendar, row, read_change(calendar, row, said)), sequence=0)


def _create(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    calendar = person.calendar(body.get("calendar"))
    new = _made(person, calendar, body)
    person.write(calendar, [new])
    return calendar.id, new.id


def _edit(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    return at.calendar.id, edit(person, at, body.get("changes") or {}).id


def _move_time(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    wire = {name: body[name] for name in NOT_CONTENT if name in body and name != "recurrence"}
    return at.calendar.id, edit(person, at, wire).id


def _drag_quick(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """`n` drags by `by_minutes` (15) one after the other, as when somebody cannot let go of an event."""
    at = picked(person, body)
    step = {"by_minutes": body.get("by_minutes", 15)}
    row = at.row
    for _ in range(int(body.get("n", 5))):
        row = edit(person, dataclasses.replace(at, row=row), step)
        if at.scope != "this":
            at = picked(person, {**body, "event": row.id, "scope": "all", "calendar": at.calendar.id})
            row = at.row
    return at.calendar.id, row.id


def _delete(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    delete(person, at)
    return at.calendar.id, at.row.id


def _restore(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """Out of the bin: the event, a series with what was deleted along with it. Raises 404 for a purged one."""
    calendar = person.calendar(body.get("calendar"))
    row = calendar.events.get(str(body.get("event")))
    if row is None or row.purged or not row.cancelled:
        raise not_found()
    new = dataclasses.replace(row, status="confirmed", deleted_us=None, deleted_in_ui=False)
    person.write(calendar, [new, *series.follow(person.world, calendar, row, new)])
    return calendar.id, row.id


def _empty_bin(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """Purge the deleted events; a deleted instance of a living series stays deleted."""
    calendar = person.calendar(body.get("calendar"))
    purged = []
    for row in calendar.events.values():
        master = calendar.events.get(row.series or "")
        holds = row.kind == "exception" and master is not None and master.kind == "master" and not master.cancelled
        if row.cancelled and not row.purged and not holds:
            purged.append(row.id)
    person.world.purge(calendar, purged)
    return calendar.id, None


def _duplicate(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    new = dataclasses.replace(_fresh(person, at.row.start, at.row.end), fields=at.row.fields)
    if at.row.kind == "master":
        new = with_rules(new, at.row.recurrence)
    if person.world.config.ui_duplicate_copies_props:
        new = dataclasses.replace(new, private=at.row.private)
    else:
        fields = {name: value for name, value in new.fields.items() if name != "extendedProperties"}
        new = dataclasses.replace(new, fields=fields)
    person.write(at.calendar, [new])
    return at.calendar.id, new.id


def _change_calendar(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """R-MOVE: gone here, the same id and iCalUID there; a series moves as a whole."""
    at = picked(person, body)
    source, target = at.calendar, person.calendar(body.get("to"))
    if source is target:
        raise ApiError(400, "invalid", "The event is in that calendar already.")
    top = at.master or at.row
    rows = [top, *(source.exceptions(top.id) if at.master else [])]
    keeps = person.world.config.move_keeps_private
    arriving = []
    for row in rows:
        private = dict(row.private)
        if keeps and source.id in private:
            private[target.id] = private[source.id]
        arriving.append(dataclasses.replace(row, private=private, organizer=""))
    person.write(source, [dataclasses.replace(row, status="cancelled") for row in rows])
    person.write(target, arriving)
    return target.id, top.id


def _set_timezone(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """Another zone for the event, which keeps its wall clock, or without `event` for the calendar."""
    zone = str(body.get("timeZone"))
    if zone_named(zone) is None:
        raise ApiError(400, "invalid", f"Unknown time zone {zone!r}.")
    calendar = person.calendar(body.get("calendar"))
    if "event" not in body:
        calendar.zone = zone
        calendar.etag_us = person.world.clock.stamp()
        for user in person.world.users.values():
            if calendar.id in user.entries:
                person.world.touch_entry(user, user.entries[calendar.id])
        if person.world.config.tz_change_invalidates:
            person.world.access_changed(calendar, "*")
        return calendar.id, None
    at = picked(person, body)
    if at.row.start.all_day:
        raise ApiError(400, "invalid", "An all-day event has no time zone.")
    start, end = to_zone(at.row, calendar, zone)
    return calendar.id, apply(person, at, Change(start, end)).id


def _toggle_allday(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """A timed event becomes all-day on its days; an all-day one an hour at nine in the calendar's zone."""
    at = picked(person, body)
    zone = at.row.start.zone or at.calendar.zone
    first = to_wall(series.moment(at.row.start), "UTC" if at.row.start.all_day else zone)
    if at.row.start.all_day:
        nine = {"dateTime": (first + _NINE).isoformat(), "timeZone": at.calendar.zone}
        return at.calendar.id, edit(person, at, {"start": nine}).id
    last = to_wall(series.moment(at.row.end), zone) - timedelta(seconds=1)
    after = max(first.date(), last.date()) + timedelta(days=1)
    days = {"start": {"date": first.date().isoformat()}, "end": {"date": after.isoformat()}}
    return at.calendar.id, edit(person, at, days).id


def _color(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """A colour by `colorId`, or a `label` (with its colour) which the calendar gets if it has none such."""
    at = picked(person, body)
    if "label" not in body:
        return at.calendar.id, edit(person, at, {"colorId": body.get("colorId")}).id
    label = body["label"]
    if label and all(entry.get("id") != label for entry in at.calendar.labels):
        at.calendar.labels.append({"id": label, "name": label, "colorId": body.get("colorId", "5")})
    return at.calendar.id, edit(person, at, {"eventLabelId": label}).id


def _add_guest(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """Adds `guest`; with `send`, Google mails the invitation."""
    at = picked(person, body)
    guest = {"email": body["guest"], "responseStatus": "needsAction"}
    people = list(at.row.fields.get("attendees", ()))
    if not people:
        people.append({"email": person.email, "responseStatus": "accepted"})
    row = edit(person, at, {"attendees": [*people, guest]})
    if body.get("send"):
        mail = {"to": guest["email"], "about": "invitation", "calendar": at.calendar.id, "event": row.id}
        emulator.outbox.append(mail)
    return at.calendar.id, row.id


def _add_meet(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    code = "-".join(person.world.new_id(length) for length in (3, 4, 3))
    link = f"https://meet.google.com/{code}"
    conference = {
        "conferenceId": code,
        "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "entryPoints": [{"entryPointType": "video", "uri": link, "label": link.removeprefix("https://")}],
    }
    return at.calendar.id, edit(person, at, {"conferenceData": conference, "hangoutLink": link}).id


def _notes(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    return at.calendar.id, edit(person, at, {"description": body["html"]}).id


def _make_private(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    at = picked(person, body)
    return at.calendar.id, edit(person, at, {"visibility": "private"}).id


def _import_ics(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    calendar = person.calendar(body.get("calendar"))
    return calendar.id, ui_import.import_ics(person, calendar, str(body["ics"]))


def _caldav_put(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """A phone writes: see `ui_import.phone_rewrites` for what it does to an event that is there."""
    calendar = person.calendar(body.get("calendar"))
    if "event" in body:
        at = picked(person, body)
        row = ui_import.phone_rewrites(person, at, body)
        return calendar.id, row.id
    if "ics" in body:
        return calendar.id, ui_import.import_ics(person, calendar, str(body["ics"]))
    new = ui_import.phone_made(person, _made(person, calendar, body))
    person.write(calendar, [new])
    return calendar.id, new.id


def _invite_from(emulator: Emulator, person: Person, body: Mapping[str, Any]) -> Result:
    """Somebody else's event arrives on the person's own calendar."""
    calendar = person.calendar(None)
    organizer = str(body["organizer"])
    said = {name: value for name, value in body.items() if name not in ("organizer", "calendar")}
    new = _made(person, calendar, {"attendees": _invited(organizer, person.email), **said})
    new = dataclasses.replace(new, creator=organizer, organizer=organizer)
    person.write(calendar, [new])
    return calendar.id, new.id


def _invited(organizer: str, guest: str) -> list[Json]:
    return [
        {"email": organizer, "organizer": True, "responseStatus": "accepted"},
        {"email": guest, "responseStatus": "needsAction"},
    ]


_OPERATIONS: dict[str, Operation] = {
    "create": _create,
    "edit": _edit,
    "move_time": _move_time,
    "drag_quick": _drag_quick,
    "delete": _delete,
    "restore": _restore,
    "empty_bin": _empty_bin,
    "duplicate": _duplicate,
    "change_calendar": _change_calendar,
    "set_timezone": _set_timezone,
    "toggle_allday": _toggle_allday,
    "color": _color,
    "add_guest": _add_guest,
    "add_meet": _add_meet,
    "notes": _notes,
    "make_private": _make_private,
    "import_ics": _import_ics,
    "caldav_put": _caldav_put,
    "invite_from": _invite_from,
}
