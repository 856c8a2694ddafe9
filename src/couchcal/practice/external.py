"""Events of remote calendars on our calendar: read-only, one row an occurrence (SYNC-15, SYNC-22, SYNC-23).

What a remote shows is taken over as it is: single events, masters of recurring events, and exceptions, which
replace the occurrence that would have started at their original start. An exception whose master is not there is
shown as it is. Rows of occurrences are made from a year back to two years ahead; `extend` makes those of others.

The functions that change something work inside a write session and write past the ORM and the journal: whatever the
session holds of these rows is not refreshed. What is the same already is not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from couchcal.clock import Clock, system_clock
from couchcal.errors import Refused
from couchcal.practice import external_rows
from couchcal.practice.external_batch import Batch, Stored
from couchcal.practice.external_event import External
from couchcal.practice.external_family import Reach, grow
from couchcal.practice.external_rows import Family, ids
from couchcal.practice.rows import raw_connection
from couchcal.scheduling.recurrence import TooManyOccurrences
from couchcal.store.journal import JournalSession
from couchcal.store.records import epoch_seconds

__all__ = ["External", "Family", "Stored", "clear", "extend", "ids", "remove", "store"]


def store(
    session: JournalSession, link_id: int, events: Sequence[External], *, clock: Clock = system_clock
) -> Stored:
    """Take events of a remote calendar over as they are now, in whatever order they come.

    A tombstone takes its event away, that of a master all its occurrences, that of an occurrence only this one;
    one of something unknown is nothing. What cannot be read stays as it was, and is told. A rule that cannot be
    read or would fill more than 10,000 rows a year is told, too; its event is not shown, except for its exceptions.
    """
    batch = _batch(session, link_id, clock)
    batch.put(events)
    return batch.finish()


def remove(
    session: JournalSession, link_id: int, remote_ids: Iterable[str], *, clock: Clock = system_clock
) -> Stored:
    """Take away events that the remote does not have any more; masters with all their occurrences.

    In place of an exception comes what its master says. Ids of occurrences that are no exceptions, and unknown
    ones, are nothing.
    """
    batch = _batch(session, link_id, clock)
    batch.drop(remote_ids)
    return batch.finish()


def clear(session: JournalSession, link_id: int) -> int:
    """Take away everything of a calendar that is not read any more (SYNC-14); returns how many rows went."""
    session.flush()
    return external_rows.clear(raw_connection(session), link_id)


def _batch(session: JournalSession, link_id: int, clock: Clock) -> Batch:
    session.flush()
    return Batch(raw_connection(session), link_id, epoch_seconds(clock()))


def extend(session: JournalSession, start: datetime, end: datetime) -> int:
    """Give every recurring event of every calendar its rows in `[start, end)`; returns how many were made.

    Raises:
        Refused: the window would take too many occurrences.
    """
    session.flush()
    connection, now = raw_connection(session), epoch_seconds(session.now)
    window = Reach(epoch_seconds(start), epoch_seconds(end))
    made = 0
    for link_id, master in external_rows.lacking(connection, window.first, window.until):
        try:
            made += grow(connection, link_id, master, window, now)
        except TooManyOccurrences:
            raise Refused("that window would take too many occurrences", "ask for a shorter one") from None
    return made
