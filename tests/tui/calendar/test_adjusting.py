"""The running calendar follows its settings, whoever changes them."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from couchcal.paths import config_file, write_private
from couchcal.practice import practice_settings, undo
from couchcal.settings import Settings, load
from couchcal.store.connection import Database
from couchcal.tui.app import make_app
from couchcal.tui.calendar.period import View
from couchcal.tui.forms.choice import Choice
from couchcal.tui.screens.preferences import PreferencesScreen
from couchcal.typed_dates import date_order
from tests.support.demo import clock
from tests.tui.conftest import AppFactory, settle, toasts


async def preferences(pilot: Pilot[None]) -> PreferencesScreen:
    await settle(pilot)
    await pilot.press("comma")
    await settle(pilot)
    assert isinstance(pilot.app.screen, PreferencesScreen)
    return pilot.app.screen


async def test_settings_of_this_computer_show_at_once(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        modal = await preferences(pilot)
        modal.query_one("#here-clock_24h", Choice).value = "false"
        modal.query_one("#here-row_minutes", Choice).value = "60"
        modal.query_one("#here-names", Choice).value = "id"
        modal.query_one("#here-theme", Choice).value = "couchcal-light"
        modal.query_one("#here-second_time_zone", Input).value = "Asia/Tokyo"
        await pilot.press("ctrl+s")
        screen = await settle(pilot)
        assert app.theme == "couchcal-light"
        assert (screen.row_minutes, screen.names, screen.scene.hour24) == (60, "id", False)
        assert screen.second_zone is not None
        assert screen.second_zone.name == "Asia/Tokyo"
        assert toasts(pilot) == ["Saved for this computer: 5 settings"]


async def test_settings_of_the_practice_show_at_once_and_undo_takes_them_back(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        before = screen.tz_name, screen.week_start, screen.now_local
        modal = await preferences(pilot)
        modal.query_one("#ours-tz", Input).value = "Asia/Tokyo"
        modal.query_one("#ours-week_start").value = "sunday"  # type: ignore[attr-defined]  # a Pick
        await pilot.press("ctrl+s")
        screen = await settle(pilot)
        assert (screen.tz_name, screen.week_start) == ("Asia/Tokyo", 6)
        assert screen.now_local != before[2]
        assert screen.period.first.weekday() == 6
        assert "Changed 2 settings of the practice" in toasts(pilot)[0]
        await pilot.press("u")
        screen = await settle(pilot)
        assert (screen.tz_name, screen.week_start, screen.now_local) == before


async def test_what_another_program_changes_in_the_practice_is_followed(make: AppFactory, demo: Database) -> None:
    async with make().run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        practice_settings.change(demo, {"tz": "Europe/Paris"}, clock=clock)
        screen._tick()
        await settle(pilot)
        assert screen.tz_name == "Europe/Paris"
        undo.undo(demo, clock=clock)
        screen._tick()
        await settle(pilot)
        assert screen.tz_name == "America/New_York"


async def test_zoom_and_theme_of_the_moment_stay_unless_their_setting_changes(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        screen.action_zoom()
        zoomed = screen.row_minutes
        app.apply_settings(app.settings._replace(clock_24h=False, date_order="dmy", keys={"zoom": "ctrl+z"}))
        assert screen.row_minutes == zoomed != app.settings.row_minutes
        assert date_order() == "dmy"
        await pilot.press("ctrl+z")
        await settle(pilot)
        assert screen.row_minutes != zoomed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[keys]\n\nundoo = 'z'\n", "config.toml line 3: there is no command 'undoo'; did you mean 'undo'?"),
        ("[keys]\nundo = 'a'\n", "config.toml line 2: a for undo belongs to quick-add; remap that one too"),
        ("them = 1\n", "config.toml line 1: there is no setting 'them'; did you mean 'theme'?"),
    ],
)
async def test_what_is_wrong_in_the_file_is_told_with_its_line(demo: Database, text: str, words: str) -> None:
    write_private(config_file(), text.encode())
    app = make_app(demo, clock=clock, settings=load(), view=View.WEEK)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert words in toasts(pilot)
        assert app.settings.theme == Settings().theme
