"""What is not sent again is on the terminal all the same: one that takes in what is sent shows the screen."""

from __future__ import annotations

from random import Random
from typing import Any

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.events import AppFocus
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from couchcal.store.connection import Database
from couchcal.tui.calendar.period import View
from couchcal.tui.frugal import _cut, _joined
from tests.support.demo import at, event
from tests.tui.conftest import AppFactory, settle
from tests.tui.looks.cells import Run, rows_of, text_of

SIZE = (100, 30)
KEYS = (
    *"jjkkllhhLHtfcubbz1234", "tab", "tab", "shift+tab", "m", "J", "K", "enter", "escape", "escape", "escape", "a",
    "slash", "question_mark", "n", "e", "down", "r",
)  # fmt: skip


class Shown:
    """A terminal; what a wide character leaves of its second cell is a blank."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.sent = 0
        self._stream = pyte.Stream(self.screen)
        self._console = Console(color_system="truecolor", force_terminal=True, legacy_windows=False)

    def take(self, renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate):
            text = renderable.render_segments(self._console)
            self.sent += len(text)
            self._stream.feed(text)

    @property
    def text(self) -> str:
        buffer, columns = self.screen.buffer, range(self.screen.columns)
        return "\n".join("".join(buffer[y][x].data for x in columns) for y in range(self.screen.lines))

    @property
    def grounds(self) -> list[list[str]]:
        columns = range(self.screen.columns)
        return [[self.screen.buffer[y][x].bg for x in columns] for y in range(self.screen.lines)]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Shown:
    shown = Shown(*SIZE)

    def display(self: App[Any], screen: Screen[Any], renderable: object) -> None:
        if not self._batch_count:
            shown.take(renderable)

    monkeypatch.setattr(App, "_display", display)
    return shown


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))])
async def test_the_terminal_shows_the_screen_after_every_key(
    demo: Database, make: AppFactory, terminal: Shown, seed: int
) -> None:
    event(demo, "名前 会議 long and wide 東京", at(4, 13))
    random = Random(seed)  # noqa: S311  which keys, no secret
    async with make(random.choice(list(View))).run_test(size=SIZE) as pilot:
        await settle(pilot)
        for _ in range(60):
            key = random.choice(KEYS)
            await pilot.press(key)
            await settle(pilot)
            rows = rows_of(pilot.app)
            assert terminal.text == text_of(rows), key
            narrow = [y for y, row in enumerate(rows) if all(run.text.isascii() for run in row)]
            assert [terminal.grounds[y] for y in narrow] == [_grounds(rows[y]) for y in narrow], key


def _grounds(row: list[Run]) -> list[str]:
    """The ground of every cell, as the terminal calls it."""
    shown = []
    for run in row:
        red, green, blue = run.ground or (0, 0, 0)
        shown += [f"{red:02x}{green:02x}{blue:02x}" if run.ground else "default"] * len(run.text)
    return shown


async def test_a_terminal_that_was_away_is_sent_everything(make: AppFactory, terminal: Shown) -> None:
    async with make().run_test(size=SIZE) as pilot:
        await settle(pilot)
        before = terminal.text
        terminal.screen.reset()
        await pilot.press("question_mark", "escape")
        await settle(pilot)
        pilot.app.post_message(AppFocus())
        await pilot.press("slash", "escape")
        await settle(pilot)
        assert terminal.text == before


async def test_nothing_is_sent_for_a_screen_drawn_twice(make: AppFactory, terminal: Shown) -> None:
    async with make().run_test(size=SIZE) as pilot:
        await settle(pilot)
        terminal.sent = 0
        pilot.app.screen.refresh()
        await settle(pilot)
        assert terminal.sent == 0


@pytest.mark.parametrize(("key", "most"), [("j", 8), ("l", 26)])
async def test_a_step_asks_no_widget_for_lines_that_are_not_drawn(
    make: AppFactory, monkeypatch: pytest.MonkeyPatch, key: str, most: int
) -> None:
    asked: list[tuple[str, int]] = []
    render = Widget.render_lines

    def noted(widget: Widget, crop: Region) -> list[Strip]:
        asked.append((type(widget).__name__, crop.height))
        return render(widget, crop)

    async with make().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(Widget, "render_lines", noted)
        await pilot.press(key)
        await settle(pilot)
        assert 0 < sum(height for _, height in asked) <= most
        assert {kind for kind, _ in asked} <= {"TimeGrid", "Sidebar"}


STYLES = [Style(bold=True), Style(color="red"), Style(bold=True)]
SEGMENTS = st.builds(Segment, st.text("ab 名", min_size=1, max_size=4), st.sampled_from(STYLES), st.none())
LINES = st.lists(SEGMENTS, max_size=6)


@given(LINES, st.integers(0, 12), st.integers(1, 12))
def test_a_line_is_cut_as_textual_cuts_it_and_joined_again(segments: list[Segment], left: int, width: int) -> None:
    line = [*Segment.simplify(segments)]
    head, middle, tail = _cut(line, left, left + width)
    pieces = Strip(line).crop(0, left), Strip(line).crop(left, left + width), Strip(line).crop(left + width)
    assert [_simple(piece) for piece in pieces] == [_simple(head), _simple(middle), _simple(tail)]
    joined = _joined(head, middle, tail)
    assert joined == [*Segment.simplify(segment for piece in pieces for segment in _simple(piece))]


def _simple(line: Strip | list[Segment]) -> list[Segment]:
    return [segment for segment in Segment.simplify(line) if segment.text]
