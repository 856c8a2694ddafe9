"""The guard of what is sent: many deletions at once wait for a person; everything else goes on.

What a person let go is named in the review that was resolved with `apply`, so that it is let go once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from couchcal.clock import Clock
from couchcal.sync import ledger
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.ledger import Link

FEW = 10
"""Deletions that are never too many."""
SHARE = 0.2
"""Of the events in the calendar: more deletions than this are too many."""
PUSH = "push"
"""`direction` in the `ours` of a review `mass_delete` that is about sending."""
_MINE = "kind = 'mass_delete' AND link_id = ? AND json_extract(ours, '$.direction') = 'push'"


def held(
    connection: sqlite3.Connection, link: Link, doomed: Sequence[int], *, clock: Clock, lease: Lease | None
) -> frozenset[int]:
    """Of the appointments whose events are to be removed those that have to wait: all that nobody let go yet, if
    they are too many."""
    let_go = _let_go(connection, link.id)
    if let_go and not let_go.intersection(doomed):
        _close(connection, link.id, lease)
    waiting = [row_id for row_id in doomed if row_id not in let_go]
    too_many = len(waiting) > max(FEW, SHARE * ledger.live_maps(connection, link.id))
    _keep_review(connection, link, waiting if too_many else [], clock(), lease)
    return frozenset(waiting) if too_many else frozenset()


def _let_go(connection: sqlite3.Connection, link_id: int) -> set[int]:
    rows = connection.execute(
        f"SELECT value FROM sync_review, json_each(ours, '$.appointments') WHERE {_MINE} AND resolution = 'apply'",  # noqa: S608  our own words
        (link_id,),
    )
    return {row_id for (row_id,) in rows}


def _close(connection: sqlite3.Connection, link_id: int, lease: Lease | None) -> None:
    """What a person let go is done: it counts for no later deletion of the same."""
    with transaction(connection, lease):
        connection.execute(
            f"UPDATE sync_review SET resolution = 'applied' WHERE {_MINE} AND resolution = 'apply'",  # noqa: S608  our own words
            (link_id,),
        )


def _keep_review(
    connection: sqlite3.Connection, link: Link, waiting: Sequence[int], now: datetime, lease: Lease | None
) -> None:
    """One open review that says what waits, and none if nothing does."""
    row = connection.execute(
        f"SELECT id, ours FROM sync_review WHERE {_MINE} AND resolved_at IS NULL",  # noqa: S608  our own words
        (link.id,),
    ).fetchone()
    ours = json.dumps({"direction": PUSH, "count": len(waiting), "appointments": list(waiting)})
    if (row is None and not waiting) or (row is not None and row[1] == ours):
        return
    detail = f"{len(waiting)} events would be removed from {link.name or 'the calendar'} at once"
    with transaction(connection, lease):
        if row is None:
            connection.execute(
                "INSERT INTO sync_review (link_id, remote_event_id, kind, detail, ours, theirs, at, resolution)"
                " VALUES (?, '', 'mass_delete', ?, ?, '', ?, '')",
                (link.id, detail, ours, ledger.epoch(now)),
            )
            ledger.log(connection, now, f"{detail}: waiting for a decision", "warning")
        elif waiting:
            connection.execute("UPDATE sync_review SET detail = ?, ours = ? WHERE id = ?", (detail, ours, row[0]))
        else:
            connection.execute(
                "UPDATE sync_review SET resolved_at = ?, resolution = 'over' WHERE id = ?",
                (ledger.epoch(now), row[0]),
            )
