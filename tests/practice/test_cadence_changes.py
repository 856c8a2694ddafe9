from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from couchcal.errors import Invalid, Refused
from couchcal.practice import appointments, series, undo
from couchcal.practice.cadence import Repeat, parse_cadence, repeat_of, rule_text
from couchcal.practice.editing import Edit
from tests.practice.conftest import Desk
from tests.support.database import dump

TUESDAY = "2026-03-03 15:00"


def days(desk: Desk, row_id: int) -> list[str]:
    return [local[5:10] for local in desk.locals_of(desk.series_ids(row_id))]


def test_weekly_becomes_fortnightly_from_here_on(desk: Desk) -> None:  # REC-03, INV-S5
    ids = desk.weekly(TUESDAY)
    preview = appointments.preview_edit(
        desk.database, ids[2], Edit({}, "future", repeat=Repeat("weekly", 2)), clock=desk.clock
    )
    before = dump(desk.database)
    done = desk.edit(ids[2], {}, scope="future", repeat=Repeat("weekly", 2))
    assert days(desk, ids[0]) == ["03-03", "03-10"]
    assert days(desk, ids[2])[:4] == ["03-17", "03-31", "04-14", "04-28"]
    assert set(desk.series_ids(ids[2])) >= {ids[2], ids[4], ids[6]}  # the same rows, not new ones
    assert done.label.endswith("repeats every 2 weeks")
    assert preview.removed == sum(row_id not in desk.rows() for row_id in ids) > 0
    assert desk.local(ids[4]) == "2026-03-31 15:00"
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before  # INV-S9, one undo step


def test_fortnightly_becomes_weekly(desk: Desk) -> None:  # REC-03
    first = desk.book(TUESDAY, repeat=Repeat("weekly", 2))
    ids = desk.series_ids(first)
    desk.edit(ids[1], {}, scope="future", repeat=Repeat("weekly"))
    found = days(desk, ids[1])
    assert found[:3] == ["03-17", "03-24", "03-31"]
    assert ids[2] in desk.series_ids(ids[1])


def test_a_holiday_and_a_moved_week_keep_their_dates(desk: Desk) -> None:  # 9.4 rule 5, INV-S3
    ids = desk.weekly(TUESDAY)
    desk.delete(ids[4])  # 31 March, on the new rhythm
    desk.move(ids[3], "2026-03-25 10:00")  # of 24 March, off the new rhythm
    edit = Edit({}, "future", repeat=Repeat("weekly", 2))
    preview = appointments.preview_edit(desk.database, ids[2], edit, clock=desk.clock)
    desk.edit(ids[2], {}, scope="future", repeat=Repeat("weekly", 2))
    assert "03-31" not in days(desk, ids[2])
    assert desk.local(ids[3]) == "2026-03-25 10:00"
    assert [(row.appointment_id, row.reason) for row in preview.by_hand] == [(ids[3], "moved by hand")]
    undo.undo(desk.database, clock=desk.clock)
    desk.edit(ids[2], {}, scope="future", repeat=Repeat("weekly", 2), reset_moved=True)
    assert ids[3] not in desk.rows()


def test_a_signed_session_stays_and_is_not_doubled(desk: Desk) -> None:  # INV-S5, REC-09
    ids = desk.weekly(TUESDAY)
    desk.mark(ids[4], "note-signed")
    signed = desk.row(ids[4])
    done = desk.edit(ids[2], {}, scope="future", repeat=Repeat("weekly", 2))
    assert [row.appointment_id for row in done.kept] == [ids[4]]
    assert desk.row(ids[4]) == signed
    assert "03-31" not in days(desk, ids[2])


def test_the_cadence_and_the_time_change_in_one_step(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY)
    before = dump(desk.database)
    changes = {"start": desk.at("2026-03-18 09:00"), "end": desk.at("2026-03-18 09:50"), "service": "90837"}
    desk.edit(ids[2], changes, scope="future", repeat=Repeat("weekly", 2, date(2026, 5, 1)))
    locals_ = desk.locals_of(desk.series_ids(ids[2]))
    assert locals_ == ["2026-03-18 09:00", "2026-04-01 09:00", "2026-04-15 09:00", "2026-04-29 09:00"]
    assert {desk.row(row_id)["service"] for row_id in desk.series_ids(ids[2])} == {"90837"}
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_an_end_is_set_put_off_and_taken_away(desk: Desk) -> None:  # REC-13, C-01
    ids = desk.weekly(TUESDAY)
    all_of_them = days(desk, ids[0])
    done = desk.edit(ids[1], {}, scope="future", repeat=Repeat("weekly", 1, date(2026, 3, 24)))
    assert days(desk, ids[0]) == ["03-03", "03-10", "03-17", "03-24"]
    assert done.label.endswith("every week until 24 Mar 2026")
    desk.edit(ids[1], {}, scope="future", repeat=Repeat("weekly", 1, date(2026, 4, 8)))
    assert days(desk, ids[0])[-1] == "04-07"
    desk.edit(ids[1], {}, scope="future", repeat=Repeat("weekly"))
    assert days(desk, ids[0]) == all_of_them
    with pytest.raises(Invalid):
        desk.edit(ids[2], {}, scope="future", repeat=Repeat("weekly", 1, date(2026, 3, 10)))


def test_an_end_with_a_new_time(desk: Desk) -> None:
    ids = desk.weekly(TUESDAY)
    changes = {"start": desk.at("2026-03-11 15:00"), "end": desk.at("2026-03-11 15:50")}
    desk.edit(ids[1], changes, scope="future", repeat=Repeat("weekly", 1, date(2026, 3, 25)))
    assert days(desk, ids[1]) == ["03-11", "03-18", "03-25"]


def test_a_cadence_is_never_of_one_session_nor_of_the_past(desk: Desk) -> None:  # REC-06, INV-S2
    ids = desk.weekly(TUESDAY)
    with pytest.raises(Invalid):
        desk.edit(ids[2], {}, scope="this", repeat=Repeat("weekly", 2))
    desk.now += timedelta(days=10)
    before = dump(desk.database)
    with pytest.raises(Refused, match="past"):
        desk.edit(ids[0], {}, scope="future", repeat=Repeat("weekly", 2))
    assert dump(desk.database) == before


def test_an_edit_and_the_start_or_stop_of_a_series_are_one_step(desk: Desk) -> None:
    single = desk.book(TUESDAY)
    before = dump(desk.database)
    done = desk.edit(single, {"service": "90837"}, repeat=Repeat("weekly"))
    assert done.label == "Changed Ann S., every week"
    assert {desk.row(row_id)["service"] for row_id in desk.series_ids(single)} == {"90837"}
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before
    desk.edit(single, {"service": "90837"}, repeat=Repeat("weekly"))
    desk.now += timedelta(days=2)
    before = dump(desk.database)
    desk.edit(single, {"diagnoses": "F41.1"}, stop=True)
    assert (desk.row(single)["diagnoses"], len(desk.rows())) == ("F41.1", 1)
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database) == before


def test_the_last_weekday_of_the_month(desk: Desk) -> None:  # REC-03
    first = desk.book("2026-03-31 15:00", repeat=parse_cadence("monthly-last"))
    assert days(desk, first) == ["03-31", "04-28"]
    with pytest.raises(Invalid):
        desk.book("2026-03-03 15:00", repeat=parse_cadence("monthly-last"))


@given(day=st.dates(date(2026, 1, 1), date(2027, 12, 31)), weeks=st.integers(1, 52), monthly=st.booleans())
def test_a_rule_is_read_as_the_cadence_it_was_made_of(day: date, weeks: int, monthly: bool) -> None:
    repeat = Repeat("monthly") if monthly else Repeat("weekly", weeks)
    read = repeat_of(rule_text(repeat, day))
    assert read is not None
    assert rule_text(read, day) == rule_text(repeat, day)
    assert repeat_of("FREQ=DAILY") is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=st.integers(1, 3), new=st.integers(1, 3), at=st.integers(0, 2), gone=st.integers(1, 5),
    until=st.none() | st.integers(0, 60),
)  # fmt: skip
def test_after_a_change_the_series_is_what_its_rule_says(
    desk: Desk, old: int, new: int, at: int, gone: int, until: int | None
) -> None:
    first = desk.book(TUESDAY, repeat=Repeat("weekly", old))
    ids = desk.series_ids(first)
    pivot = desk.row(ids[at])
    since = date.fromisoformat(pivot["series_key"])
    holiday = None
    if at + gone < len(ids):
        holiday = desk.row(ids[at + gone])["series_key"]
        desk.delete(ids[at + gone])
    last = since + timedelta(days=until) if until is not None else None
    before = dump(desk.database)
    desk.edit(ids[at], {}, scope="future", repeat=Repeat("weekly", new, last))
    series.extend_all(desk.database, desk.now, desk.now + timedelta(days=100), clock=desk.clock)
    keys = [desk.row(row_id)["series_key"] for row_id in desk.series_ids(ids[at])]
    following = [date.fromisoformat(key) for key in keys if key >= pivot["series_key"]]
    end = min(desk.now.date() + timedelta(days=99), last or date.max)
    expected = {since + timedelta(weeks=new * n) for n in range(20)}
    expected = {day for day in expected if day <= end and day.isoformat() != holiday}
    assert {day for day in following if day <= end} == expected
    assert all(one < other for one, other in pairwise(following))
    if until is None:
        return
    undo.undo(desk.database, clock=desk.clock)
    assert dump(desk.database)["series_exdate"] == before["series_exdate"]
