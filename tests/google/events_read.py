"""events.list, events.get and events.instances (§ reading): pages, deltas, expansion."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.google import series
from tests.google.context import Context, Reply
from tests.google.messages import ApiError, bad_sync_token, full_sync_required, invalid, not_found, writer_needed
from tests.google.model import Calendar, EventRow, Json
from tests.google.reading import (
    NO_TOKEN,
    Asked,
    check_updated_min,
    content_filter,
    in_window,
    read_parameters,
    read_window,
    read_zone,
)
from tests.google.render import View
from tests.google.times import parse_day, parse_instant, seconds, show_us
from tests.google.tokens import Token
from tests.google.walks import Walk


def open_events(context: Context) -> Calendar:
    """The calendar of an event call. Raises 404, and 403 for a calendar that is too fresh."""
    calendar = context.calendar()
    fresh_us = context.world.config.fresh_calendar_403_ms * 1000
    if fresh_us and context.world.clock.now_us < calendar.created_us + fresh_us:
        raise writer_needed()
    return calendar


def view_of(context: Context, calendar: Calendar, zone: str | None = None) -> View:
    """How the caller sees the events of a calendar."""
    query = context.query
    return View(
        context.world,
        calendar,
        context.user,
        context.role(calendar),
        zone or calendar.zone,
        stripped=context.stripped,
        max_attendees=query.number("maxAttendees", 1, 10_000) if "maxAttendees" in query else None,
        labels=query.get("eventLabelVersion") == "1",
    )


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


def visible_rev(context: Context, calendar: Calendar) -> int:
    """The newest revision lists show: `list_lag_ms` and a stale read hide newer ones."""
    world = context.world
    lag_us = world.config.list_lag_ms * 1000
    rev = calendar.rev_at(world.clock.now_us - lag_us) if lag_us else calendar.rev
    return max(0, min(rev, calendar.rev - context.distortion.stale_revs))


def check_token(context: Context, calendar: Calendar, token: Token, ttl_s: int) -> None:
    """Raises 410 for a token whose time is over or that a change of access made void."""
    void_us = max(calendar.valid_from_us.get(context.user.email, 0), calendar.valid_from_us.get("*", 0))
    old = token.issued_us < context.world.clock.now_us - ttl_s * 1_000_000
    if old or token.issued_us < void_us or calendar.generation(token.rev) != token.generation:
        raise full_sync_required()


def bad_page_token() -> ApiError:
    return invalid("Invalid page token value.", ("parameter", "pageToken"))


@dataclass(frozen=True, slots=True)
class Page:
    """A walk with its number, and where in it a page begins."""

    walk: Walk
    number: int
    position: int = 0
    page: int = 1


def continued(context: Context, calendar: Calendar, text: str, fingerprint: str) -> Page:
    """The page a page token stands for. Raises 400 or 410."""
    emulator, config = context.emulator, context.world.config
    token = emulator.sealer.open(text)
    if token is None or token.kind != "page":
        raise bad_page_token()
    if (token.user, token.calendar) != (context.user.email, calendar.id) or token.fingerprint != fingerprint:
        raise bad_page_token()
    check_token(context, calendar, token, config.sync_token_ttl_s)
    walk = emulator.walks.get(token.walk)
    expired = token.issued_us < context.world.clock.now_us - config.page_token_ttl_s * 1_000_000
    if walk is None or expired:
        raise full_sync_required() if config.page_token_expired == "410" else bad_page_token()
    sync = context.query.get("syncToken")
    if sync is not None and sync != walk.sync_token:
        raise bad_page_token()
    return Page(walk, token.walk, token.position, token.page)


def list_events(context: Context) -> Reply:
    calendar = open_events(context)
    asked = read_parameters(context)
    world, config = context.world, context.world.config
    page_token, sync_token = context.query.get("pageToken"), context.query.get("syncToken")
    if page_token is not None:
        page = continued(context, calendar, page_token, asked.page_fingerprint)
    else:
        if sync_token is None:
            check_updated_min(world, asked)
            walk = begin_full(context, calendar, asked)
        else:
            walk = begin_delta(context, calendar, asked, sync_token)
        page = Page(walk, context.emulator.walks.add(walk))
    if page.walk.since is not None and config.expire_on_page == page.page:
        raise full_sync_required()
    size = min(config.scan_page_size or asked.size, asked.size)
    shown = rows_of_page(context, calendar, asked, page, size)
    view = view_of(context, calendar, asked.zone)
    body = envelope(context, calendar, shown, view)
    after = page.position + size
    if after < len(page.walk.ids) and not context.distortion.whole:
        body["nextPageToken"] = next_page(context, calendar, page, after, asked.page_fingerprint)
    elif may_issue(context, page.walk) and not lost(context):
        body["nextSyncToken"] = next_sync(context, calendar, page.walk, asked)
    return Reply(body)


def lost(context: Context) -> bool:
    """Whether this last page comes without a sync token, as now and then happens."""
    chance = context.world.config.null_sync_token
    return bool(chance) and context.world.rng.random() < chance


def may_issue(context: Context, walk: Walk) -> bool:
    if walk.since is not None or context.world.config.token_for_filtered == "issue":
        return True
    return not any(name in context.query for name in NO_TOKEN)


def next_page(context: Context, calendar: Calendar, page: Page, position: int, fingerprint: str) -> str:
    token = Token(
        "page",
        context.user.email,
        calendar.id,
        fingerprint,
        context.world.clock.stamp(),
        rev=page.walk.rev,
        generation=calendar.generation(page.walk.rev),
        walk=page.number,
        position=position,
        page=page.page + 1,
    )
    return context.emulator.sealer.seal(token)


def next_sync(context: Context, calendar: Calendar, walk: Walk, asked: Asked) -> str:
    low, high = walk.window
    token = Token(
        "sync",
        context.user.email,
        calendar.id,
        asked.fingerprint,
        context.world.clock.stamp(),
        rev=walk.rev,
        generation=calendar.generation(walk.rev),
        low=low,
        high=high,
    )
    return context.emulator.sealer.seal(token)


def begin_full(context: Context, calendar: Calendar, asked: Asked) -> Walk:
    rev = visible_rev(context, calendar)
    ids: list[str] = [row.id for row in calendar.events.values() if not row.purged]
    rows: dict[str, EventRow] = {}
    if asked.single:
        rows = {row.id: row for id_ in ids for row in expanded(context, calendar, id_, rev, asked)}
        ids = list(rows)
    order = {"startTime": "by_start", "updated": "by_updated"}.get(context.query.get("orderBy") or "")
    ids = ordered(context, calendar, ids, rows, order or context.world.config.order, rev)
    window = (asked.time_min, asked.time_max)
    return Walk(context.user.email, calendar.id, asked.page_fingerprint, tuple(ids), rev, window=window, rows=rows)


def ordered(
    context: Context, calendar: Calendar, ids: list[str], rows: dict[str, EventRow], order: str, rev: int
) -> list[str]:
    def state(id_: str) -> EventRow:
        return rows.get(id_) or calendar.at(id_, rev) or calendar.events[id_]

    if order == "by_start":
        return sorted(ids, key=lambda id_: (seconds(state(id_).start, calendar.zone), id_))
    if order == "by_updated":
        return sorted(ids, key=lambda id_: (state(id_).updated_us, id_))
    context.world.rng.shuffle(ids)
    return ids


def begin_delta(context: Context, calendar: Calendar, asked: Asked, text: str) -> Walk:
    """The walk after a sync token. Raises 400 for a token that is none or another list's, 410 for a void one."""
    world, config = context.world, context.world.config
    token = context.emulator.sealer.open(text)
    if token is None or token.kind != "sync":
        raise bad_sync_token()
    if (token.user, token.calendar) != (context.user.email, calendar.id):
        raise bad_sync_token()
    mismatch = token.fingerprint != asked.fingerprint
    if mismatch and config.param_mismatch == "400":
        raise bad_sync_token()
    check_token(context, calendar, token, config.sync_token_ttl_s)
    rev = max(token.rev, visible_rev(context, calendar))
    ids = calendar.changed_since(token.rev, rev)
    if mismatch:
        ids = [id_ for id_ in ids if world.rng.random() < 0.5]
    if config.collapse_unseen:
        ids = [id_ for id_ in ids if not came_and_went(calendar, id_, token.rev, rev)]
    rows: dict[str, EventRow] = {}
    if asked.single:
        rows = {row.id: row for id_ in ids for row in changed_instances(context, calendar, id_, token.rev, rev)}
        ids = list(rows)
    if config.order != "by_updated":
        ids = ordered(context, calendar, ids, rows, config.order, rev)
    return Walk(
        context.user.email,
        calendar.id,
        asked.page_fingerprint,
        tuple(ids),
        rev,
        since=token.rev,
        sync_token=text,
        window=(token.low, token.high),
        rows=rows,
    )


def came_and_went(calendar: Calendar, id_: str, since: int, rev: int) -> bool:
    row = calendar.at(id_, rev)
    return row is not None and row.cancelled and row.kind != "exception" and calendar.at(id_, since) is None


def expanded(context: Context, calendar: Calendar, id_: str, rev: int, asked: Asked) -> Iterable[EventRow]:
    """What a row stands for in a full list with singleEvents: itself, or the instances of a master."""
    row = calendar.at(id_, rev)
    if row is None:
        return []
    if row.kind == "single" or (row.kind == "exception" and has_no_series(calendar, row, rev)):
        return [row]
    if row.kind == "exception" or row.cancelled:
        return []
    return series.instances(context.world, calendar, row, asked.time_min, asked.time_max)


def has_no_series(calendar: Calendar, row: EventRow, rev: int) -> bool:
    """Whether an exception is not among the instances of any live master."""
    master = calendar.at(row.series or "", rev)
    return master is None or master.kind != "master" or master.cancelled


def changed_instances(context: Context, calendar: Calendar, id_: str, since: int, rev: int) -> Iterable[EventRow]:
    """What a changed row means to a delta with singleEvents: all instances of a touched series again, and those
    it lost as cancelled.
    """
    row, before = calendar.at(id_, rev), calendar.at(id_, since)
    found: dict[str, EventRow] = {}
    if before is not None and row is not None and (before.kind == "master" or row.kind == "master"):
        old = [before] if before.kind != "master" else []
        if before.kind == "master" and not before.cancelled:
            old = list(series.instances(context.world, calendar, before, None, None))
        for lost_row in old:
            found[lost_row.id] = dataclasses.replace(lost_row, status="cancelled", etag_us=row.etag_us, rev=row.rev)
    if row is not None and row.kind != "master":
        found[row.id] = row
    elif row is not None and not row.cancelled:
        for instance in series.instances(context.world, calendar, row, None, None):
            found[instance.id] = instance
    return found.values()


def rows_of_page(context: Context, calendar: Calendar, asked: Asked, page: Page, size: int) -> list[EventRow]:
    """The rows the page shows: its slice of the scan, then filtered; sometimes one from a page before."""
    world, walk = context.world, page.walk
    ids = list(walk.ids[page.position : page.position + size])
    chance = world.config.dup_rows_across_pages
    if chance and page.position and world.rng.random() < chance:
        ids.insert(0, walk.ids[world.rng.randrange(page.position)])
    rev = walk.rev
    if world.config.page_content == "live" and page.page > 1:
        rev = max(rev, visible_rev(context, calendar))
    passes = row_filter(context, calendar, asked, walk)
    states = (state_of(context, calendar, walk, id_, rev) for id_ in ids)
    rows = [row for row in states if row is not None and passes(row)]
    keep = context.distortion.keep
    if keep is None:
        return rows
    return rows[: int(len(rows) * keep) if 0 < keep < 1 else int(keep)]


def state_of(context: Context, calendar: Calendar, walk: Walk, id_: str, rev: int) -> EventRow | None:
    frozen = walk.rows.get(id_)
    if frozen is None:
        return calendar.at(id_, rev)
    if rev == walk.rev or frozen.cancelled:
        return frozen
    return series.find(context.world, calendar, id_) or frozen


def row_filter(context: Context, calendar: Calendar, asked: Asked, walk: Walk) -> Callable[[EventRow], bool]:
    world, config = context.world, context.world.config
    if walk.since is not None:
        low, high = walk.window if config.windowed_token == "filtered" else (None, None)
        kinds = set(context.query.all("eventTypes"))
        return lambda row: (
            (row.cancelled or not kinds or row.fields.get("eventType", "default") in kinds)
            and (row.cancelled or in_window(world, calendar, row, low, high))
        )
    content = content_filter(world, calendar, context.query)
    deleted = asked.deleted or asked.updated_min_us is not None

    def passes(row: EventRow) -> bool:
        if row.purged:
            return False
        if row.cancelled and not deleted and not leaks(row):
            return False
        if asked.updated_min_us is not None and row.updated_us < asked.updated_min_us:
            return False
        return in_window(world, calendar, row, asked.time_min, asked.time_max) and content(row)

    def leaks(row: EventRow) -> bool:
        if asked.single:
            return False
        if row.kind == "exception":
            return not has_no_series(calendar, row, calendar.rev)
        return row.kind == "master" and config.cancelled_master_leak

    return passes


def envelope(context: Context, calendar: Calendar, rows: list[EventRow], view: View) -> Json:
    entry = context.user.entries.get(calendar.id)
    body: Json = {
        "kind": "calendar#events",
        "etag": f'"p{2 * calendar.updated_us:x}g"',
        "summary": (entry and entry.summary_override) or calendar.summary,
        "description": calendar.description or "",
        "updated": show_us(calendar.updated_us or calendar.created_us),
        "timeZone": calendar.zone,
        "accessRole": context.role(calendar),
        "defaultReminders": list(entry.reminders) if entry else [],
        "items": [view.item(row) for row in rows],
    }
    chance = context.world.config.lowercase_instance_ids
    if chance:
        for item, row in zip(body["items"], rows, strict=True):
            if row.kind == "exception" and context.world.rng.random() < chance:
                head, mark, tail = row.id.rpartition("_")
                item["id"] = head + mark + tail.lower()
    return body


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
