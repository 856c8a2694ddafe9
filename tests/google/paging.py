"""Pages of event lists: tokens, the envelope, which revision is shown (§ paging)."""

from __future__ import annotations

from dataclasses import dataclass

from tests.google.context import Context
from tests.google.messages import ApiError, full_sync_required, invalid, writer_needed
from tests.google.model import Calendar, EventRow, Json
from tests.google.reading import (
    Asked,
)
from tests.google.render import View
from tests.google.times import show_us
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
