"""events.get and events.instances; events.list is in `listing` (§ reading)."""

from __future__ import annotations

from tests.google import series
from tests.google.context import Context, Reply
from tests.google.listing import list_events
from tests.google.messages import invalid, not_found
from tests.google.model import EventRow
from tests.google.paging import Page, continued, envelope, next_page, open_events, view_of
from tests.google.reading import (
    in_window,
    read_window,
    read_zone,
)
from tests.google.times import parse_day, parse_instant, seconds
from tests.google.walks import Walk


def get(context: Context) -> Reply:
    calendar = open_events(context)
    row = series.find(context.world, calendar, context.ids[1])
    stale = context.distortion.stale_revs
    if row is not None and stale and row.id in calendar.events:
        row = calendar.at(row.id, max(0, calendar.rev - stale))
    if row is None or row.purged:
        raise not_found()
    if context.unmodified(row.etag):
        return Reply(None, 304, row.etag)
    view = view_of(context, calendar, read_zone(context.query))
    return Reply(view.event(row), etag=row.etag)


def instances(context: Context) -> Reply:
    """events.instances: the occurrences of a series by start; on an instance id just that one."""
    calendar = open_events(context)
    query, world = context.query, context.world
    zone, (low, high) = read_zone(query), read_window(query)
    deleted, size = query.flag("showDeleted"), query.number("maxResults", 250, 2500)
    row = series.find(world, calendar, context.ids[1])
    if row is None or row.purged:
        raise not_found()
    original = query.get("originalStart")
    rows = {row.id: row}
    if row.kind == "master":
        found = series.instances(world, calendar, row, low, high)
        rows = {instance.id: instance for instance in found if not row.cancelled}
    rows = {
        id_: instance
        for id_, instance in rows.items()
        if (deleted or not instance.cancelled)
        and in_window(world, calendar, instance, low, high)
        and (original is None or originally_at(instance, original))
    }
    ids = sorted(rows, key=lambda id_: (seconds(rows[id_].start, calendar.zone), id_))
    marks = repr((context.ids[1], sorted(pair for pair in query.pairs if pair[0] != "pageToken")))
    walk = Walk(context.user.email, calendar.id, marks, tuple(ids), calendar.rev, rows=rows)
    text = query.get("pageToken")
    page = continued(context, calendar, text, marks) if text else Page(walk, context.emulator.walks.add(walk))
    position = page.position
    shown = [page.walk.rows[id_] for id_ in page.walk.ids[position : position + size]]
    body = envelope(context, calendar, shown, view_of(context, calendar, zone))
    if position + size < len(page.walk.ids):
        body["nextPageToken"] = next_page(context, calendar, page, position + size, marks)
    return Reply(body)


def originally_at(row: EventRow, text: str) -> bool:
    """Whether an instance began at `originalStart`. Raises 400 unless that is a date for all-day ones, an
    instant with offset for the others.
    """
    original = row.original or row.start
    value = parse_day(text) if original.all_day else parse_instant(text)
    if value is None:
        raise invalid("Invalid value for: originalStart", ("parameter", "originalStart"))
    return text == original.day if original.all_day else value == original.instant


HANDLERS = {"events.list": list_events, "events.get": get, "events.instances": instances}
