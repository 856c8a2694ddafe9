"""What is on the screen already is not sent again: over a slow line that is most of what there is to send.

Textual draws a whole screen anew whenever one is opened or closed, two or three times over, and all of a widget of
which a part has changed. What it draws is compared here, line by line, with what the terminal was sent last; and
of widgets that nothing has changed in no line is drawn (`NarrowCompositor`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.control import Control
from rich.segment import Segment
from textual import events, on
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

Cells = list[Segment]
"""Some cells of a line, no two segments in a row of one style."""


class NarrowCompositor(Compositor):
    """Asks a widget for those lines only that lie between its first and its last one to be drawn.

    Textual asks all widgets on a screen for all of theirs, and throws away what it has no use for.
    """

    _drawn: frozenset[Region] = frozenset()
    """The parts of the screen that are being drawn; nothing while it is all of it."""

    def render_partial_update(self) -> ChopsUpdate | None:
        self._drawn = frozenset(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._drawn = frozenset()

    def _get_renders(self, crop: Region | None = None) -> Iterator[tuple[Region, Region, list[Strip]]]:
        drawn = self._drawn or {crop or self.size.region}
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            parts = [part for part in drawn if part.overlaps(seen)]
            if parts:
                top = max(min(part.y for part in parts), seen.y)
                bottom = min(max(part.bottom for part in parts), seen.bottom)
                lines = Region(seen.x, top, seen.width, bottom - top)
                yield region, lines, widget.render_lines(lines.translate(-region.offset))


class ChangedLines(CompositorUpdate):
    """Those lines of a screen that are not on the terminal yet."""

    def __init__(self, lines: list[tuple[int, Strip]]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: object) -> Any:
        for y, strip in self.lines:
            yield Control.move_to(0, y).segment
            yield from strip

    def render_segments(self, console: Console) -> str:
        return "".join(Control.move_to(0, y).segment.text + strip.render(console) for y, strip in self.lines)


class Frugal(App[ReturnType]):
    """An application that remembers what it has sent to the terminal.

    All is sent anew when the terminal may hold something else: at another size, when it comes to the front again,
    and when the program was suspended.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sent: list[Cells | None] = []
        """The lines of the terminal; None where a line is not known, nothing while none is."""

    def forget_sent(self) -> None:
        """Let the next frame be sent whole."""
        self._sent = []

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if self._running and not self._batch_count:
            if isinstance(renderable, LayoutUpdate):
                renderable = self._new_lines(renderable)  # type: ignore[assignment]  # rich knows it by its method
            elif isinstance(renderable, ChopsUpdate):
                renderable = self._new_spans(renderable)  # type: ignore[assignment]  # likewise
            elif renderable is not None:
                self.forget_sent()
        super()._display(screen, renderable)

    def _new_lines(self, update: LayoutUpdate) -> CompositorUpdate | None:
        """What of a full frame is new to the terminal; None if nothing is."""
        lines = [Strip.join(strips).simplify() for strips in update.strips]
        whole = update.region.offset == (0, 0) and len(lines) == self.size.height
        before = self._sent
        self._sent = [line._segments for line in lines] if whole else []
        if not whole or len(before) != len(lines):
            return LayoutUpdate([[line] for line in lines], update.region)
        changed = [(y, line) for y, line in enumerate(lines) if line._segments != before[y]]
        return ChangedLines(changed) if changed else None

    def _new_spans(self, update: ChopsUpdate) -> CompositorUpdate | None:
        """What of parts of lines is new to the terminal; None if nothing is."""
        spans = [span for span in update.spans if self._is_new(update, *span)]
        return ChopsUpdate(update.chops, spans, update.chop_ends) if spans else None

    def _is_new(self, update: ChopsUpdate, y: int, left: int, right: int) -> bool:
        before = self._sent[y] if y < len(self._sent) else None
        if before is None:
            return True
        part = _part(update, y, left, right)
        if part is None:
            self._sent[y] = None
            return True
        head, there, tail = _cut(before, left, right)
        if part == there:
            return False
        self._sent[y] = _joined(head, part, tail)
        return True

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize | events.AppFocus):
            self.forget_sent()
        await super().on_event(event)

    @on(Driver.SignalResume)
    def _draw_again(self) -> None:
        """After a stop the terminal shows the shell, and nothing of what was drawn."""
        self.forget_sent()
        self.refresh(layout=True)


def _part(update: ChopsUpdate, y: int, left: int, right: int) -> Cells | None:
    """Line `y` from cell `left` up to `right`; None if not all of it is in the update."""
    parts: list[Iterable[Segment]] = []
    cells = 0
    for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
        if end <= left or x >= right:
            continue
        if strip is None:
            return None
        first, last = max(left - x, 0), min(right, end) - x
        parts.append(strip if (first, last) == (0, end - x) else strip.crop(first, last))
        cells += last - first
    return [*Segment.simplify(chain.from_iterable(parts))] if cells == right - left else None


def _joined(*pieces: Cells) -> Cells:
    """One line of pieces."""
    line: Cells = []
    for piece in pieces:
        if line and piece and line[-1].style == piece[0].style:
            line[-1] = Segment(line[-1].text + piece[0].text, piece[0].style)
            line += piece[1:]
        else:
            line += piece
    return line


def _cut(line: Cells, left: int, right: int) -> tuple[Cells, Cells, Cells]:
    """A line up to cell `left`, from there up to `right`, and the rest."""
    head: Cells = []
    middle: Cells = []
    tail: Cells = []
    x = 0
    for segment in line:
        end = x + cell_len(segment.text)
        if x < left < end:
            before, segment = segment.split_cells(left - x)
            head.append(before)
            x = left
        if x < right < end:
            before, segment = segment.split_cells(right - x)
            middle.append(before)
            x = right
        (head if x < left else middle if x < right else tail).append(segment)
        x = end
    return head, middle, tail
