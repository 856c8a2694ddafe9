"""Recurring appointments: the rows of the requirements and the edges."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from couchcal.errors import Invalid, Refused
from couchcal.practice import agenda, appointments, series
from couchcal.practice.cadence import Repeat, parse_cadence, repeat_phrase, repeat_words, rule_text
from couchcal.practice.editing import Edit
from couchcal.practice.occurrences import END_OF_TIME
from couchcal.practice.outcome import Preview
from couchcal.store.vocabulary import Scope
from tests.practice.conftest import Desk
from tests.support.database import dump

TUESDAY = "2026-03-03 15:00"
WEEK = timedelta(weeks=1)


def test_several_days_a_week_are_several_series(desk: Desk) -> None:  # REC-01
    tuesday = desk.weekly(TUESDAY)
    thursday = desk.weekly("2026-03-05 15:00")
    assert {desk.row(i)["series_id"] for i in tuesday}.isdisjoint({desk.row(i)["series_id"] for i in thursday})
    assert {datetime.fromisoformat(local).weekday() for local in desk.locals_of(tuesday)} == {1}


def test_repeating_begins_while_booking_or_later(desk: Desk) -> None:  # REC-02, REC-07
    single = desk.book(TUESDAY, location_id=desk.places["10"], modifiers=["HO"], instructions="Ring")
    done = series.start_repeating(desk.database, single, Repeat("weekly"), clock=desk.clock)
    ids = desk.series_ids(single)
    assert done.changed == len(ids) > 9
    assert ids[0] == single
    for row_id in ids:
        row = desk.row(row_id)
        assert desk.local(row_id).endswith(" 15:00")
        assert (row["client_id"], row["service"], row["instructions"]) == (desk.ann, "90834", "Ring")
        assert desk.codes(row_id) == [("HO", "manual"), ("95", "auto")]
    assert done.label.startswith("Ann S. repeats every week")
    with pytest.raises(Refused, match="repeats already"):
        series.start_repeating(desk.database, ids[3], Repeat("weekly"), clock=desk.clock)


def test_a_cancelled_one_cannot_begin_a_series(desk: Desk) -> None:
    single = desk.book(TUESDAY)
    desk.cancel(single)
    with pytest.raises(Refused, match="cancelled"):
        series.start_repeating(desk.database, single, Repeat("weekly"), clock=desk.clock)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weekly", ["2026-03-03", "2026-03-10", "2026-03-17"]),
        ("2w", ["2026-03-03", "2026-03-17", "2026-03-31"]),
        ("biweekly", ["2026-03-03", "2026-03-17", "2026-03-31"]),
        ("3w", ["2026-03-03", "2026-03-24", "2026-04-14"]),
        ("4w", ["2026-03-03", "2026-03-31", "2026-04-28"]),
        ("5w", ["2026-03-03", "2026-04-07", "2026-05-12"]),
        ("monthly", ["2026-03-03", "2026-04-07", "2026-05-05"]),
    ],
)
def test_cadences(desk: Desk, text: str, expected: list[str]) -> None:  # REC-03
    row_id = desk.book(TUESDAY, repeat=parse_cadence(text))
    assert [local[:10] for local in desk.locals_of(desk.series_ids(row_id))[:3]] == expected


@pytest.mark.parametrize("text", ["", "daily", "0w", "53w", "-1w", "w", "2.5w", "²w"])
def test_what_is_no_cadence(text: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_cadence(text)
    assert error.value.field == "repeats"


@pytest.mark.parametrize(
    ("first", "rule", "phrase"),
    [
        ("2026-03-03", "FREQ=MONTHLY;BYDAY=1TU", "every month"),
        ("2026-03-26", "FREQ=MONTHLY;BYDAY=4TH", "every month"),
        ("2026-03-31", "FREQ=MONTHLY;BYDAY=-1TU", "every month"),  # a fifth one is the last
    ],
)
def test_monthly_keeps_the_nth_weekday(desk: Desk, first: str, rule: str, phrase: str) -> None:  # REC-03
    assert rule_text(Repeat("monthly"), desk.day(first)) == rule
    assert repeat_phrase(rule) == phrase
    row_id = desk.book(f"{first} 09:00", repeat=Repeat("monthly"))
    assert desk.local(desk.series_ids(row_id)[0]) == f"{first} 09:00"


def test_words_for_rules() -> None:
    assert repeat_words("") is None
    assert repeat_words("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;WKST=MO") == "2w"
    assert repeat_words("FREQ=WEEKLY;BYDAY=TU") == "weekly"
    assert repeat_words("EXTERNAL") == "custom"
    assert repeat_words("FREQ=DAILY;INTERVAL=3") == "FREQ=DAILY;INTERVAL=3"
    assert repeat_phrase("FREQ=DAILY;INTERVAL=3") == "repeats"
    assert repeat_phrase("") == "does not repeat"


def test_a_last_date_ends_it(desk: Desk) -> None:  # REC-03, REC-13
    until = desk.day("2026-03-24")
    done = desk.done(TUESDAY, repeat=Repeat("weekly", 1, until))
    ids = desk.series_ids(done.appointment_id or 0)
    assert desk.locals_of(ids)[-1] == "2026-03-24 15:00"
    assert "every week until 24 Mar 2026" in done.label
    with pytest.raises(Invalid) as error:
        desk.book(TUESDAY, repeat=Repeat("weekly", 1, desk.day("2026-03-02")))
    assert error.value.field == "until"
    assert desk.rows("series")[desk.row(ids[0])["series_id"]]["materialised_to"] == int(END_OF_TIME.timestamp())


def test_rows_reach_the_horizon_and_grow_with_time(desk: Desk) -> None:  # REC-08, REC-13, INV-S3, INV-S6
    ids = desk.weekly(TUESDAY)
    assert len(ids) == 11  # 75 days and the rest of that week
    desk.now += timedelta(days=40)
    with closing(desk.database.connect()) as connection:
        far = desk.now + timedelta(days=75)
        assert not agenda.horizon_reached(connection, desk.now, far)
        assert series.extend_all(desk.database, desk.now, far, clock=desk.clock) > 4
        assert agenda.horizon_reached(connection, desk.now, far)
        assert series.extend_all(desk.database, desk.now, far, clock=desk.clock) == 0
    assert desk.series_ids(ids[0])[:11] == ids


def test_extending_revives_nothing(desk: Desk) -> None:  # INV-S3
    ids = desk.weekly(TUESDAY)
    desk.delete(ids[2])
    desk.move(ids[3], "2026-07-07 15:00")  # onto a place the rule will reach later
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=30), clock=desk.clock)
    found = desk.locals_of(desk.series_ids(ids[0]))
    assert "2026-03-17 15:00" not in found
    assert "2026-03-24 15:00" not in found
    assert found.count("2026-07-07 15:00") == 2  # the moved one and the regular one
    assert len(desk.rows("series_exdate")) == 1


def test_wall_clock_time_is_kept_across_the_changes(desk: Desk) -> None:  # INV-S1, REC-07
    ids = desk.weekly(TUESDAY)
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=52), clock=desk.clock)
    ids = desk.series_ids(ids[0])
    assert {local[11:] for local in desk.locals_of(ids)} == {"15:00"}
    assert len({desk.row(i)["start_utc"] % 86_400 for i in ids}) == 2


def test_a_series_may_live_in_another_zone(desk: Desk) -> None:  # TZ-02
    first = desk.book(TUESDAY, tz="Europe/Berlin", repeat=Repeat("weekly"))
    found = desk.locals_of(desk.series_ids(first))
    assert found[:4] == ["2026-03-03 15:00", "2026-03-10 16:00", "2026-03-17 16:00", "2026-03-24 16:00"]


def test_the_gap_and_the_repeated_hour(desk: Desk) -> None:  # INV-S1
    gap = desk.series_ids(desk.book("2026-03-01 02:30", repeat=Repeat("weekly")))
    assert desk.locals_of(gap)[:3] == ["2026-03-01 02:30", "2026-03-08 03:30", "2026-03-15 02:30"]
    desk.now = datetime(2026, 10, 20, tzinfo=UTC)
    fold = desk.series_ids(desk.book("2026-10-25 01:30", repeat=Repeat("weekly")))
    assert desk.row(fold[1])["start_utc"] == int(datetime(2026, 11, 1, 5, 30, tzinfo=UTC).timestamp())


def test_a_series_fills_every_slot(desk: Desk) -> None:  # REC-11, INV-S8
    desk.book("2026-03-10 15:10")
    desk.book("2026-03-24 14:30")
    done = desk.done(TUESDAY, repeat=Repeat("weekly"))
    assert done.changed == 11
    assert done.conflicts == 2


def test_this_event_changes_only_itself(desk: Desk) -> None:  # REC-04, REC-12, INV-S4
    ids = desk.weekly(TUESDAY)
    before = desk.rows()
    desk.move(ids[3], "2026-03-25 10:00")
    desk.cancel(ids[4])
    desk.edit(ids[5], {"service": "90837"})
    after = desk.rows()
    assert {i for i in before if before[i] != after[i]} == {ids[3], ids[4], ids[5]}


def test_all_future_events_are_changed_in_place(desk: Desk) -> None:  # REC-04, REC-06, INV-S2, INV-S5
    ids = desk.weekly(TUESDAY)
    desk.now = desk.at("2026-03-11 08:00")
    before = desk.rows()
    done = desk.move(ids[3], "2026-03-25 10:00", 60, scope="future")
    assert done.changed == 8
    after = desk.rows()
    assert set(before) <= set(after)
    assert all(after[i] == before[i] for i in ids[:3])
    assert all(after[i]["uid"] == before[i]["uid"] for i in ids)
    assert desk.locals_of(ids[3:5]) == ["2026-03-25 10:00", "2026-04-01 10:00"]
    assert {after[i]["end_utc"] - after[i]["start_utc"] for i in ids[3:]} == {3600}
    with pytest.raises(Refused, match="past"):
        desk.move(ids[0], "2026-03-04 10:00", scope="future")
    desk.edit(ids[0], {"instructions": "afterwards"})  # C-03: a single past one may be corrected


def test_what_was_changed_by_hand_stays(desk: Desk) -> None:  # INV-S5
    ids = desk.weekly(TUESDAY)
    desk.move(ids[4], "2026-04-01 09:00")
    desk.edit(ids[5], {"instructions": "mine"})
    desk.edit(ids[3], {"start": desk.at("2026-03-24 16:00"), "end": desk.at("2026-03-24 17:00"),
                       "instructions": "all"}, scope="future")  # fmt: skip
    assert desk.local(ids[4]) == "2026-04-01 09:00"
    assert desk.row(ids[4])["instructions"] == "all"
    assert desk.local(ids[5]) == "2026-04-07 16:00"
    assert desk.row(ids[5])["instructions"] == "mine"
    desk.edit(ids[3], {"start": desk.at("2026-03-24 17:00"), "end": desk.at("2026-03-24 18:00"),
                       "instructions": "really all"}, scope="future", reset_moved=True)  # fmt: skip
    assert desk.local(ids[4]) == "2026-03-31 17:00"
    assert {desk.row(i)["instructions"] for i in ids[3:]} == {"really all"}
    assert {desk.row(i)["overridden"] for i in ids[3:]} == {""}


def test_locked_rows_stay_and_are_told(desk: Desk) -> None:  # INV-S5
    ids = desk.weekly(TUESDAY)
    desk.mark(ids[4], "note-signed")
    desk.cancel(ids[6])
    kept = [desk.row(ids[4]), desk.row(ids[6])]
    to = {"start": desk.at("2026-03-24 16:00"), "end": desk.at("2026-03-24 16:50")}
    preview = appointments.preview_edit(desk.database, ids[3], Edit(to, "future"), clock=desk.clock)
    done = desk.move(ids[3], "2026-03-24 16:00", scope="future")
    assert (preview.changes, preview.kept) == (done.changed, done.kept)
    assert [(row.appointment_id, row.reason) for row in done.kept] == [
        (ids[4], "the note is signed"), (ids[6], "it is cancelled"),
    ]  # fmt: skip
    assert [desk.row(ids[4]), desk.row(ids[6])] == kept
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=30), clock=desk.clock)
    found = [local[:10] for local in desk.locals_of(desk.series_ids(ids[3]))]
    assert "2026-03-31" not in found  # the kept one is not doubled
    with pytest.raises(Refused, match="note is signed"):
        desk.move(ids[4], "2026-04-01 09:00", scope="future")


def test_a_preview_writes_nothing(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY)
    before, changes = dump(desk.database), desk.rows("change")
    scopes: tuple[tuple[Scope, int], ...] = (("this", 1), ("future", 9))
    for scope, count in scopes:
        edit = Edit({"service": "90837"}, scope)
        assert appointments.preview_edit(desk.database, ids[2], edit, clock=desk.clock) == Preview(count, ())
    assert dump(desk.database) == before
    assert desk.rows("change") == changes


def test_deleting_this_or_all_following(desk: Desk) -> None:  # REC-05, REC-06
    ids = desk.weekly(TUESDAY)
    assert desk.delete(ids[1]).changed == 1
    desk.now = desk.at("2026-03-18 08:00")
    done = desk.delete(ids[5], scope="future")
    assert done.changed == 6
    assert done.label == "Deleted Ann S. Tue 7 Apr 15:00 and all following"
    assert desk.series_ids(ids[0]) == [ids[0], *ids[2:5]]
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=30), clock=desk.clock)
    assert desk.series_ids(ids[0]) == [ids[0], *ids[2:5]]
    with pytest.raises(Refused, match="past"):
        desk.delete(ids[0], scope="future")


def test_one_moved_from_the_past_into_the_future_goes_along(desk: Desk) -> None:  # REC-05, REC-09
    ids = desk.weekly(TUESDAY)
    desk.move(ids[1], "2026-03-20 09:00")
    desk.now = desk.at("2026-03-12 08:00")
    desk.delete(ids[1], scope="future")
    assert set(desk.rows()) == {ids[0]}


def test_stop_repeating(desk: Desk) -> None:  # REC-09, INV-S7
    ids = desk.weekly(TUESDAY)
    desk.move(ids[1], "2026-03-20 09:00")
    desk.mark(ids[6], "billing-started")
    desk.now = desk.at("2026-03-12 08:00")
    before = desk.rows()
    done = series.stop_repeating(desk.database, ids[3], clock=desk.clock)
    assert done.label == "Stopped repeating Ann S."
    assert done.appointment_id is None
    after = desk.rows()
    assert after == {i: before[i] for i in (ids[0], ids[6])}
    assert series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=30), clock=desk.clock) == 0
    assert desk.rows() == after
    with pytest.raises(Refused, match="does not repeat"):
        series.stop_repeating(desk.database, desk.book(TUESDAY), clock=desk.clock)


def test_the_last_row_of_an_ended_series_takes_it_along(desk: Desk) -> None:
    first = desk.book(TUESDAY, repeat=Repeat("weekly", 1, desk.day("2026-03-10")))
    for row_id in desk.series_ids(first):
        desk.delete(row_id)
    assert desk.rows("series") == desk.rows("series_exdate") == {}
    endless = desk.weekly(TUESDAY)
    for row_id in endless:
        desk.delete(row_id)
    assert len(desk.rows("series")) == 1
    assert series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=12), clock=desk.clock) == 1


def test_a_move_to_an_earlier_day_leaves_no_hole(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY)
    for local in ("2026-03-23 15:00", "2026-03-26 15:00", "2026-03-19 15:00"):
        desk.move(ids[3], local, scope="future")
        series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=20), clock=desk.clock)
        found = [datetime.fromisoformat(text) for text in desk.locals_of(desk.series_ids(ids[3]))]
        assert {later - earlier for earlier, later in pairwise(found)} == {WEEK}


def test_changing_the_type_of_the_rest(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY, location_id=desk.places["10"], modifiers=["HO"])
    desk.edit(ids[5], {"kind": "other_event", "title": "Walk"})
    desk.edit(ids[6], {"client_id": desk.bob})
    desk.edit(ids[3], {"kind": "client_contact", "medium": "phone"}, scope="future")
    kinds = [desk.row(i)["kind"] for i in ids]
    assert kinds[:3] == ["client_session"] * 3
    assert kinds[5] == "other_event"
    assert {*kinds[3:5], *kinds[6:]} == {"client_contact"}
    assert desk.codes(ids[4]) == []
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=14), clock=desk.clock)
    late = desk.row(desk.series_ids(ids[3])[-1])
    assert (late["kind"], late["medium"], late["service"]) == ("client_contact", "phone", None)
    desk.edit(ids[3], {"kind": "other_event", "title": "Walk", "all_day": True,
                       "start": datetime(2026, 3, 24, tzinfo=UTC), "end": datetime(2026, 3, 25, tzinfo=UTC)},
              scope="future")  # fmt: skip
    assert {(desk.row(i)["kind"], desk.row(i)["all_day"]) for i in ids[3:]} == {("other_event", 1)}


def test_the_automatic_modifier_stays_automatic_in_new_rows(desk: Desk) -> None:  # INV-L4, MOD-01
    first = desk.book(TUESDAY, location_id=desk.places["10"])
    series.start_repeating(desk.database, first, Repeat("weekly"), clock=desk.clock)
    ids = desk.series_ids(first)
    assert desk.codes(ids[4]) == [("95", "auto")]
    desk.edit(ids[2], {"location_id": desk.places["11"]}, scope="future")
    assert [desk.codes(i) for i in ids[1:4]] == [[("95", "auto")], [], []]
    desk.edit(ids[2], {"location_id": desk.places["10"], "modifiers": ["-95"]}, scope="future")
    series.extend_all(desk.database, desk.now, desk.now + timedelta(weeks=20), clock=desk.clock)
    assert {tuple(desk.codes(i)) for i in desk.series_ids(ids[2])[2:]} == {()}


def test_all_day_series(desk: Desk) -> None:
    day = datetime(2026, 3, 3, tzinfo=UTC)
    draft = desk.draft(TUESDAY, kind="other_event", title="Retreat", all_day=True)
    draft.start, draft.end = day, day + timedelta(days=2)
    done = appointments.book(desk.database, draft, repeat=Repeat("weekly", 2), clock=desk.clock)
    ids = desk.series_ids(done.appointment_id or 0)
    assert [desk.entry(i).first_day for i in ids[:2]] == [desk.day("2026-03-03"), desk.day("2026-03-17")]
    start = day + timedelta(days=15)
    appointments.reschedule(
        desk.database, ids[1], start, start + timedelta(days=1), scope="future", clock=desk.clock
    )
    assert [desk.entry(i).first_day for i in ids[1:3]] == [desk.day("2026-03-18"), desk.day("2026-04-01")]
    assert desk.entry(ids[2]).end_day == desk.day("2026-04-02")
