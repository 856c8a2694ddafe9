"""Booking, editing, moving, cancelling, deleting: the rows of the requirements, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import appointments, undo
from couchcal.practice.draft import REMOVED_BY_HAND, Draft, checked, clean_text
from couchcal.practice.fields import EMPTY_VALUES, FIELDS_BY_KIND
from couchcal.store.vocabulary import APPOINTMENT_KINDS, COLLATERAL_ROLES, CONTACT_MEDIUMS
from tests.practice.conftest import Desk
from tests.support.database import dump

TUESDAY = "2026-03-03 15:00"


def test_the_four_types(desk: Desk) -> None:  # APT-02, APT-08, APT-09
    assert APPOINTMENT_KINDS == ("client_session", "client_contact", "collateral_contact", "other_event")
    assert CONTACT_MEDIUMS == ("phone", "in_person", "email", "other")
    roles = ("parent_or_guardian", "spouse", "family_member", "caseworker", "physician")
    assert set(roles) < set(COLLATERAL_ROLES)
    session = desk.book(TUESDAY)
    contact = desk.book(TUESDAY, kind="client_contact", medium="phone")
    collateral = desk.book(TUESDAY, kind="collateral_contact", collateral_role="spouse", collateral_name="Cleo")
    event = desk.book(TUESDAY, kind="other_event", title="Supervision")
    assert [desk.row(row_id)["kind"] for row_id in (session, contact, collateral, event)] == list(APPOINTMENT_KINDS)
    assert desk.row(contact)["medium"] == "phone"
    assert (desk.row(collateral)["collateral_role"], desk.row(collateral)["collateral_name"]) == ("spouse", "Cleo")


FULL: dict[str, Any] = {
    "client_id": 1, "service": "90834", "modifiers": ["HO"], "location_id": 2, "room_id": 1, "title": "T",
    "place": "P", "busy": False, "telehealth_url": "https://example.org/r", "instructions": "I", "medium": "phone",
    "collateral_role": "spouse", "collateral_name": "Cleo", "diagnoses": "F41.1", "visit_type": "telehealth",
    "group_key": "g", "remind_email": False, "remind_text": True, "remind_phone": True, "feedback_requested": True,
    "all_day": False,
}  # fmt: skip


@pytest.mark.parametrize("kind", APPOINTMENT_KINDS)
def test_fields_a_type_does_not_have_are_saved_empty(kind: str) -> None:  # APT-03, APT-04, APT-11, APT-14..18
    start = datetime(2026, 3, 3, 15, tzinfo=UTC)
    found = checked(Draft(kind, start, start + timedelta(minutes=50), "UTC", **FULL))
    for name, empty in EMPTY_VALUES.items():
        assert getattr(found, name) == (FULL[name] if name in FIELDS_BY_KIND[kind] else empty), name
    assert ("client_id" in FIELDS_BY_KIND[kind]) == (kind != "other_event")


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("lecture", {}, "kind"),
        ("client_session", {"client_id": None}, "client_id"),  # APT-04
        ("client_contact", {"client_id": None}, "client_id"),
        ("collateral_contact", {"client_id": None}, "client_id"),
        ("client_session", {"service": None}, "service"),  # APT-05
        ("client_session", {"service": ""}, "service"),
        ("other_event", {"title": " \t "}, "title"),
        ("client_contact", {"medium": "pigeon"}, "medium"),  # APT-08
        ("collateral_contact", {"collateral_role": "neighbour"}, "collateral_role"),  # APT-09
        ("client_session", {"visit_type": "boat"}, "visit_type"),
        ("client_session", {"tz": "Mars/Base"}, "tz"),  # APT-13
        ("client_session", {"tz": "../etc/passwd"}, "tz"),
        ("client_session", {"end": datetime(2026, 3, 3, 15, tzinfo=UTC)}, "end"),  # APT-12
        ("client_session", {"end": datetime(2026, 3, 3, 14, tzinfo=UTC)}, "end"),
        ("client_session", {"end": datetime(2028, 3, 3, 14, tzinfo=UTC)}, "end"),
        ("client_session", {"start": datetime(2026, 3, 3, 15)}, "start"),  # noqa: DTZ001  what is refused
        ("client_session", {"modifiers": ["95", "HO", "GT", "93", "U1"]}, "modifiers"),
        ("client_session", {"modifiers": ["955"]}, "modifiers"),
        ("other_event", {"all_day": True}, "start"),
    ],
)
def test_what_may_not_be_stored_names_its_field(kind: str, changes: dict[str, Any], field: str) -> None:
    start = datetime(2026, 3, 3, 15, tzinfo=UTC)
    values = {"start": start, "end": start + timedelta(minutes=50), "tz": "UTC", **FULL, **changes}
    with pytest.raises(Invalid) as error:
        checked(Draft(kind, **values))
    assert error.value.field == field
    assert error.value.message


@pytest.mark.parametrize(
    ("field", "value"), [("client_id", 99), ("service", "00000"), ("location_id", 99), ("room_id", 99)]
)
def test_what_is_not_there_cannot_be_chosen(desk: Desk, field: str, value: Any) -> None:
    with pytest.raises(Invalid) as error:
        desk.book(TUESDAY, **{field: value})
    assert error.value.field == field
    row_id = desk.book(TUESDAY)
    before = dump(desk.database)
    with pytest.raises(Invalid) as error:
        desk.edit(row_id, {field: value})
    assert error.value.field == field
    assert dump(desk.database) == before


@given(st.text(max_size=60))
def test_texts_cannot_carry_control_sequences(text: str) -> None:
    cleaned = clean_text(text, 40)
    assert len(cleaned) <= 40
    assert all(char == "\n" or (char.isprintable() or not 0 <= ord(char) < 32) for char in cleaned)
    assert not set(cleaned) & {"\x1b", "\x00", "\x07", "\x7f", "\x9b", "\r", "\t"}
    assert clean_text(cleaned, 40) == cleaned


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hour=st.integers(0, 23), minute=st.integers(0, 59), minutes=st.integers(1, 600))
def test_any_minute_will_do(desk: Desk, hour: int, minute: int, minutes: int) -> None:  # APT-21, APT-12
    row_id = desk.book(f"2026-03-03 {hour:02}:{minute:02}", minutes)
    assert desk.local(row_id) == f"2026-03-03 {hour:02}:{minute:02}"
    assert desk.row(row_id)["end_utc"] - desk.row(row_id)["start_utc"] == minutes * 60


def test_the_zone_is_kept_beside_the_instant(desk: Desk) -> None:  # APT-13, TZ-02
    row_id = desk.book(TUESDAY, tz="Europe/Berlin")
    assert desk.row(row_id)["tz"] == "Europe/Berlin"
    assert desk.local(row_id) == TUESDAY


def test_busy_or_free(desk: Desk) -> None:  # APT-18
    free = desk.book(TUESDAY, kind="other_event", busy=False)
    assert not desk.entry(free).busy
    assert desk.done(TUESDAY).conflicts == 0


def test_reminders_and_feedback_are_kept_with_the_session(desk: Desk) -> None:  # APT-16, APT-17
    row_id = desk.book(TUESDAY, remind_email=False, remind_text=True, remind_phone=True, feedback_requested=True)
    row = desk.row(row_id)
    flags = ("remind_email", "remind_text", "remind_phone", "feedback_requested")
    assert [row[name] for name in flags] == [0, 1, 1, 1]


def test_a_group_is_booked_into_one_slot(desk: Desk) -> None:  # GRP-01, INV-A10
    first = desk.done(TUESDAY, group_key="g", service="90853")
    second = desk.done(TUESDAY, group_key="g", service="90853", client_id=desk.bob)
    assert (first.conflicts, second.conflicts) == (0, 0)
    outside = desk.done(TUESDAY, client_id=desk.bob)
    assert outside.conflicts == 1  # a warning: it is booked all the same
    assert all(desk.entry(done.appointment_id or 0).conflict for done in (first, second, outside))


def test_overlaps_mark_both_and_clear_again(desk: Desk) -> None:  # CNF-01, CNF-02, CNF-03, INV-A1, INV-A5, INV-A6
    first = desk.book("2026-03-03 09:00", 60)
    assert desk.done("2026-03-03 10:00", 60).conflicts == 0  # back to back
    clash = desk.done("2026-03-03 09:59", 10)
    assert clash.conflicts == 1
    second = clash.appointment_id or 0
    assert desk.entry(first).conflict
    assert desk.entry(second).conflict
    desk.cancel(second)
    assert not desk.entry(first).conflict
    assert not desk.entry(second).conflict
    assert appointments.restore(desk.database, second, clock=desk.clock).conflicts == 1
    assert desk.entry(first).conflict
    assert desk.move(second, "2026-03-03 11:00", 10).conflicts == 0
    assert not desk.entry(first).conflict


# Modifiers


def test_telehealth_adds_its_modifier_once(desk: Desk) -> None:  # APT-06, APT-10, MOD-01, INV-L4
    row_id = desk.book(TUESDAY, location_id=desk.places["10"], modifiers=["HO"])
    assert desk.codes(row_id) == [("HO", "manual"), ("95", "auto")]
    desk.edit(row_id, {"location_id": desk.places["02"]})
    assert desk.codes(row_id) == [("HO", "manual"), ("95", "auto")]
    desk.edit(row_id, {"location_id": desk.places["11"]})
    assert desk.codes(row_id) == [("HO", "manual")]
    desk.edit(row_id, {"location_id": desk.places["10"]})
    assert desk.codes(row_id) == [("HO", "manual"), ("95", "auto")]


def test_a_manual_95_survives_a_change_of_place(desk: Desk) -> None:  # MOD-01, INV-L4
    row_id = desk.book(TUESDAY, location_id=desk.places["10"], modifiers=["95"])
    desk.edit(row_id, {"location_id": desk.places["11"]})
    assert desk.codes(row_id) == [("95", "manual")]
    desk.edit(row_id, {"location_id": desk.places["10"]})
    assert desk.codes(row_id) == [("95", "manual")]


def test_a_95_removed_by_hand_stays_away(desk: Desk) -> None:  # INV-L4
    row_id = desk.book(TUESDAY, location_id=desk.places["10"])
    desk.edit(row_id, {"modifiers": []})
    assert desk.codes(row_id) == []
    desk.edit(row_id, {"location_id": desk.places["11"]})
    desk.edit(row_id, {"location_id": desk.places["10"]})
    assert desk.codes(row_id) == []
    desk.edit(row_id, {"modifiers": ["95"]})
    assert desk.codes(row_id) == [("95", "manual")]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("location_id"), st.sampled_from(["02", "10", "11", None])),
            st.tuples(
                st.just("modifiers"), st.sampled_from([[], ["95"], ["-95"], ["HO"], ["HO", "95"], ["GT", "-95"]])
            ),
        ),
        max_size=6,
    )
)
def test_the_automatic_modifier_follows_the_place(desk: Desk, steps: list[tuple[str, Any]]) -> None:  # INV-L4
    row_id = desk.book(TUESDAY)
    for field, value in steps:
        chosen = desk.places.get(value) if field == "location_id" else value
        before = dict(desk.codes(row_id))
        desk.edit(row_id, {field: chosen})
        codes = dict(desk.codes(row_id))
        pos = next((pos for pos, place in desk.places.items() if place == desk.row(row_id)["location_id"]), None)
        by_hand = "auto_modifier" in desk.row(row_id)["overridden"]
        assert len(desk.codes(row_id)) == len(codes)
        assert ("auto" in codes.values()) == (pos in ("02", "10") and not by_hand and codes.get("95") != "manual")
        if field == "location_id":
            assert {c for c in before if before[c] == "manual"} == {c for c in codes if codes[c] == "manual"}
        else:
            assert {c for c in value if not c.startswith(REMOVED_BY_HAND)} <= set(codes)


# Editing


def test_every_field_can_be_edited(desk: Desk) -> None:  # EDT-01, EDT-02
    row_id = desk.book(TUESDAY)
    changes = {
        "service": "90837", "modifiers": ["HO"], "diagnoses": "F41.1", "location_id": desk.places["11"],
        "telehealth_url": "https://example.org/r", "instructions": "Ring twice", "client_id": desk.bob,
        "start": desk.at("2026-03-04 10:05"), "end": desk.at("2026-03-04 11:07"),
    }  # fmt: skip
    done = desk.edit(row_id, changes)
    row = desk.row(row_id)
    stored = {name: row[name] for name in changes if name in row}
    assert stored == {name: value for name, value in changes.items() if name in row}
    assert desk.codes(row_id) == [("HO", "manual")]
    assert desk.local(row_id) == "2026-03-04 10:05"
    assert done.label == "Changed Bob T. to Wed 4 Mar 10:05"


def test_nothing_to_change_is_no_change(desk: Desk) -> None:
    row_id = desk.book(TUESDAY, modifiers=["HO"], location_id=desk.places["10"])
    before = desk.rows("change")
    row = desk.row(row_id)
    done = desk.edit(row_id, {"service": "90834", "modifiers": ["HO", "95"], "instructions": "", "tz": row["tz"]})
    assert (done.label, done.changed) == ("Nothing changed", 0)
    assert desk.rows("change") == before


def test_a_type_can_be_changed(desk: Desk) -> None:  # APT-03
    row_id = desk.book(TUESDAY, location_id=desk.places["10"], modifiers=["HO"])
    desk.edit(row_id, {"kind": "client_contact", "medium": "email"})
    row = desk.row(row_id)
    assert (row["kind"], row["service"], row["medium"]) == ("client_contact", None, "email")
    assert desk.codes(row_id) == []
    desk.edit(row_id, {"kind": "other_event", "title": "Reading"})
    assert (desk.row(row_id)["client_id"], desk.row(row_id)["title"]) == (None, "Reading")
    with pytest.raises(Invalid):
        desk.edit(row_id, {"kind": "client_session"})


def test_an_unknown_field_is_refused(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    with pytest.raises(Invalid, match="no field 'colour'"):
        desk.edit(row_id, {"colour": "red"})


def test_somebody_elses_change_is_noticed(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    version = desk.row(row_id)["version"]
    desk.edit(row_id, {"instructions": "first"}, expected_version=version)
    with pytest.raises(Stale):
        desk.edit(row_id, {"instructions": "second"}, expected_version=version)
    with pytest.raises(Stale):
        desk.move(row_id, "2026-03-04 10:00", expected_version=version)
    assert desk.row(row_id)["instructions"] == "first"


def test_what_is_gone_is_told(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    desk.delete(row_id)
    for command in (desk.delete, desk.cancel):
        with pytest.raises(NotFound):
            command(row_id)
    with pytest.raises(NotFound):
        desk.edit(row_id, {"instructions": "x"})


def _imported(desk: Desk, **columns: Any) -> int:
    """A row as a calendar file may bring it."""
    row_id = desk.book(TUESDAY, kind="other_event")
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    connection = desk.database.connect()
    connection.execute(f"UPDATE appointment SET origin = 'ics', {assignments} WHERE id = {row_id}", columns)
    connection.close()
    return row_id


def test_an_imported_entry_of_zero_length_can_be_edited(desk: Desk) -> None:
    start = int(desk.at(TUESDAY).timestamp())
    row_id = _imported(desk, end_utc=start)
    desk.edit(row_id, {"title": "Deadline"})
    assert (desk.row(row_id)["start_utc"], desk.row(row_id)["end_utc"]) == (start, start)
    desk.edit(row_id, {"end": desk.at("2026-03-03 16:00")})
    with pytest.raises(Invalid):
        desk.edit(row_id, {"end": desk.at(TUESDAY)})


def test_an_imported_entry_without_title_in_a_lost_zone_can_be_edited(desk: Desk) -> None:
    long_text = "x\ty" * 5000
    row_id = _imported(desk, title="", tz="VTIMEZONE:Gone", instructions=long_text, telehealth_url="https://e.org")
    done = desk.edit(row_id, {"place": "Hall"})
    row = desk.row(row_id)
    assert (row["place"], row["title"], row["tz"]) == ("Hall", "", "VTIMEZONE:Gone")
    assert row["instructions"] == long_text
    assert row["telehealth_url"] == "https://e.org"
    assert done.label == "Changed the event"
    desk.move(row_id, "2026-03-05 10:00")
    desk.cancel(row_id)
    appointments.restore(desk.database, row_id, clock=desk.clock)
    desk.delete(row_id)


# Moving, cancelling, deleting


def test_moving_saves_at_once_and_can_be_undone(desk: Desk) -> None:  # DND-01, DND-03, DND-05
    row_id = desk.book(TUESDAY)
    before = dump(desk.database)
    done = desk.move(row_id, "2026-03-05 09:15")
    assert done.label == "Moved Ann S. to Thu 5 Mar 9:15"
    assert desk.local(row_id) == "2026-03-05 09:15"
    assert undo.undo(desk.database, clock=desk.clock) == "Undid: Moved Ann S. to Thu 5 Mar 9:15"
    assert dump(desk.database) == before


@pytest.mark.parametrize("local", ["2026-03-08 15:00", "2026-11-01 15:00", "2026-07-03 15:00"])
def test_another_day_keeps_the_wall_clock(desk: Desk, local: str) -> None:  # DND-02, INV-L3
    row_id = desk.book(TUESDAY)
    desk.move(row_id, local)
    assert desk.local(row_id) == local
    assert desk.row(row_id)["end_utc"] - desk.row(row_id)["start_utc"] == 50 * 60


def test_cancelling_keeps_the_session_with_its_type(desk: Desk) -> None:  # CXL-01, CXL-02, CXL-03, CXL-04
    row_id = desk.book(TUESDAY)
    desk.cancel(row_id, "late_cancel", reason="Flu\x1b[31m", fee_cents=4000, note="Called at noon")
    entry = desk.entry(row_id)
    assert entry.cancelled
    assert (entry.cancel_type, entry.cancel_reason, entry.cancel_fee_cents) == ("late_cancel", "Flu[31m", 4000)
    (record,) = desk.rows("cancellation").values()
    assert (record["note"], record["cancelled_by"]) == ("Called at noon", "practitioner")
    with pytest.raises(Refused, match="already"):
        desk.cancel(row_id, "no_show")


@pytest.mark.parametrize("type", ["late_cancel", "no_show", "therapist_cancel", "other"])
def test_each_type_of_cancellation(desk: Desk, type: str) -> None:  # CXL-02
    row_id = desk.book(TUESDAY)
    desk.cancel(row_id, type)
    assert desk.entry(row_id).cancel_type == type


def test_what_is_no_cancellation(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    with pytest.raises(Invalid):
        desk.cancel(row_id, "weather")
    with pytest.raises(Invalid):
        desk.cancel(row_id, fee_cents=-1)
    assert desk.row(row_id)["status"] == "scheduled"


def test_telling_the_client_is_a_choice(desk: Desk) -> None:  # CXL-05, NOTIF-02
    quiet, told, unknown = (desk.book(TUESDAY, client_id=who) for who in (desk.ann, desk.ann, desk.bob))
    desk.cancel(quiet)
    assert desk.rows("outbox_email") == {}
    desk.cancel(told, notify=True)
    (mail,) = desk.rows("outbox_email").values()
    assert (mail["recipient"], mail["appointment_id"], mail["state"]) == ("ann@example.org", told, "queued")
    assert mail["not_before"] == int(desk.now.timestamp()) + 15
    assert desk.cancel(unknown, notify=True).advice == ("no e-mail address on file: the client is not told",)
    assert len(desk.rows("outbox_email")) == 1
    undo.undo(desk.database, clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    assert desk.rows("outbox_email") == {}


def test_what_was_sent_stays_sent(desk: Desk) -> None:
    row_id = desk.book(TUESDAY)
    desk.cancel(row_id, notify=True)
    connection = desk.database.connect()
    connection.execute("UPDATE outbox_email SET state = 'sent'")
    connection.close()
    undo.undo(desk.database, clock=desk.clock)
    assert desk.row(row_id)["status"] == "scheduled"
    assert len(desk.rows("outbox_email")) == 1


def test_restoring_brings_the_session_back(desk: Desk) -> None:  # CXL-08, DND-06
    row_id = desk.book(TUESDAY)
    before = dump(desk.database)
    desk.cancel(row_id)
    with pytest.raises(Refused, match="press U"):
        desk.move(row_id, "2026-03-04 10:00")
    appointments.restore(desk.database, row_id, clock=desk.clock)
    assert dump(desk.database) == before
    with pytest.raises(Refused):
        appointments.restore(desk.database, row_id, clock=desk.clock)


def test_deleting_is_for_good_but_journalled(desk: Desk) -> None:  # DEL-03
    row_id = desk.book(TUESDAY, location_id=desk.places["10"])
    before = dump(desk.database)
    desk.cancel(row_id, notify=True)
    cancelled = dump(desk.database)
    desk.delete(row_id)
    gone = dump(desk.database)
    assert gone["appointment"] == gone["appointment_modifier"] == gone["cancellation"] == {}
    (mail,) = gone["outbox_email"].values()
    assert (mail["state"], mail["appointment_id"]) == ("cancelled", None)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == cancelled
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_sequence_rises_through_everything(desk: Desk) -> None:  # INV-M4
    row_id = desk.book(TUESDAY)
    seen = [desk.row(row_id)["sequence"]]
    commands = (
        lambda: desk.move(row_id, "2026-03-04 10:00"),
        lambda: undo.undo(desk.database, clock=desk.clock),
        lambda: undo.redo(desk.database, clock=desk.clock),
        lambda: desk.cancel(row_id),
        lambda: appointments.restore(desk.database, row_id, clock=desk.clock),
        lambda: desk.edit(row_id, {"location_id": desk.places["11"]}),
        lambda: (desk.delete(row_id), undo.undo(desk.database, clock=desk.clock)),
    )
    for command in commands:
        command()
        seen.append(desk.row(row_id)["sequence"])
    assert seen == sorted(set(seen))
