"""A dry run: what a cycle would take over and send. Nothing is applied, sent or written, and nobody is named."""

from __future__ import annotations

from collections.abc import Callable

from couchcal.clock import Clock
from couchcal.practice.disclosure import disclosed
from couchcal.store.connection import Connection
from couchcal.store.public_id import encode
from couchcal.sync import guard, ledger, outbox, pull
from couchcal.sync.fields import outgoing, shown
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.port import NeedsSignIn, Remote, RemoteEvent, RemoteProblem, TokenExpired
from couchcal.sync.push_books import base_of
from couchcal.sync.report import CalendarPlan, Plan, PlannedSending, State
from couchcal.sync.waiter import Unreachable, Waiter, trying


def plan(connection: Connection, remote_of: Callable[[], Remote], clock: Clock, waiter: Waiter) -> Plan:
    """What a cycle would find and do now, as far as can be told without doing it."""
    account = ledger.account(connection)
    if account is None or account.state == "needs_auth":
        return Plan(status="needs_auth", reason=account.last_error if account else "no account is connected")
    links = ledger.links(connection, account.id)
    target = next((link for link in links if link.target), None)
    sendings = _sendings(connection, target) if target is not None else []
    calendars: list[CalendarPlan] = []
    status: State = "paused" if account.paused else "ok"
    reason = ""
    try:
        remote = remote_of()
        read = [link for link in links if link.enabled and not link.state]
        calendars.extend(_calendar(connection, remote, link, target, sendings, waiter) for link in read)
    except NeedsSignIn as problem:
        status, reason = "needs_auth", problem.message
    except RemoteProblem as problem:
        status, reason = "retry", problem.message
    held = guard.too_many(connection, target, outbox.deletes_due(connection, target.id)) if target else ()
    return Plan(tuple(calendars), tuple(sendings), len(held), status, reason)


def _calendar(
    connection: Connection,
    remote: Remote,
    link: Link,
    target: Link | None,
    sendings: list[PlannedSending],
    waiter: Waiter,
) -> CalendarPlan:
    whats = [each.what for each in sendings] if link.target else []
    found = gone = 0
    problem = ""
    if target is None or target.direction != "one_way":
        try:
            found, gone = _changes(connection, remote, link, waiter)
        except (NeedsSignIn, Unreachable):
            raise
        except RemoteProblem as trouble:
            problem = trouble.message
    return CalendarPlan(
        link.calendar_id,
        link.name,
        found,
        gone,
        inserts=whats.count("insert"),
        changes=whats.count("change"),
        deletes=whats.count("delete"),
        problem=problem,
    )


def _changes(connection: Connection, remote: Remote, link: Link, waiter: Waiter) -> tuple[int, int]:
    """How many events changed at the remote, and how many are gone there, among those that are known here."""
    token = pull.sync_token(connection, link.id)
    try:
        return _walked(connection, remote, link, waiter, token)
    except TokenExpired:
        return _walked(connection, remote, link, waiter, "")


def _walked(connection: Connection, remote: Remote, link: Link, waiter: Waiter, token: str) -> tuple[int, int]:
    changed, gone = set[str](), set[str]()
    page: str | None = ""
    while page is not None:
        at = page
        answer = trying(waiter, lambda: remote.events(link.calendar_id, sync_token=token, page=at))  # noqa: B023  called at once
        ids = [event.id for event in answer.events]
        maps = ledger.maps_by_event(connection, link.id, ids)
        etags = ledger.external_etags(connection, link.id, ids)
        for event in answer.events:
            mapped = maps.get(event.id)
            if event.cancelled:
                if event.id in etags or (mapped is not None and mapped.state == "live"):
                    gone.add(event.id)
            elif _is_news(event, mapped, etags.get(event.id)):
                changed.add(event.id)
        page = answer.next_page
    return len(changed), len(gone)


def _is_news(event: RemoteEvent, mapped: Mapped | None, etag: str | None) -> bool:
    if mapped is not None:
        return shown(event) != base_of(mapped).theirs
    return etag is None or etag != event.etag


def _sendings(connection: Connection, link: Link) -> list[PlannedSending]:
    rows = outbox.waiting(connection)
    entries = disclosed(connection, rows)
    maps = ledger.maps_of(connection, link.id, rows)
    found = []
    for row_id in rows:
        entry, mapped = entries.get(row_id), maps.get(row_id)
        fields = outgoing(entry) if entry is not None and entry.wanted else None
        state = mapped.state if mapped is not None else ""
        names: tuple[str, ...] = ()
        if fields is None:
            what = "delete" if state == "live" else ""
        elif mapped is None or state in ("creating", "deleted"):
            what = "insert"
        else:
            names = tuple(sorted(base_of(mapped).due(fields)))
            what = "change" if names and state != "unlinked" else ""
        if what:
            words = entry.words if entry is not None else "event of a deleted entry"
            found.append(PlannedSending(encode("appointment", row_id), words, what, names))
    return found
