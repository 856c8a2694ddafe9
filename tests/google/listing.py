"""events.list (§ reading): full walks and deltas, expansion, which rows a page shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from tests.google import series
from tests.google.context import Context, Reply
from tests.google.messages import bad_sync_token, full_sync_required
from tests.google.model import Calendar, EventRow
from tests.google.paging import (
    Page,
    check_token,
    continued,
    envelope,
    next_page,
    next_sync,
    open_events,
    view_of,
    visible_rev,
)
from tests.google.reading import (
    NO_TOKEN,
    Asked,
    check_updated_min,
    content_filter,
    in_window,
    read_parameters,
)
from tests.google.times import seconds
from tests.google.walks import Walk


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
