"""Grab mode: an entry in the hand, moved by keys or by the mouse through one machine (DND-01…06)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from textual import events, work
from textual.message import Message

from couchcal.practice.agenda import Entry, between
from couchcal.practice.glance import OpenHours
from couchcal.practice.locks import refusal
from couchcal.practice.outcome import Done
from couchcal.scheduling import drag
from couchcal.scheduling.drag import Grab, Outcome
from couchcal.scheduling.interval import overlaps
from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.base import CalendarBase
from couchcal.tui.calendar.layout import Key, key_of
from couchcal.tui.calendar.period import View, later
from couchcal.tui.calendar.scene import Cursor, Ghost
from couchcal.tui.calendar.view import CalendarView
from couchcal.tui.calendar.words import name_of

_SEARCH_DAYS = 60
USUAL_HOURS = tuple(OpenHours(weekday, time(8), time(18)) for weekday in range(5))
"""Where free time is looked for while no availability is set."""


class Moved(NamedTuple):
    """The last drop of one session of a series, for "move all future too"."""

    row_id: int
    start: datetime
    end: datetime


class Moving(CalendarBase):
    """Grab, drop, put back. While an entry is in the hand its keys come before all others."""

    class SlotFound(Message):
        """The next free time for the entry in the hand, None if there is none."""

        def __init__(self, key: Key, start: datetime | None) -> None:
            super().__init__()
            self.key = key
            self.start = start

    _home: Cursor | None = None
    _dropping = False
    last_move: Moved | None = None

    def action_reschedule(self) -> None:
        entry = self.picked
        if entry is None:
            self.toast("There is nothing here to move")
            return
        self.lift(entry)

    def lift(self, entry: Entry) -> bool:
        """Take `entry` into the hand, unless a lock holds it (DND-04, DND-06)."""
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

    def key_first(self, event: events.Key) -> bool:
        """While an entry is in the hand, every key is the grab machine's."""
        if self.ghost is None:
            return super().key_first(event)
        if self._dropping:
            return True
        key = event.key if event.key in drag.GRAB_KEYS else (event.character or "")
        after = drag.reduce(self.ghost.grab, key)
        if isinstance(after, Grab):
            self.hold(after)
        elif after is Outcome.DROP:
            self.drop()
        elif after is Outcome.PUT_BACK:
            self.put_back()
        elif after is Outcome.ASK_EXACT_TIME:
            self._ask_time()
        elif after is Outcome.FIND_FREE_SLOT:
            self._find_slot(self.ghost)
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
        """`overlaps Bob R.`, from what is loaded (CNF-01, CNF-02)."""
        if not entry.busy:
            return ""
        names = [
            name_of(other, self.names)
            for other in self.loaded.entries
            if _blocks(other, entry) and overlaps(grab.start, grab.end, other.start, other.end)
        ]
        if not names:
            return ""
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"overlaps {names[0]}{more}"

    def data_arrived(self) -> None:
        ghost = self.ghost
        if ghost is None:
            return
        if self._dropping:
            self._lay_down()
            return
        self.ghost = Ghost(ghost.entry, ghost.grab, self._in_the_way(ghost.entry, ghost.grab))
        self.current.ghost = self.ghost

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

    def drop(self) -> None:
        """Store where the entry is now; where nothing changed, just let go."""
        ghost = self.ghost
        if ghost is None or self._dropping:
            return
        if not ghost.grab.changed:
            self.put_back()
            return
        entry, grab = ghost.entry, ghost.grab
        self._dropping = True
        self.cursor = self.cursor_on(entry._replace(start=grab.start, end=grab.end, first_day=None))
        if entry.all_day:
            first = to_local(grab.start, self.tz).date()
            self.cursor = Cursor(first, self.cursor.minute, True, key_of(entry))
        single = entry.series_id is not None and grab.scope == "this"
        self.last_move = Moved(entry.row_id, *self._stored_times(entry, grab)) if single else None
        self.write(lambda: self._reschedule(entry, grab))

    def _stored_times(self, entry: Entry, grab: Grab) -> tuple[datetime, datetime]:
        """Instants; for an all-day entry the UTC midnights of its dates."""
        if not entry.all_day:
            return grab.start, grab.end
        return _utc_midnight(grab.start, grab), _utc_midnight(grab.end, grab)

    def _reschedule(self, entry: Entry, grab: Grab) -> Done:
        from couchcal.practice import appointments

        start, end = self._stored_times(entry, grab)
        return appointments.reschedule(
            self.database, entry.row_id, start, end, scope=grab.scope, expected_version=entry.version,
            clock=self.clock,
        )  # fmt: skip

    def on_writing_written(self, message: CalendarBase.Written) -> None:
        done = message.done
        words = done.label if not self.private else "Saved"
        hints = [f"{self.keymap.shown_first('undo')} undo"]
        if self.last_move is not None and self.last_move.row_id == done.appointment_id and self._dropping:
            hints.append(f"{self.keymap.shown_first('apply-to-future')} move all future too")
        elif not self._dropping:
            self.last_move = None
        notes = []
        if done.conflicts:
            notes.append(
                f"{self.glyphs.conflict} overlaps" + (f" ({done.conflicts})" if done.conflicts > 1 else "")
            )
        if done.kept:
            notes.append(f"{len(done.kept)} left as they were")
        if not self.private:
            notes += done.advice
        text = f"{words}{self.glyphs.separator}{self.glyphs.separator.join(hints)}"
        if notes:
            text = f"{text}\n{self.glyphs.separator.join(notes)}"
        self.toast(text, severity="warning" if done.conflicts else "information")
        if self.ghost is not None and not self._dropping:
            self.put_back()
        if done.appointment_id is not None:
            self._written = ("appointment", done.appointment_id)
        self._versions = self._data_version()
        self.fetch()

    def on_writing_failed(self, message: CalendarBase.Failed) -> None:
        if self._dropping:
            self.put_back()
            self.last_move = None
        self.toast(str(message.problem), severity="error")
        self.fetch()

    def action_apply_to_future(self) -> None:
        moved = self.last_move
        if moved is None:
            self.toast("First move one session of a series; then this moves all future ones as well")
            return
        self.last_move = None

        def change() -> Done:
            from couchcal.practice import appointments, undo

            undo.undo(self.database, clock=self.clock)
            return appointments.reschedule(
                self.database, moved.row_id, moved.start, moved.end, scope="future", clock=self.clock
            )

        self.write(change)

    # Exact time, next free slot

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
        from couchcal.scheduling.quickadd_when import Shift, parse_when

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
        from couchcal.scheduling.slots import Block, Busy, free_slots

        first = to_local(ghost.grab.start, self.tz).date()
        with database_errors(self.database.path):
            connection = self.database.connect()
            try:
                until = ghost.grab.start + timedelta(days=_SEARCH_DAYS + 2)
                found = between(connection, ghost.grab.start - timedelta(days=1), until, self.tz)
            finally:
                connection.close()
        busy = [
            Busy(other.start, other.end)
            for other in found
            if other.busy and key_of(other) != key_of(ghost.entry) and other.end > other.start
        ]
        minutes = max((ghost.grab.end - ghost.grab.start) // timedelta(minutes=1), 1)
        starts = free_slots(
            minutes,
            [Block(*hours) for hours in self.loaded.availability or USUAL_HOURS],
            busy,
            not_before=max(ghost.grab.start, self.clock()) + timedelta(minutes=1),
            tz=self.tz,
            first=first,
            last=first + timedelta(days=_SEARCH_DAYS),
        )
        self.post_message(self.SlotFound(key_of(ghost.entry), next(starts, None)))

    def on_moving_slot_found(self, message: SlotFound) -> None:
        if self.ghost is None or key_of(self.ghost.entry) != message.key:
            return
        if message.start is None:
            self.toast(f"No free time of this length within {_SEARCH_DAYS} days", severity="warning")
            return
        if self.ghost.grab.view == "month":
            self.hold(drag.move_to_day(self.ghost.grab, to_local(message.start, self.tz).date()))
        else:
            self.hold(drag.land_at(self.ghost.grab, message.start))

    # Mouse

    def on_calendar_view_dragged(self, message: CalendarView.Dragged) -> None:
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
            grab = self._pointed(self.ghost.grab, message)
            if grab != self.ghost.grab:
                self.hold(grab)

    def _pointed(self, grab: Grab, message: CalendarView.Dragged) -> Grab:
        """The grab after the pointer went from where it was pressed to where it is."""
        start, at = message.start, message.at
        by_days = timedelta(days=(at.day - start.day).days)
        by_minutes = timedelta() if grab.all_day or at.all_day else timedelta(minutes=at.minute - start.minute)
        if start.on_end and not grab.all_day and grab.view == "time":
            end = to_local(grab.original_end, self.tz) + by_days + by_minutes
            return drag.resize_to(grab, to_instant(end, self.tz))
        origin = to_local(grab.original_start, self.tz)
        if grab.view == "month" or grab.all_day:
            return drag.move_to_day(grab, (origin + by_days).date())
        if not by_days and not by_minutes:
            return drag.land_at(grab, grab.original_start)
        return drag.drag_to(grab, to_instant(origin + by_days + by_minutes, self.tz))


def _blocks(other: Entry, entry: Entry) -> bool:
    return (
        other.busy
        and not other.cancelled
        and other.kind not in ("time_off", "request")
        and key_of(other) != key_of(entry)
        and (entry.group_key is None or entry.group_key != other.group_key)
    )


def _utc_midnight(instant: datetime, grab: Grab) -> datetime:
    return datetime.combine(to_local(instant, grab.tz).date(), datetime.min.time(), UTC)
