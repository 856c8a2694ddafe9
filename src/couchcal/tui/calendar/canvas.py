"""One line of cells to draw on, turned into a strip of as few segments as it has styles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


class Canvas:
    """`width` cells. A wide character takes its cell and leaves the next one empty; overwriting either half
    blanks the other."""

    __slots__ = ("cells", "styles", "width")

    def __init__(self, width: int, style: Style, char: str = " ") -> None:
        self.width = width
        self.cells = [char] * width
        self.styles = [style] * width

    def fill(self, start: int, stop: int, char: str, style: Style) -> None:
        """Put `char` (one cell wide) into the cells `[start, stop)`."""
        start, stop = max(start, 0), min(stop, self.width)
        if start >= stop:
            return
        self._free(start)
        self._free(stop - 1)
        self.cells[start:stop] = [char] * (stop - start)
        self.styles[start:stop] = [style] * (stop - start)

    def restyle(self, start: int, stop: int, style: Style) -> None:
        """Change the style of `[start, stop)` and keep the text."""
        start, stop = max(start, 0), min(stop, self.width)
        if start < stop:
            self.styles[start:stop] = [style] * (stop - start)

    def text(self, x: int, text: str, style: Style, stop: int | None = None) -> int:
        """Write `text` from `x`, not into `stop` or beyond; the first cell after it is returned."""
        limit = self.width if stop is None else min(stop, self.width)
        if x < 0 or x >= limit:
            return x
        if text.isascii():
            text = text[: limit - x]
            end = x + len(text)
            if end > x:
                self._free(x)
                self._free(end - 1)
                self.cells[x:end] = list(text)
                self.styles[x:end] = [style] * (end - x)
            return end
        for char in text:
            size = cell_len(char)
            if size == 0:
                if x > 0 and self.cells[x - 1]:
                    self.cells[x - 1] += char
                continue
            if x + size > limit:
                break
            self._free(x)
            self.cells[x] = char
            self.styles[x] = style
            if size == 2:
                self._free(x + 1)
                self.cells[x + 1] = ""
                self.styles[x + 1] = style
            x += size
        return x

    def _free(self, x: int) -> None:
        if self.cells[x] == "":
            self.cells[x - 1] = self.cells[x] = " "
        elif x + 1 < self.width and self.cells[x + 1] == "":
            self.cells[x + 1] = " "

    def difference(self, other: Canvas) -> tuple[int, int] | None:
        """The cells `[first, until)` between the first and the last that differ; None if none do."""
        pairs = zip(
            zip(self.cells, self.styles, strict=True), zip(other.cells, other.styles, strict=True), strict=True
        )
        differing = [x for x, (mine, theirs) in enumerate(pairs) if mine != theirs]
        return (differing[0], differing[-1] + 1) if differing else None

    def strip(self) -> Strip:
        """The line as a strip of as few segments as can be: blanks join a neighbour of the same ground, as
        each segment costs some forty bytes of colour codes on the wire."""
        segments: list[Segment] = []
        cells, width = self.cells, self.width
        start, blank = 0, True
        style = self.styles[0] if width else None
        for x, until, here in runs(self.styles):
            is_blank = cells[x:until].count(" ") == until - x
            if here is style or here == style:
                blank = blank and is_blank
                continue
            ground = _ground(here)
            if style is not None and ground is not None and ground == _ground(style):
                if is_blank:
                    continue
                if not blank:
                    while cells[x] == " ":
                        x += 1
                    segments.append(Segment("".join(cells[start:x]), style))
                    start = x
                style, blank = here, False
                continue
            segments.append(Segment("".join(cells[start:x]), style))
            start, style, blank = x, here, is_blank
        if start < width:
            segments.append(Segment("".join(cells[start:width]), style))
        return Strip(segments, width)


def runs(styles: Iterable[Style]) -> Iterator[tuple[int, int, Style]]:
    """Cells `[first, until)` in a row that have the very same style, and that style."""
    x = 0
    for _, run in groupby(styles, id):
        same = [*run]
        yield x, x + len(same), same[0]
        x += len(same)


@lru_cache(maxsize=4096)
def _ground(style: Style) -> Color | None:
    """The background that a blank of `style` shows; None if it would show more than that."""
    return None if style.strike or style.underline or style.reverse else style.bgcolor
