"""One-line widgets drawn from runs of styled text: the header and the status line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from couchcal.tui.calendar.canvas import Canvas
from couchcal.tui.text import fit

Run = tuple[str, Style]
"""Text and how it looks."""


class Line(Widget):
    """A line with runs at its left and at its right end; the left ones give way."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._left: tuple[Run, ...] = ()
        self._right: tuple[Run, ...] = ()
        self._ground = Style()

    def show(self, left: Sequence[Run], right: Sequence[Run], ground: Style) -> None:
        """Show these runs; nothing is repainted when they are the same."""
        wanted = (tuple(left), tuple(right), ground)
        if wanted != (self._left, self._right, self._ground):
            self._left, self._right, self._ground = wanted
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        canvas = Canvas(width, self._ground)
        room = width - runs_width(self._right)
        x = 0
        for text, style in self._left:
            x = canvas.text(x, fit(text, room - x), style, room)
        x = max(room, 0)
        for text, style in self._right:
            x = canvas.text(x, text, style)
        return canvas.strip()


def runs_width(runs: Sequence[Run]) -> int:
    """Cells that runs take."""
    return sum(cell_len(text) for text, _ in runs)
