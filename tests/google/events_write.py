"""Writes of events: insert, import, quickAdd, patch, update, delete, move (§ writing)."""

from __future__ import annotations

import dataclasses
import re

from tests.google import series
from tests.google.access import find_calendar, reach, require_writer
from tests.google.context import Context, Reply
from tests.google.event_body import (
    check_new_type,
    check_old_type,
    merge,
    stored,
    type_restriction,
    writable,
)
from tests.google.messages import ApiError, deleted, duplicate, invalid, not_found, required, writer_needed
from tests.google.model import Calendar, EventRow, Json, When
from tests.google.paging import open_events, view_of
from tests.google.row_making import (
    blank,
    changed_names,
    check_organizer,
    filled,
    next_sequence,
    only_what_versions_allow,
    with_meeting,
)

_CLIENT_ID = re.compile(r"[a-v0-9]{5,1024}", re.ASCII)
_PATCH_IGNORES = frozenset({"id", "iCalUID"})
_HOUR = 3600


def open_for_writing(context: Context) -> Calendar:
    """The calendar of a write. Raises 403 below writer and in a burst of writes, 400 for a bad sendUpdates."""
    calendar = open_events(context)
    require_writer(context.role(calendar))
    context.query.choice("sendUpdates", ("all", "externalOnly", "none"))
    context.query.flag("sendNotifications")
    context.emulator.quotas.write(calendar.id, context.world.clock.now_us)
    return calendar


def addressed(context: Context, calendar: Calendar) -> EventRow:
    """The row or instance a write is for, past its precondition. Raises 404, 403, 412."""
    row = series.find(context.world, calendar, context.ids[1])
    if row is None or row.purged:
        raise not_found()
    private = row.fields.get("visibility") in ("private", "confidential")
    if private and context.role(calendar) == "writerWithoutPrivateAccess":
        raise writer_needed()
    context.check_if_match(row.etag)
    return row


def answer(context: Context, calendar: Calendar, row: EventRow) -> Reply:
    return Reply(view_of(context, calendar).event(row), etag=row.etag)


def insert(context: Context) -> Reply:
    calendar = open_for_writing(context)
    wire = writable(context.body(), context.world.config)
    id_ = wire.get("id")
    if id_ is not None and not _CLIENT_ID.fullmatch(id_):
        raise invalid("Invalid resource id value.")
    wire = merge({}, only_what_versions_allow(context, wire, None))
    check_new_type(wire, calendar)
    id_ = id_ or context.world.new_id()
    uid = wire.get("iCalUID") or f"{id_}@google.com"
    sequence = max(0, wire.get("sequence") or 0)
    row = filled(context.world, calendar, blank(context.user.email, id_, uid, sequence), wire)
    if id_ in calendar.events or calendar.by_uid.get(uid):
        raise duplicate()
    [row] = context.world.write(calendar, [with_meeting(context, row)])
    mail(context, calendar, row, "invitation")
    return answer(context, calendar, row)


def import_event(context: Context) -> Reply:
    """events.import: a private copy of an event; one with the same iCalUID is brought up to date."""
    calendar = open_for_writing(context)
    body = context.body()
    wire = merge({}, only_what_versions_allow(context, writable(body, context.world.config), None))
    if wire.get("eventType", "default") != "default":
        raise type_restriction("Only events of type default can be imported.")
    uid = wire.get("iCalUID")
    if not uid:
        raise required("Missing iCalUID.")
    known = [calendar.events[id_] for id_ in sorted(calendar.by_uid.get(uid, ()))]
    live = next((row for row in known if row.kind != "exception" and not row.cancelled), None)
    sent = wire.get("sequence") or 0
    if live is not None:
        new = filled(context.world, calendar, live, wire)
        new = dataclasses.replace(new, sequence=next_sequence(context, live, new, wire.get("sequence")))
        [row, *_] = context.world.write(calendar, [new, *followers(context, calendar, live, new)])
        return answer(context, calendar, row)
    row = filled(context.world, calendar, blank(context.user.email, f"_{context.world.new_id(52)}", uid), wire)
    organizer = body.get("organizer")
    email = organizer.get("email", "") if isinstance(organizer, dict) else ""
    [row] = context.world.write(calendar, [dataclasses.replace(row, organizer=str(email), sequence=max(0, sent))])
    return answer(context, calendar, row)


def quick_add(context: Context) -> Reply:
    """events.quickAdd: the whole text becomes the summary of an hour that begins with the next full hour."""
    calendar = open_for_writing(context)
    text = context.query.get("text")
    if not text:
        raise required("Required parameter: text")
    now = context.world.clock.now_us // 1_000_000
    start = (now // _HOUR + 1) * _HOUR
    id_ = context.world.new_id()
    row = dataclasses.replace(
        blank(context.user.email, id_, f"{id_}@google.com"),
        start=When(instant=start),
        end=When(instant=start + _HOUR),
        fields={"summary": text[: context.world.config.max_summary]},
    )
    [row] = context.world.write(calendar, [row])
    return answer(context, calendar, row)


def patch(context: Context) -> Reply:
    calendar = open_for_writing(context)
    row = addressed(context, calendar)
    body = changes(context, row)
    return change(context, calendar, row, body, merge(stored(row, calendar.id), body))


def update(context: Context) -> Reply:
    """R-PUT: what the body leaves out is cleared; an omitted status means confirmed."""
    calendar = open_for_writing(context)
    row = addressed(context, calendar)
    body = changes(context, row)
    kept = {name: row.fields[name] for name in unversioned(context) if name in row.fields}
    return change(context, calendar, row, body, merge(kept, {"status": "confirmed"} | body))


def changes(context: Context, row: EventRow) -> Json:
    body = writable(context.body(), context.world.config, _PATCH_IGNORES)
    if row.kind == "exception" and body.get("recurrence"):
        raise invalid("Recurrence cannot be set on an instance of a recurring event.")
    return only_what_versions_allow(context, body, row)


def unversioned(context: Context) -> list[str]:
    """The members a caller of the old version cannot see or touch."""
    names = {"conferenceData": "conferenceDataVersion", "eventLabelId": "eventLabelVersion"}
    return [name for name, version in names.items() if context.query.get(version) != "1"]


def change(context: Context, calendar: Calendar, row: EventRow, body: Json, wire: Json) -> Reply:
    """Write the row's new content, and what follows from it in its series."""
    world, config = context.world, context.world.config
    before = stored(row, calendar.id)
    check_old_type(row, body, wire)
    check_organizer(context, calendar, row, before, wire)
    if row.cancelled and wire.get("status") not in (None, "cancelled"):
        refuse_undelete(context, row)
    new = filled(world, calendar, row, wire)
    current = row if row.id in calendar.events else dataclasses.replace(row, sequence=0)
    sequence = next_sequence(context, current, new, body.get("sequence"))
    new = with_meeting(context, new)
    named = changed_names(before, stored(new, calendar.id))
    if sequence != new.sequence or row.kind == "exception":
        overridden = row.overridden | named if row.kind == "exception" else row.overridden
        new = dataclasses.replace(new, sequence=sequence, overridden=overridden)
    if config.noop_patch == "keep" and not named and sequence == current.sequence:
        return answer(context, calendar, row)
    reminders_only = named == {"reminders"}
    rows = [new, *followers(context, calendar, row, new)]
    written = world.write(
        calendar,
        rows,
        touch_updated=not reminders_only,
        in_delta=config.reminder_in_delta or not reminders_only,
    )
    mail(context, calendar, new, "update")
    return answer(context, calendar, written[0])


def refuse_undelete(context: Context, row: EventRow) -> None:
    """R-UNDEL: raises 403 where the toggle says that a deleted event cannot come back."""
    if row.kind == "exception":
        return
    undelete = context.world.config.undelete
    if undelete == "403" or (undelete == "403ui" and row.deleted_in_ui):
        raise ApiError(403, "forbidden", "Forbidden")


def followers(context: Context, calendar: Calendar, row: EventRow, new: EventRow) -> list[EventRow]:
    """The exceptions that a changed master changes."""
    if "master" not in (row.kind, new.kind):
        return []
    return series.follow(context.world, calendar, row, new)


def delete(context: Context) -> Reply:
    """R-DEL: 204 once, 410 afterwards; a series goes with its exceptions (`series_delete_emits`)."""
    calendar = open_for_writing(context)
    row = addressed(context, calendar)
    if row.cancelled:
        raise deleted()
    cancel(context, calendar, row)
    mail(context, calendar, row, "cancellation")
    return Reply(None, 204)


def cancel(context: Context, calendar: Calendar, row: EventRow) -> EventRow:
    kept = row.organizer in ("", calendar.id)
    new = dataclasses.replace(row, status="cancelled", content_kept=kept)
    if row.id not in calendar.events:
        new = dataclasses.replace(new, sequence=0)
    rest = followers(context, calendar, row, new)
    if context.world.config.series_delete_emits == "master":
        return context.world.write(calendar, [new], silent=rest)[0]
    return context.world.write(calendar, [new, *rest])[0]


def move(context: Context) -> Reply:
    """R-MOVE: cancelled here, live under the same id there; the answer says cancelled all the same."""
    source = open_for_writing(context)
    world = context.world
    target_id = context.query.get("destination")
    if not target_id:
        raise required("Required parameter: destination")
    target = find_calendar(world, context.user, target_id)
    reach(world, context.user, context.grant, context.scopes, target)
    require_writer(context.role(target))
    row = addressed(context, source)
    if row.cancelled:
        raise deleted()
    if row.kind == "exception":
        raise invalid("Cannot move an instance of a recurring event.")
    if row.fields.get("eventType", "default") != "default":
        raise type_restriction("Only events of type default can be moved.")
    if row.organizer not in ("", source.id):
        raise ApiError(403, "forbiddenForNonOrganizer", "Only the organizer can move an event.", domain="calendar")
    there = target.events.get(row.id)
    if target is source or (there is not None and not there.cancelled):
        raise duplicate()
    rows = [row, *(source.exceptions(row.id) if row.kind == "master" else [])]
    [moved, *_] = world.write(target, [transplanted(context, source, target, one) for one in rows])
    world.write(source, [dataclasses.replace(one, status="cancelled") for one in rows])
    mail(context, target, moved, "update")
    body = view_of(context, target).event(moved)
    return Reply(body | {"status": "cancelled"}, etag=moved.etag)


def transplanted(context: Context, source: Calendar, target: Calendar, row: EventRow) -> EventRow:
    private = dict(row.private)
    if context.world.config.move_keeps_private and source.id in private:
        private[target.id] = private[source.id]
    return dataclasses.replace(row, organizer="", private=private)


def mail(context: Context, calendar: Calendar, row: EventRow, about: str) -> None:
    """R-MAIL: every mail that would go out goes to the outbox."""
    updates = context.query.get("sendUpdates")
    if updates is None and context.query.flag("sendNotifications"):
        updates = "all"
    if updates not in ("all", "externalOnly"):
        return
    for person in row.fields.get("attendees", ()):
        email = person["email"]
        if email == context.user.email or (updates == "externalOnly" and email in context.world.users):
            continue
        sent = {"to": email, "about": about, "calendar": calendar.id, "event": row.id, "seq": context.entry.seq}
        context.emulator.outbox.append(sent)


HANDLERS = {
    "events.insert": insert,
    "events.import": import_event,
    "events.quickAdd": quick_add,
    "events.patch": patch,
    "events.update": update,
    "events.delete": delete,
    "events.move": move,
}
