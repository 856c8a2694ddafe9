"""The judge of the client's traffic (spec 12): what the log shows that a careful client never does.

Each violation is `{"rule", "seq", "detail"}`; `seq` is the request in the log, 0 for what the calendars show.
Details never repeat what a body said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.google import lint_flow
from tests.google.lint_flow import WRITES, Found
from tests.google.model import Json, LogEntry

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

LINK_PROPERTY = "couchcal"
_HARMLESS_UPDATES = (None, "none")


def violations(emulator: Emulator, quiescent_since: int | None = None) -> list[Json]:
    """Everything found, in the order of the log. Requests after log number `quiescent_since` are held to be one
    cycle in which neither side had changed anything: few calls, no write."""
    found: list[Found] = []
    for entry in emulator.log:
        for check in _REQUEST_CHECKS:
            found += [(rule, entry.seq, detail) for rule, detail in check(emulator, entry)]
    for flow in lint_flow.CHECKS:
        found += flow(emulator)
    found += _doubles(emulator)
    if quiescent_since is not None:
        found += _quiescent(emulator, quiescent_since)
    found.sort(key=lambda violation: (violation[1], violation[0]))
    return [{"rule": rule, "seq": seq, "detail": detail} for rule, seq, detail in found]


Check = Callable[["Emulator", LogEntry], Iterable[tuple[str, str]]]


def _is_api(entry: LogEntry) -> bool:
    return not entry.op.startswith("oauth.") and entry.op not in ("unknown", "batch")


def _ids(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    has_id = isinstance(entry.body, dict) and entry.body.get("id")
    if entry.op == "events.quickAdd" or (entry.op == "events.insert" and not has_id):
        yield "insert-without-id", entry.op


def _preconditions(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    if not _is_api(entry) or entry.method not in ("PATCH", "PUT", "DELETE"):
        return
    if entry.if_match is None:
        yield "write-without-if-match", entry.op
    elif entry.if_match.strip() == "*":
        yield "if-match-any", entry.op
    if entry.method == "PUT":
        yield "put", entry.op


def _guests(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    query = dict(entry.query)
    if query.get("sendUpdates") not in _HARMLESS_UPDATES or query.get("sendNotifications") == "true":
        yield "mail-asked-for", entry.op
    if entry.op.startswith("events.") and isinstance(entry.body, dict):
        if entry.body.get("attendees"):
            yield "attendees-written", entry.op
        if entry.body.get("conferenceData"):
            yield "conference-written", entry.op


def _allowed(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    allowed = emulator.config.allowed_calendars
    if allowed is None or entry.calendar is None or not WRITES.fullmatch(entry.op):
        return
    named = entry.user if entry.calendar == "primary" else entry.calendar
    if named not in allowed:
        yield "calendar-not-allowed", entry.op


def _show_deleted(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    query = dict(entry.query)
    if "syncToken" in query and query.get("showDeleted") == "false":
        yield "show-deleted-false-with-sync-token", entry.op


def _encoding(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    path, _, query = entry.target.partition("?")
    if _is_api(entry) and ("@" in path or "#" in entry.target):
        yield "raw-id-in-url", entry.op
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in ("pageToken", "syncToken") and "=" in value:
            yield "raw-token-in-url", entry.op


def _canaries(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    canaries = [canary for canary in emulator.config.canaries if canary]
    if not canaries:
        return
    body = entry.body if isinstance(entry.body, str) else json.dumps(entry.body, ensure_ascii=False)
    # Bodies are also searched with JSON's escapes: a line break inside a canary is two characters there.
    texts = [text.casefold() for text in (body, unquote(entry.target.replace("+", " ")), *_strings(entry.body))]
    for number, canary in enumerate(canaries):
        if any(canary.casefold() in text for text in texts):
            yield "canary", f"{entry.op}: canary number {number}"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _host(emulator: Emulator, entry: LogEntry) -> Iterator[tuple[str, str]]:
    """A token that went to another host than the first one it was used on."""
    if entry.token_id is None or entry.op.startswith("oauth."):
        return
    first = next(one.host for one in emulator.log if one.token_id is not None)
    if entry.host != first:
        yield "authorization-to-other-host", entry.host


_REQUEST_CHECKS: tuple[Check, ...] = (
    _ids,
    _preconditions,
    _guests,
    _allowed,
    _show_deleted,
    _encoding,
    _canaries,
    _host,
)


def _doubles(emulator: Emulator) -> Iterator[Found]:
    """Two live events that the client itself made for one link: what a person duplicates or splits is theirs."""
    inserted = {
        (entry.body.get("id") or entry.event_id, entry.calendar): entry.seq
        for entry in emulator.log
        if entry.op in ("events.insert", "events.import") and entry.applied and isinstance(entry.body, dict)
    }
    by_link: dict[str, dict[str, int]] = defaultdict(dict)
    for calendar in emulator.world.calendars.values():
        if calendar.deleted:
            continue
        for row in calendar.events.values():
            link = row.private.get(calendar.id, {}).get(LINK_PROPERTY)
            seq = inserted.get((row.id, calendar.id))
            if link and seq is not None and not row.cancelled and not row.purged and row.kind != "exception":
                by_link[link][row.id] = seq
    for ids in by_link.values():
        for seq in sorted(ids.values())[1:]:
            yield "two-events-for-one-link", seq, f"{len(ids)} live events"


def _quiescent(emulator: Emulator, since: int) -> Iterator[Found]:
    entries = [entry for entry in emulator.log if entry.seq > since and _is_api(entry)]
    most = emulator.config.max_calls_idle
    if len(entries) > most:
        yield "too-many-idle-calls", entries[most].seq, f"{len(entries)} calls, expected at most {most}"
    for entry in entries:
        if WRITES.fullmatch(entry.op):
            yield "write-in-idle-cycle", entry.seq, entry.op
