"""What a person's decision on a review does: each in one transaction; done twice it is done once.

A decision that changes an appointment is a change like any other, and undo takes it back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, suppress

from couchcal.clock import Clock
from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import appointments, editing, external, rows
from couchcal.practice.disclosure import disclosed
from couchcal.practice.editing import Edit
from couchcal.practice.outcome import Done
from couchcal.store.connection import Connection, Database
from couchcal.store.journal import JournalSession
from couchcal.store.session import write_session
from couchcal.sync import accounts, ledger, outbox, review, target
from couchcal.sync.fields import known_of
from couchcal.sync.merge import Taken
from couchcal.sync.ours import changes_of
from couchcal.sync.review import Stored

_DELETED_THERE = "deleted in Google Calendar"


def resolve(database: Database, review_id: int, how: str, *, clock: Clock) -> Done:
    """Do what was chosen of `Stored.choices`; what it came to, for the toast.

    Raises:
        NotFound: there is no such item. Invalid: that cannot be chosen. Refused: a rule of the practice forbids it,
        or it was decided otherwise; it stays as it is.
    """
    if how == "disconnect":
        _sign_out(database, review_id, clock)
    with write_session(database, "Decided on a sync item", clock=clock) as session:
        connection = rows.raw_connection(session)
        item = review.load(connection, review_id)
        if item.resolved_at is not None:
            if item.resolution == how or (how, item.resolution) == (review.ALLOWED, review.USED):
                return Done("It was decided so already", item.appointment_id, 0)
            raise Refused("it was decided already", "nothing is left to do")
        if how not in dict(item.choices):
            words = ", ".join(word for word, _label in item.choices)
            raise Invalid(f"'{how}' is no choice here", f"choose {words}", field="how")
        done = _WAYS[item.kind, how](session, connection, item)
        session.flush()
        review.close(connection, item.id, how, session.now)
        _go_on(connection, item)
        return done


def _sign_out(database: Database, review_id: int, clock: Clock) -> None:
    """Give the sign-in back. It asks the service, so no transaction is open meanwhile."""
    with closing(database.connect()) as connection:
        item = review.load(connection, review_id)
    if item.resolved_at is None and "disconnect" in dict(item.choices):
        with suppress(NotFound):
            accounts.disconnect(database, clock=clock)


Way = Callable[[JournalSession, Connection, Stored], Done]


def _cancel(session: JournalSession, connection: Connection, item: Stored) -> Done:
    row_id, link_id = _appointment(item), _link(item)
    entry = disclosed(connection, [row_id]).get(row_id)
    done = Done("It is not on here any more", None, 0)
    if entry is not None and entry.status != "cancelled":
        done = appointments.cancel_in(session, row_id, "other", reason=_DELETED_THERE)
        session.flush()
    _set_state(connection, link_id, row_id, "deleted")
    return done


def _restore(session: JournalSession, connection: Connection, item: Stored) -> Done:
    _set_state(connection, _link(item), _appointment(item), "deleted")
    outbox.enqueue(connection, [_appointment(item)])
    return Done("It is put back in Google with the next sync", item.appointment_id)


def _unlink(session: JournalSession, connection: Connection, item: Stored) -> Done:
    _set_state(connection, _link(item), _appointment(item), "unlinked")
    return Done("It stays here, and is not sent to Google any more", item.appointment_id)


def _keep(session: JournalSession, connection: Connection, item: Stored) -> Done:
    return Done("It stays as it is here", item.appointment_id, 0)


def _take(session: JournalSession, connection: Connection, item: Stored) -> Done:
    row_id = _appointment(item)
    entry = disclosed(connection, [row_id]).get(row_id)
    if entry is None:
        raise NotFound("that appointment is not there any more", "choose to keep it as it is here")
    theirs = known_of(item.theirs)
    edit = Edit(changes_of(Taken(theirs.when, theirs.busy), entry))
    done, _ = editing.apply(session, rows.load(session, row_id), edit, "Moved")
    session.relabel(done.label)
    return done


def _note(session: JournalSession, connection: Connection, item: Stored) -> Done:
    return Done("Noted", item.appointment_id, 0)


def _keep_unknown(session: JournalSession, connection: Connection, item: Stored) -> Done:
    return Done("It stays in Google, and shows here as an event of Google", None, 0)


def _remove_unknown(session: JournalSession, connection: Connection, item: Stored) -> Done:
    """The event is taken for that of an appointment which was never there: such events are removed."""
    stand_in = -item.id
    if item.remote_event_id in ledger.maps_by_event(connection, _link(item), [item.remote_event_id]):
        return Done("It belongs to an entry of yours by now, and stays", None, 0)
    ledger.allocate(connection, _link(item), stand_in, item.remote_event_id, 0)
    _set_state(connection, _link(item), stand_in, "live")
    outbox.enqueue(connection, [stand_in])
    external.remove(session, _link(item), [item.remote_event_id], clock=session.clock)
    return Done("It is removed in Google with the next sync", None, 0)


def _recreate(session: JournalSession, connection: Connection, item: Stored) -> Done:
    target.recreate(connection, _link(item), session.now)
    return Done("A new calendar is made with the next sync, and everything is sent to it", None, 0)


def _disconnected(session: JournalSession, connection: Connection, item: Stored) -> Done:
    """Signing in again makes another calendar."""
    target.recreate(connection, _link(item), session.now)
    return Done("Nothing is synced any more", None, 0)


def _forget(session: JournalSession, connection: Connection, item: Stored) -> Done:
    external.clear(session, _link(item))
    for table in ("sync_state", "sync_stage"):
        connection.execute(f"DELETE FROM {table} WHERE link_id = ?", (_link(item),))  # noqa: S608  our own words
    connection.execute("UPDATE calendar_link SET enabled = false, state = '' WHERE id = ?", (_link(item),))
    return Done("That calendar is not read any more", None, 0)


def _allow(session: JournalSession, connection: Connection, item: Stored) -> Done:
    return Done("It goes on with the next sync", None, 0)


def _restore_all(session: JournalSession, connection: Connection, item: Stored) -> Done:
    ours = [int(row_id) for row_id in json.loads(item.theirs)["appointments"]]
    for row_id in ours:
        _set_state(connection, _link(item), row_id, "deleted")
    outbox.enqueue(connection, ours)
    _read_anew(connection, item)
    return Done("Ours are put back in Google with the next sync", None, len(ours))


def _discard(session: JournalSession, connection: Connection, item: Stored) -> Done:
    if item.pushing:
        for row_id in json.loads(item.ours)["appointments"]:
            _set_state(connection, _link(item), row_id, "unlinked")
    _read_anew(connection, item)
    return Done("Everything is read anew with the next sync", None, 0)


def _read_anew(connection: Connection, item: Stored) -> None:
    connection.execute("UPDATE sync_state SET sync_token = '' WHERE link_id = ?", (_link(item),))


def _set_state(connection: Connection, link_id: int, appointment_id: int, state: str) -> None:
    mapped = ledger.map_of(connection, link_id, appointment_id)
    if mapped is not None:
        ledger.set_map_state(connection, mapped.id, state)


def _go_on(connection: Connection, item: Stored) -> None:
    """End the waiting of the account if nothing else is to be decided for it."""
    if item.kind in ("mass_delete", "calendar_lost") and not item.pushing:
        connection.execute(
            "UPDATE calendar_account SET paused = '' WHERE paused = ?1"
            " AND id = (SELECT account_id FROM calendar_link WHERE id = ?2)"
            " AND NOT EXISTS (SELECT 1 FROM sync_review r WHERE r.kind = ?1 AND r.resolved_at IS NULL"
            " AND r.ours NOT LIKE '%\"push\"%')",
            (item.kind, item.link_id),
        )


def _appointment(item: Stored) -> int:
    if item.appointment_id is None:
        raise NotFound("that appointment is not there any more")
    return item.appointment_id


def _link(item: Stored) -> int:
    if item.link_id is None:
        raise NotFound("that calendar is not there any more")
    return item.link_id


_WAYS: dict[tuple[str, str], Way] = {
    ("remote_deleted", "cancel"): _cancel,
    ("remote_deleted", "restore"): _restore,
    ("remote_deleted", "unlink"): _unlink,
    ("conflict", "keep"): _keep,
    ("conflict", "take"): _take,
    ("conflict", "dismiss"): _note,
    ("put_back", "dismiss"): _note,
    ("unknown_event", "keep"): _keep_unknown,
    ("unknown_event", "remove"): _remove_unknown,
    ("calendar_lost", "recreate"): _recreate,
    ("calendar_lost", "disconnect"): _disconnected,
    ("calendar_lost", "forget"): _forget,
    ("mass_delete", "apply"): _allow,
    ("mass_delete", "restore"): _restore_all,
    ("mass_delete", "discard"): _discard,
}
