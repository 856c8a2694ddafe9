from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import availability, event_types, undo, waitlist_changes
from couchcal.practice.availability import BlockRow
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.outcome import Done
from couchcal.scheduling.hours import parse_hours
from tests.practice.conftest import Desk
from tests.support.database import dump, refused


def add(desk: Desk, title: str = "Intake", **values: Any) -> int:
    event_types.add(desk.database, {"title": title, **values}, clock=desk.clock)
    return listed(desk)[-1].id


def listed(desk: Desk, *, inactive: bool = False) -> list[EventTypeRow]:
    with closing(desk.database.connect()) as connection:
        return event_types.event_types(connection, inactive=inactive)


def titles(desk: Desk, *, inactive: bool = False) -> list[str]:
    return [row.title for row in listed(desk, inactive=inactive)]


def edit(desk: Desk, row_id: int, **changes: Any) -> Done:
    return event_types.edit(desk.database, row_id, changes, clock=desk.clock)


def remove(desk: Desk, row_id: int) -> Done:
    return event_types.remove(desk.database, row_id, clock=desk.clock)


def test_an_event_type_has_what_it_was_given(desk: Desk) -> None:  # EVT-01, VIS-01
    values = {
        "title": "  Follow \n up ", "minutes": 45, "visit_mode": "telehealth", "description": "For clients",
        "buffer_before": 5, "buffer_after": 10, "service": "90834", "audience": "portal", "min_notice_min": 120,
        "window_days": 0, "slot_step": 0, "max_per_day": 6, "confirm": "request",
    }  # fmt: skip
    assert event_types.add(desk.database, values, clock=desk.clock).label == "Added Follow up"
    (row,) = listed(desk)
    assert row._asdict() == {**values, "title": "Follow up", "id": 1, "position": 0, "active": True, "version": 1}


def test_what_is_not_given_is_left_to_the_practice(desk: Desk) -> None:
    add(desk)
    (row,) = listed(desk)
    assert (row.minutes, row.visit_mode, row.audience) == (50, "both", "both")
    assert (row.min_notice_min, row.window_days, row.slot_step, row.max_per_day, row.confirm) == (None,) * 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "  "), ("title", "x" * 101), ("description", "x" * 501), ("minutes", 4), ("minutes", 481),
        ("minutes", None), ("minutes", "50"), ("minutes", True), ("visit_mode", "by_post"), ("visit_mode", None),
        ("buffer_before", -1), ("buffer_after", 481), ("service", "12345"), ("audience", "nobody"),
        ("min_notice_min", -1), ("window_days", 3651), ("slot_step", 7), ("max_per_day", 0), ("confirm", "maybe"),
        ("position", 3), ("active", False),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_right_is_refused(desk: Desk, field: str, value: object) -> None:  # EVT-01
    row_id = add(desk)
    before = dump(desk.database)
    with pytest.raises(Invalid) as refused:
        event_types.add(desk.database, {"title": "Other", field: value}, clock=desk.clock)
    assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        edit(desk, row_id, **{field: value})
    assert refused.value.field == field
    assert dump(desk.database) == before


@pytest.mark.parametrize("minutes", [5, 17, 480])
def test_any_length_can_be_typed(desk: Desk, minutes: int) -> None:  # EVT-01
    add(desk, minutes=minutes)
    assert listed(desk)[0].minutes == minutes


def test_an_edit_changes_what_it_names_and_is_one_step(desk: Desk) -> None:
    row_id = add(desk, minutes=60)
    before = listed(desk)[0]
    assert edit(desk, row_id, minutes=80, title="First visit").label == "Changed First visit"
    assert listed(desk)[0] == before._replace(minutes=80, title="First visit", version=2)
    assert edit(desk, row_id, minutes=80).changed == 0
    with pytest.raises(Stale):
        event_types.edit(desk.database, row_id, {"minutes": 90}, expected_version=1, clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    assert listed(desk)[0]._replace(version=1) == before
    with pytest.raises(NotFound):
        edit(desk, 99, minutes=80)


def test_at_most_fifteen_are_offered(desk: Desk) -> None:  # EVT-01
    ids = [add(desk, f"Type {number}") for number in range(15)]
    with pytest.raises(Refused, match="15 event types already"):
        add(desk, "Sixteenth")
    desk.book("2026-03-03 15:00")
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE appointment SET event_type_id = ?", (ids[0],))
    remove(desk, ids[0])
    add(desk, "Sixteenth")
    with pytest.raises(Refused, match="15 event types already"):
        event_types.restore(desk.database, ids[0], clock=desk.clock)


def test_no_writer_can_offer_a_sixteenth(desk: Desk) -> None:  # EVT-01
    row_id = add(desk)
    copied = ", ".join(field for field in EventTypeRow._fields if field not in ("id", "active"))
    into = f"INSERT INTO event_type ({copied}, active, created_at, updated_at)"
    copy = f"{into} SELECT {copied}, ?, 0, 0 FROM event_type"
    with closing(desk.database.connect()) as connection:
        for _ in range(14):
            connection.execute(f"{copy} WHERE id = ?", (True, row_id))
        with refused("at most 15 event types"):
            connection.execute(f"{copy} WHERE id = ?", (True, row_id))
        connection.execute(f"{copy} WHERE id = ?", (False, row_id))
        with refused("at most 15 event types"):
            connection.execute("UPDATE event_type SET active = true WHERE NOT active")
        counts = connection.execute("SELECT active, count(*) FROM event_type GROUP BY 1").fetchall()
    assert counts == [(0, 1), (1, 15)]


def test_one_that_nothing_names_is_deleted(desk: Desk) -> None:  # EVT-01
    before = dump(desk.database)
    row_id = add(desk)
    added = dump(desk.database)
    assert remove(desk, row_id) == Done("Removed Intake")
    assert dump(desk.database) == before
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == added


def name_in_appointment(desk: Desk, row_id: int) -> None:
    desk.book("2026-03-03 15:00")
    with closing(desk.database.connect()) as connection:
        connection.execute("UPDATE appointment SET event_type_id = ?", (row_id,))


def name_in_request(desk: Desk, row_id: int) -> None:
    with closing(desk.database.connect()) as connection:
        connection.execute(
            "INSERT INTO booking_request (created_at, updated_at, version, uid, event_type_id, start_utc, end_utc,"
            " client_tz, message, status, decline_message, idempotency_key, ip_hash)"
            " VALUES (0, 0, 1, 'u', ?, 9, 99, 'UTC', '', 'declined', '', 'k', '')",
            (row_id,),
        )


def name_in_block(desk: Desk, row_id: int) -> None:
    limited = [BlockRow(0, start, end, frozenset({row_id})) for start, end in parse_hours("9-12")]
    availability.set_days(desk.database, {0: limited}, clock=desk.clock)


def name_in_waitlist(desk: Desk, row_id: int) -> None:
    waitlist_changes.add(desk.database, desk.ann, event_type_id=row_id, clock=desk.clock)


@pytest.mark.parametrize("name_it", [name_in_appointment, name_in_request, name_in_block, name_in_waitlist])
def test_one_that_is_named_is_retired_and_comes_back(desk: Desk, name_it: Any) -> None:  # EVT-01
    row_id, other = add(desk), add(desk, "Other")
    name_it(desk, row_id)
    before = dump(desk.database)
    assert remove(desk, row_id).advice
    assert titles(desk) == ["Other"]
    assert titles(desk, inactive=True) == ["Other", "Intake"]
    after = dump(desk.database)
    assert {name for name in before if before[name] != after[name]} == {"event_type"}
    with pytest.raises(Refused):
        remove(desk, row_id)
    event_types.restore(desk.database, row_id, clock=desk.clock)
    assert titles(desk) == ["Other", "Intake"]
    with pytest.raises(Refused):
        event_types.restore(desk.database, other, clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_a_block_names_numbers_not_parts_of_them(desk: Desk) -> None:
    ids = [add(desk, f"Type {number}") for number in range(12)]
    name_in_block(desk, ids[11])
    remove(desk, ids[0])
    assert len(listed(desk, inactive=True)) == 11  # 1 is no part of 12


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "up", "down", "far"]), st.integers(0, 9)), max_size=8))
def test_positions_have_no_gaps_and_moves_do_what_a_list_does(desk: Desk, steps: list[tuple[str, int]]) -> None:
    with closing(desk.database.connect()) as connection:
        connection.execute("DELETE FROM event_type")
    expected: list[int] = []
    for what, number in steps:
        if what == "add":
            expected.append(add(desk, f"Type {number}"))
        elif expected:
            at = number % len(expected)
            row_id = expected.pop(at)
            if what == "remove":
                remove(desk, row_id)
            else:
                by = {"up": -1, "down": 1, "far": 20}[what]
                event_types.move(desk.database, row_id, by, clock=desk.clock)
                expected.insert(min(max(at + by, 0), len(expected)), row_id)
        assert [(row.id, row.position) for row in listed(desk)] == [(row, at) for at, row in enumerate(expected)]
