from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from couchcal.practice.agenda import PracticeFacts
from couchcal.practice.clients import ClientRow
from couchcal.practice.fields import FIELDS_BY_KIND
from couchcal.practice.services import LocationRow, RoomRow, ServiceRow
from couchcal.store.vocabulary import APPOINTMENT_KINDS, COLLATERAL_ROLES, CONTACT_MEDIUMS
from couchcal.tui.forms.appointment_data import FormData
from couchcal.tui.forms.appointment_state import PLAIN, changes, read_form, time_text, write_form
from couchcal.tui.forms.appointment_values import Times
from couchcal.tui.forms.client_field import NEW, client_text, find_clients, read_client

NOW = datetime(2026, 3, 1, 9, 42)  # noqa: DTZ001  wall clock


def client(number: int, first: str, last: str, state: str = "active") -> ClientRow:
    return ClientRow(number, f"C-{number:04}", first, last, "", "", "", "", state, None, None, 1)


CLIENTS = [
    client(1, "Jane", "Doe"),
    client(2, "Jane", "Doe"),
    client(3, "Anna-Lena", "Ray"),
    client(4, "Al", "Old", "archived"),
]
DATA = FormData(
    facts=PracticeFacts("", "America/New_York", 0, "id"),
    clients=CLIENTS,
    services=[ServiceRow("90834", "standard", 45, 38, 52, True, False, "", True)],
    locations=[LocationRow(1, "Office", "11", False, True), LocationRow(2, "Telehealth", "10", True, False)],
    rooms=[RoomRow(1, 1, "Blue")],
    modifier_codes=frozenset({"95", "GT", "HJ"}),
    auto_modifier="95",
    telehealth_template="",
    practitioner="",
)
WORDS = st.text("abc [red]/é", max_size=12).map(str.strip)


@st.composite
def stored(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(APPOINTMENT_KINDS))
    start = draw(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)))  # noqa: DTZ001  bounds
    start = start.replace(second=0, microsecond=0, tzinfo=UTC)
    values: dict[str, Any] = {
        "kind": kind, "client_id": draw(st.sampled_from([1, 2, 3, 4])), "service": "90834",
        "modifiers": draw(st.lists(st.sampled_from(["GT", "HJ", "-95"]), unique=True)),
        "location_id": draw(st.sampled_from([1, 2, None])), "room_id": None,
        "title": draw(WORDS) or "Meeting", "place": draw(WORDS), "busy": draw(st.booleans()),
        "telehealth_url": draw(WORDS), "instructions": draw(WORDS), "diagnoses": draw(WORDS),
        "medium": draw(st.sampled_from([*CONTACT_MEDIUMS, None])),
        "collateral_role": draw(st.sampled_from([*COLLATERAL_ROLES, None])), "collateral_name": draw(WORDS),
        "group_key": draw(WORDS) or None, "remind_email": draw(st.booleans()), "remind_text": draw(st.booleans()),
        "remind_phone": draw(st.booleans()), "feedback_requested": draw(st.booleans()),
        "start": start, "end": start + timedelta(minutes=draw(st.integers(1, 3000))),
        "tz": draw(st.sampled_from(["America/New_York", "UTC", "Asia/Kolkata"])), "all_day": False,
    }  # fmt: skip
    return values


@given(stored())
def test_a_form_that_nobody_touched_reads_as_what_is_stored(values: dict[str, Any]) -> None:
    raw = write_form(values, DATA)
    known = (time_text(raw), Times(values["start"], values["end"], values["tz"]))
    read = read_form(raw, DATA, NOW, known)
    assert read.errors == {}
    wanted = {name for name in FIELDS_BY_KIND[values["kind"]] if name in values}
    assert {name: read.values[name] for name in wanted} == {name: values[name] for name in wanted}
    assert changes(read.values, replace(DATA, stored=values)) == {}


@given(stored(), st.sampled_from(APPOINTMENT_KINDS))
def test_a_type_never_reads_fields_of_another(values: dict[str, Any], kind: str) -> None:  # APT-03
    raw = write_form(values, DATA) | {"kind": kind}
    read = read_form(raw, DATA, NOW)
    foreign = {*PLAIN, "client_id", "modifiers"} - set(FIELDS_BY_KIND[kind])
    assert not foreign & set(read.values)


@given(st.sampled_from(CLIENTS))
def test_a_client_reads_back(row: ClientRow) -> None:
    assert read_client(CLIENTS, client_text(row)).client == row
    assert read_client(CLIENTS, row.internal_id.lower()).client == row


def test_an_ambiguous_or_unknown_name_is_a_problem() -> None:
    assert read_client(CLIENTS, "jane").problem == "choose one of the list"
    assert read_client(CLIENTS, "zed").problem == "not on the list: add below"
    assert read_client(CLIENTS, "lena r").client == CLIENTS[2]
    assert read_client(CLIENTS, f"{NEW} Kim Lo").new_name == "Kim Lo"


def test_suggestions_leave_out_the_archived_and_offer_a_new_client_last() -> None:
    assert find_clients(CLIENTS, "al") == [f"{NEW}Al"]
    assert find_clients(CLIENTS, "ja") == ["Jane Doe · C-0001", "Jane Doe · C-0002", f"{NEW}Ja"]
    assert find_clients(CLIENTS, "") == []
    assert find_clients(CLIENTS, "Ada de  Vries") == [f"{NEW}Ada de Vries"]  # capitals are somebody's own choice


def test_a_room_of_another_place_is_dropped() -> None:  # APT-11
    start = datetime(2026, 3, 3, 20, tzinfo=UTC)
    times = {"start": start, "end": start + timedelta(hours=1), "tz": "UTC"}
    who = {"kind": "client_session", "client_id": 1, "service": "90834", "location_id": 1, "room_id": 1}
    values = write_form(who | times, DATA)
    assert read_form(values, DATA, NOW).values["room_id"] == 1
    assert read_form(values | {"location_id": 2}, DATA, NOW).values["room_id"] is None


def test_changing_modifiers_hands_the_automatic_one_back_unless_taken_away() -> None:  # MOD-01, INV-L4
    data = replace(DATA, stored={"modifiers": []}, auto_present=True)
    assert changes({"modifiers": ["GT"]}, data) == {"modifiers": ["GT", "95"]}
    assert changes({"modifiers": ["GT", "-95"]}, data) == {"modifiers": ["GT", "-95"]}
    assert changes({"modifiers": []}, data) == {}
