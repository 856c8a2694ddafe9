"""Edits of series whose exceptions were left behind by a new time or made plain again (spec 5.1, R-MASTER-EDIT)."""

from __future__ import annotations

from tests.google import expect
from tests.google.driving import EMAIL, Caller, timed
from tests.google.emulator import Emulator
from tests.google.model import Json

BERLIN = "Europe/Berlin"


def weekly() -> Caller:
    """Somebody with a weekly series on Mondays at nine, from 2026-03-02."""
    emulator = Emulator(tombstones="full", write_burst_n=1000)
    emulator.add_user(EMAIL, BERLIN)
    one = Caller(emulator)
    body = timed("2026-03-02T09:00:00", "2026-03-02T09:50:00", BERLIN, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"])
    assert one.insert("primary", {**body, "id": "series0", "summary": "old"}).status == 200
    return one


def move_by_api(one: Caller, id_: str, day: str, time: str) -> None:
    wall = f"2026-03-{day}T{time}"
    assert one.patch("primary", id_, timed(f"{wall}:00", f"{wall}:50", BERLIN)).status == 200


def shown(one: Caller) -> list[tuple[str, str]]:
    rows: list[Json] = expect.view(one.emulator, EMAIL)["occurrences"]
    return [(row["start"]["wall"][5:16], row["summary"]) for row in rows]


def test_a_plain_instance_follows_its_series_again() -> None:  # split_exceptions: drop
    one = weekly()
    one.ui("edit", event="series0_20260316T080000Z", scope="this", changes={"summary": "own"})
    one.ui("edit", event="series0_20260309T080000Z", scope="following", changes={"summary": "new"})
    assert one.get("primary", "series0_20260316T080000Z").body["summary"] == "new"
    one.ui("edit", event="series0", scope="all", changes={"summary": "newer"})
    assert {summary for _, summary in shown(one)} == {"newer"}
    assert one.get("primary", "series0_20260316T080000Z").body["summary"] == "newer"


def test_an_exception_without_a_say_of_its_own_stays_deleted() -> None:
    one = weekly()
    one.delete("primary", "series0_20260316T080000Z")
    one.patch("primary", "series0", {"summary": "new"})
    assert shown(one) == [(f"03-{day}T09:00", "new") for day in ("02", "09", "23")]
    one.patch("primary", "series0_20260316T080000Z", {"status": "confirmed"})
    assert ("03-16T09:00", "old") in shown(one)  # exception_inherit: snapshot


def test_a_new_time_for_all_resets_what_was_deleted() -> None:  # ui_all_resets_exceptions
    one = weekly()
    one.ui("delete", event="series0_20260316T080000Z", scope="this")
    one.ui("move_time", event="series0", scope="all", by_minutes=60)
    one.ui("move_time", event="series0", scope="all", by_minutes=-60)
    assert shown(one) == [(f"03-{day}T09:00", "old") for day in ("02", "09", "16", "23")]


def test_the_api_keeps_exceptions_when_a_series_comes_back() -> None:  # orphan_exceptions: cancel
    one = weekly()
    one.patch("primary", "series0_20260316T080000Z", {"summary": "own"})
    move_by_api(one, "series0", "02", "10:00")
    assert one.get("primary", "series0_20260316T080000Z").body["status"] == "cancelled"
    move_by_api(one, "series0", "02", "09:00")
    assert [wall for wall, _ in shown(one)] == [f"03-{day}T09:00" for day in ("02", "09", "23")]


def test_a_start_the_series_has_left_is_nothing_before_the_first() -> None:
    one = weekly()
    one.patch("primary", "series0_20260302T080000Z", {"summary": "own"})
    move_by_api(one, "series0", "02", "10:00")
    answer = one.ui("edit", event="series0_20260302T090000Z", scope="following", changes={"summary": "new"})
    assert answer["event"] == "series0"
    assert {summary for _, summary in shown(one)} == {"new"}


def test_an_id_one_part_has_cancelled_names_the_instance_of_another() -> None:  # R-INST
    one = weekly()
    id_ = "series0_20260316T080000Z"
    one.patch("primary", id_, {"summary": "own"})
    move_by_api(one, "series0", "02", "10:00")
    one.ui("edit", event="series0_20260316T090000Z", scope="following", changes={"summary": "new"})
    rest = "series0_R20260316T090000"
    assert one.get("primary", id_).body["status"] == "cancelled"
    move_by_api(one, rest, "16", "09:00")
    found = one.get("primary", id_).body
    assert (found["status"], found["recurringEventId"]) == ("confirmed", rest)
    assert one.patch("primary", id_, {"summary": "again"}).status == 200
    assert shown(one)[2:] == [("03-16T09:00", "again"), ("03-23T09:00", "new")]
