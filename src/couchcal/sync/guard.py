"""A great many deletions at once are a mistake until a person says otherwise; they are asked for before anything is
written, whichever side they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.practice.disclosure import disclosed
from couchcal.store.connection import Connection
from couchcal.sync import ledger, review
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.ledger import Link
from couchcal.sync.merge import OVER
from couchcal.sync.pull import Reading

SHARE = 5
"""One in so many of what is there may go without a question."""
FEW_THERE, FEW_HERE = 5, 10
"""So many may go whatever they are a share of: by a reading, and by a sending."""
SOME = 3
"""From so many on an empty calendar is asked about."""
_EXAMPLES = 3


class Loss(NamedTuple):
    """What a reading would take away: appointments of ours by id, events of the remote by id, out of how many."""

    appointments: tuple[int, ...]
    events: tuple[str, ...]
    live: int

    @property
    def size(self) -> int:
        return len(self.appointments) + len(self.events)


def paused(connection: Connection, link: Link, reading: Reading, *, clock: Clock) -> bool:
    """Whether a staged reading has to wait for a person. Inside the transaction that would apply it.

    Then there is a `mass_delete` to decide on and the account waits. One that was allowed passes, once.
    """
    loss = _loss(connection, link, reading)
    emptied = reading.full and not reading.shown and loss.live >= SOME
    if not emptied and loss.size <= max(FEW_THERE, loss.live // SHARE):
        return False
    if review.use_permit(connection, link.id, loss.size):
        return False
    theirs = {"appointments": loss.appointments, "events": len(loss.events), "live": loss.live}
    review.open_one(
        connection,
        review.New("mass_delete", _loss_words(connection, link, loss), ours='{"direction":"pull"}',
                   theirs=json.dumps(theirs, separators=(",", ":"))),
        link_id=link.id,
        now=clock(),
    )  # fmt: skip
    ledger.pause(connection, link.account_id, "mass_delete")
    ledger.log(connection, clock(), f"{loss.size} of {loss.live} entries would go; nothing was applied", "warning")
    return True


def _loss(connection: Connection, link: Link, reading: Reading) -> Loss:
    """What is there now and a tombstone in the stage; what was cancelled here, too, is no loss."""
    if not reading.full and reading.staged == reading.shown:
        return Loss((), (), 0)
    tombstone = "CAST(json_extract(s.event, '$[2]') AS INTEGER) = 1"
    ours = connection.execute(
        "SELECT m.appointment_id FROM sync_stage s JOIN event_map m"  # noqa: S608  our own words
        " ON m.link_id = s.link_id AND m.remote_event_id = s.remote_event_id"
        " JOIN appointment a ON a.id = m.appointment_id"
        f" WHERE s.link_id = ? AND m.state = 'live' AND a.status <> 'cancelled' AND {tombstone}"
        " ORDER BY a.start_utc",
        (link.id,),
    ).fetchall()
    theirs = connection.execute(
        "SELECT e.remote_event_id FROM sync_stage s JOIN external_event e"  # noqa: S608  our own words
        " ON e.link_id = s.link_id AND e.remote_event_id = s.remote_event_id"
        f" WHERE s.link_id = ? AND e.recurring_id = '' AND {tombstone}",
        (link.id,),
    ).fetchall()
    return Loss(tuple(row[0] for row in ours), tuple(row[0] for row in theirs), live(connection, link.id))


def live(connection: Connection, link_id: int) -> int:
    """How many events of a calendar are known here: ours, and each single or series of the remote."""
    (ours,), (theirs,) = (
        connection.execute(statement, (link_id,)).fetchone()
        for statement in (
            "SELECT count(*) FROM event_map WHERE link_id = ? AND state = 'live'",
            "SELECT count(*) FROM external_event WHERE link_id = ? AND recurring_id = ''",
        )
    )
    return int(ours + theirs)


def _loss_words(connection: Connection, link: Link, loss: Loss) -> str:
    words = _words(connection, loss.appointments)
    if loss.events:
        words = (f"{words} and " if words else "") + f"{len(loss.events)} of its own events"
    return (
        f"{loss.size} of {loss.live} entries of the calendar are said to be deleted at Google: {words};"
        " nothing was changed here"
    )


def _words(connection: Connection, appointment_ids: Sequence[int]) -> str:
    """The first of them, without names, and how many more."""
    shown = appointment_ids[:_EXAMPLES]
    entries = disclosed(connection, shown)
    words = ", ".join(entries[row_id].words if row_id in entries else "a deleted entry" for row_id in shown)
    more = len(appointment_ids) - len(shown)
    return f"{words} and {more} more" if more else words


def too_many(connection: Connection, link: Link, doomed: Sequence[int]) -> tuple[int, ...]:
    """Which of the events that are to be removed, by appointment, are too many to be removed unasked: all that
    nobody allowed, or none. Changes nothing."""
    allowed = review.allowed_deletes(connection, link.id)
    waiting = tuple(row_id for row_id in doomed if row_id not in allowed)
    few = max(FEW_HERE, ledger.live_maps(connection, link.id) // SHARE)
    return waiting if len(waiting) > few else ()


def held_deletes(
    connection: Connection, link: Link, doomed: Sequence[int], *, clock: Clock, lease: Lease | None = None
) -> frozenset[int]:
    """`too_many` of them have to wait for a person: there is a `mass_delete` to decide on while they are, and
    everything else goes on."""
    waiting = too_many(connection, link, doomed)
    if not waiting:
        _no_longer_held(connection, link, doomed, clock, lease)
        return frozenset()
    detail = (
        f"{len(waiting)} entries are cancelled or deleted here and would go at Google: "
        f"{_words(connection, waiting)}; nothing was removed there"
    )
    ours = json.dumps({"direction": "push", "appointments": waiting}, separators=(",", ":"))
    new = review.New("mass_delete", detail, ours=ours)
    if not review.is_open(connection, new, link.id):
        with transaction(connection, lease):
            review.open_one(connection, new, link_id=link.id, now=clock())
            ledger.log(connection, clock(), f"{len(waiting)} removals wait for a decision", "warning")
    return frozenset(waiting)


def _no_longer_held(
    connection: Connection, link: Link, doomed: Sequence[int], clock: Clock, lease: Lease | None
) -> None:
    """Close a question that answered itself, and a permission that is used up: it counts for no later deletion."""
    used = not review.allowed_deletes(connection, link.id).intersection(doomed)
    rows = connection.execute(
        "SELECT id, resolution FROM sync_review WHERE kind = 'mass_delete' AND link_id = ?"
        " AND ours LIKE '%\"push\"%' AND (resolved_at IS NULL OR (? AND resolution = ?))",
        (link.id, used, review.ALLOWED),
    ).fetchall()
    if rows:
        with transaction(connection, lease):
            for review_id, _ in rows:
                connection.execute(
                    "UPDATE sync_review SET resolved_at = coalesce(resolved_at, ?),"
                    " resolution = CASE resolution WHEN '' THEN ? ELSE ? END WHERE id = ?",
                    (ledger.epoch(clock()), OVER, review.USED, review_id),
                )
