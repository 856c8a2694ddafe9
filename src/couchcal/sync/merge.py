"""Three-way merge of one event: what is here, what the remote shows, and what both knew last. Pure; no clocks.

Whoever learns of a remote event decides by this one function: a reading that brings it, and a sending that finds
it changed. Times go both ways, as one value. Titles, descriptions and places go one way: what the remote does to
them is noted, not repaired, until they change here. A remote deletion deletes nothing here (SYNC-11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from couchcal.sync.fields import Base, Known, changed, known, shown, with_value
from couchcal.sync.port import EventFields, RemoteEvent, When

ONE_WAY = ("title", "description", "place")
RESTORED = "restored"
"""How a `remote_deleted` is resolved when the event is there again, or will be."""
OVER = "over"
"""How it is resolved when there is nothing to show there any more."""


class Taken(NamedTuple):
    """What is to be taken over here; None is nothing."""

    when: When | None = None
    busy: bool | None = None

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name in ("when", "busy") if getattr(self, name) is not None)


_NOTHING = Taken()


@dataclass(frozen=True, slots=True)
class Decision:
    """All that follows from what is known, as data.

    Attributes:
        state: that of the `event_map` row from now on.
        base, etag: what the row knows from now on, supposing that `take` is made (else `refused`).
        take: change the appointment so.
        send: fields the remote has to be sent, now or later.
        delete: the remote event has to go.
        revive: a deleted remote event has to come back, under another id if this one is used up.
        let_go: the event is not ours any more; ours, if it is wanted, needs another id.
        conflict: fields that both changed; ours stand.
        put_back: fields that the remote changed and that will be as they were.
        gone: a person has to decide on a remote deletion.
        settled: how an open `remote_deleted` is resolved by this, "" if it is not.
    """

    state: str
    base: Base
    etag: str
    take: Taken = _NOTHING
    send: frozenset[str] = frozenset()
    delete: bool = False
    revive: bool = False
    let_go: bool = False
    conflict: frozenset[str] = frozenset()
    put_back: frozenset[str] = frozenset()
    gone: bool = False
    settled: str = ""

    @property
    def sends(self) -> bool:
        """Whether the remote has to be asked for something."""
        return bool(self.send) or self.delete or self.revive or self.let_go

    def refused(self, before: Base) -> Decision:
        """What is decided when a rule of the practice forbids to take over: it is put back."""
        names = self.take.names
        ours = self.base.ours
        for name in names:
            ours = with_value(ours, name, getattr(before.ours, name))
        ours = replace(ours, again=ours.again | names)
        return replace(
            self,
            take=_NOTHING,
            base=Base(ours, self.base.theirs),
            send=self.send | names,
            put_back=self.put_back | names,
        )


def merge(
    base: Base,
    local: EventFields | None,
    remote: RemoteEvent | None,
    *,
    state: str = "live",
    etag: str = "",
    has_client: bool = True,
    sure: bool = False,
) -> Decision:
    """Decide on one event of ours.

    Args:
        base: what both knew last; without any, the fields that differ are ours. Of an event whose making was not
            answered, `ours` is what was sent, and `theirs` nothing.
        local: what is to be there; None if nothing is (cancelled, deleted).
        remote: what is there; None if the remote knows no such event (any more).
        state: that of its `event_map` row; `etag` likewise.
        has_client: whether it is somebody's session: then only its time may change at the remote.
        sure: whether what is shown cannot be from before an event was removed.
    """
    as_it_was = Decision(state, base, etag)
    if state == "unlinked":
        return as_it_was
    if remote is None or remote.cancelled:
        return _merge_gone(as_it_was, local, remote)
    if remote.unreadable or remote.when is None:
        return replace(as_it_was, etag=remote.etag or etag)
    if state == "deleted" and remote.etag and remote.etag == etag:
        if local is None and sure:  # it was never removed: once more
            return replace(_merge_unwanted(as_it_was, remote), put_back=frozenset())
        return as_it_was  # an answer older than the deletion
    if remote.recurrence:
        return replace(as_it_was, state="creating" if local else "deleted", base=Base(), etag="", let_go=True)
    if local is None:
        return _merge_unwanted(as_it_was, remote)
    settled = RESTORED if state == "missing" else ""
    return replace(_merge_fields(base, local, remote, has_client), settled=settled)


def _merge_gone(was: Decision, local: EventFields | None, remote: RemoteEvent | None) -> Decision:
    was = replace(was, etag=(remote.etag if remote is not None else "") or was.etag)
    if local is None:
        return replace(was, state="deleted", settled=OVER)
    if was.state == "deleted":
        return replace(was, revive=True)
    if not was.base.ours.nothing and edited(local, was.base.ours):
        return replace(was, state="deleted", revive=True, settled=RESTORED)
    # What was never known to be there is known from now on, so that a later change here is seen as one.
    base = Base(known(local), was.base.theirs) if was.base.ours.nothing else was.base
    return replace(was, state="missing", base=base, gone=was.state != "missing")


def edited(local: EventFields, ours: Known) -> bool:
    """Whether a person changed it here since it was sent; what waits to be put back is no such change."""
    return bool(changed(local, replace(ours, again=frozenset())))


def _merge_unwanted(was: Decision, remote: RemoteEvent) -> Decision:
    """Deleted or cancelled here, alive there: it goes there, too (SYNC-17). If it is wanted again before it went,
    it is to be there as it is here."""
    before = was.base.theirs.when or was.base.ours.when
    moved = before is not None and remote.when != before
    back = was.state == "deleted"
    ours = was.base.ours
    drifted = {
        name
        for name in ("when", "busy")
        if getattr(ours, name) is not None and getattr(remote, name) != getattr(ours, name)
    }
    return Decision(
        state="live",
        base=Base(replace(ours, again=ours.again | drifted), shown(remote)),
        etag=remote.etag,
        delete=True,
        conflict=frozenset({"when"}) if moved and not back else frozenset(),
        put_back=frozenset({"when"}) if back else frozenset(),
        settled=OVER,
    )


def _merge_fields(base: Base, local: EventFields, remote: RemoteEvent, has_client: bool) -> Decision:
    ours, send, conflict, put_back = base.ours, set[str](), set[str](), set[str]()
    taken: dict[str, object] = {}
    for name in ONE_WAY:
        here, there = getattr(local, name), getattr(remote, name)
        if here == there:
            ours = with_value(ours, name, here)
        elif here != getattr(ours, name) or name in ours.again:
            send.add(name)
    for name in ("when", "busy"):
        here, there, before = getattr(local, name), getattr(remote, name), getattr(ours, name)
        seen = getattr(base.theirs, name)
        changed_there = there != (before if seen is None else seen) and (seen, before) != (None, None)
        if here == there:
            ours = with_value(ours, name, here)
        elif changed_there and here != before:
            send.add(name)
            conflict.add(name)
        elif changed_there and _acceptable(name, remote, local, has_client):
            taken[name] = there
            ours = with_value(ours, name, there)
        elif changed_there:
            ours = replace(ours, again=ours.again | {name})
            send.add(name)
            put_back.add(name)
        elif here != before or name in ours.again:
            send.add(name)
    return Decision(
        state="live",
        base=Base(ours, shown(remote)),
        etag=remote.etag,
        take=Taken(**taken),  # type: ignore[arg-type]  # values of the fields of the same names
        send=frozenset(send),
        conflict=frozenset(conflict),
        put_back=frozenset(put_back),
    )


def _acceptable(name: str, remote: RemoteEvent, local: EventFields, has_client: bool) -> bool:
    """Whether a change at the remote may be taken over: sessions are busy, and at a time of the day."""
    if not has_client:
        return True
    return name == "when" and remote.when is not None and remote.when.all_day == local.when.all_day
