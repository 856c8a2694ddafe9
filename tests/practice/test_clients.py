"""Clients: names, records, the intake, merging and rejecting."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from sqlmodel import select

from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import appointments, client_changes, client_merge, client_reject, clients, undo
from couchcal.practice.names import client_label, entry_title, short_name
from couchcal.store.records import Client
from couchcal.store.session import write_session
from tests.practice.conftest import Desk

TUESDAY = "2026-03-03 15:00"


def intake(desk: Desk, **fields: Any) -> int:
    with write_session(desk.database, "a visitor", actor="client:0") as session:
        client = Client(internal_id="C-0900", first="Dee", last="New", state="intake", **fields)
        session.add(client)
        session.flush()
        return client.id or 0


def listed(desk: Desk, *, archived: bool = False) -> list[str]:
    with closing(desk.database.connect()) as connection:
        return [row.internal_id for row in clients.list_clients(connection, archived=archived)]


def test_internal_ids_are_given_in_turn_and_may_be_chosen(desk: Desk) -> None:  # SYNC-05
    assert client_changes.add(desk.database, "Cleo Made").internal_id == "C-0003"
    client_changes.edit(desk.database, desk.bob, {"internal_id": "X 7"})
    assert client_changes.add(desk.database, "Eve Last").internal_id == "C-0004"
    with pytest.raises(Invalid) as error:
        client_changes.edit(desk.database, desk.ann, {"internal_id": "X 7"})
    assert error.value.field == "internal_id"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jane Doe", ("Jane", "Doe")),
        ("Doe, Jane", ("Jane", "Doe")),
        ("Mary Ann Lee", ("Mary Ann", "Lee")),
        ("Cher", ("Cher", "")),
        ("  Jane   Doe ", ("Jane", "Doe")),
    ],
)
def test_names_are_split(name: str, parts: tuple[str, str]) -> None:
    assert clients.split_name(name) == parts


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"tz": "Mars/Base"}, "tz"),
        ({"internal_id": " "}, "internal_id"),
        ({"usual_service": "00000"}, "usual_service"),
        ({"usual_location_id": 99}, "usual_location_id"),
        ({"state": "active"}, "state"),
        ({"self_scheduling": "maybe"}, "self_scheduling"),
        ({"first": " ", "last": ""}, "name"),
    ],
)
def test_what_cannot_be_right_names_its_field(desk: Desk, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error:
        client_changes.edit(desk.database, desk.ann, changes)
    assert error.value.field == field


def test_a_client_has_a_name(desk: Desk) -> None:
    with pytest.raises(Invalid):
        client_changes.add(desk.database, " \x1b ")
    assert client_changes.add(desk.database, "Eve\x1b[31m Last").first == "Eve[31m"


def test_a_record_is_saved_only_over_what_was_seen(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        seen = clients.get(connection, desk.ann).version
    client_changes.edit(desk.database, desk.ann, {"phone": "1"}, expected_version=seen)
    with pytest.raises(Stale):
        client_changes.edit(desk.database, desk.ann, {"phone": "2"}, expected_version=seen)
    assert desk.rows("client")[desk.ann]["phone"] == "1"


def test_a_new_client_may_bring_an_id_and_settings(desk: Desk) -> None:  # SYNC-05, PORTAL-02, C-04
    fields = {"internal_id": "K 9", "self_scheduling": "on", "remind_text": True, "usual_service": "90834"}
    row = client_changes.add(desk.database, "Cleo Made", fields=fields)
    with closing(desk.database.connect()) as connection:
        details = clients.details(connection, row.id)
    assert (row.internal_id, row.usual_service, details.self_scheduling) == ("K 9", "90834", "on")
    assert (details.remind_email, details.remind_text, details.remind_phone) == (True, True, False)
    with pytest.raises(Invalid) as error:
        client_changes.add(desk.database, "Eve Last", fields={"internal_id": "k 9"})
    assert error.value.field == "internal_id"


@pytest.mark.parametrize("portal", ["none", "invited", "accepted", "revoked"])
@pytest.mark.parametrize("own", ["inherit", "on", "off"])
@pytest.mark.parametrize("practice", [False, True])
def test_self_scheduling_needs_an_accepted_invitation(
    desk: Desk, practice: bool, own: str, portal: str
) -> None:  # PORTAL-02, PORTAL-08
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE practice SET self_scheduling = ?", (practice,))
        connection.execute("UPDATE client SET self_scheduling = ?, portal_state = ?", (own, portal))
        details = clients.details(connection, desk.ann)
    assert details.may_self_schedule == (portal == "accepted" and (own == "on" or (own == "inherit" and practice)))


def test_two_cannot_sign_in_with_one_address(desk: Desk) -> None:
    intake(desk, email="dee@example.org", portal_state="accepted")
    client_changes.edit(desk.database, desk.bob, {"email": "DEE@example.org"})  # without portal access it is fine
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE client SET portal_state = 'invited' WHERE id = ?", (desk.ann,))
    with pytest.raises(Invalid) as error:
        client_changes.edit(desk.database, desk.ann, {"email": "Dee@example.org"})
    assert error.value.field == "email"


def test_accepting_with_changes_is_one_step(desk: Desk) -> None:  # INT-02
    new = intake(desk)
    client_changes.edit(desk.database, new, {"phone": "555-0100"}, accept=True, clock=desk.clock)
    stored = desk.rows("client")[new]
    assert (stored["state"], stored["phone"]) == ("active", "555-0100")
    undo.undo(desk.database, clock=desk.clock)
    stored = desk.rows("client")[new]
    assert (stored["state"], stored["phone"]) == ("intake", "")


def test_the_next_id_follows_the_highest_number(desk: Desk) -> None:  # SYNC-05
    for internal_id in ("C-0041x", "c-99", "C-7-9", "C-0041"):
        client_changes.edit(desk.database, desk.bob, {"internal_id": internal_id})
    assert client_changes.add(desk.database, "Cleo Made").internal_id == "C-0042"


def test_finding_a_client(desk: Desk) -> None:
    client_changes.add(desk.database, "Annika Sample")
    with closing(desk.database.connect()) as connection:
        assert clients.resolve(connection, "c-0001").id == desk.ann
        assert clients.resolve(connection, "bob").id == desk.bob
        assert clients.resolve(connection, "test").id == desk.bob
        with pytest.raises(Refused, match="C-0001, C-0003"):
            clients.resolve(connection, "ann")
        for nobody in ("", "  ", "nn", "zoe"):
            with pytest.raises(NotFound):
                clients.resolve(connection, nobody)


def test_the_intake_comes_first_and_is_accepted(desk: Desk) -> None:  # INT-01, INT-02, INT-05
    new = intake(desk)
    assert listed(desk) == ["C-0900", "C-0001", "C-0002"]
    assert client_changes.set_state(desk.database, new, "active").state == "active"
    client_changes.set_state(desk.database, new, "archived")
    assert listed(desk) == ["C-0001", "C-0002"]
    assert len(listed(desk, archived=True)) == 3
    with pytest.raises(Refused):
        client_changes.set_state(desk.database, new, "intake")


def test_merging_moves_everything(desk: Desk) -> None:  # INT-04, INV-B7
    new = intake(desk, email="dee@example.org", portal_state="accepted", phone="555")
    rows = desk.weekly(TUESDAY, client_id=new)
    kept = client_merge.merge(desk.database, new, desk.bob, clock=desk.clock)
    assert (kept.id, kept.email, kept.phone) == (desk.bob, "dee@example.org", "555")
    assert {row["client_id"] for row in desk.rows().values()} == {desk.bob}
    assert len(desk.rows()) == len(rows)
    assert desk.rows("client")[desk.bob]["portal_state"] == "accepted"
    assert new not in desk.rows("client")
    with pytest.raises(Refused):
        client_merge.merge(desk.database, desk.bob, desk.bob)


def test_merging_two_with_portal_access_keeps_the_older_address(desk: Desk) -> None:  # INT-04
    new = intake(desk, email="dee@example.org", portal_state="accepted")
    with write_session(desk.database, "portal", actor="worker") as session:
        ann = session.exec(select(Client).where(Client.id == desk.ann)).one()
        ann.portal_state = "invited"
    kept = client_merge.merge(desk.database, new, desk.ann)
    assert kept.email == "ann@example.org"
    assert desk.rows("client")[desk.ann]["portal_state"] == "invited"


def test_rejecting_removes_everything(desk: Desk) -> None:  # INT-03, INV-B7
    new = intake(desk)
    rows = desk.weekly(TUESDAY, client_id=new)
    desk.cancel(rows[2])
    other = desk.book(TUESDAY)
    assert client_reject.reject(desk.database, new, clock=desk.clock) == len(rows)
    assert set(desk.rows()) == {other}
    assert desk.rows("series") == desk.rows("cancellation") == {}
    assert new not in desk.rows("client")


@pytest.mark.parametrize("cancelled", [False, True])
def test_whoever_was_worked_with_is_not_rejected(desk: Desk, cancelled: bool) -> None:  # C-12
    new = intake(desk)
    row_id = desk.book(TUESDAY, client_id=new)
    desk.mark(row_id, "note-signed")
    if cancelled:
        desk.cancel(row_id)
    with pytest.raises(Refused, match="accept or merge"):
        client_reject.reject(desk.database, new)
    with pytest.raises(Refused, match="archive"):
        client_reject.reject(desk.database, desk.ann)
    assert set(desk.rows()) == {row_id}


@pytest.mark.parametrize(
    ("mode", "label"), [("id", "C-0001"), ("initials", "A.S."), ("first", "Ann"), ("full", "Ann Sample")]
)
def test_what_a_client_is_called(desk: Desk, mode: str, label: str) -> None:  # SYNC-03
    assert client_label("C-0001", "Ann", "Sample", mode) == label
    assert client_label("C-0001", "", "", mode) == "C-0001"
    assert entry_title(desk.entry(desk.book(TUESDAY)), mode) == label
    assert entry_title(desk.entry(desk.book(TUESDAY, kind="other_event", title="Walk")), mode) == "Walk"


def test_short_names() -> None:
    assert short_name("C-1", "Ann", "Sample") == "Ann S."
    assert short_name("C-1", "Ann", "") == "Ann"
    assert short_name("C-1", "", "Sample") == "Sample"
    assert short_name("C-1", "", "") == "C-1"


def test_the_name_a_client_goes_by(desk: Desk) -> None:
    client_changes.edit(desk.database, desk.ann, {"preferred": "Nan"})
    done = appointments.book(desk.database, desk.draft(TUESDAY), clock=desk.clock)
    assert done.label == "Booked Nan S. Tue 3 Mar 15:00"
    assert desk.entry(done.appointment_id or 0).first == "Nan"


def test_an_empty_usual_service_or_place_is_none(desk: Desk) -> None:
    fields = {"usual_service": "90834", "usual_location_id": desk.places["11"]}
    client_changes.edit(desk.database, desk.ann, fields, clock=desk.clock)
    nothing = {"usual_service": "", "usual_location_id": 0}
    row = client_changes.edit(desk.database, desk.ann, nothing, clock=desk.clock)
    assert (row.usual_service, row.usual_location_id) == (None, None)
