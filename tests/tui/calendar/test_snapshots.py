"""How it looks: every view in both themes, the small terminal, the hand, the marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from couchcal.tui.calendar.period import View
from tests.tui.conftest import AppFactory, settle

Compare = Callable[..., bool]
WIDE, SMALL = (120, 36), (80, 24)


async def _details(pilot: Pilot[None]) -> None:
    screen = await settle(pilot)
    screen.go_to(next(entry for entry in screen.loaded.entries if entry.first == "Bob" and entry.conflict))


@pytest.mark.parametrize("theme", ["couchcal-dark", "couchcal-light"])
@pytest.mark.parametrize("view", list(View), ids=lambda view: view.value)
def test_view(make: AppFactory, snap_compare: Compare, view: View, theme: str) -> None:
    assert snap_compare(make(view, theme=theme), terminal_size=WIDE, run_before=_details)


def test_week_at_80_columns(make: AppFactory, snap_compare: Compare) -> None:
    assert snap_compare(make(), terminal_size=SMALL, run_before=_details)


def test_month_at_80_columns(make: AppFactory, snap_compare: Compare) -> None:
    assert snap_compare(make(View.MONTH), terminal_size=SMALL, run_before=_details)


def test_ascii_and_twelve_hours(make: AppFactory, snap_compare: Compare) -> None:
    app = make(ascii=True, clock_24h=False, row_minutes=15)
    assert snap_compare(app, terminal_size=WIDE, run_before=_details)


@pytest.mark.parametrize("theme", ["couchcal-dark", "couchcal-light", "couchcal-ansi"])
def test_moving_with_a_conflict(make: AppFactory, snap_compare: Compare, theme: str) -> None:
    async def grab(pilot: Pilot[Any]) -> None:
        screen = await settle(pilot)
        screen.go_to(next(e for e in screen.scene.entries if e.first == "Tom" and not e.cancelled))
        await pilot.press("m", "J")

    assert snap_compare(make(theme=theme), terminal_size=WIDE, run_before=grab)


def test_privacy_and_jump_letters(make: AppFactory, snap_compare: Compare) -> None:
    async def jump(pilot: Pilot[Any]) -> None:
        screen = await settle(pilot)
        screen.action_privacy()
        screen.action_jump_to_entry()

    assert snap_compare(make(), terminal_size=WIDE, run_before=jump)


BOTH_SIZES = [("couchcal-dark", SMALL), ("couchcal-light", WIDE)]
SIZE_NAMES = ["dark-80x24", "light-120x36"]


@pytest.mark.parametrize(("theme", "size"), BOTH_SIZES, ids=SIZE_NAMES)
def test_two_zones(make: AppFactory, snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    app = make(theme=theme, second_time_zone="Asia/Kolkata")
    assert snap_compare(app, terminal_size=size, run_before=_details)


@pytest.mark.parametrize(("theme", "size"), BOTH_SIZES, ids=SIZE_NAMES)
def test_which_zone(make: AppFactory, snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.press("Z", *"pst")
        await settle(pilot)

    assert snap_compare(make(theme=theme), terminal_size=size, run_before=ask)


@pytest.mark.parametrize(("theme", "size"), BOTH_SIZES, ids=SIZE_NAMES)
def test_ways_out(make: AppFactory, snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        screen = await settle(pilot)
        screen.go_to(next(entry for entry in screen.loaded.entries if entry.first == "Bob" and entry.conflict))
        await pilot.press("w")
        await settle(pilot)

    assert snap_compare(make(theme=theme), terminal_size=size, run_before=ask)
