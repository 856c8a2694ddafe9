"""What the day, week, month and agenda views have in common: scene, cursor, ghost, mouse.

A view only draws and says what the user pointed at; the screen decides. Moving the cursor refreshes the cells
that differ and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import ClassVar, Literal, NamedTuple

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from couchcal.practice.agenda import Entry
from couchcal.tui.calendar.scene import Cursor, Ghost, Scene
from couchcal.tui.palette import Palette

DRAG_THRESHOLD = 1
"""Cells the pointer travels before a press is a drag."""


class Hit(NamedTuple):
    """What is under the pointer."""

    day: date
    minute: int = 0
    all_day: bool = False
    entry: Entry | None = None
    on_end: bool = False
    """On the last row of the entry: dragging from here resizes."""
    edge: int = 0
    """-1 or 1 at the edge towards the days before or after: an entry that is held there turns the page."""


class CalendarView(ScrollView, can_focus=True, inherit_bindings=False):
    """A Line-API view of the calendar."""

    ALLOW_SELECT: ClassVar[bool] = False

    class Pressed(Message):
        """A click: once chooses, twice opens."""

        def __init__(self, hit: Hit, times: int) -> None:
            super().__init__()
            self.hit = hit
            self.times = times

    class Dragged(Message, bubble=True):
        """The pointer moves an entry; `phase` tells begin, move and drop."""

        def __init__(self, phase: Literal["begin", "move", "drop", "cancel"], start: Hit, at: Hit) -> None:
            super().__init__()
            self.phase = phase
            self.start = start
            self.at = at

    def __init__(self, scene: Scene, palette: Palette, cursor: Cursor) -> None:
        super().__init__()
        self.scene = scene
        self.palette = palette
        self.cursor = cursor
        self.ghost: Ghost | None = None
        self._pressed: tuple[Hit, int, int] | None = None
        self._dragging = False
        self._painted_for: object = None
        self._revealed = 0
        self.intercept: Callable[[events.Key], bool] = lambda _event: False
        """Asked before any binding; True if the key is used up (an entry is in the hand)."""

    # What is shown

    def show(self, scene: Scene, cursor: Cursor, palette: Palette) -> None:
        """Show another scene; everything is drawn anew."""
        self.scene, self.cursor, self.palette = scene, cursor, palette
        if self.size.width:
            self.rebuild()
            self._reveal()
            self.refresh()

    def move_cursor(self, cursor: Cursor) -> None:
        """Put the cursor elsewhere in the same scene."""
        old, self.cursor = self.cursor, cursor
        if self._painted_for is None:
            return
        scrolled = self.scroll_offset
        before = list(self.cursor_marks(old))
        self._reveal()
        if self.scroll_offset == scrolled:
            after = list(self.cursor_marks(cursor))
            same = {mark for mark, _ in before} & {mark for mark, _ in after}
            self.refresh_cells(region for mark, region in (*before, *after) if mark not in same)

    def set_ghost(self, ghost: Ghost | None) -> None:
        """Show, move or take away the entry in the hand."""
        old, self.ghost = self.ghost, ghost
        if self._painted_for is None:
            return
        scrolled = self.scroll_offset
        before = [] if old is None else list(self.ghost_regions(old))
        self._reveal()
        if old is None or ghost is None:
            self.refresh()
        elif self.scroll_offset == scrolled:
            self.refresh_cells([*before, *self.ghost_regions(ghost)])

    def refresh_cells(self, regions: Iterable[Region]) -> None:
        """Repaint these regions (in cells of the widget) and no others: one span a line, as Textual writes a
        line from its left edge for every span of it."""
        visible = self.size.region
        reach: dict[int, int] = {}
        for region in regions:
            region = region.intersection(visible)
            for y in range(region.y, region.bottom):
                reach[y] = max(reach.get(y, 0), region.right)
        if reach:
            self.refresh(*(Region(0, y, right, 1) for y, right in reach.items()))

    # For each view

    def rebuild(self) -> None:
        """Lay the scene out for the present size."""
        raise NotImplementedError

    def paint_ahead(self, scene: Scene, day: date) -> Iterator[None]:
        """Paint what is likely to be shown next, with the cursor on `day` then, a line a step."""
        return iter(())

    def _reveal(self) -> None:
        first = self._revealed != self.scene.row_minutes
        self._revealed = self.scene.row_minutes
        self.reveal(first=first)

    def reveal(self, *, first: bool) -> None:
        """Scroll so that cursor or ghost can be seen; `first` when rows have another height than before."""

    def line(self, y: int) -> Strip:
        """Line `y` of the widget."""
        raise NotImplementedError

    def beside(self, cursor: Cursor, sign: int) -> Hit | None:
        """The entry that stands below the cursor, or above it; None where the order is that of time."""
        return None

    def hit(self, x: int, y: int) -> Hit | None:
        """What is at a cell of the widget; cells outside stand for the nearest inside."""
        raise NotImplementedError

    def cursor_marks(self, cursor: Cursor) -> Iterable[tuple[object, Region]]:
        """What a cursor changes: a name for each mark it makes, and the cells of it."""
        raise NotImplementedError

    def ghost_regions(self, ghost: Ghost) -> Iterable[Region]:
        """The cells that a ghost covers."""
        return ()

    # Textual

    def render_line(self, y: int) -> Strip:
        if self._painted_for != self._paint_key(self.size):
            self.rebuild()
        return self.line(y)

    def _paint_key(self, size: Size) -> object:
        return size, self.scene.generation, id(self.palette)

    def mark_painted(self) -> None:
        """Note that `rebuild` is done for the present size and scene."""
        self._painted_for = self._paint_key(self.size)

    def on_resize(self) -> None:
        if self.size.width:
            self.rebuild()
            self._reveal()

    def on_key(self, event: events.Key) -> None:
        if self.intercept(event):
            event.stop()
            event.prevent_default()

    def let_go(self) -> None:
        """Forget a press that is under way."""
        if self._pressed is not None:
            self._pressed = None
            self.release_mouse()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        if event.button != 1:
            return
        hit = self.hit(event.x, event.y)
        if hit is None:
            return
        self._pressed, self._dragging = (hit, event.x, event.y), False
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._pressed is None:
            return
        event.stop()
        start, x, y = self._pressed
        if not self._dragging:
            if start.entry is None or max(abs(event.x - x), abs(event.y - y)) < DRAG_THRESHOLD:
                return
            self._dragging = True
            self.post_message(self.Dragged("begin", start, start))
        at = self.hit(event.x, event.y)
        if at is not None:
            self.post_message(self.Dragged("move", start, at))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._pressed is None:
            return
        event.stop()
        start, dragging = self._pressed[0], self._dragging
        self._pressed = None
        self.release_mouse()
        if dragging:
            self.post_message(self.Dragged("drop", start, self.hit(event.x, event.y) or start))

    def on_mouse_release(self) -> None:
        """The capture is gone without a button going up: nothing is dropped."""
        if self._pressed is not None and self._dragging:
            self.post_message(self.Dragged("cancel", self._pressed[0], self._pressed[0]))
        self._pressed, self._dragging = None, False

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if self._dragging:
            self._dragging = False
            return
        hit = self.hit(event.x, event.y)
        if hit is not None and event.button == 1:
            self.post_message(self.Pressed(hit, event.chain))
