"""A list that knows what each of its lines stands for, and keeps its place when it is filled anew."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.widgets.option_list import Option

from couchcal.tui.forms.options import Ways
from couchcal.tui.text import clean

Row = TypeVar("Row")


def heading(text: str) -> Option:
    """A line above others; the highlight passes over it."""
    return Option(Content.styled(clean(text), "bold $accent"), disabled=True)


class RowList(Ways, Generic[Row]):
    """Lines, each with the row that it stands for, or None for a heading.

    Args:
        key: what is the same about a row before and after it is read anew.
    """

    def __init__(self, key: Callable[[Row], Hashable], *, id: str) -> None:
        super().__init__((), id=id)
        self._key = key
        self._rows: list[Row | None] = []

    @property
    def row(self) -> Row | None:
        """What the highlighted line stands for."""
        at = self.highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    @property
    def rows(self) -> Sequence[Row | None]:
        """What each line stands for."""
        return self._rows

    def put(self, lines: Iterable[tuple[Row | None, Option]], *, at: Hashable = None, to_new: bool = False) -> None:
        """Put these lines in the place of the others.

        The highlight goes to the row with the key `at`; else with `to_new` to the only row that was not there
        before; else it stays on its row, or near where that was. What is in sight stays so.
        """
        new = list(lines)
        known = {self._key(row) for row in self._rows if row is not None}
        if at is None and to_new and known:
            added = [key for row, _ in new if row is not None and (key := self._key(row)) not in known]
            at = added[0] if len(added) == 1 else None
        if at is None and (current := self.row) is not None:
            at = self._key(current)
        before, top = self.highlighted or 0, self.scroll_offset.y
        self._rows = [row for row, _ in new]
        self.set_options([option for _, option in new])
        self.highlighted = self._place(at, before)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.scroll_to_highlight()

    def begin(self, lines: Iterable[tuple[Row | None, Option]], *, at: Hashable = None) -> None:
        """Put these lines in place as another list: the highlight goes to the row with the key `at`, else to the
        first one."""
        self._rows = []
        self.highlighted = None
        self.scroll_to(y=0, animate=False, immediate=True)
        self.put(lines, at=at)

    def _place(self, key: Hashable, near: int) -> int | None:
        places = [place for place, row in enumerate(self._rows) if row is not None]
        for place in places:
            row = self._rows[place]
            if row is not None and self._key(row) == key:
                return place
        return min(places, key=lambda place: abs(place - near), default=None)

    def add(self, lines: Iterable[tuple[Row, Option]]) -> None:
        """Put more lines below the others."""
        new = list(lines)
        self._rows += [row for row, _ in new]
        self.add_options([option for _, option in new])

    def move(self, by: int) -> None:
        """Move the highlight by so many rows, not around the ends; headings do not count."""
        places = [place for place, row in enumerate(self._rows) if row is not None]
        if self.highlighted in places:
            place = places.index(self.highlighted) + by
            self.highlighted = places[min(len(places) - 1, max(0, place))]
