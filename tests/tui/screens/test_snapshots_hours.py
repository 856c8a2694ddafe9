"""How availability, event types and time off look, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from couchcal.practice import availability, event_types, time_off
from couchcal.practice.availability import BlockRow
from couchcal.store.connection import Database
from couchcal.tui.forms.tick import Tick
from couchcal.tui.screens.availability import AvailabilityScreen
from couchcal.tui.screens.event_types import EventTypesScreen
from couchcal.tui.screens.time_off import TimeOffScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import ZONE, Host, at, clock, people, session, settle

TZ = ZoneInfo(ZONE)
Run = Callable[[Pilot[None]], Awaitable[None]]


def pressed(*keys: str) -> Run:
    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)

    return run


async def afternoon_off(pilot: Pilot[None]) -> None:
    await pressed("n")(pilot)
    form = pilot.app.screen
    form.query_one("#first", Input).value = "tue"
    form.query_one("#all_day", Tick).value = False
    form.query_one("#start-time", Input).value = "14"
    form.query_one("#end-time", Input).value = "soon"
    await settle(pilot)


def week(database: Database) -> ModalScreen[Any]:
    return AvailabilityScreen(database, week_start=0, clock=clock)


def types(database: Database) -> ModalScreen[Any]:
    return EventTypesScreen(database, clock=clock)


def off(database: Database) -> ModalScreen[Any]:
    return TimeOffScreen(database, TZ, clock=clock)


SCREENS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], Run]] = {
    "week": (week, pressed("right", "down")),
    "stroke": (week, pressed("end", "down", "v", *["down"] * 3, "right", "right")),
    "typed": (week, pressed("enter", "comma", "1", "1", "minus", "1")),
    "copy": (week, pressed("c", "w")),
    "allow": (week, pressed("right", "right", "end", "a")),
    "types": (types, pressed("full_stop", "down")),
    "type": (types, pressed("enter")),
    "off": (off, pressed()),
    "off_form": (off, afternoon_off),
    "off_sessions": (off, pressed("s")),
}


def furnish(database: Database) -> None:
    names = people(database)
    session(database, names["Jane Doe"], at(3, 9))
    session(database, names["Bob Reed"], at(5, 15, 30))
    for title, minutes, more in (
        ("Initial consultation", 60, {"audience": "public", "confirm": "request", "min_notice_min": 1440}),
        ("Follow-up", 50, {"buffer_after": 10, "service": "90834", "description": "For people who know me."}),
        ("Short call", 15, {"visit_mode": "telehealth", "audience": "portal"}),
    ):
        event_types.add(database, {"title": title, "minutes": minutes} | more, clock=clock)
    morning, evening = (time(9), time(12)), (time(13), time(17))
    days = {day: [BlockRow(day, *morning), BlockRow(day, *evening)] for day in (0, 3)}
    days[1] = [BlockRow(1, time(9, 10), time(12)), BlockRow(1, time(13), time(16, 20))]
    days[2] = [BlockRow(2, *morning), BlockRow(2, *evening, frozenset({3}), frozenset({"telehealth"}))]
    availability.set_days(database, days, clock=clock)
    event_types.remove(database, 3, clock=clock)  # named by a block: it is kept
    time_off.add(database, date(2026, 3, 3), date(2026, 3, 7), tz=ZONE, reason="conference", clock=clock)
    time_off.add(database, at(20, 14), at(20, 17), all_day=False, tz=ZONE, reason="dentist", clock=clock)
    time_off.add(database, date(2026, 2, 16), date(2026, 2, 17), tz=ZONE, clock=clock)


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    return furnished_practice(tmp_path, furnish)


SMALL_DARK, USUAL_LIGHT = ("couchcal-dark", (80, 24)), ("couchcal-light", (120, 36))
CASES = [(name, *look) for look in (SMALL_DARK, USUAL_LIGHT) for name in SCREENS]


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, run = SCREENS[name]
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
