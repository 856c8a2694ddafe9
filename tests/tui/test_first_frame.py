"""What the way to the first frame does without."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.dom import DOMNode
from textual.geometry import Region

from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.showing import LEAST_WIDTH, Body
from couchcal.tui.calendar.state import CalendarState
from tests.tui.conftest import AppFactory, settle

LATER = (
    "calendar", "json", "couchcal.practice.cadence", "couchcal.practice.outcome", "couchcal.practice.overlaps",
    "couchcal.scheduling.hours", "couchcal.tui.forms.modal", "couchcal.tui.screens.help", "couchcal.worker",
)  # fmt: skip
"""Modules that a command of the calendar needs, and no frame of it."""


def test_what_only_commands_need_is_not_loaded() -> None:
    start = "import sys, couchcal.practice.opening, couchcal.tui.app"
    code = f"{start}; print([name for name in {LATER!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_parts_of_the_screen_are_no_widgets_of_their_own() -> None:
    """Textual works out keys, reactives and names for every class of widgets; the screen is one of them."""
    ours = [kind for kind in CalendarScreen.__mro__ if issubclass(kind, CalendarState)]
    assert [kind for kind in ours if "_merged_bindings" in vars(kind)] == [CalendarScreen, CalendarState]
    assert all(issubclass(kind, DOMNode) for kind in ours)
    assert len(ours) > 10


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (39, 24)])
async def test_what_is_covered_is_not_drawn_and_nothing_shows_through(
    make: AppFactory, size: tuple[int, int]
) -> None:
    app = make()
    async with app.run_test(size=size) as pilot:
        screen = await settle(pilot)
        assert [strip.cell_length for strip in screen._compositor.render_strips()] == [size[0]] * size[1]
        own = screen.render_lines(Region(0, 0, *size)), screen.query_one(Body).render_lines(Region(0, 0, *size))
        too_small = size[0] < LEAST_WIDTH
        assert [len(lines) for lines in own] == [size[1] if too_small else 0, 0]
