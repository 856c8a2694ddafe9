"""What the screen says after a change: what happened, how to undo it, what could come next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.message import Message

from couchcal.clock_words import in_chosen_clock
from couchcal.errors import Refused
from couchcal.practice.glance import held_back
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import database_errors
from couchcal.tui.calendar.dragging import Dragging
from couchcal.tui.calendar.period import day_label
from couchcal.tui.calendar.words import time_text
from couchcal.tui.calendar.writing import Freed, Untold, Writing
from couchcal.tui.text import clean

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done, Kept

_KEPT_SHOWN = 2


class Answers(Dragging, part=True):
    """Toasts, and the offers in them."""

    class Fits(Message):
        """Clients on the waitlist who would take a time that has come free."""

        def __init__(self, count: int, freed: Freed) -> None:
            super().__init__()
            self.count = count
            self.freed = freed

    def on_writing_written(self, message: Writing.Written) -> None:
        done = message.done
        words = in_chosen_clock(done.label) if self.shows_names else "Saved"
        hints = [f"{self.keymap.shown_first('undo')} undo"]
        self.last_move, self.moving_one = self.moving_one, None
        if self.last_move is not None:
            hints.append(self._future_words(self.last_move.row_id))
        text = self.glyphs.separator.join([words, *hints])
        self.untold = self._untold_by(done)
        notes = self._notes(done)
        if notes:
            text = f"{text}\n{self.glyphs.separator.join(notes)}"
        self.toast(text, severity="warning" if done.conflicts else "information")
        if self.ghost is not None and not self._dropping:
            self.put_back()
        if done.appointment_id is not None:
            self._written = ("appointment", done.appointment_id)
        freed, self.freed = self.freed, None
        if freed is not None and freed.start > self.clock():
            self._look_for_waiting(freed)
        self.settled()

    def _future_words(self, row_id: int) -> str:
        """What a key would do for the rest of the series, and how much of it would stay (C-02)."""
        offer = f"{self.keymap.shown_first('apply-to-future')} move all future too"
        with database_errors(self.database.path):
            staying = held_back(self.reader, row_id)
        return f"{offer}, {staying} {'stays' if staying == 1 else 'stay'}" if staying else offer

    def _untold_by(self, done: Done) -> Untold | None:
        """Of two moves in a row the client knows the start before the first."""
        if done.untold is None or done.appointment_id is None:
            return None
        from couchcal.mail import config

        if not config.set_up():
            return None
        earlier = self.untold
        if earlier is not None and earlier.row_id == done.appointment_id:
            return earlier
        return Untold(done.appointment_id, done.untold)

    def _notes(self, done: Done) -> list[str]:
        """Overlaps and the way to them (REC-11), what a series change left alone (REC-09), advice."""
        notes = []
        if done.conflicts > 1:
            review = f"{self.keymap.shown_first('next-conflict')} reviews"
            notes += [f"{self.glyphs.conflict} {done.conflicts} overlaps", review]
        elif done.conflicts:
            notes += [f"{self.glyphs.conflict} overlaps", f"{self.keymap.shown_first('ways-out')} free times"]
        if done.kept:
            notes.append(self._kept_words(done.kept))
        if self.untold is not None:
            notes.append(f"{self.keymap.shown_first('tell-client')} tells the client")
        if self.shows_names:
            notes += done.advice
        return notes

    def _kept_words(self, kept: tuple[Kept, ...]) -> str:
        if not self.shows_names:
            return f"{len(kept)} left as they were"
        named = [f"{clean(in_chosen_clock(row.label))} ({clean(row.reason)})" for row in kept[:_KEPT_SHOWN]]
        more = [f"{len(kept) - _KEPT_SHOWN} more"] if len(kept) > _KEPT_SHOWN else []
        return f"left as {'it was' if len(kept) == 1 else 'they were'}: {', '.join(named + more)}"

    def on_writing_failed(self, message: Writing.Failed) -> None:
        if self._dropping:
            self.put_back()
        self.last_move = self.moving_one = self.freed = None
        text = str(message.problem)
        severity = "warning" if isinstance(message.problem, Refused) else "error"
        self.toast(f"{text[:1].upper()}{text[1:]}", severity=severity)
        self.settled()

    # Waitlist

    @work(thread=True, group="waitlist", exclusive=True, exit_on_error=False)
    def _look_for_waiting(self, freed: Freed) -> None:
        from couchcal.practice.clashes import clashes
        from couchcal.practice.waitlist import fitting

        with database_errors(self.database.path):
            connection = self.database.connect()
            try:
                if clashes(connection, ("", 0), freed.start, freed.end, None, self.tz):
                    return
                found = fitting(connection, freed.start, freed.end, self.tz)
            finally:
                connection.close()
        if found:
            self.post_message(self.Fits(len(found), freed))

    def on_answers_fits(self, message: Fits) -> None:
        self.offered = message.freed
        start = to_local(message.freed.start, self.tz)
        when = f"{day_label(start.date())} {time_text(start, hour24=self.settings.clock_24h)}"
        who = "1 on the waitlist" if message.count == 1 else f"{message.count} on the waitlist"
        key = self.keymap.shown_first("waiting")
        self.toast(f"{who} would take {when}{self.glyphs.separator}{key} shows them")
