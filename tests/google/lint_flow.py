"""Violations that only show over several requests: walks, retries, refreshes, repeated writes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from tests.google.model import LogEntry

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

Found = tuple[str, int, str]
WRITES = re.compile(r".+\.(insert|import|quickAdd|patch|update|delete|move|clear)")
# What may differ between two pages of one list without being another list.
_FREE = {"syncToken", "pageToken", "maxResults", "alt", "prettyPrint", "key", "quotaUser", "fields", "timeZone"}
_UNSYNCED = {"orderBy", "updatedMin", "q", "iCalUID", "privateExtendedProperty", "sharedExtendedProperty"}
_RATE = ("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded")
_TOLERANCE = 0.8
_MOST_BACKOFF_S = 64.0
_TURN = 5
# A client may refresh a little before the end, so that no request fails.
_EARLY_S = 300


def _list_parameters(emulator: Emulator) -> Iterator[Found]:
    """Full and incremental lists of a calendar that do not ask for the same."""
    full: dict[tuple[str | None, str | None], list[frozenset[tuple[str, str]]]] = defaultdict(list)
    for entry in emulator.log:
        if entry.op not in ("events.list", "calendarList.list"):
            continue
        names = {name for name, _ in entry.query}
        asked = frozenset(pair for pair in entry.query if pair[0] not in _FREE)
        known = full[entry.user, entry.calendar]
        if "syncToken" in names:
            if known and asked not in known:
                yield "list-parameters-differ", entry.seq, entry.op
        elif not names & _UNSYNCED and entry.status == 200:
            known.append(asked)


def _page_tokens(emulator: Emulator) -> Iterator[Found]:
    """A page token that is used again after the last page of its walk had come."""
    ended: set[int] = set()
    for entry in emulator.log:
        text = dict(entry.query).get("pageToken")
        token = emulator.sealer.open(text) if text else None
        if token is None:
            continue
        if token.walk in ended:
            yield "page-token-after-the-end", entry.seq, entry.op
        walk = emulator.walks.get(token.walk)
        if walk is None or entry.status != 200 or entry.fault is not None:
            continue
        asked = int(dict(entry.query).get("maxResults", 250))
        size = min(emulator.config.scan_page_size or asked, asked)
        if token.position + size >= len(walk.ids):
            ended.add(token.walk)


def _retries(emulator: Emulator) -> Iterator[Found]:
    """A request repeated too soon after a failure that asks for patience, or before Retry-After.

    Who waited as long as the last try of a turn asks for, begins a turn anew: another cycle, or another process.
    """
    failed: dict[tuple[str, str, str], tuple[int, LogEntry]] = {}
    base_s = emulator.config.backoff_base_ms / 1000
    for entry in emulator.log:
        call = (entry.method, entry.target, str(entry.if_match))
        times, last = failed.get(call, (0, None))
        if last is not None:
            gap = max(entry.wall - last.wall, (entry.virtual_us - last.virtual_us) / 1_000_000)
            expected = min(_MOST_BACKOFF_S, base_s * 2 ** (times - 1)) * _TOLERANCE
            if gap >= base_s * 2 ** (_TURN - 1) * _TOLERANCE:
                times = 0
            if last.retry_after is not None and gap < last.retry_after:
                yield "retry-before-retry-after", entry.seq, f"{gap:.3f} s of {last.retry_after:g} s"
            elif gap < expected:
                yield "retry-too-soon", entry.seq, f"{gap:.3f} s, try {times + 1}"
        if _asks_for_patience(entry):
            failed[call] = times % _TURN + 1, entry
        else:
            failed.pop(call, None)


def _asks_for_patience(entry: LogEntry) -> bool:
    if entry.status == 0 or entry.status == 429 or entry.status >= 500:
        return True
    return entry.status == 403 and entry.reason in _RATE


def _refreshes(emulator: Emulator) -> Iterator[Found]:
    """A second refresh while the access token of the first was neither near its end nor refused."""
    good_until: dict[str, int] = {}
    for entry in emulator.log:
        if entry.status == 401 and entry.op != "oauth.token":
            good_until.clear()
        body = entry.body if isinstance(entry.body, dict) else {}
        if entry.op != "oauth.token" or body.get("grant_type") != "refresh_token" or not entry.applied:
            continue
        refresh = str(body.get("refresh_token"))
        if entry.virtual_us < good_until.get(refresh, 0):
            yield "refreshed-twice", entry.seq, "the access token was still good"
        if entry.fault is None:
            good_until[refresh] = entry.virtual_us + (3600 - _EARLY_S) * 1_000_000


def _after_invalid_grant(emulator: Emulator) -> Iterator[Found]:
    """Anything but a new consent after the token endpoint said that the grant is over, and was heard."""
    over: str | None = None
    for entry in emulator.log:
        body = entry.body if isinstance(entry.body, dict) else {}
        if entry.op == "oauth.token" and body.get("grant_type") == "refresh_token":
            refresh = str(body.get("refresh_token"))
            if entry.reason == "invalid_grant" and entry.status == 400 and entry.fault is None:
                if over == refresh:
                    yield "call-after-invalid-grant", entry.seq, entry.op
                over = refresh
            elif entry.applied:
                over = None
        elif entry.op == "oauth.token" and entry.applied:
            over = None
        elif over is not None and not entry.op.startswith("oauth."):
            yield "call-after-invalid-grant", entry.seq, entry.op


def _applied_twice(emulator: Emulator) -> Iterator[Found]:
    """The same write on the same event, applied two times in a row with nothing changed in between."""
    last: dict[tuple[str | None, str | None], LogEntry] = {}
    for entry in emulator.log:
        if not WRITES.fullmatch(entry.op) or not entry.applied or not entry.op.startswith("events."):
            continue
        event_id = entry.event_id or (entry.body.get("id") if isinstance(entry.body, dict) else None)
        if event_id is None:
            continue
        before = last.get((entry.calendar, event_id))
        last[entry.calendar, event_id] = entry
        if before is None or (before.op, before.body) != (entry.op, entry.body):
            continue
        if entry.if_match in (None, "*", before.etag):
            yield "applied-twice", entry.seq, f"as number {before.seq}"


CHECKS: tuple[Callable[[Emulator], Iterable[Found]], ...] = (
    _list_parameters,
    _page_tokens,
    _retries,
    _refreshes,
    _after_invalid_grant,
    _applied_twice,
)
