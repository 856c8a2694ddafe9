"""Merging and rejecting by sets: nothing is lost, nothing is left, undo is exact."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from couchcal.errors import Invalid, NotFound, Refused
from couchcal.practice import client_changes, client_merge, client_reject, clients, undo
from couchcal.practice.clients import ClientRow
from couchcal.store.bulk import referring
from couchcal.store.records import (
    BookingRequest,
    Client,
    EventMap,
    OutboxEmail,
    PortalToken,
    Reminder,
    Waitlist,
)
from couchcal.store.session import write_session
from tests.practice.conftest import Desk
from tests.support.database import dump
from tests.support.entries import insert_link

TUESDAY = "2026-03-03 15:00"
CANARY = "Zyxcanary"


def newcomer(desk: Desk, **fields: Any) -> int:
    values = {"internal_id": "C-0900", "first": "Dee", "last": CANARY, "state": "intake"} | fields
    with write_session(desk.database, "a visitor", actor="client:0", clock=desk.clock) as session:
        client = Client(**values)
        session.add(client)
        session.flush()
        return client.id or 0


def surround(desk: Desk, client_id: int, row_ids: list[int]) -> None:
    """Something in every table that knows a client or hangs on their sessions."""
    at = desk.at(TUESDAY)
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
    with write_session(desk.database, "things", actor="worker", clock=desk.clock) as session:
        for row_id in row_ids:
            session.add(EventMap(appointment_id=row_id, link_id=1, remote_event_id=f"r{row_id}", state="live"))
            session.add(Reminder(appointment_id=row_id, due_at=at))
            session.add(OutboxEmail(kind="k", appointment_id=row_id, client_id=client_id, not_before=at))
            session.add(OutboxEmail(kind="own", appointment_id=row_id, to_practitioner=True, not_before=at))
        end = at + timedelta(hours=1)
        session.add(
            BookingRequest(
                uid=f"q{client_id}", client_id=client_id, start_utc=at, end_utc=end, status="declined",
                idempotency_key=f"q{client_id}", replaces_appointment_id=row_ids[0] if row_ids else None,
            )
        )  # fmt: skip
        session.add(Waitlist(client_id=client_id))
        session.add(PortalToken(sha256=f"t{client_id}", purpose="sign_in", client_id=client_id, expires_at=end))


def holders(desk: Desk, client_id: int) -> dict[str, int]:
    """How many rows of each table are of a client."""
    with closing(desk.database.connect()) as connection:
        return {
            column.table.name: connection.execute(
                f"SELECT count(*) FROM {column.table.name} WHERE {column.name} = ?", (client_id,)
            ).fetchone()[0]
            for column in referring(SQLModel.metadata.tables["client"])
        }


def row_of(desk: Desk, client_id: int) -> ClientRow:
    with closing(desk.database.connect()) as connection:
        return clients.get(connection, client_id)


def test_a_merge_moves_what_every_table_has_of_a_client(desk: Desk) -> None:  # INT-04, INV-B7
    new = newcomer(desk)
    ids = desk.weekly(TUESDAY, client_id=new)
    desk.cancel(ids[1])
    surround(desk, new, ids[:3])
    before = holders(desk, new)
    assert all(before.values()), before
    assert holders(desk, desk.bob) == dict.fromkeys(before, 0)
    client_merge.merge(desk.database, new, desk.bob, clock=desk.clock)
    assert holders(desk, desk.bob) == before
    assert holders(desk, new) == dict.fromkeys(before, 0)
    assert {row["client_id"] for row in desk.rows("portal_token").values()} == {desk.bob}
    undo.undo(desk.database, clock=desk.clock)
    assert holders(desk, new) == before
    assert {row["client_id"] for row in desk.rows("portal_token").values()} == {new}


def test_undo_of_a_merge_passes_over_links_that_are_gone(desk: Desk) -> None:
    new = newcomer(desk)
    surround(desk, new, [])
    before = dump(desk.database)
    client_merge.merge(desk.database, new, desk.bob, clock=desk.clock)
    with closing(desk.database.connect()) as connection:
        connection.execute("DELETE FROM portal_token")
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["", "dee@example.org", "ANN@example.org"]),
        "phone": st.sampled_from(["", "555-0100"]),
        "tz": st.sampled_from(["", "Europe/Rome"]),
        "notes_admin": st.sampled_from(["", "Came by phone"]),
        "portal_state": st.sampled_from(["none", "invited", "accepted", "revoked"]),
        "state": st.sampled_from(["intake", "active", "archived"]),
        "usual_service": st.sampled_from([None, "90834"]),
    },
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FIELDS, FIELDS, st.sets(st.sampled_from(client_merge.CONTACT)))
def test_any_merge_keeps_the_sessions_and_is_undone_exactly(
    desk: Desk, mine: dict[str, Any], theirs: dict[str, Any], take: set[str]
) -> None:  # INV-B7
    number = len(desk.rows("client"))
    if mine.get("portal_state", "none") != "none" and theirs.get("portal_state", "none") != "none":
        theirs = theirs | {"email": f"other{number}@example.org"}
        mine = mine | {"email": f"mine{number}@example.org"}
    else:
        mine, theirs = (
            {name: f"{number}{value}" if name == "email" and value else value for name, value in fields.items()}
            for fields in (mine, theirs)
        )
    source = newcomer(desk, internal_id=f"S-{number}", **mine)
    target = newcomer(desk, internal_id=f"T-{number}", **theirs)
    desk.book("2026-03-04 10:00", client_id=source)
    before, count = dump(desk.database), len(desk.rows())
    told = client_merge.preview(desk.database, source, target, take=take)
    kept = client_merge.merge(desk.database, source, target, take=take, clock=desk.clock)
    assert len(desk.rows()) == count
    assert told.sessions == 1
    stored = desk.rows("client")[target]
    for name in told.filled:
        assert stored[name] == mine[name]
    for name in client_merge.CONTACT:
        if mine.get(name) and name in take:
            assert stored[name] == mine[name]
        elif theirs.get(name):
            assert stored[name] == theirs[name]
    assert (stored["portal_state"] == mine.get("portal_state", "none")) or not told.portal
    both = {mine.get("state", "intake"), theirs.get("state", "intake")}
    assert kept.state == (both.pop() if len(both) == 1 else "active")
    after = dump(desk.database)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before
    undo.redo(desk.database, clock=desk.clock)
    assert dump(desk.database) == after


def test_a_merge_says_what_is_wrong(desk: Desk) -> None:
    for call in (client_merge.merge, client_merge.preview):
        with pytest.raises(Refused):
            call(desk.database, desk.ann, desk.ann)
        with pytest.raises(Invalid) as error:
            call(desk.database, desk.ann, desk.bob, take=["first"])
        assert error.value.field == "first"
        with pytest.raises(NotFound):
            call(desk.database, desk.ann, 99)


def test_notes_and_an_unsubscription_are_not_lost(desk: Desk) -> None:  # C-04
    new = newcomer(desk, email="Ann@Example.org", notes_admin="Rings twice", unsubscribed_at=desk.at(TUESDAY))
    client_changes.edit(desk.database, desk.ann, {"notes_admin": "Pays by card"})
    client_merge.merge(desk.database, new, desk.ann, clock=desk.clock)
    stored = desk.rows("client")[desk.ann]
    assert stored["notes_admin"] == "Pays by card\nRings twice"
    assert stored["unsubscribed_at"] is not None


@pytest.mark.parametrize("undone", [False, True])
def test_a_rejection_leaves_nothing(desk: Desk, undone: bool) -> None:  # INT-03, INV-B7
    others = desk.weekly("2026-03-04 09:00", client_id=desk.bob)
    before = dump(desk.database)
    new = newcomer(desk)
    ids = desk.weekly(TUESDAY, client_id=new)
    desk.cancel(ids[2], notify=True)
    surround(desk, new, ids[:4])
    full = dump(desk.database)
    told = client_reject.preview(desk.database, new)
    assert (told.sessions, told.requests, told.refusal) == (len(ids), 1, "")
    assert client_reject.reject(desk.database, new, clock=desk.clock) == len(ids)
    if undone:
        undo.undo(desk.database, clock=desk.clock)
        assert dump(desk.database) == full
        return
    assert holders(desk, new) == dict.fromkeys(holders(desk, new), 0)
    after = dump(desk.database)
    assert [row["appointment_id"] for row in after["event_map"].values()] == ids[:4]  # to be removed there
    assert {row["state"] for row in after["outbox_email"].values()} == {"cancelled"}
    ours = {"event_map", "outbox_email", "calendar_account", "calendar_link"}
    beside = {name for name in before if "search" in name}
    assert {name: rows for name, rows in after.items() if name not in ours | beside} == {
        name: rows for name, rows in before.items() if name not in ours | beside
    }
    assert set(desk.rows()) == set(others)
    assert desk.rows("portal_token") == {}


def test_series_that_two_clients_share_lose_only_what_is_rejected(desk: Desk) -> None:  # INT-03, INV-S3
    new = newcomer(desk)
    theirs = desk.weekly(TUESDAY, client_id=new)
    ours = desk.weekly("2026-03-04 09:00", client_id=desk.bob)
    desk.edit(theirs[1], {"client_id": desk.bob})
    desk.edit(ours[1], {"client_id": new})
    before = dump(desk.database)
    assert client_reject.reject(desk.database, new, clock=desk.clock) == len(theirs)
    assert desk.row(theirs[1])["series_id"] is None
    assert ours[1] not in desk.rows()
    assert [row["series_key"] for row in desk.rows("series_exdate").values()] == ["2026-03-11"]
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_a_refused_rejection_is_told_beforehand(desk: Desk) -> None:  # C-12
    new = newcomer(desk)
    desk.mark(desk.book(TUESDAY, client_id=new), "note-signed")
    before = dump(desk.database)
    assert client_reject.preview(desk.database, new).refusal == "a session of theirs was worked on"
    assert "intake" in client_reject.preview(desk.database, desk.ann).refusal
    with pytest.raises(Refused) as error:
        client_reject.reject(desk.database, new, clock=desk.clock)
    assert CANARY not in f"{error.value}"  # INV-P2
    assert dump(desk.database) == before


def test_a_thousand_sessions_are_moved_by_few_statements(desk: Desk) -> None:
    """The number of statements of a merge does not follow the number of sessions."""
    from sqlalchemy import event

    from couchcal.store.session import engine_of

    counts = []
    for sessions in (1, 12):
        new = newcomer(desk, internal_id=f"N-{sessions}")
        for week in range(sessions):
            desk.book(f"2026-03-{10 + week} 10:00", client_id=new)
        seen: list[str] = []

        def note(*context: Any, seen: list[str] = seen) -> None:
            seen.append(str(context[2]))

        event.listen(engine_of(desk.database), "before_cursor_execute", note)
        client_merge.merge(desk.database, new, desk.bob, clock=desk.clock)
        event.remove(engine_of(desk.database), "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] > 0


def test_no_name_is_in_what_is_journalled_of_a_step_or_refused(desk: Desk) -> None:  # INV-P2
    new = newcomer(desk, email="dee@example.org")
    client_merge.merge(desk.database, new, desk.bob, clock=desk.clock)
    other = newcomer(desk)
    client_reject.reject(desk.database, other, clock=desk.clock)
    labels = [row["label"] for row in desk.rows("change").values()]
    assert {"Merged C-0900 into C-0002", "Rejected C-0900"} < set(labels)
    assert not any(CANARY in str(label) for label in labels)
    for field in ("email", "tz", "usual_service", "self_scheduling"):
        with pytest.raises(Invalid) as error:
            client_changes.edit(desk.database, desk.ann, {field: CANARY})
        assert CANARY not in f"{error.value}"
