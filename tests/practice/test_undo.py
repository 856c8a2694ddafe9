"""Undo and redo put back every table exactly (house decision 4), whatever the change was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from sqlmodel import select

from couchcal.errors import Refused
from couchcal.practice import appointments, client_changes, client_merge, client_reject, marks, rows, series, undo
from couchcal.practice.cadence import Repeat
from couchcal.store.records import (
    Appointment,
    BookingRequest,
    Calendar,
    Client,
    EventMap,
    OutboxEmail,
    Reminder,
    Waitlist,
)
from couchcal.store.session import write_session
from tests.practice.conftest import Desk
from tests.support.database import dump
from tests.support.entries import insert_link

TUESDAY = "2026-03-03 15:00"


class Scene(NamedTuple):
    """What the commands work on: a series with all sorts of rows, a single one, a client of the intake."""

    ids: list[int]
    single: int
    intake: int


@pytest.fixture
def scene(desk: Desk) -> Scene:
    ids = desk.weekly(TUESDAY, location_id=desk.places["10"], modifiers=["HO"])
    desk.move(ids[1], "2026-03-11 09:00")
    desk.mark(ids[4], "note-signed")
    desk.cancel(ids[5])
    desk.delete(ids[6])
    single = desk.book("2026-03-06 11:00")
    with write_session(desk.database, "a visitor", actor="client:1", clock=desk.clock) as session:
        visitor = Client(
            internal_id="C-0100", first="Dee", last="New", email="dee@example.org", state="intake",
            portal_state="accepted", portal_accepted_at=desk.now,
        )  # fmt: skip
        session.add(visitor)
        session.flush()
        intake = visitor.id or 0
    theirs = desk.weekly("2026-03-04 12:00", client_id=intake)
    desk.delete(theirs[3])
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
    with write_session(desk.database, "things that hang on it", actor="worker", clock=desk.clock) as session:
        at = desk.at("2026-03-03 15:00")
        for row_id in (ids[2], single, theirs[1]):
            session.add(EventMap(appointment_id=row_id, link_id=1, remote_event_id=f"r{row_id}", state="live"))
            session.add(Reminder(appointment_id=row_id, due_at=at))
            session.add(OutboxEmail(kind="k", appointment_id=row_id, client_id=intake, not_before=at, sequence=3))
        session.add(
            BookingRequest(
                uid="q", client_id=intake, start_utc=at, end_utc=at + timedelta(hours=1), idempotency_key="q",
                status="accepted", appointment_id=theirs[1], replaces_appointment_id=ids[2],
            )
        )  # fmt: skip
        session.add(Waitlist(client_id=intake))
    return Scene(ids, single, intake)


COMMANDS: dict[str, Callable[[Desk, Scene], Any]] = {
    "book": lambda desk, _: desk.book("2026-03-05 10:00", location_id=desk.places["10"], modifiers=["HO"]),
    "book a series": lambda desk, _: desk.weekly("2026-03-05 10:00", location_id=desk.places["10"]),
    "edit this": lambda desk, s: desk.edit(s.ids[2], {"instructions": "x", "modifiers": ["GT"]}),
    "edit future": lambda desk, s: desk.edit(s.ids[2], {"location_id": desk.places["11"]}, scope="future"),
    "reset future": lambda desk, s: desk.edit(s.ids[0], {"service": "90837"}, scope="future", reset_moved=True),
    "move this": lambda desk, s: desk.move(s.ids[2], "2026-03-19 08:00"),
    "move future": lambda desk, s: desk.move(s.ids[3], "2026-03-26 08:00", 60, scope="future"),  # INV-S9
    "move all": lambda desk, s: desk.move(s.ids[0], "2026-03-02 08:00", scope="future", reset_moved=True),
    "zone future": lambda desk, s: desk.edit(s.ids[3], {"tz": "Europe/Berlin"}, scope="future"),
    "type future": lambda desk, s: desk.edit(s.ids[2], {"kind": "client_contact"}, scope="future"),
    "cancel": lambda desk, s: desk.cancel(s.ids[1], notify=True, fee_cents=100),
    "restore": lambda desk, s: appointments.restore(desk.database, s.ids[5], clock=desk.clock),
    "delete single": lambda desk, s: desk.delete(s.single),
    "delete this": lambda desk, s: desk.delete(s.ids[2]),
    "delete future": lambda desk, s: desk.delete(s.ids[2], scope="future"),
    "delete all": lambda desk, s: desk.delete(s.ids[0], scope="future"),
    "stop": lambda desk, s: series.stop_repeating(desk.database, s.ids[3], clock=desk.clock),
    "mark": lambda desk, s: desk.mark(s.ids[3], "note-signed"),
    "repeat": lambda desk, s: series.start_repeating(
        desk.database, s.single, Repeat("weekly", 2), clock=desk.clock
    ),
    "add a client": lambda desk, _: client_changes.add(desk.database, "Cleo Made", clock=desk.clock),
    "edit a client": lambda desk, _: client_changes.edit(desk.database, desk.bob, {"phone": "1"}, clock=desk.clock),
    "archive": lambda desk, _: client_changes.set_state(desk.database, desk.bob, "archived", clock=desk.clock),
    "accept": lambda desk, s: client_changes.set_state(desk.database, s.intake, "active", clock=desk.clock),
    "merge": lambda desk, s: client_merge.merge(desk.database, s.intake, desk.bob, clock=desk.clock),  # INT-04
    "reject": lambda desk, s: client_reject.reject(desk.database, s.intake, clock=desk.clock),  # INT-03
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_undo_and_redo_are_exact(desk: Desk, scene: Scene, name: str) -> None:
    before = dump(desk.database)
    COMMANDS[name](desk, scene)
    after = dump(desk.database)
    assert after != before
    label = str(desk.rows("change")[max(desk.rows("change"))]["label"])
    for _ in range(2):
        assert undo.undo(desk.database, clock=desk.clock) == f"Undid: {label}"
        assert dump(desk.database) == before
        assert undo.redo(desk.database, clock=desk.clock) == f"Redid: {label}"
        assert dump(desk.database) == after
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


@pytest.mark.parametrize("name", ["book a series", "move future", "move all", "repeat", "zone future"])
def test_undo_after_the_worker_extended_the_new_series(desk: Desk, scene: Scene, name: str) -> None:
    before = dump(desk.database, beside=("materialised_to",))
    known = set(desk.rows())
    COMMANDS[name](desk, scene)
    made = series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=40), clock=desk.clock)
    assert made > 20
    undo.undo(desk.database, clock=desk.clock)
    after = dump(desk.database, beside=("materialised_to",))
    untouched_series = {row["series_id"] for row in desk.rows().values() if row["id"] in known}
    late = {i for i, row in desk.rows().items() if i not in known}
    assert {desk.row(i)["series_id"] for i in late} <= untouched_series
    for table in before:
        own = {
            i: row for i, row in after[table].items()
            if i not in late if table != "appointment_modifier" or row["appointment_id"] not in late
        }  # fmt: skip
        own = own if table == "appointment" or table == "appointment_modifier" else after[table]
        assert {i: row for i, row in own.items() if table != "appointment" or i in known} == before[table], table
    assert series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=40), clock=desk.clock) >= 0


def test_undo_walks_back_and_redo_forward(desk: Desk) -> None:
    states = [dump(desk.database)]
    for day in range(3, 7):
        desk.book(f"2026-03-0{day} 09:00")
        states.append(dump(desk.database))
    for state in reversed(states[:-1]):
        undo.undo(desk.database, clock=desk.clock)
        assert dump(desk.database) == state
    for state in states[1:]:
        undo.redo(desk.database, clock=desk.clock)
        assert dump(desk.database) == state
    with pytest.raises(Refused, match="nothing to redo"):
        undo.redo(desk.database, clock=desk.clock)


def test_a_new_change_ends_redo(desk: Desk) -> None:
    desk.book(TUESDAY)
    undo.undo(desk.database, clock=desk.clock)
    desk.book("2026-03-04 09:00")
    with pytest.raises(Refused, match="nothing to redo"):
        undo.redo(desk.database, clock=desk.clock)


def test_nothing_to_undo_is_told(desk: Desk) -> None:
    for _ in ("the two clients", "of the desk"):
        undo.undo(desk.database, clock=desk.clock)
    with pytest.raises(Refused, match="nothing to undo"):  # the setup of the practice is no change of the user
        undo.undo(desk.database, clock=desk.clock)


def test_what_others_did_is_not_undone(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    desk.cancel(row_id, actor="client:1", by="client")
    cancelled = dump(desk.database)
    with pytest.raises(Refused, match="changed again since"):
        undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == cancelled


def test_a_change_on_top_by_somebody_else_is_not_thrown_away(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    desk.move(row_id, "2026-03-04 09:00")
    desk.move(row_id, "2026-03-05 09:00", actor="google")
    with pytest.raises(Refused, match="changed again since"):
        undo.undo(desk.database, clock=desk.clock)
    assert desk.local(row_id) == "2026-03-05 09:00"


def test_a_client_with_sessions_of_others_making_is_not_undone(desk: Desk) -> None:
    cleo = client_changes.add(desk.database, "Cleo Made", clock=desk.clock)
    appointments.book(desk.database, desk.draft(TUESDAY, client_id=cleo.id), actor="client:3", clock=desk.clock)
    with pytest.raises(Refused, match="in use since"):
        undo.undo(desk.database, clock=desk.clock)
    assert len(desk.rows()) == 1


def test_a_series_with_a_note_of_somebody_else_is_not_undone(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY)
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=30), clock=desk.clock)
    late = max(desk.rows())
    assert late not in ids
    marks.mark(desk.database, late, "note-signed", actor="worker", clock=desk.clock)
    with pytest.raises(Refused, match="in use since"):
        undo.undo(desk.database, clock=desk.clock)
    assert late in desk.rows()


def test_who_holds_an_older_copy_notices_undo(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    versions = [desk.row(row_id)["version"]]
    desk.move(row_id, "2026-03-04 09:00")
    versions.append(desk.row(row_id)["version"])
    undo.undo(desk.database, clock=desk.clock)
    versions.append(desk.row(row_id)["version"])
    assert versions == sorted(set(versions))


IMPORTED = 1_500


def test_undo_and_redo_of_a_large_import(desk: Desk) -> None:
    with write_session(desk.database, "Imported", actor="import", clock=desk.clock) as session:
        session.add(Calendar(name="Imported"))
        session.flush()
        before_rows = dump(desk.database)["appointment"]
        start = desk.at(TUESDAY)
        connection = rows.raw_connection(session)
        template = Appointment(
            uid="i",
            kind="other_event",
            title="T",
            start_utc=start,
            end_utc=start + timedelta(hours=1),
            origin="ics",
        )
        session.add(template)
        session.flush()
        names = [row[1] for row in connection.execute("PRAGMA table_info(appointment)") if row[1] != "id"]
        columns = ", ".join(names)
        connection.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {IMPORTED})"
            f" INSERT INTO appointment (id, {columns}) SELECT {template.id} + i, {columns} FROM n, appointment"
        )
        first = (template.id or 0) + 1
        session.record_bulk_insert("appointment", first, first + IMPORTED - 1)
    after = dump(desk.database)
    assert len(after["appointment"]) == IMPORTED + 1
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database)["appointment"] == before_rows == {}
    assert dump(desk.database)["calendar"] == {}
    undo.redo(desk.database, clock=desk.clock)
    assert dump(desk.database) == after
    with write_session(desk.database, "x") as session:
        assert session.exec(select(Calendar.name)).one() == "Imported"


def test_ids_are_never_given_twice(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY)
    before = dump(desk.database)
    desk.delete(ids[0], scope="future")
    draft = desk.draft("2026-04-01 09:00", location_id=desk.places["10"], modifiers=["HO"])
    made = appointments.book(desk.database, draft, actor="worker", clock=desk.clock)
    assert made.appointment_id not in ids
    appointments.delete(desk.database, made.appointment_id or 0, actor="worker", clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before
