"""What a push writes down: which entries it takes from the outbox, and what became of each.

An item with nothing to ask the remote for is finished here, in the transaction that takes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.practice.disclosure import Disclosed, Facts, disclosed, facts
from couchcal.store.connection import Connection
from couchcal.sync import guard, ledger, outbox
from couchcal.sync.fields import Base, agreed, known, known_of, outgoing, shown, text_of
from couchcal.sync.ids import event_id
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.merge import edited
from couchcal.sync.outbox import Due
from couchcal.sync.port import EventFields, Progress, RemoteEvent
from couchcal.sync.report import progress_text

BATCH = 50
"""How many are taken from the outbox in one transaction."""
_POSTPONED = timedelta(seconds=15)
_LONGEST = timedelta(minutes=60)


class Item(NamedTuple):
    """One appointment to send: as it is here (None: gone), and what is known of its event (None: nothing)."""

    due: Due
    local: Disclosed | None
    mapped: Mapped | None

    @property
    def fields(self) -> EventFields | None:
        """What is to be there, None if nothing is."""
        return outgoing(self.local) if self.local is not None and self.local.wanted else None

    @property
    def words(self) -> str:
        """It for the log, without a name."""
        return self.local.words if self.local is not None else "event of a deleted entry"


def base_of(mapped: Mapped) -> Base:
    """What both sides knew last of an event."""
    return Base(known_of(mapped.ours), known_of(mapped.theirs))


class Books:
    """The outbox and the event map of one target calendar."""

    def __init__(self, connection: Connection, link: Link, clock: Clock, lease: Lease | None) -> None:
        self.connection = connection
        self.link = link
        self.clock = clock
        self.lease = lease
        self._facts: Facts = facts(connection)
        self._version = 0

    def waiting(self) -> int:
        """How many wait to be sent, now or later."""
        return outbox.counts(self.connection)[0]

    def held(self) -> frozenset[int]:
        """Deletions that are too many to be made unasked."""
        doomed = outbox.deletes_due(self.connection, self.link.id)
        return guard.held_deletes(self.connection, self.link, doomed, clock=self.clock, lease=self.lease)

    def claim(self, held: frozenset[int], progress: Progress) -> tuple[list[Item], int] | None:
        """The next items, each with the id of its event stored; how many of the batch need nothing. None at the
        end."""
        now = self.clock()
        if not outbox.due(self.connection, now, 1, held):
            return None
        with transaction(self.connection, self.lease):
            self._version = self._data_version()
            rows = outbox.due(self.connection, now, BATCH, held)
            items = self._load(rows)
            todo: list[Item] = []
            for item in items:
                if self._is_settled(item):
                    outbox.done(self.connection, item.due)
                else:
                    todo.append(self._with_id(item))
            outbox.mark_inflight(self.connection, [item.due.appointment_id for item in todo])
            if self.lease is not None:
                self.lease.tell(self.connection, progress_text(progress))
        return todo, len(items) - len(todo)

    def _load(self, rows: list[Due]) -> list[Item]:
        ids = [row.appointment_id for row in rows]
        self._facts = facts(self.connection)
        entries = disclosed(self.connection, ids, self._facts)
        maps = ledger.maps_of(self.connection, self.link.id, ids)
        return [Item(row, entries.get(row.appointment_id), maps.get(row.appointment_id)) for row in rows]

    def _is_settled(self, item: Item) -> bool:
        """Whether the remote need not be asked; what is known of its event is brought up to date."""
        fields, mapped = item.fields, item.mapped
        if mapped is None:
            return fields is None
        if mapped.state == "unlinked":
            return True
        if fields is None:
            return mapped.state == "deleted"
        base = base_of(mapped)
        if mapped.state == "missing":
            return not edited(fields, base.ours)
        if mapped.state != "live" or base.due(fields):
            return False
        ours = text_of(known(fields))
        if ours != mapped.ours:
            ledger.write_map(
                self.connection, mapped.id, state="live", etag=mapped.etag, ours=ours, theirs=mapped.theirs
            )
        return True

    def _with_id(self, item: Item) -> Item:
        if item.mapped is not None or item.local is None:
            return item
        return self._allocate(item, 0)

    def _allocate(self, item: Item, attempt: int) -> Item:
        """Another id for the event. Inside a transaction."""
        if item.local is None:
            raise ValueError("what is gone needs no event")
        row_id = item.due.appointment_id
        name = event_id(self.link.calendar_id, item.local.uid, attempt)
        ours = text_of(known(item.fields)) if item.fields is not None else ""
        ledger.allocate(self.connection, self.link.id, row_id, name, attempt, ours)
        return item._replace(mapped=ledger.map_of(self.connection, self.link.id, row_id))

    def _data_version(self) -> int:
        """Another number whenever another connection has written."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def current(self, item: Item) -> Item | None:
        """An item as it is now, if anybody wrote since it was taken; None if it need not be sent any more.

        A name that is hidden from now on does not leave with what was taken before.
        """
        return item if self._data_version() == self._version else self.again(item.due.appointment_id)

    def again(self, appointment_id: int, *, seen: bool = False) -> Item | None:
        """An item after what is known of it has changed; None if the remote need not be asked any more.

        Args:
            seen: what is known was just seen of that one event. Such an answer may be older than the last reading,
                which then does not bring it again: if no write that its etag has to stand follows, everything is
                read next time.
        """
        with transaction(self.connection, self.lease):
            row = outbox.due_for(self.connection, appointment_id)
            item = None if row is None else self._load([row])[0]
            if item is None or self._is_settled(item):
                if item is not None:
                    outbox.done(self.connection, item.due)
                if seen:
                    ledger.read_everything(self.connection, self.link.id)
                return None
        return item

    def asks_for(self, mapped: Mapped, fields: EventFields) -> None:
        """This is sent to make an event, and the answer may get lost: what all that was sent agrees on is written
        down before, so that a later change of the event there is told from what was sent."""
        sent = agreed(known_of(mapped.ours), fields) if mapped.ours else known(fields)
        ours = text_of(sent)
        if ours != mapped.ours:
            with transaction(self.connection, self.lease):
                ledger.write_map(self.connection, mapped.id, state=mapped.state, etag="", ours=ours, theirs="")

    def landed(self, item: Item, mapped: Mapped, fields: EventFields, event: RemoteEvent) -> None:
        """The remote has it as it is here. If the practice decided otherwise on titles while it was on its way, it
        stays to be sent: an event that was not known to be there was not queued by that."""
        with transaction(self.connection, self.lease):
            ledger.write_map(
                self.connection,
                mapped.id,
                state="live",
                etag=event.etag,
                ours=text_of(known(fields)),
                theirs=text_of(shown(event)),
            )
            if facts(self.connection) == self._facts:
                outbox.done(self.connection, item.due)
            else:
                outbox.enqueue(self.connection, [item.due.appointment_id])

    def gone(self, item: Item, mapped: Mapped) -> None:
        """The event is removed."""
        with transaction(self.connection, self.lease):
            ledger.set_map_state(self.connection, mapped.id, "deleted")
            outbox.done(self.connection, item.due)

    def anew(self, item: Item, attempt: int) -> Item:
        """The id of this attempt is used up: the next one."""
        with transaction(self.connection, self.lease):
            return self._allocate(item, attempt + 1)

    def block(self, item: Item, reason: str) -> None:
        with transaction(self.connection, self.lease):
            outbox.block(self.connection, item.due, reason)
            ledger.log(self.connection, self.clock(), f"{item.words} was not taken: {reason}", "error")

    def postpone(self, item: Item, reason: str) -> None:
        delay = min(_POSTPONED * 2 ** min(item.due.attempts, 10), _LONGEST)
        with transaction(self.connection, self.lease):
            outbox.postpone(self.connection, item.due, self.clock() + delay, reason)
