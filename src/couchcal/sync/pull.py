"""Reading a remote calendar into the stage, page by page; nothing of it counts before the last page (SYNC-01).

A reading is a delta since a sync token, or everything. What is known here and missing from everything is asked for
by its id before it is believed to be gone: a short answer is no deletion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from couchcal.practice import external_rows
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.sync.fields import event_text
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.ledger import Link
from couchcal.sync.port import Forbidden, NotThere, Page, Remote, RemoteEvent, TokenExpired, Transient
from couchcal.sync.waiter import Stopped, Waiter, trying

CONFIRMED = 50
"""How many events that a full reading did not show are asked for."""
_SETTLING = 3.0
"""Seconds after which a listing that lagged behind a write is read once more."""
_INSTANCE = re.compile(r"(.+_)(\d{8}[Tt]\d{6}[Zz])", re.DOTALL | re.ASCII)


class Reading(NamedTuple):
    """A reading in the stage.

    Attributes:
        full: it was of everything, not of what changed.
        staged: how many events it has; tombstones of what is gone among them.
        shown: how many of them are there.
        token: where the next reading goes on; empty if the remote gave none, and nothing must be applied.
    """

    link_id: int
    full: bool
    staged: int
    shown: int
    token: str

    @property
    def tells(self) -> bool:
        """Whether there is something to take over."""
        return bool(self.token) and (self.full or self.staged > 0)


class _Short(Exception):
    """A full reading left out what is there."""


def _silent(_count: int) -> None:
    return None


def read(
    remote: Remote,
    database: Database,
    link: Link,
    *,
    waiter: Waiter,
    lease: Lease | None = None,
    anew: bool = False,
    on_page: Callable[[int], object] = _silent,
) -> Reading:
    """Read what changed in a calendar, or all of it if that is not known (any more).

    Args:
        anew: read everything although a token is there.
        on_page: told how many events were read so far.

    Raises:
        NotThere: no such calendar. Transient: it cannot be read now, or the answer is not to be believed.
        Stopped, LostLease: the work ends. Whatever is raised, nothing is applied and the token stays.
    """
    with database_errors(database.path), closing(database.connect()) as connection:
        reader = _Reader(remote, connection, link, waiter, lease, on_page)
        token = "" if anew else sync_token(connection, link.id)
        if token:
            try:
                return reader.walk(token)
            except TokenExpired:
                pass
        try:
            return _everything(reader)
        except TokenExpired:
            raise Transient("the calendar could not be read to its end") from None
        except _Short:
            raise Transient("the calendar's listing was short; nothing of it was believed") from None


def _everything(reader: _Reader) -> Reading:
    """A full reading, and another if the first was cut off or lagged."""
    try:
        return reader.walk("")
    except TokenExpired:
        return reader.walk("")
    except _Short:
        if not reader.waiter.wait(_SETTLING):
            raise Stopped from None
        return reader.walk("")


def sync_token(connection: Connection, link_id: int) -> str:
    """Where the last reading ended, empty if everything is to be read."""
    row = connection.execute("SELECT sync_token FROM sync_state WHERE link_id = ?", (link_id,)).fetchone()
    return str(row[0]) if row else ""


def drop_stage(connection: Connection, link_id: int) -> None:
    """Forget a reading. Inside a transaction."""
    connection.execute("DELETE FROM sync_stage WHERE link_id = ?", (link_id,))


class _Reader:
    """One reading of one calendar."""

    def __init__(
        self,
        remote: Remote,
        connection: Connection,
        link: Link,
        waiter: Waiter,
        lease: Lease | None,
        on_page: Callable[[int], object],
    ) -> None:
        self.remote = remote
        self.connection = connection
        self.link = link
        self.waiter = waiter
        self.lease = lease
        self.on_page = on_page

    def walk(self, token: str) -> Reading:
        """Every page into the stage."""
        self._clear()
        page: str | None = ""
        read = 0
        while page is not None:
            answer = self._ask_page(token, page)
            self._stage(answer.events)
            read += len(answer.events)
            self.on_page(read)
            self.waiter.pace()
            page, end = answer.next_page or None, answer.sync_token or ""
        if not end:
            self._clear()
            return Reading(self.link.id, not token, 0, 0, "")
        if not read and token:
            return Reading(self.link.id, False, 0, 0, end)
        if not token:
            self._look_after_the_removed()
        staged = self._count()
        gone = [] if token else self._confirmed_gone(end)
        self._stage(RemoteEvent(event_id, cancelled=True) for event_id in gone)
        return Reading(self.link.id, not token, staged[0] + len(gone), staged[1], end)

    def _ask_page(self, token: str, page: str) -> Page:
        return trying(
            self.waiter,
            lambda: self.remote.events(self.link.calendar_id, sync_token=token, page=page),
            beat=self._beat,
        )

    def _beat(self) -> None:
        if self.lease is not None:
            self.lease.renew()

    def _clear(self) -> None:
        """Forget what a reading that did not end has left."""
        left = self.connection.execute(
            "SELECT 1 FROM sync_stage WHERE link_id = ? LIMIT 1", (self.link.id,)
        ).fetchone()
        if left:
            with transaction(self.connection, self.lease):
                drop_stage(self.connection, self.link.id)

    def _stage(self, events: Iterable[RemoteEvent]) -> None:
        """Keep events; of one that comes twice the later is the newer."""
        rows = [(self.link.id, event.id, event_text(event)) for event in map(_in_one_case, events)]
        if not rows:
            return
        with transaction(self.connection, self.lease):
            self.connection.executemany(
                "INSERT INTO sync_stage (link_id, remote_event_id, event) VALUES (?, ?, ?)"
                " ON CONFLICT (link_id, remote_event_id) DO UPDATE SET event = excluded.event",
                rows,
            )

    def _count(self) -> tuple[int, int]:
        row = self.connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE"
            " CAST(json_extract(event, '$[2]') AS INTEGER) = 0) FROM sync_stage WHERE link_id = ?",
            (self.link.id,),
        ).fetchone()
        return int(row[0]), int(row[1])

    def _look_after_the_removed(self) -> None:
        """Ask for what is listed unchanged although it was removed: the listing lags, or the remote was wrong when
        it said that there was nothing to remove. What is not asked for counts as gone."""
        rows = self.connection.execute(
            "SELECT s.remote_event_id FROM sync_stage s JOIN event_map m ON m.link_id = s.link_id"
            " AND m.remote_event_id = s.remote_event_id WHERE s.link_id = ? AND m.state = 'deleted'"
            " AND m.etag <> '' AND m.etag = json_extract(s.event, '$[3]')"
            " AND CAST(json_extract(s.event, '$[2]') AS INTEGER) = 0"
            " ORDER BY s.id",
            (self.link.id,),
        ).fetchall()
        removed = [event_id for (event_id,) in rows]
        there = {event_id for event_id in removed[:CONFIRMED] if self._is_there(event_id)}
        self._stage(RemoteEvent(event_id, cancelled=True) for event_id in removed if event_id not in there)

    def _confirmed_gone(self, token: str) -> list[str]:
        """Ids that are known here and were not shown, each confirmed to be gone; of very many a sample is.

        Raises:
            _Short: one of them is there. NotThere: the whole calendar went meanwhile.
        """
        unseen = self._unseen()
        step = max(1, -(-len(unseen) // CONFIRMED))
        for event_id in unseen[::step]:
            self._confirm(event_id)
        if unseen:
            self._ask_page(token, "")
        return unseen

    def _unseen(self) -> list[str]:
        known = {
            row[0]
            for row in self.connection.execute(
                "SELECT remote_event_id FROM event_map WHERE link_id = ? AND state = 'live'", (self.link.id,)
            )
        }
        theirs = external_rows.ids(self.connection, self.link.id)
        known |= {family.id for family in theirs.values() if family.present}
        shown = self.connection.execute("SELECT remote_event_id FROM sync_stage WHERE link_id = ?", (self.link.id,))
        known.difference_update(row[0] for row in shown)
        return sorted(known)

    def _confirm(self, event_id: str) -> None:
        try:
            there = self._is_there(event_id)
        except Forbidden:
            raise _Short from None
        if there:
            raise _Short

    def _is_there(self, event_id: str) -> bool:
        try:
            event = trying(self.waiter, lambda: self.remote.event(self.link.calendar_id, event_id), beat=self._beat)
        except NotThere:
            return False
        return not event.cancelled


def _in_one_case(event: RemoteEvent) -> RemoteEvent:
    """The event with the id of an instance as the remote accepts it: some listings have it in small letters."""
    found = _INSTANCE.fullmatch(event.id)
    if found is None or found[2].isupper():
        return event
    return replace(event, id=found[1] + found[2].upper())
