"""Where the entry in the hand could land: at a time that is typed, or at the next free one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from textual import work
from textual.message import Message

from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.holding import Holding
from couchcal.tui.calendar.layout import Key, key_of
from couchcal.tui.calendar.scene import Ghost

_SEARCH_DAYS = 60

if TYPE_CHECKING:
    from couchcal.scheduling.drag import Grab


class Landing(Holding, part=True):
    """Moves the entry in the hand by words or by a search."""

    class SlotFound(Message):
        """The next free time for the entry in the hand, None if there is none."""

        def __init__(self, key: Key, start: datetime | None) -> None:
            super().__init__()
            self.key = key
            self.start = start

    def _ask_time(self) -> None:
        from couchcal.tui.forms.prompt import Prompt

        def problem(text: str) -> str | None:
            return None if self._typed(text) is not None else "no time I know: try 14:05, fri 3pm, +30m"

        def take(text: str | None) -> None:
            grab = self._typed(text) if text else None
            if grab is not None:
                self.hold(grab)

        self.app.push_screen(Prompt("Move to", "14:05 · fri 3pm · +30m", problem), take)

    def _typed(self, text: str) -> Grab | None:
        from couchcal.scheduling import drag
        from couchcal.scheduling.quickadd_when import Shift
        from couchcal.typed_dates import parse_when

        if self.ghost is None:
            return None
        grab = self.ghost.grab
        base = to_local(grab.start, self.tz)
        when = parse_when(text, now_local=self.now_local, base_local=base)
        if when is None:
            return None
        if isinstance(when, Shift):
            instant = to_instant(base + timedelta(days=when.days), self.tz) + timedelta(minutes=when.minutes)
            return drag.land_at(grab, instant)
        if grab.view == "month":
            return drag.move_to_day(grab, when.date())
        return drag.land_at(grab, to_instant(when, self.tz))

    @work(thread=True, group="slot", exclusive=True, exit_on_error=False)
    def _find_slot(self, ghost: Ghost) -> None:
        from couchcal.practice.openings import free_starts

        grab = ghost.grab
        after = max(grab.start, self.clock()) + timedelta(minutes=1)
        first = to_local(after, self.tz).date()
        with database_errors(self.database.path):
            connection = self.database.connect()
            try:
                starts = free_starts(
                    connection,
                    max((grab.end - grab.start) // timedelta(minutes=1), 1),
                    first=first,
                    last=first + timedelta(days=_SEARCH_DAYS),
                    now=after,
                    tz=self.tz,
                    step=grab.snap_minutes,
                    ignoring=(key_of(ghost.entry),),
                )
                start = next(starts, None)
            finally:
                connection.close()
        self.post_message(self.SlotFound(key_of(ghost.entry), start))

    def on_landing_slot_found(self, message: SlotFound) -> None:
        from couchcal.scheduling import drag

        if self.ghost is None or key_of(self.ghost.entry) != message.key:
            return
        if message.start is None:
            self.toast(f"No free time of this length within {_SEARCH_DAYS} days", severity="warning")
            return
        if self.ghost.grab.view == "month":
            self.hold(drag.move_to_day(self.ghost.grab, to_local(message.start, self.tz).date()))
        else:
            self.hold(drag.land_at(self.ghost.grab, message.start))
