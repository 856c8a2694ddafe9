"""What every everyday action sends to a terminal of true colour: few bytes, so that a slow line will do."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.screen import Screen

from couchcal.tui.calendar.period import View
from tests.tui.conftest import AppFactory, settle

SIZE = (120, 36)


class Action(NamedTuple):
    """Keys, at most how many bytes they may cost one after the other, and how often the screen may be drawn."""

    words: str
    keys: str
    most: int
    frames: int = 1


STEP, DETAILS, PAGE = 2_000, 2_500, 21_000
"""A few lines; those and the sidebar; all of the screen, once."""
WEEK = (
    Action("a cursor step", "j", STEP),
    Action("a cursor step to the next day", "l", STEP),
    Action("the next entry but one", "tab tab", 2 * DETAILS, 2),
    Action("an entry is taken up", "m", DETAILS),
    Action("a step with it", "j", DETAILS),
    Action("a step with it to the next day", "l", DETAILS),
    Action("it is put back", "escape", 5_000),
    Action("the next week", "L", 12_000),
    Action("back", "H", 12_000),
    Action("a letter on every entry", "f", 9_000),
    Action("and away again", "escape", 9_000),
    Action("the line for adding opens", "a", PAGE, 5),
    Action("a letter in it", "f", DETAILS, 2),
    Action("a question", "escape", PAGE, 4),
    Action("its answer: the calendar is back", "y", PAGE),
    Action("the form of an entry opens", "e", 28_000, 5),
    Action("from field to field", "tab", DETAILS, 2),
    Action("it closes", "escape", PAGE),
    Action("search opens", "slash", PAGE, 5),
    Action("a letter in it", "j", DETAILS, 2),
    Action("it closes", "escape", PAGE),
    Action("an hour later, with a toast", "m J enter", 9_000, 4),
    Action("undo, with its toast", "u", 4_000, 2),
)
OTHERS = {
    View.DAY: (Action("a cursor step", "j", STEP), Action("the next day", "l", PAGE)),
    View.MONTH: (
        Action("a day", "l", DETAILS),
        Action("a week", "j", DETAILS),
        Action("the next month", "L", PAGE),
    ),
    View.AGENDA: (Action("a line", "j", DETAILS), Action("the next weeks", "L", PAGE)),
}


class Line:
    """Counts what an application would send: bytes, and how many times it draws."""

    def __init__(self) -> None:
        self.sent = self.frames = 0
        self._console = Console(color_system="truecolor", force_terminal=True, legacy_windows=False)

    def take(self, renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.sent += len(renderable.render_segments(self._console).encode())
            self.frames += 1


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    counted = Line()

    def display(self: App[Any], screen: Screen[Any], renderable: object) -> None:
        if not self._batch_count:
            counted.take(renderable)

    monkeypatch.setattr(App, "_display", display)
    return counted


async def follow(make: AppFactory, line: Line, view: View, actions: tuple[Action, ...]) -> list[str]:
    """Do one after the other; those that cost more than they may."""
    dear = []
    async with make(view).run_test(size=SIZE) as pilot:
        await settle(pilot)
        for action in actions:
            line.sent = line.frames = 0
            await pilot.press(*action.keys.split())
            await settle(pilot)
            if not 0 < line.sent <= action.most or line.frames > action.frames:
                dear.append(f"{action.words}: {line.sent} bytes in {line.frames} frames, at most {action.most}")
    return dear


async def test_an_action_in_the_week_sends_no_more_than_it_must(make: AppFactory, line: Line) -> None:
    assert await follow(make, line, View.WEEK, WEEK) == []


@pytest.mark.parametrize("view", [pytest.param(view, marks=pytest.mark.long) for view in OTHERS], ids=str)
async def test_so_do_the_other_views(make: AppFactory, line: Line, view: View) -> None:
    assert await follow(make, line, view, OTHERS[view]) == []
