"""What lies behind a dialog, with the dialog's colour laid over it.

Textual mixes the colours of every piece of text anew for each frame, which is most of what opening a dialog over a
full calendar takes. There are few styles in it: here each is mixed once.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual.color import Color
from textual.css.styles import RulesMap
from textual.geometry import Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual


class Veil(Visual):
    """Another screen, seen through a colour."""

    def __init__(self, screen: Screen[object], color: Color) -> None:
        self._screen = screen
        self._color = color

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        under = style.rich_style
        size = Size(width, height if height is not None else self._screen.size.height)
        return [
            Strip(
                [
                    Segment(text, _veiled(own or RichStyle.null(), under, self._color))
                    for text, own, _ in strip.crop(0, width)
                ]
            )
            for strip in self._screen._compositor.render_strips(size)
        ]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._screen.size.height


@lru_cache(maxsize=2048)
def _veiled(style: RichStyle, under: RichStyle, color: Color) -> RichStyle:
    """A style of the screen below as it shows through; nothing in it can be clicked."""
    segments = BackgroundScreen.process_segments([Segment("", style)], color)
    return next(under + (segment.style or RichStyle.null()) for segment in segments)
