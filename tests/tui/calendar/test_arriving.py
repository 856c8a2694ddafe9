"""Where the cursor arrives: at what was booked, and on another day at an hour that one works."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from couchcal.practice import appointments
from couchcal.practice.availability import BlockRow
from couchcal.practice.draft import Draft
from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Database
from couchcal.tui.calendar.picking import arrival
from couchcal.tui.calendar.screen import CalendarScreen
from tests.support.demo import ZONE, at, clock
from tests.support.pilot import until
from tests.tui.calendar.entries import entry
from tests.tui.conftest import AppFactory, settle, stored

MONDAY = date(2026, 3, 9)
TZ = zone(ZONE)
HOURS = tuple(BlockRow(day, time(9), time(17)) for day in range(5))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_is_booked_on_another_day_is_shown(
    make: AppFactory, demo: Database, size: tuple[int, int]
) -> None:  # APT-01, CAL-03
    async with make().run_test(size=size) as pilot:
        screen = await settle(pilot)
        screen.point(screen.cursor._replace(minute=120, picked=None))
        for day in (23, 3):
            draft = Draft("client_session", at(day, 16), at(day, 16, 50), ZONE, client_id=1, service="90834")
            done = appointments.book(demo, draft, clock=clock)
            screen.post_message(screen.Written(done))
            await settle(pilot)
            assert screen.cursor.day == date(2026, 3, day)
            assert screen.picked is not None
            assert screen.picked.row_id == done.appointment_id
            assert screen.current.scroll_offset.y * screen.row_minutes >= 8 * 60


async def test_quick_add_goes_where_it_books(make: AppFactory) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        screen = await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        pilot.app.screen.query_one("#text", Input).value = "26 mar 11am bob 90834"
        await settle(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        await settle(pilot)
        assert screen.cursor.day == date(2026, 3, 26)
        assert screen.picked is not None
        assert (screen.picked.first, screen.picked.start) == ("Bob", at(26, 11))


async def test_what_is_in_the_hand_keeps_the_cursor(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        draft = Draft("client_session", at(23, 16), at(23, 16, 50), ZONE, client_id=1, service="90834")
        done = appointments.book(demo, draft, clock=clock)
        assert screen.lift(next(each for each in stored(demo) if not each.cancelled and not each.all_day))
        day = screen.cursor.day
        screen._written = ("appointment", done.appointment_id or 0)
        screen.fetch()
        await settle(pilot)
        assert screen.cursor.day == day


async def test_a_day_gone_to_late_in_the_evening_opens_in_the_morning(make: AppFactory) -> None:
    async with make().run_test(size=(80, 24)) as pilot:
        screen = await settle(pilot)
        for minute, arrived in ((22 * 60, 9 * 60), (5 * 60, 9 * 60), (14 * 60, 14 * 60)):
            screen.point(screen.cursor._replace(day=date(2026, 3, 3), minute=minute, all_day=False, picked=None))
            screen.go_to_day(MONDAY)
            await settle(pilot)
            assert (screen.cursor.day, screen.cursor.minute) == (MONDAY, arrived)
            top = screen.current.scroll_offset.y
            assert top <= arrived // screen.row_minutes < top + screen.current.size.height
            if minute != arrived:
                assert top == 8 * 60 // screen.row_minutes  # most of the working day is in sight


def at_minute(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60))


@given(
    day=st.dates(date(2026, 2, 1), date(2026, 5, 1)),
    minute=st.integers(0, 1439),
    booked=st.lists(st.integers(0, 1439), max_size=4),
    hours=st.sampled_from([(), HOURS, HOURS[:2]]),
)
def test_one_arrives_in_the_hours_or_where_the_day_begins(
    day: date, minute: int, booked: list[int], hours: tuple[BlockRow, ...]
) -> None:
    found = arrival(day, minute, hours, [entry(at_minute(day, start)) for start in booked], TZ, 8 * 60)
    works = not hours or any(block.weekday == day.weekday() for block in hours)
    opening, over = (9 * 60, 17 * 60) if hours else (8 * 60, 18 * 60)
    if works and opening <= minute < over:
        assert found == minute
    elif day == date(2026, 3, 8):  # the clocks go forward: an hour of that night is another one
        assert found <= opening
    else:
        assert found == min([opening, *booked])


async def resized(pilot: Pilot[None], screen: CalendarScreen, height: int, minutes: int) -> None:
    """Give the terminal other rows, and wait until those of the hours are of so many minutes."""
    await pilot.resize_terminal(120, height)
    await until(pilot, lambda: screen.current.size.height == height - 2 and screen.row_minutes == minutes)


async def test_tall_screens_show_hours_in_finer_rows(make: AppFactory) -> None:
    async with make().run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        for height, minutes in ((52, 30), (53, 15), (60, 15), (36, 30), (60, 15)):
            await resized(pilot, screen, height, minutes)
            assert screen.current.virtual_size.height >= height - 3
        await pilot.press("z")
        await resized(pilot, screen, 64, 30)  # what a key has chosen stays
        assert screen.cursor.minute % 30 == 0


async def test_rows_that_the_settings_choose_stay(make: AppFactory) -> None:
    async with make(row_minutes=60).run_test(size=(120, 60)) as pilot:
        screen = await settle(pilot)
        assert screen.row_minutes == 60
