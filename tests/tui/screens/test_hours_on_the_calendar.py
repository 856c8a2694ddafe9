"""From the calendar to the hours and back: the hatch follows what was saved at once. AVL-06, TOF-02, TOF-03."""

from __future__ import annotations

from contextlib import closing

from textual.pilot import Pilot
from textual.widgets import Input

from couchcal.practice import availability
from couchcal.store.connection import Database
from couchcal.tui.app import CouchcalApp
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.screens.availability import AvailabilityScreen
from couchcal.tui.screens.event_types import EventTypesScreen
from couchcal.tui.screens.time_off import AffectedScreen, TimeOffScreen
from tests.tui.conftest import AppFactory, settle, toasts

HATCH = "╱"


def picture(screen: CalendarScreen) -> list[str]:
    view = screen.current
    return [view.render_line(y).text for y in range(view.size.height)]


def hatched(screen: CalendarScreen) -> int:
    return sum(text.count(HATCH) for text in picture(screen))


async def go_to(pilot: Pilot[None], key: str, kind: type[object]) -> CouchcalApp:
    await pilot.press(key)
    await settle(pilot)
    app = pilot.app
    assert isinstance(app, CouchcalApp)
    assert isinstance(app.screen, kind)
    return app


async def test_painted_hours_show_on_the_calendar_and_are_undone_as_one_step(
    make: AppFactory, demo: Database
) -> None:
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        calendar = await settle(pilot)
        before = hatched(calendar)
        await go_to(pilot, "A", AvailabilityScreen)
        await pilot.press("x", "right", "x", "ctrl+s")  # Monday and Tuesday closed
        await settle(pilot)
        assert app.screen is calendar
        after = hatched(calendar)
        assert after > before
        assert any("Mon and Tue: unavailable" in text for text in toasts(pilot))
        await pilot.press("u")
        await settle(pilot)
        assert hatched(calendar) == before
    with closing(demo.connect()) as connection:
        assert [block.weekday for block in availability.weekly(connection)] == [0, 1, 2, 3, 4]


async def test_time_off_is_hatched_at_once_and_goes_with_its_removal(make: AppFactory) -> None:  # TOF-03
    app = make()
    async with app.run_test(size=(120, 40)) as pilot:
        calendar = await settle(pilot)
        before = picture(calendar)
        await go_to(pilot, "O", TimeOffScreen)
        await pilot.press("n")
        await settle(pilot)
        app.screen.query_one("#first", Input).value = "2026-03-04"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert any(isinstance(screen, AffectedScreen) for screen in app.screen_stack)
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen is calendar  # TOF-04: the calendar goes to the session
        assert calendar.picked is not None
        assert calendar.picked.start.day == 4
        assert picture(calendar) != before
        await go_to(pilot, "O", TimeOffScreen)
        await pilot.press("k", "k", "k", "D")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        entries = [entry for entry in calendar.loaded.entries if entry.kind == "time_off"]
        assert len(entries) == 1  # the demo's own


async def test_event_types_open_from_the_calendar_and_close_again(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(80, 24)) as pilot:
        calendar = await settle(pilot)
        await go_to(pilot, "E", EventTypesScreen)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is calendar
