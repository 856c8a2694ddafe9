"""The colours of the painted week, made once for each theme."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.color import Color

from couchcal.tui.contrast import legible


class Ink(NamedTuple):
    """The colour of a quarter of an hour, and the character that stands for it where only ASCII is shown."""

    color: str
    char: str


class WeekColors(NamedTuple):
    """Styles of the words, and an ink for every state of a quarter of an hour."""

    plain: Style
    dim: Style
    bold: Style
    faint: Style
    header: Style
    header_here: Style
    text: str
    empty: Ink
    open: Ink
    partial: Ink
    limited: Ink
    painted: Ink
    erased: Ink
    cursor: Ink
    cursor_open: Ink

    @staticmethod
    def of(variables: Mapping[str, str]) -> WeekColors:
        """The colours of a theme's variables."""
        return _colors(tuple((name, variables.get(name, "white")) for name in _NEEDED))


_NEEDED = ("accent", "secondary", "surface", "foreground", "error")


@lru_cache(maxsize=8)
def _colors(items: tuple[tuple[str, str], ...]) -> WeekColors:
    found = {key: Color.parse(text) for key, text in items}
    if any(color.ansi is not None for color in found.values()):
        return _ansi_colors()
    back, fore, accent, second = (found[key] for key in ("surface", "foreground", "accent", "secondary"))

    def style(color: Color, *, bold: bool = False, reverse: bool = False) -> Style:
        return Style(color=color.rich_color, bgcolor=back.rich_color, bold=bold or None, reverse=reverse or None)

    def ink(color: Color, char: str) -> Ink:
        return Ink(color.hex6, char)

    return WeekColors(
        plain=style(fore),
        dim=style(legible(back.blend(fore, 0.6), back, fore)),
        bold=style(fore, bold=True),
        faint=style(back.blend(fore, 0.13)),
        header=style(fore, bold=True),
        header_here=style(legible(accent, back, fore), bold=True, reverse=True),
        text=fore.hex6,
        empty=ink(back, " "),
        open=ink(back.blend(accent, 0.40), "#"),
        partial=ink(back.blend(accent, 0.22), "+"),
        limited=ink(back.blend(second, 0.42), "%"),
        painted=ink(back.blend(accent, 0.75), "#"),
        erased=ink(back.blend(found["error"], 0.45), "x"),
        cursor=ink(back.blend(fore, 0.45), "_"),
        cursor_open=ink(back.blend(fore, 0.80), "@"),
    )


def _ansi_colors() -> WeekColors:
    """Sixteen colours, on the terminal's own ground."""
    return WeekColors(
        plain=Style(color="default", bgcolor="default"),
        dim=Style(color="default", bgcolor="default", dim=True),
        bold=Style(color="default", bgcolor="default", bold=True),
        faint=Style(color="bright_black", bgcolor="default"),
        header=Style(color="default", bgcolor="default", bold=True),
        header_here=Style(color="default", bgcolor="default", bold=True, reverse=True),
        text="black",
        empty=Ink("default", " "),
        open=Ink("cyan", "#"),
        partial=Ink("bright_black", "+"),
        limited=Ink("magenta", "%"),
        painted=Ink("bright_cyan", "#"),
        erased=Ink("red", "x"),
        cursor=Ink("yellow", "_"),
        cursor_open=Ink("bright_yellow", "@"),
    )
