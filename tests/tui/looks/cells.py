"""What is on a screen, cell by cell: read from a running application, and written for somebody to draw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from rich.color import Color, ColorType
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.app import App
from textual.geometry import Size

TERMINAL = TerminalTheme(
    (19, 22, 28),
    (213, 218, 227),
    [(0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 229, 16), (36, 114, 200), (188, 63, 188), (17, 168, 205),
     (204, 204, 204)],
    [(118, 118, 118), (241, 76, 76), (35, 209, 139), (245, 245, 67), (59, 142, 234), (214, 112, 214),
     (41, 184, 219), (255, 255, 255)],
)  # fmt: skip
"""The sixteen colours of a common terminal, on its dark ground."""


class Run(NamedTuple):
    """Text of one look: colours are RGB, None is the terminal's own."""

    text: str
    color: tuple[int, int, int] | None
    ground: tuple[int, int, int] | None
    marks: str
    """Of `b`old, `d`im, `i`talic, `u`nderlined, `s`truck, `r`eversed, those that hold."""


Rows = list[list[Run]]


def rows_of(app: App[Any]) -> Rows:
    """The screen on top, with what shows of those below."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(Size(width, height))
    return [[_run(text, style or Style.null()) for text, style, _ in strip if text] for strip in strips]


def text_of(rows: Rows) -> str:
    """The characters alone."""
    return "\n".join("".join(run.text for run in row) for row in rows)


def _run(text: str, style: Style) -> Run:
    kept = (
        ("b", style.bold), ("d", style.dim), ("i", style.italic), ("u", style.underline), ("s", style.strike),
        ("r", style.reverse),
    )  # fmt: skip
    return Run(text, _rgb(style.color), _rgb(style.bgcolor), "".join(letter for letter, on in kept if on))


def _rgb(color: Color | None) -> tuple[int, int, int] | None:
    if color is None or color.type is ColorType.DEFAULT:
        return None
    red, green, blue = color.get_truecolor(TERMINAL)
    return red, green, blue


def write(path: Path, rows: Rows, *, dark: bool) -> None:
    """Write a screen for `python -m scripts.drawing`."""
    ends = TERMINAL.foreground_color, TERMINAL.background_color
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"ends": ends if dark else ends[::-1], "rows": rows}), encoding="utf-8")
