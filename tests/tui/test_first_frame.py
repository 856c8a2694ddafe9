"""What the way to the first frame does without."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.design import ColorSystem
from textual.dom import DOMNode
from textual.geometry import Region

from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.showing import LEAST_WIDTH, Body
from couchcal.tui.calendar.state import CalendarState
from tests.tui.conftest import AppFactory, settle

LATER = (
    "calendar", "json", "ssl", "couchcal.cli.commands", "couchcal.mail", "couchcal.practice.cadence",
    "couchcal.practice.clashes", "couchcal.practice.outcome", "couchcal.practice.overlaps",
    "couchcal.scheduling.drag", "couchcal.scheduling.hours", "couchcal.tui.forms.modal",
    "couchcal.tui.screens.help", "couchcal.worker",
)  # fmt: skip
"""Modules that a command of the calendar needs, and no frame of it."""


def test_what_only_commands_need_is_not_loaded() -> None:
    start = "import sys, couchcal.cli.main; from couchcal.cli.calendar import load_lightly; load_lightly()"
    loaded = f"{start}; import couchcal.practice.opening, couchcal.tui.app"
    code = f"{loaded}; print([name for name in {LATER!r} if name in sys.modules])"
    assert _printed(code) == "[]"
    assert _printed(f"{loaded}; import ssl; print(ssl.create_default_context().verify_mode)") == "2"


async def test_colours_are_worked_out_once_and_no_style_is_read_for_others(
    make: AppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: dict[str, set[str]] = {}
    colours: list[object] = []

    def seen(sheet: Stylesheet, css: str, *args: Any, **named: Any) -> list[RuleSet]:
        read.setdefault(str(sheet._variables), set()).add(css)
        return parse(sheet, css, *args, **named)

    def generated(system: ColorSystem) -> dict[str, str]:
        colours.append(system)
        return generate(system)

    parse, generate = Stylesheet._parse_rules, ColorSystem.generate
    monkeypatch.setattr(Stylesheet, "_parse_rules", seen)
    monkeypatch.setattr(ColorSystem, "generate", generated)
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert len(colours) == len(read) == 1
        assert not any("CommandPalette" in css for styles in read.values() for css in styles)
        app.theme = "couchcal-light"
        await settle(pilot)
        assert len(colours) == len(read) == 2


async def test_the_palette_is_framed_as_every_dialog_is(make: AppFactory) -> None:
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.action_command_palette()
        await settle(pilot)
        assert app.screen.query_one("#--input").styles.border_top[0] == "round"


def _printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


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
