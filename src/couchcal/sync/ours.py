"""One event of ours after it was seen at the remote: the merge's decision, carried out inside a write session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from couchcal.clock_words import clock_words, day_words, moment_words
from couchcal.errors import Invalid, Refused
from couchcal.practice import editing, rows
from couchcal.practice.disclosure import Disclosed, Facts, disclosed, facts, words
from couchcal.practice.editing import Edit
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.store.connection import Connection
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment
from couchcal.sync import ledger, outbox, review
from couchcal.sync.fields import Base, Known, known_of, outgoing, shown, text_of, with_value
from couchcal.sync.ids import event_id
from couchcal.sync.ledger import Link, Mapped
from couchcal.sync.merge import OVER, RESTORED, Decision, Taken, merge
from couchcal.sync.port import EventFields, RemoteEvent, When


@dataclass(slots=True)
class Tally:
    """How much a reading did: appointments moved, remote deletions, edits of both sides, times put back."""

    moved: int = 0
    deleted: int = 0
    conflicts: int = 0
    put_back: int = 0
    label: str = ""


class Ours:
    """What is done with events of ours, all of it in the transaction of one write session."""

    def __init__(self, session: JournalSession, link: Link) -> None:
        self.session = session
        self.link = link
        self.connection: Connection = rows.raw_connection(session)
        self.tally = Tally()
        self._facts: Facts = facts(self.connection)

    def disclosed(self, appointment_ids: list[int]) -> dict[int, Disclosed]:
        """What is here of these appointments."""
        return disclosed(self.connection, appointment_ids, self._facts)

    def settle(
        self, mapped: Mapped, event: RemoteEvent | None, entry: Disclosed | None, *, sure: bool = False
    ) -> Decision:
        """Decide on an event and do what follows here; what follows there waits in the outbox.

        An event of ours that a person made recurring at the remote is let go: it stays there as a series of its
        own, which shows here as external events, and the appointment gets an event anew. A `conflict` tells it.
        Linking the first instance instead would change or remove the whole series with the next change here.

        Args:
            event: what the remote shows, None if it knows no such event.
            entry: what is here, None if it is gone.
            sure: see `merge`.
        """
        local = outgoing(entry) if entry is not None and entry.wanted else None
        before = Base(known_of(mapped.ours), known_of(mapped.theirs))
        decision = merge(
            before,
            local,
            event,
            state=mapped.state,
            etag=mapped.etag,
            has_client=entry is None or entry.kind != "other_event",
            sure=sure,
        )
        reason = "a session is busy and has a time of the day"
        if decision.take.names:
            decision, reason = self._taken(mapped, decision, before, entry)
        self._write(mapped, decision, entry)
        self._tell(mapped, decision, entry, local, event, reason)
        return decision

    def _taken(
        self, mapped: Mapped, decision: Decision, before: Base, entry: Disclosed | None
    ) -> tuple[Decision, str]:
        """Take over what the remote changed; if a rule forbids it, decide to put it back. And why."""
        if self.link.direction == "one_way":
            return decision.refused(before), "the sync goes one way"
        row = self.session.get(Appointment, mapped.appointment_id)
        if row is None or entry is None:
            raise RuntimeError("what is taken over has an appointment")
        queued = outbox.due_for(self.connection, mapped.appointment_id) is not None
        try:
            if entry.kind != "other_event" and row.end_utc <= self.session.now:
                raise Refused("the session is over")
            done, _ = editing.apply(self.session, row, Edit(changes_of(decision.take, entry)), "Moved")
        except (Refused, Invalid) as problem:
            return decision.refused(before), problem.message
        self.tally.moved += 1
        self.tally.label = done.label
        # What was taken over may be written otherwise here: then that is what both know.
        now = outgoing(self.disclosed([mapped.appointment_id])[mapped.appointment_id])
        ours = decision.base.ours
        for name in decision.take.names:
            ours = with_value(ours, name, getattr(now, name))
        decision = replace(decision, base=Base(ours, decision.base.theirs))
        if not queued and not decision.base.due(now):
            self.connection.execute("DELETE FROM sync_outbox WHERE appointment_id = ?", (mapped.appointment_id,))
        return decision, ""

    def _write(self, mapped: Mapped, decision: Decision, entry: Disclosed | None) -> None:
        if decision.let_go:
            uid = entry.uid if entry is not None else f"{mapped.event_id}#{mapped.id}"
            attempt = mapped.attempt + 1
            fresh = event_id(self.link.calendar_id, uid, attempt)
            ledger.allocate(self.connection, self.link.id, mapped.appointment_id, fresh, attempt)
            if decision.state != "creating":
                ledger.set_map_state(self.connection, mapped.id, decision.state)
        else:
            now = (decision.state, decision.etag, text_of(decision.base.ours), text_of(decision.base.theirs))
            if now != (mapped.state, mapped.etag, mapped.ours, mapped.theirs):
                state, etag, ours, theirs = now
                ledger.write_map(self.connection, mapped.id, state=state, etag=etag, ours=ours, theirs=theirs)
        if decision.sends:
            self._queue(mapped.appointment_id, anew=bool(decision.put_back) or decision.revive or decision.let_go)

    def _queue(self, appointment_id: int, *, anew: bool) -> None:
        """Have it sent; if it is queued already it keeps its place, unless what there is to send is new."""
        if anew or outbox.due_for(self.connection, appointment_id) is None:
            outbox.enqueue(self.connection, [appointment_id])

    def _tell(
        self,
        mapped: Mapped,
        decision: Decision,
        entry: Disclosed | None,
        local: EventFields | None,
        event: RemoteEvent | None,
        reason: str,
    ) -> None:
        """Open what a person has to decide or should know of, and close what has settled itself."""
        what = _words(mapped, entry)
        if decision.settled:
            self._settle_deletion(mapped, decision, what)
        if decision.gone:
            self.tally.deleted += 1
            self._open(mapped, "remote_deleted", f"{what} was deleted in Google")
        if decision.let_go:
            self.tally.conflicts += 1
            self._open(
                mapped,
                "conflict",
                f"{what} was made to repeat in Google; the series shows here as events of Google,"
                " and the entry is sent once more by itself",
            )
        theirs = shown(event) if event is not None else Known()
        if decision.conflict:
            self.tally.conflicts += 1
            there = _there(theirs, decision.conflict, entry)
            if local is None:
                detail = (
                    f"{what} was changed in Google ({there}), but it is not on here any more; it is removed there"
                )
                self._open(mapped, "conflict", detail)
            else:
                self._open(
                    mapped,
                    "conflict",
                    f"{what} was changed here, and in Google to {there}; it stays as it is here",
                    ours=text_of(_only(decision.conflict, local)),
                    theirs=text_of(_only(decision.conflict, theirs)),
                )
        if decision.put_back:
            self.tally.put_back += 1
            detail = (
                f"{what} was restored in Google, but it is not on here any more; it is removed there again"
                if local is None
                else f"{what} was changed in Google to {_there(theirs, decision.put_back, entry)};"
                f" it is put back: {reason}"
            )
            self._open(mapped, "put_back", detail, theirs=text_of(_only(decision.put_back, theirs)))

    def _settle_deletion(self, mapped: Mapped, decision: Decision, what: str) -> None:
        now = self.session.now
        settled = review.settle(
            self.connection, self.link.id, mapped.appointment_id, "remote_deleted", decision.settled, now
        )
        if decision.settled == RESTORED and decision.revive and not settled:
            self.tally.deleted += 1
            detail = f"{what} was deleted in Google after it was changed here; it is put back there"
            new = review.New("remote_deleted", detail, appointment_id=mapped.appointment_id)
            review.open_one(self.connection, new, link_id=self.link.id, now=now, resolution=RESTORED)
            ledger.log(self.connection, now, detail, "warning")
        elif decision.settled == OVER:
            review.settle(self.connection, self.link.id, mapped.appointment_id, "put_back", OVER, now)

    def _open(self, mapped: Mapped, kind: str, detail: str, ours: str = "", theirs: str = "") -> None:
        new = review.New(kind, detail, ours, theirs, mapped.appointment_id)
        review.open_one(self.connection, new, link_id=self.link.id, now=self.session.now)
        ledger.log(self.connection, self.session.now, detail, "warning")


def changes_of(take: Taken, entry: Disclosed) -> dict[str, Any]:
    """What is taken over, as draft fields; the zone only where the remote changed it."""
    changes: dict[str, Any] = {}
    if take.when is not None:
        changes |= {"start": _stored(take.when.start), "end": _stored(take.when.end)}
        if take.when.all_day != entry.all_day:
            changes["all_day"] = take.when.all_day
        if take.when.tz and take.when.tz != entry.tz:
            changes["tz"] = take.when.tz
    if take.busy is not None:
        changes["busy"] = take.busy
    return changes


def _stored(moment: datetime | date) -> datetime:
    """An instant as appointments have it: a date is its UTC midnight."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


def _only(names: frozenset[str], state: EventFields | Known) -> Known:
    values: dict[str, Any] = {name: getattr(state, name) for name in names}
    return Known(**values)


def _words(mapped: Mapped, entry: Disclosed | None) -> str:
    """The entry without a name: as it is here, or was when it was last sent."""
    if entry is not None:
        return entry.words
    when = known_of(mapped.ours).when
    return words("other_event", when.start, when.tz) if when is not None else "an entry that is gone"


def _there(theirs: Known, names: frozenset[str], entry: Disclosed | None) -> str:
    """What the remote shows of some fields, for people."""
    told = []
    if "when" in names and theirs.when is not None:
        told.append(_when_words(theirs.when, entry))
    if "busy" in names and theirs.busy is not None:
        told.append("busy" if theirs.busy else "free")
    return ", ".join(told)


def _when_words(when: When, entry: Disclosed | None) -> str:
    tz = zone_or_utc(when.tz or (entry.tz if entry is not None else ""))
    if isinstance(when.start, datetime) and isinstance(when.end, datetime):
        start, end = to_local(when.start, tz), to_local(when.end, tz)
        return f"{moment_words(start)}-{clock_words(end, clock_24h=True)}"
    return f"{day_words(datetime.combine(when.start, time(), UTC))}, all day"
