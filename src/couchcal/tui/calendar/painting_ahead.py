"""Painting the weeks beside the one in sight while the keys rest, so that the next one only has to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain
from time import perf_counter

from textual.timer import Timer

from couchcal.tui.calendar import data
from couchcal.tui.calendar.period import Period, View, later
from couchcal.tui.calendar.reading import Reading

_REST_SECONDS = 0.02
_BEAT_SECONDS = 0.001
_SPELL_SECONDS = 0.002
"""How long is painted in one go: a key that comes meanwhile waits no longer."""


class PaintingAhead(Reading, part=True):
    """Has the view paint the days after and before those in sight, the way that was gone first."""

    _painting: Iterator[None] = iter(())
    _brush: Timer | None = None
    _forward = True
    _first_shown: date | None = None

    def show(self) -> None:
        super().show()
        first, before = self.period.first, self._first_shown
        if before is not None and first != before:
            self._forward = first > before
        self._first_shown = first
        self._paint_ahead_soon()

    def data_arrived(self) -> None:
        super().data_arrived()
        self._paint_ahead_soon()

    def _paint_ahead_soon(self) -> None:
        if self._brush is not None:
            self._brush.stop()
            self._brush = None
        if self.is_mounted and not self.labels and self.calendar_view in (View.DAY, View.WEEK):
            self._brush = self.set_timer(_REST_SECONDS, self._begin)

    def _begin(self) -> None:
        ways = (1, -1) if self._forward else (-1, 1)
        self._painting = chain.from_iterable(self._beside(way) for way in ways)
        self._brush = self.set_interval(_BEAT_SECONDS, self._paint)

    def _beside(self, way: int) -> Iterator[None]:
        period = Period(later(self.period.first, way * self.period.days), self.period.days)
        if data.covers(self.loaded.window, period):
            yield from self.current.paint_ahead(self._scene(period), later(self.cursor.day, way * period.days))

    def _paint(self) -> None:
        until = perf_counter() + _SPELL_SECONDS
        for _ in self._painting:
            if perf_counter() > until:
                return
        if self._brush is not None:
            self._brush.stop()
            self._brush = None
