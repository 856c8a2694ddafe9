"""Booking and changing: forms, cancel, uncancel, delete, undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from textual import work
from textual.message import Message

from couchcal.clock_words import in_chosen_clock
from couchcal.errors import CouchcalError
from couchcal.practice.agenda import Entry
from couchcal.practice.locks import refusal
from couchcal.tui.calendar.form_opening import FormOpening
from couchcal.tui.calendar.period import View
from couchcal.tui.calendar.view import CalendarView
from couchcal.tui.calendar.words import name_of
from couchcal.tui.calendar.writing import freed_by

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done

_DEFAULT_MINUTES = 50
_MONTH_HOUR = 9


class Changes(FormOpening, part=True):
    """Every change goes through `couchcal.practice`; forms are loaded when they are first asked for."""

    class Reverted(Message):
        """Undo or redo is done."""

        def __init__(self, label: str, redo: bool) -> None:
            super().__init__()
            self.label = label
            self.redo = redo

    class RequestChosen(Message):
        """A client's request is to be answered, among the others (REQ-05)."""

        def __init__(self, request_id: int) -> None:
            super().__init__()
            self.request_id = request_id

    # New and edit

    def action_new(self) -> None:
        self._form(self._empty_draft())

    def action_quick_add(self) -> None:
        from couchcal.tui.forms.quick_add import OpenForm, QuickAdd

        def take(answer: Done | OpenForm | None) -> None:
            if isinstance(answer, OpenForm):
                self._form({**self._empty_draft(), **answer.values})
            else:
                self._done(answer)

        self.app.push_screen(
            QuickAdd(self.database, self.tz_name, self.now_local, names=self.names, clock=self.clock), take
        )

    def action_open(self) -> None:
        entry = self.picked
        if entry is None:
            self.action_new()
        else:
            self._edit(entry, "edit")

    def action_edit(self) -> None:
        self._on_entry(lambda entry: self._edit(entry, "edit"))

    def action_edit_times(self) -> None:
        self._on_entry(lambda entry: self._edit(entry, "times"))

    def _edit(self, entry: Entry, mode: str) -> None:
        if entry.table == "booking_request":
            self.post_message(self.RequestChosen(entry.row_id))
            return
        if entry.table != "appointment":
            self._say_lock(entry, "details")
            return
        if mode == "times" and self._say_lock(entry, "time"):
            return
        self._form({"start": entry.start, "end": entry.end}, appointment_id=entry.row_id, mode=mode)

    def _empty_draft(self) -> dict[str, Any]:
        if self.calendar_view in (View.MONTH, View.AGENDA):
            self.cursor = self.cursor._replace(minute=_MONTH_HOUR * 60)
        start = self.cursor_instant()
        if self.cursor.all_day and self.cursor.picked is None and self.calendar_view in (View.DAY, View.WEEK):
            first = datetime.combine(self.cursor.day, datetime.min.time(), UTC)
            return {
                "kind": "other_event", "all_day": True, "start": first, "end": first + timedelta(days=1),
                "tz": self.tz_name,
            }  # fmt: skip
        return {
            "kind": "client_session", "start": start, "end": start + timedelta(minutes=_DEFAULT_MINUTES),
            "tz": self.tz_name,
        }  # fmt: skip

    # Cancel, uncancel, delete

    def action_cancel_session(self) -> None:
        self._on_entry(self._cancel)

    def _cancel(self, entry: Entry) -> None:
        if self._say_lock(entry, "cancel"):
            return
        from couchcal.practice.notice import notice
        from couchcal.tui.forms.cancel import CancelAnswer, CancelDialog

        def take(answer: CancelAnswer | None) -> None:
            if answer is None or not self.is_as_shown(entry):
                return

            def change() -> Done:
                from couchcal.practice import appointments

                return appointments.cancel(
                    self.database, entry.row_id, answer.type, reason=answer.reason, fee_cents=answer.fee_cents,
                    note=answer.note, notify=answer.notify, clock=self.clock,
                )  # fmt: skip

            self.freed = freed_by(entry)
            self.write(change)

        now = self.clock()
        known = notice(self.reader, entry.client_id, entry.start, now)
        dialog = CancelDialog(
            self.label_of(entry), entry.start < now, notify=known.tells, has_address=known.has_address,
            type=known.usual_type,
        )  # fmt: skip
        self.app.push_screen(dialog, take)

    def action_restore(self) -> None:
        self._on_entry(self._restore)

    def _restore(self, entry: Entry) -> None:
        if entry.table != "appointment" or not entry.cancelled:
            self.toast("It is not cancelled")
            return

        def change() -> Done:
            from couchcal.practice import appointments

            return appointments.restore(self.database, entry.row_id, clock=self.clock)

        self.write(change)

    def action_delete(self) -> None:
        self._on_entry(self._delete)

    def _delete(self, entry: Entry) -> None:
        if self._say_lock(entry, "delete"):
            return
        from couchcal.tui.forms.delete import DeleteDialog

        def take(answer: str | None) -> None:
            if answer == "cancel_instead":
                self._cancel(entry)
            elif answer is not None and self.is_as_shown(entry):
                scope = "future" if answer == "future" else "this"

                def change() -> Done:
                    from couchcal.practice import appointments

                    return appointments.delete(self.database, entry.row_id, scope=scope, clock=self.clock)  # type: ignore[arg-type]

                self.freed = freed_by(entry)
                self.write(change)

        self.app.push_screen(DeleteDialog(self.label_of(entry), entry.series_id is not None), take)

    # Undo

    def action_undo(self) -> None:
        self._revert(redo=False)

    def action_redo(self) -> None:
        self._revert(redo=True)

    def _revert(self, *, redo: bool) -> None:
        self._under_way += 1
        self._run_revert(redo=redo)

    @work(thread=True, group="write", exit_on_error=False)
    def _run_revert(self, *, redo: bool) -> None:
        from couchcal.practice import undo

        try:
            with self._writing:
                label = (undo.redo if redo else undo.undo)(self.database, clock=self.clock)
        except CouchcalError as problem:
            self.post_message(self.Failed(problem))
        else:
            self.post_message(self.Reverted(label, redo))

    def on_changes_reverted(self, message: Reverted) -> None:
        key = self.keymap.shown_first("undo" if message.redo else "redo")
        verb, other = ("Redone", "undo") if message.redo else ("Undone", "redo")
        self.toast(
            f"{in_chosen_clock(message.label) if self.shows_names else verb}{self.glyphs.separator}{key} {other}"
        )
        self.last_move = self.offered = None
        self.settled()

    # Helpers

    def _on_entry(self, act: Callable[[Entry], None]) -> None:
        entry = self.picked
        if entry is None:
            self.toast("There is nothing under the cursor")
        else:
            act(entry)

    def _say_lock(self, entry: Entry, action: str) -> bool:
        """Say why `action` is refused and what to do instead; whether it is."""
        lock = refusal(entry, action)
        if lock is not None:
            self.toast(f"{name_of(entry, self.names)}: {lock}", severity="warning")
        return lock is not None

    # Mouse

    def on_calendar_view_pressed(self, message: CalendarView.Pressed) -> None:
        hit = message.hit
        if hit.entry is not None:
            same = self.cursor_on(hit.entry)
            self.point(same._replace(day=hit.day, minute=hit.minute if not hit.all_day else self.cursor.minute))
            if message.times > 1:
                self.action_open()
            return
        target = self.cursor._replace(day=hit.day, minute=hit.minute, all_day=hit.all_day, picked=None)
        again = target == self.cursor
        self.point(target)
        if (again or message.times > 1) and self.cursor.picked is None:
            self.action_new()
