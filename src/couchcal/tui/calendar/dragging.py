"""The mouse and the entry in the hand: press, pull, release; at an edge the page turns (DND-01…03)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from textual.timer import Timer

from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.tui.calendar.moving import Moving
from couchcal.tui.calendar.period import View, later
from couchcal.tui.calendar.view import CalendarView

_TURN_SECONDS = 0.6
"""How long an entry is held at an edge until the page turns."""
_MONTH_STEP = 28

if TYPE_CHECKING:
    from couchcal.scheduling.drag import Grab


class Dragging(Moving, part=True):
    """Turns what the pointer does into grabs, moves and drops."""

    _turning: Timer | None = None

    def on_calendar_view_dragged(self, message: CalendarView.Dragged) -> None:
        self._stop_turning()
        if message.phase == "begin":
            if message.start.entry is not None and self.ghost is None:
                self.lift(message.start.entry)
            return
        if self.ghost is None or self._dropping:
            return
        if message.phase == "cancel":
            self.put_back()
        elif message.phase == "drop":
            self.drop()
        else:
            self._follow(self.ghost.grab, message)
            if message.at.edge:
                self._turning = self.set_timer(_TURN_SECONDS, lambda: self._turn(message))

    def _follow(self, held: Grab, message: CalendarView.Dragged) -> None:
        grab = self._pointed(held, message)
        if grab != held:
            self.hold(grab)

    def _turn(self, message: CalendarView.Dragged) -> None:
        """The pointer rests at an edge: the entry goes on to the same place of the next page, and so on."""
        if self.ghost is None or self._dropping:
            return
        days = _MONTH_STEP if self.calendar_view is View.MONTH else self.period.days
        at = message.at._replace(day=later(message.at.day, message.at.edge * days))
        further = CalendarView.Dragged("move", message.start, at)
        self._follow(self.ghost.grab, further)
        self._turning = self.set_timer(_TURN_SECONDS, lambda: self._turn(further))

    def _stop_turning(self) -> None:
        if self._turning is not None:
            self._turning.stop()
            self._turning = None

    def _pointed(self, grab: Grab, message: CalendarView.Dragged) -> Grab:
        """The grab after the pointer went from where it was pressed to where it is."""
        from couchcal.scheduling import drag

        start, at = message.start, message.at
        by_days = timedelta(days=(at.day - start.day).days)
        by_minutes = timedelta() if grab.all_day or at.all_day else timedelta(minutes=at.minute - start.minute)
        if start.on_end and not grab.all_day and grab.view == "time":
            # Pulled down its end goes along, pulled aside all of it: the one may have been before the other.
            grab = drag.resized(grab, grab.original_start, grab.original_end)
            if by_minutes and not by_days:
                end = to_local(grab.original_end, self.tz) + by_minutes
                return drag.resize_to(grab, to_instant(end, self.tz))
        origin = to_local(grab.original_start, self.tz)
        if grab.view == "month" or grab.all_day:
            return drag.move_to_day(grab, (origin + by_days).date())
        if not by_days and not by_minutes:
            return drag.land_at(grab, grab.original_start)
        return drag.drag_to(grab, to_instant(origin + by_days + by_minutes, self.tz))
