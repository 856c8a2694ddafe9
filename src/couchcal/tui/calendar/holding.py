"""An entry in the hand: taken up, shown elsewhere, put back. Nothing here writes (DND-01…06)."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from couchcal.practice.agenda import Entry, one
from couchcal.practice.locks import refusal
from couchcal.scheduling.interval import overlaps
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.base import CalendarBase
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.period import View, later
from couchcal.tui.calendar.scene import Cursor, Ghost
from couchcal.tui.calendar.words import name_of

if TYPE_CHECKING:
    from couchcal.scheduling.drag import Grab


class Holding(CalendarBase, part=True):
    """While an entry is in the hand its keys come before all others."""

    _home: Cursor | None = None
    _dropping = False

    def lift(self, entry: Entry) -> bool:
        """Take `entry` into the hand, unless a lock holds it (DND-04, DND-06)."""
        from couchcal.scheduling import drag

        lock = refusal(entry, "time")
        if lock is not None:
            self.toast(f"{name_of(entry, self.names)} stays: {lock}", severity="warning")
            return False
        self.warm_soon()
        self.lifted_in_agenda = self.calendar_view is View.AGENDA
        if self.lifted_in_agenda:
            self.calendar_view = View.WEEK
        self._home = self.cursor
        grab = drag.grab(
            entry.start,
            entry.end,
            self.tz,
            view="month" if self.calendar_view is View.MONTH else "time",
            in_series=entry.series_id is not None,
            all_day=entry.all_day,
        )
        self.ghost = Ghost(entry, grab)
        self._dropping = False
        self.cursor = self.cursor_on(entry)
        self.show()
        self.current.set_ghost(self.ghost)
        return True

    def hold(self, grab: Grab) -> None:
        """Show the entry in the hand at another place, paging along with it."""
        if self.ghost is None:
            return
        self.ghost = Ghost(self.ghost.entry, grab, self._in_the_way(self.ghost.entry, grab))
        self.warm_soon()
        local = to_local(grab.start, self.tz)
        minute = (local.hour * 60 + local.minute) // self.row_minutes * self.row_minutes
        cursor = Cursor(later(local.date(), 0), minute if not grab.all_day else self.cursor.minute, grab.all_day)
        self.cursor = cursor
        if cursor.day not in self.period:
            self.current.ghost = self.ghost
            self.show()
        else:
            self.current.move_cursor(cursor)
            self.current.set_ghost(self.ghost)
            self.show_around()

    def _in_the_way(self, entry: Entry, grab: Grab) -> str:
        """`overlaps Bob R.`, from what is loaded (CNF-01, CNF-02); else whether a client would come in time off."""
        if not entry.busy:
            return ""
        so_far = self.loaded.entries[: bisect_right(self.loaded.entries, grab.end, key=attrgetter("start"))]
        there = [
            other
            for other in so_far
            if other.end >= grab.start and overlaps(grab.start, grab.end, other.start, other.end)
        ]
        names = [name_of(other, self.names) for other in there if _blocks(other, entry)]
        if not names:
            off = entry.client_id is not None and any(other.kind == "time_off" for other in there)
            return "in your time off" if off else ""
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"overlaps {names[0]}{more}"

    def data_arrived(self) -> None:
        super().data_arrived()
        ghost = self.ghost
        if ghost is None:
            return
        if self._dropping:
            self._lay_down()
            return
        entry = self._as_stored(ghost.entry)
        if entry is not None:
            self.ghost = Ghost(entry, ghost.grab, self._in_the_way(entry, ghost.grab))
            self.current.ghost = self.ghost

    def _as_stored(self, entry: Entry) -> Entry | None:
        """The entry in the hand as it is stored now: other details go along with the move. Who has deleted,
        cancelled or moved it elsewhere comes first: it is put back, and said."""
        with database_errors(self.database.path):
            stored = one(self.reader, entry.row_id, self.tz)
        if stored is not None and (stored.start, stored.end, stored.status) == (
            entry.start,
            entry.end,
            entry.status,
        ):
            return stored
        self.put_back()
        self.toast(f"{self.fate_of(entry, stored)}{self.glyphs.separator}not moved by you", severity="warning")
        return None

    def put_back(self) -> None:
        """Forget the move: nothing is written."""
        home = self._home
        self._lay_down()
        if home is not None:
            self.cursor = home
        self.show()

    def _lay_down(self) -> None:
        self.ghost, self._home, self._dropping = None, None, False
        for view in self._stage.values():
            view.ghost = None
            view.let_go()


def _blocks(other: Entry, entry: Entry) -> bool:
    return (
        other.busy
        and not other.cancelled
        and other.kind not in ("time_off", "request")
        and key_of(other) != key_of(entry)
        and (entry.group_key is None or entry.group_key != other.group_key)
    )
