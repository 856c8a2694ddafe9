"""The second time zone beside the hours (CAL-03)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from textual.widgets import Input

from couchcal import settings
from couchcal.scheduling.wallclock import zone
from couchcal.tui.calendar.period import Period, View
from couchcal.tui.calendar.scene import Cursor, Scene, SecondZone
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.time_layout import GUTTER, SECOND_GUTTER, TimeLayout
from couchcal.tui.calendar.words import zone_label
from couchcal.tui.calendar.zone_choice import ZoneChoice
from tests.tui.calendar.entries import NEW_YORK, local
from tests.tui.conftest import AppFactory, settle, toasts

SIZE = (120, 36)


def layout(name: str, first: date, days: int = 7, **changes: object) -> TimeLayout:
    scene = Scene(
        View.WEEK, Period(first, days), (), NEW_YORK, local(3, 10), second=SecondZone(name, zone(name)),
        row_minutes=60,
    )  # fmt: skip
    return TimeLayout(replace(scene, **changes), 120)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("name", "nine"),
    [
        ("Europe/Berlin", "15:00"),
        ("Asia/Kolkata", "19:30"),
        ("Asia/Kathmandu", "19:45"),
        ("Pacific/Auckland", "3:00+1"),
    ],
)
def test_hours_of_another_zone_also_by_halves_and_on_the_next_day(name: str, nine: str) -> None:
    assert layout(name, date(2026, 3, 2)).second_hours(date(2026, 3, 3))[9] == nine


def test_each_day_has_its_own_hours_when_clocks_change() -> None:
    # New York goes forward on Sunday 8 March, Berlin three weeks later
    found = layout("Europe/Berlin", date(2026, 3, 2))
    assert found.second_hours(date(2026, 3, 7))[9] == "15:00"
    assert found.second_hours(date(2026, 3, 8))[9] == "14:00"
    assert found.second_hours(date(2026, 3, 8))[1] == "7:00"
    assert found.zone_labels(date(2026, 3, 7)) == ("CET", "EST")
    assert found.zone_labels(date(2026, 3, 8)) == ("CET", "EDT")


def test_twelve_hours_where_they_are_wanted() -> None:
    assert layout("Asia/Kolkata", date(2026, 3, 2), hour24=False).second_hours(date(2026, 3, 3))[9] == "7:30"
    assert layout("Europe/Berlin", date(2026, 3, 2), hour24=False).second_hours(date(2026, 3, 3))[9] == "3 pm"


def test_every_label_has_room() -> None:
    for name in ("Pacific/Kiritimati", "Asia/Kolkata", "America/St_Johns"):
        for hour24 in (True, False):
            found = layout(name, date(2026, 3, 2), row_minutes=15, hour24=hour24)
            assert max(map(len, found.second_hours(date(2026, 3, 3)))) < SECOND_GUTTER


def test_a_zone_without_letters_is_called_by_its_offset() -> None:
    noon = datetime(2026, 3, 3, 12)  # noqa: DTZ001  wall clock
    assert zone_label(zone("Asia/Dubai"), noon) == "+04"
    assert zone_label(zone("Asia/Kathmandu"), noon) == "+05:45"
    assert zone_label(zone("America/New_York"), noon) == "EST"


def line(screen: CalendarScreen, y: int) -> str:
    return screen.current.render_line(y).text


async def test_z_asks_which_shows_hides_and_it_is_remembered(make: AppFactory) -> None:
    async with make().run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        assert line(screen, 0).startswith(" " * GUTTER)
        await pilot.press("Z")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ZoneChoice)
        pilot.app.screen.query_one(Input).value = "kolk"
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert line(screen, 0).split()[:2] == ["IST", "EST"]
        assert line(screen, 2).split()[:2] == ["18:30", "8:00"]
        await pilot.press("Z")
        assert line(screen, 2).split()[0].startswith("8:00")
    assert settings.load().second_time_zone == "Asia/Kolkata"


async def test_from_the_settings_it_is_there_at_once_and_follows_the_cursor(make: AppFactory) -> None:
    async with make(second_time_zone="Europe/Berlin").run_test(size=SIZE) as pilot:
        screen = await settle(pilot)
        assert line(screen, 2).split()[0] == "14:00"
        screen.point(Cursor(date(2026, 3, 8), 540))
        await pilot.pause()
        assert line(screen, 2).split()[0] == "13:00"
        await pilot.press("1")
        await pilot.pause()
        assert line(screen, 0).split()[:2] == ["CET", "EDT"]
        await pilot.press("3", "Z")
        await pilot.pause()
        assert "hidden" in toasts(pilot)[-1]


async def test_a_narrow_terminal_has_room_for_both(make: AppFactory) -> None:
    async with make(second_time_zone="Europe/Berlin").run_test(size=(40, 24)) as pilot:
        screen = await settle(pilot)
        assert screen.week_columns == 2
        assert line(screen, 2).split()[:1] == ["14:00"]
