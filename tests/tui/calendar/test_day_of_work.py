"""What a day with the calendar brings up: dates to look at, crowded lanes, walks through overlaps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Static

from couchcal.practice import appointments, time_off
from couchcal.practice.draft import Draft
from couchcal.store.connection import Database
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.navigation import _day_to_see
from tests.support.demo import ZONE, at, clock, session
from tests.tui.conftest import AppFactory, settle, stored, toasts

TODAY = date(2026, 3, 3)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("24 feb", date(2026, 2, 24)), ("2 mar", date(2026, 3, 2)), ("20 aug", date(2026, 8, 20)),
        ("dec 3", date(2025, 12, 3)), ("2026-12-31", date(2026, 12, 31)), ("dec 3 2026", date(2026, 12, 3)),
        ("+40w", date(2026, 12, 8)), ("-2w", date(2026, 2, 17)), ("fri", date(2026, 3, 6)),
        ("today", TODAY), ("nothing", None),
    ],
)  # fmt: skip
def test_a_date_to_look_at_is_the_nearest(text: str, day: date | None) -> None:
    assert _day_to_see(text, TODAY) == day


@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.integers(-180, 180))
def test_every_day_near_today_is_found_by_day_and_month(today: date, days: int) -> None:
    wanted = today + timedelta(days=days)
    assert _day_to_see(f"{wanted.day} {wanted:%b}", today) == wanted


async def test_every_letter_to_jump_by_is_whole_in_crowded_lanes(make: AppFactory, demo: Database) -> None:
    for client in (1, 2, 3, 4):
        session(demo, client, at(4, 16))
    async with make().run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        screen.action_jump_to_entry()
        await pilot.pause()
        grid = "\n".join(screen.current.render_line(y).text for y in range(screen.current.size.height))
        here = [entry for entry in screen.scene.entries if entry.start == at(4, 16)]
        assert len(here) == 4
        shown = [f"[{screen.labels[key_of(entry)]}]" in grid for entry in here]
        assert shown.count(True) == 2  # as many lanes as a column of the week has room for
        assert "[…" not in grid


async def test_a_walk_through_overlaps_leaves_one_toast(make: AppFactory, demo: Database) -> None:
    # REC-11
    session(demo, 1, at(4, 16))
    session(demo, 2, at(4, 16))
    async with make().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("c", "c", "c")
        await pilot.pause()
        assert len(toasts(pilot)) == 1


async def test_the_form_of_a_cancelled_session_speaks_of_no_overlap(make: AppFactory, demo: Database) -> None:
    # CNF-03, INV-A1
    first, second = session(demo, 1, at(4, 16)), session(demo, 2, at(4, 16))
    async with make().run_test(size=(120, 40)) as pilot:
        screen = await settle(pilot)
        for cancelled in (False, True):
            if cancelled:
                appointments.cancel(demo, second, "other", clock=clock)
            entry = next(each for each in stored(demo) if each.row_id == second)
            screen._edit(entry, "edit")
            await pilot.pause(0.4)
            await settle(pilot)
            line = str(pilot.app.screen.query_one("#live", Static).render())
            assert ("overlaps" in line) is not cancelled
            await pilot.press("escape")
        assert first != second


async def test_a_client_in_time_off_is_remarked_on_but_never_refused(make: AppFactory, demo: Database) -> None:
    # TOF-04: while it is in the hand, and once it is stored
    time_off.add(demo, at(10, 13), at(10, 17), all_day=False, tz=ZONE, clock=clock)
    time_off.add(demo, date(2026, 3, 12), date(2026, 3, 13), tz=ZONE, clock=clock)
    for start, off in ((at(10, 14), True), (at(10, 17), False), (at(12, 23), True), (at(13, 0), False)):
        draft = Draft("client_session", start, start + timedelta(minutes=53), ZONE, client_id=1, service="90837")
        done = appointments.book(demo, draft, clock=clock)
        assert ("it is in your time off" in done.advice) is off
    lunch = Draft("other_event", at(10, 15), at(10, 16), ZONE, title="Dentist")
    assert appointments.book(demo, lunch, clock=clock).advice == ()
    async with make().run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        screen.go_to_day(date(2026, 3, 10))
        await settle(pilot)
        entry = next(each for each in screen.scene.entries if each.start == at(10, 17))
        assert screen.lift(entry)
        await pilot.press("K")
        assert screen.ghost is not None
        assert screen.ghost.warning == "in your time off"
