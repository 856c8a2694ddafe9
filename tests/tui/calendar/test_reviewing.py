"""The review of overlaps, and the ways out of one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import OptionList

from couchcal.practice import appointments
from couchcal.scheduling.wallclock import to_local, zone
from couchcal.store.connection import Database
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.ways_out import WaysOut, distance_words, offers
from tests.support.demo import ZONE, at, session
from tests.tui.conftest import AppFactory, settle, stored, toasts

SIZE = (120, 36)
NEW_YORK = zone(ZONE)


def client(database: Database, first: str) -> int:
    connection = database.connect()
    try:
        return int(connection.execute("SELECT id FROM client WHERE first = ?", (first,)).fetchone()[0])
    finally:
        connection.close()


def stand_on(screen: CalendarScreen, first: str, start: datetime) -> None:
    screen.go_to(next(entry for entry in screen.scene.entries if (entry.first, entry.start) == (first, start)))


async def test_c_walks_all_overlaps_counts_them_and_wraps(make: AppFactory, demo: Database) -> None:
    # CNF-01, REC-11: weeks ahead, where nothing is loaded yet
    session(demo, client(demo, "Tom"), at(21, 9, 30, month=4))
    session(demo, client(demo, "Tom"), at(28, 9, 30, month=4))
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        walked, said = [], []
        for _ in range(4):
            await pilot.press("c")
            await settle(pilot)
            assert screen.picked is not None
            assert screen.picked.conflict
            walked.append(screen.picked.start)
            said += toasts(pilot)
        assert walked == [at(4, 10, 30), at(21, 9, 30, month=4), at(28, 9, 30, month=4), at(4, 10, 30)]
        assert "2 of 3: Omar K. and Tom A." in said[1]
        assert "1 of 3: Lena F. and Bob R." in said[3]


async def test_without_overlaps_c_says_so(make: AppFactory, demo: Database) -> None:
    for entry in stored(demo):
        if entry.conflict:
            appointments.delete(demo, entry.row_id)
    async with make().run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("c")
        await pilot.pause()
        assert "No overlaps" in toasts(pilot)[-1]


async def test_a_way_out_moves_one_of_the_two_and_the_marks_go(make: AppFactory, demo: Database) -> None:
    # CNF-03
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        await pilot.press("c", "w")
        await settle(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, WaysOut)
        assert dialog.subject.first == "Bob"
        await pilot.press("tab")
        await settle(pilot)
        assert dialog.subject.first == "Lena"
        await pilot.press("enter")
        await settle(pilot)
        moved = next(e for e in stored(demo) if e.first == "Lena" and e.start.date() == date(2026, 3, 4))
        assert to_local(moved.start, NEW_YORK).date() == date(2026, 3, 4)
        assert not moved.conflict
        assert not any(entry.conflict for entry in screen.scene.entries)
        assert "Moved Lena F." in toasts(pilot)[-1]


async def test_an_entry_that_a_lock_holds_is_not_offered_to_move(make: AppFactory, demo: Database) -> None:
    # DND-04
    claimed = next(e for e in stored(demo) if e.claim_status == "submitted")
    session(demo, client(demo, "Tom"), claimed.start + timedelta(minutes=10))
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        stand_on(screen, "Maria", claimed.start)
        await pilot.press("w")
        await settle(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, WaysOut)
        assert dialog.subject.first == "Tom"
        await pilot.press("escape")
        stand_on(screen, "Tom", next(e.start for e in screen.scene.entries if e.first == "Tom" and e.cancelled))
        await pilot.press("w")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert "press U" in toasts(pilot)[-1]


async def test_without_an_overlap_the_next_free_times_are_listed(make: AppFactory) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.title == "Supervision"))
        await pilot.press("w")
        await settle(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, WaysOut)
        assert dialog.query_one("#frame").border_title == "Next free times"
        lines = [str(option.prompt) for option in dialog.query_one(OptionList).options]
        assert lines[0].split() == ["Wed", "4", "Mar", "14:45", "15", "min", "earlier"]
        assert any("1 day later, same hour" in line for line in lines)


async def test_somebody_else_took_it_away_meanwhile(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.title == "Supervision"))
        entry = screen.picked
        assert entry is not None
        await pilot.press("w")
        await settle(pilot)
        appointments.delete(demo, entry.row_id)
        await pilot.press("enter")
        await settle(pilot)
        assert any("Supervision was deleted elsewhere" in text for text in toasts(pilot))


QUARTERS = st.lists(st.integers(0, 21 * 96), unique=True, max_size=200)


@given(QUARTERS, st.integers(7 * 96, 14 * 96))
def test_offers_are_few_apart_and_the_same_day_comes_first(quarters: list[int], wanted_quarter: int) -> None:
    begin = datetime(2026, 3, 1, 5, tzinfo=UTC)  # midnight in New York; the clocks change on the 8th
    starts = sorted(begin + timedelta(minutes=15 * quarter) for quarter in quarters)
    wanted = begin + timedelta(minutes=15 * wanted_quarter)
    found = offers(starts, wanted, NEW_YORK)
    assert set(found) <= set(starts)
    assert wanted not in found
    day = to_local(wanted, NEW_YORK).date()
    days = [to_local(start, NEW_YORK).date() for start in found]
    same = [start for start, there in zip(found, days, strict=True) if there == day]
    assert found[: len(same)] == same
    assert all(abs(one - other) >= timedelta(minutes=30) for one in same for other in same if one != other)
    others = [there for there in days if there != day]
    assert len(others) == len(set(others))
    assert [abs(there - day) for there in others] == sorted(abs(there - day) for there in others)
    on_day = [start for start in starts if to_local(start, NEW_YORK).date() == day and start != wanted]
    if on_day:
        assert abs(found[0] - wanted) == min(abs(start - wanted) for start in on_day)


def test_distances_in_words_are_those_of_the_clock() -> None:
    # the clocks go forward on Sunday 8 March
    friday = at(6, 15)
    words = [
        distance_words(at(*when), friday, NEW_YORK) for when in ((6, 15, 45), (6, 13, 30), (9, 15, 0), (5, 15, 15))
    ]
    assert words == [
        "45 min later", "1 h 30 min earlier", "3 days later, same hour", "1 day earlier, 15 min later in the day",
    ]  # fmt: skip
