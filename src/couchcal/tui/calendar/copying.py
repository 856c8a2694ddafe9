"""Copy, paste and duplicate: another appointment with the details of one that is there."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from textual import work
from textual.message import Message

from couchcal.errors import CouchcalError
from couchcal.practice.agenda import Entry
from couchcal.scheduling.wallclock import to_instant, to_local
from couchcal.tui.calendar.changes import Changes
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.words import name_of

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done

_WEEK = timedelta(days=7)


class Copying(Changes, part=True):
    """A copy belongs to no series and no group, and has a meeting link of its own."""

    class Drafted(Message):
        """The details of an entry, for a form to begin with."""

        def __init__(self, values: dict[str, Any]) -> None:
            super().__init__()
            self.values = values

    _copied: Entry | None = None

    def action_copy(self) -> None:
        def copy(entry: Entry) -> None:
            if entry.table != "appointment":
                self._say_lock(entry, "details")
                return
            self._copied = entry
            key = self.keymap.shown_first("paste")
            self.toast(f"Copied {name_of(entry, self.names)}{self.glyphs.separator}{key} pastes it at the cursor")

        self._on_entry(copy)

    def action_paste(self) -> None:
        entry = self._copied
        if entry is None:
            self.toast(f"Nothing copied yet: {self.keymap.shown_first('copy')} copies an entry")
            return
        start = self._paste_start(entry)

        def change() -> Done:
            from couchcal.practice import appointments
            from couchcal.practice.copying import copy_of

            draft = copy_of(self.database, entry.row_id, start, self.tz_name)
            return appointments.book(self.database, draft, clock=self.clock)

        self.write(change)

    def _paste_start(self, entry: Entry) -> datetime:
        if entry.all_day:
            return datetime.combine(self.cursor.day, datetime.min.time(), UTC)
        if self.calendar_view in (View.MONTH, View.AGENDA) or self.cursor.all_day:
            return to_instant(datetime.combine(self.cursor.day, to_local(entry.start, self.tz).time()), self.tz)
        return self.cursor_instant()

    def action_duplicate(self) -> None:
        """Open a form with everything of the entry, a week later at the same hour; nothing is stored before."""

        def duplicate(entry: Entry) -> None:
            if entry.table != "appointment":
                self._say_lock(entry, "details")
                return
            self._draft_copy(entry, self._week_later(entry))

        self._on_entry(duplicate)

    def _week_later(self, entry: Entry) -> datetime:
        if entry.first_day is not None:
            return datetime.combine(entry.first_day, datetime.min.time(), UTC) + _WEEK
        return to_instant(to_local(entry.start, self.tz) + _WEEK, self.tz)

    @work(thread=True, group="draft", exclusive=True, exit_on_error=False)
    def _draft_copy(self, entry: Entry, start: datetime) -> None:
        from couchcal.practice.copying import copy_of

        try:
            draft = copy_of(self.database, entry.row_id, start, self.tz_name)
        except CouchcalError as problem:
            self.post_message(self.Failed(problem))
        else:
            self.post_message(self.Drafted(asdict(draft)))

    def on_copying_drafted(self, message: Drafted) -> None:
        self._form(message.values)
