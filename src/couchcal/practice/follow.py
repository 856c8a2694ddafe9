"""All future sessions follow one that was moved: what the offer after a move of one session does (C-02)."""

from __future__ import annotations

from datetime import datetime

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.practice import row_drafts, rows
from couchcal.practice.draft import with_changes
from couchcal.practice.outcome import Done
from couchcal.practice.series_future import change_future
from couchcal.store.connection import Database
from couchcal.store.session import write_session


def let_future_follow(
    database: Database,
    appointment_id: int,
    was_start: datetime,
    was_end: datetime,
    *,
    expected_version: int | None = None,
    actor: str = "user",
    clock: Clock = system_clock,
) -> Done:
    """Move the rest of a series as one of its sessions was moved from `[was_start, was_end)` to where it is.

    One undo step of its own: undoing it leaves the one session moved. What a note, a bill, a claim or a hand
    holds stays and is in `Done.kept` (REC-09, INV-S4, INV-S5).

    Args:
        was_start, was_end: aware instants; of an all-day event the UTC midnights of its dates.

    Raises:
        NotFound, Stale: it is gone, or not at `expected_version`. Refused: it repeats no more, or the series
            cannot go there.
    """
    with write_session(database, "Moved", actor=actor, clock=clock) as session:
        row = rows.load(session, appointment_id, expected_version)
        if row.series_id is None:
            raise Refused("it does not repeat any more", "there is nothing that could follow")
        draft = row_drafts.draft_of(session, row)
        before = with_changes(draft, {"start": was_start, "end": was_end})
        label = f"Moved {rows.title_of(session, row)} to {rows.when_words(row)} and all following"
        session.relabel(label)
        row.start_utc, row.end_utc = was_start, was_end
        names = {name for name in ("start", "end") if getattr(draft, name) != getattr(before, name)}
        outcome = change_future(session, row, before, draft, names, reset_moved=False)
        conflicts = rows.count_conflicts(session, outcome.changed)
        return Done(label, row.id, len(outcome.changed), outcome.kept, conflicts)
