"""Text can be read in every theme and on every terminal, and nothing is told by a colour alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.app import App
from textual.color import Color
from textual.pilot import Pilot

from couchcal.tui.app import CouchcalApp
from couchcal.tui.contrast import MARK, TEXT, ratio
from couchcal.tui.forms.modal import Modal
from couchcal.tui.theme import CONTRAST, DARK, LIGHT
from tests.tui.conftest import AppFactory, settle
from tests.tui.looks.cells import TERMINAL, Rows, Run, rows_of

SIZE = (120, 36)
STEPS = (
    "", "tab", "m J", "escape", "f", "escape", "3", "4", "1", "2 tab", "e ctrl+s", "escape escape y", "C", "escape",
    "r", "escape", "question_mark", "escape", "slash", "j a n e", "escape", "A right down", "escape", "W", "escape",
)  # fmt: skip
"""A walk through the program; after each of these the whole screen is looked at."""


class Pair(NamedTuple):
    """A colour on another, and where it was seen."""

    color: tuple[int, int, int]
    ground: tuple[int, int, int]
    text: str

    def ratio(self, system: ColorSystem) -> float:
        return ratio(*(_shown(part, system) for part in (self.color, self.ground)))


def _shown(rgb: tuple[int, int, int], system: ColorSystem) -> Color:
    if system is not ColorSystem.TRUECOLOR:
        rgb = RichColor.from_rgb(*rgb).downgrade(system).get_truecolor(TERMINAL)
    return Color(*rgb)


def in_front(app: App[Any], rows: Rows) -> list[list[Run]]:
    """The screen on top without what is dimmed behind it."""
    if not isinstance(app.screen, Modal):
        return rows
    frame = app.screen.query_one("#frame").region
    kept = []
    for row in rows[frame.y : frame.bottom]:
        x, inside = 0, []
        for run in row:
            if frame.x <= x < frame.right:
                inside.append(run)
            x += len(run.text)
        kept.append(inside)
    return kept


def pairs(rows: Rows) -> set[Pair]:
    """Every colour that words are written in, on its ground."""
    found: dict[tuple[tuple[int, int, int], tuple[int, int, int]], str] = {}
    for run in (run for row in rows for run in row):
        if any(character.isalnum() for character in run.text):
            color, ground = run.color or TERMINAL.foreground_color, run.ground or TERMINAL.background_color
            if "r" in run.marks:
                color, ground = ground, color
            found.setdefault((color, ground), run.text.strip())
    return {Pair(color, ground, text) for (color, ground), text in found.items()}


async def walk(app: CouchcalApp, look: Callable[[Pilot[None]], None]) -> None:
    async with app.run_test(size=SIZE) as pilot:
        for step in STEPS:
            await pilot.press(*step.split())
            await settle(pilot)
            look(pilot)


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name, pytest.param(CONTRAST.name, marks=pytest.mark.long)])
async def test_all_words_can_be_read(make: AppFactory, theme: str) -> None:
    seen: set[Pair] = set()
    app = make(theme=theme)
    await walk(app, lambda pilot: seen.update(pairs(in_front(app, rows_of(pilot.app)))))
    assert len(seen) > 20
    known = next(each for each in (DARK, LIGHT, CONTRAST) if each.name == theme)
    surface, accent = Color.parse(known.surface or ""), Color.parse(known.accent or "")
    in_hand = surface.blend(accent, 0.30).rgb  # of 256 colours the nearest is half as bright again

    def least(pair: Pair, system: ColorSystem) -> float:
        return MARK if system is ColorSystem.EIGHT_BIT and pair.ground == in_hand else TEXT

    faint = [
        f"{pair.ratio(system):.1f} in {system.name}: {pair.text!r} is {pair.color} on {pair.ground}"
        for pair in seen
        for system in (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT)
        if pair.ratio(system) < least(pair, system)
    ]
    assert not faint, "\n".join(faint)
