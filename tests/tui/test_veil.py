"""What lies behind a dialog shows as Textual itself would show it."""

from __future__ import annotations

import pytest
from rich.style import Style as RichStyle
from textual._context import visible_screen_stack
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.visual import RenderOptions, RichVisual, Visual

from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.veil import Veil
from tests.tui.conftest import AppFactory, settle


def cells(strips: list[Strip]) -> list[list[tuple[str, RichStyle]]]:
    return [
        [(character, style or RichStyle.null()) for text, style, _ in strip for character in text]
        for strip in strips
    ]


@pytest.mark.parametrize("theme", ["couchcal-dark", "couchcal-light"])  # sixteen colours cannot be mixed
async def test_the_calendar_shows_through(make: AppFactory, theme: str) -> None:
    app = make(theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.push_screen(Confirm("Delete", "Delete this session?", "Delete", "Keep"))
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ModalScreen)
        below, color = app.screen_stack[0], screen.styles.background
        options = RenderOptions(screen._get_style, screen.styles.get_rules())

        def drawn(visual: Visual) -> list[list[tuple[str, RichStyle]]]:
            visible_screen_stack.set([])
            return cells(visual.render_strips(80, 24, screen.visual_style, options))

        visible_screen_stack.set([below])
        assert isinstance(screen.render(), Veil)
        veil = drawn(Veil(below, color))
        assert veil == drawn(RichVisual(screen, BackgroundScreen(below, color)))
        assert "Omar" in "".join(character for line in veil for character, _ in line)
