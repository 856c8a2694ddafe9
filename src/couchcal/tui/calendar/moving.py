"""Grab mode by keys; a drop stores where the entry is (DND-01…06)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from textual import events

from couchcal.practice.agenda import Entry
from couchcal.practice.locks import worked_on
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.landing import Landing
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.scene import Cursor, Ghost
from couchcal.tui.calendar.writing import Moved, freed_by

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done
    from couchcal.scheduling.drag import Grab


class Moving(Landing, part=True):
    """From the hand to the calendar. The move of one session offers the rest of its series (C-02)."""

    def action_reschedule(self) -> None:
        entry = self.picked
        if entry is None:
            self.toast("There is nothing here to move")
            return
        self.lift(entry)

    def key_first(self, event: events.Key) -> bool:
        """While an entry is in the hand, every key is the grab machine's."""
        if self.ghost is None:
            return super().key_first(event)
        if self._dropping:
            return True
        from couchcal.scheduling.drag import Grab
        from couchcal.scheduling.grab_keys import GRAB_KEYS, Outcome, reduce

        key = event.key if event.key in GRAB_KEYS else (event.character or "")
        after = reduce(self.ghost.grab, key)
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

    def drop(self) -> None:
        """Store where the entry is now; where nothing changed, just let go. A session of a series that is over is
        taken into the future only after a question: what was, was (C-03)."""
        ghost = self.ghost
        if ghost is None or self._dropping:
            return
        if not ghost.grab.changed:
            self.put_back()
            return
        now = self.clock()
        if ghost.entry.series_id is not None and ghost.entry.start < now < ghost.grab.start:
            self._ask_about_past(ghost)
        else:
            self._store(ghost)

    def _ask_about_past(self, ghost: Ghost) -> None:
        from couchcal.scheduling.drag import describe
        from couchcal.tui.forms.confirm import Confirm

        def take(yes: bool | None) -> None:
            if self.ghost is not ghost:
                self.toast("It changed meanwhile: take it up again")
            elif yes:
                self._store(ghost)

        where = describe(ghost.grab, hour24=self.settings.clock_24h).replace("–", self.glyphs.dash)
        state = "is over" if ghost.entry.end <= self.clock() else "has begun"
        body = f"{self.label_of(ghost.entry)} {state}. Move it to {where}? The past then has no such session."
        self.app.push_screen(Confirm("Move a past session", body, "Move it", "Keep holding"), take)

    def _store(self, ghost: Ghost) -> None:
        entry, grab = ghost.entry, ghost.grab
        self._dropping = True
        self.cursor = self.cursor_on(entry._replace(start=grab.start, end=grab.end, first_day=None))
        if entry.all_day:
            first = to_local(grab.start, self.tz).date()
            self.cursor = Cursor(first, self.cursor.minute, True, key_of(entry))
        self.reschedule(entry, grab)

    def reschedule(self, entry: Entry, grab: Grab) -> None:
        """Store another time for `entry`; of a series the rest may follow (C-02)."""
        can_follow = entry.series_id is not None and not worked_on(entry) and grab.original_start > self.clock()
        was = self._stored_times(entry, grab, grab.original_start, grab.original_end)
        self.moving_one = Moved(entry.row_id, *was) if can_follow and grab.scope == "this" else None
        self.freed = freed_by(entry)
        self.write(lambda: self._reschedule(entry, grab))

    def _stored_times(self, entry: Entry, grab: Grab, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        """Instants; for an all-day entry the UTC midnights of its dates."""
        return (start, end) if not entry.all_day else (_utc_midnight(start, grab), _utc_midnight(end, grab))

    def _reschedule(self, entry: Entry, grab: Grab) -> Done:
        from couchcal.practice import appointments

        start, end = self._stored_times(entry, grab, grab.start, grab.end)
        return appointments.reschedule(
            self.database, entry.row_id, start, end, scope=grab.scope, expected_version=entry.version,
            clock=self.clock,
        )  # fmt: skip

    def action_apply_to_future(self) -> None:
        moved = self.last_move
        if moved is None:
            self.toast("First move one session of a series; then this moves all future ones as well")
            return
        self.last_move = None

        def change() -> Done:
            from couchcal.practice.follow import let_future_follow

            return let_future_follow(self.database, moved.row_id, moved.was_start, moved.was_end, clock=self.clock)

        self.write(change)

    def action_tell_client(self) -> None:
        untold = self.untold
        if untold is None:
            self.toast("First move a session; where the practice asks, this tells the client of the new time")
            return
        self.untold = None

        def change() -> Done:
            from couchcal.practice import appointments

            return appointments.tell_of_move(self.database, untold.row_id, untold.was, clock=self.clock)

        self.write(change)


def _utc_midnight(instant: datetime, grab: Grab) -> datetime:
    return datetime.combine(to_local(instant, grab.tz).date(), datetime.min.time(), UTC)
