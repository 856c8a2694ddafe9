"""Clients' requests: going to one, accepting, declining, and taking a change back. REQ-05…10, REQ-13."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from couchcal.practice.agenda import Entry
from couchcal.practice.outcome import Done
from couchcal.practice.requests import RequestRow
from couchcal.tui.letters import letter_words
from couchcal.tui.screens.listing import label_words
from couchcal.tui.screens.requests_data import Asked, read_asked, read_entry
from couchcal.tui.screens.requests_showing import FATES, RequestsShowing
from couchcal.tui.text import glyphs_on

_KEYS_OF_LIST = (
    ("Look", "tab  ← →", "pending, past"),
    ("Look", "g", "go there on the calendar"),
    ("Look", "c", "the client's record"),
    ("Look", "J  K", "scroll a long note"),
    ("Look", "esc", "close"),
    ("Answer", "enter  a", "accept: look at the appointment first, and change it"),
    ("Answer", "d", "decline, with a few words if you like"),
    ("Answer", "u", "undo the latest change; an answer is final"),
)


class RequestsScreen(RequestsShowing):
    """Answers requests. Closes with the entry to go to on the calendar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "accept", "Accept", show=False),
        Binding("d,x", "decline", "Decline", show=False),
        Binding("g", "go", "Go there", show=False),
        Binding("c", "client", "Client", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("question_mark", "keys", "Keys", show=False),
    ]

    def action_keys(self) -> None:
        """Show every key of this list."""
        from couchcal.tui.screens.help import HelpRow, HelpScreen

        self.app.push_screen(HelpScreen([HelpRow(*row) for row in _KEYS_OF_LIST]))

    # Going elsewhere

    def action_go(self) -> None:
        """Close, and go to it on the calendar."""
        if (current := self.listing.row) is not None:
            self.read(partial(read_entry, self._database, current.row, self._tz), self._go)

    def _go(self, entry: Entry | None) -> None:
        if entry is None:
            self._say("It is not on the calendar")
        else:
            self.dismiss(entry)

    def action_client(self) -> None:
        """The record of whoever asks."""
        if (current := self.listing.row) is None:
            return
        if current.row.client_id is None:
            self._say("They are no client yet: accepting puts them among the new bookings")
            return
        from couchcal.tui.screens.client_record import ClientRecordScreen

        screen = ClientRecordScreen(
            self._database, current.row.client_id, self._tz, names=self._names, clock=self._clock
        )
        self.app.push_screen(screen, self._came_back)

    def _came_back(self, entry: Entry | None) -> None:
        if entry is not None:
            self.dismiss(entry)

    # Answering

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._tab == "pending":
            self.action_accept()
        else:
            self.action_go()

    def _waiting(self) -> RequestRow | None:
        """The request under the cursor, if it can be answered; if not, that is said."""
        current = self.listing.row
        if current is None:
            return None
        if current.row.status == "pending":
            return current.row
        self._say(f"This request {FATES.get(current.row.status, 'is over')} already: an answer is final")
        return None

    def action_accept(self) -> None:
        """Look at what accepting books, change it if need be, and accept (REQ-07)."""
        if (row := self._waiting()) is not None:
            work = partial(read_asked, self._database, row.id, self._tz)
            self.read(work, partial(self._open_form, row), failed=self.unwritten)

    def _open_form(self, row: RequestRow, asked: Asked) -> None:
        from couchcal.tui.forms.accept import AcceptForm

        self.show_problem("")
        form = AcceptForm(self._database, str(self._tz), asked, names=self._names, clock=self._clock)
        self.app.push_screen(form, partial(self._accepted, row))

    def _accepted(self, row: RequestRow, done: Done | None) -> None:
        if done is not None:
            self._answered.add(row.id)
            words = [label_words(done.label, self._names, "Accepted")]
            if done.conflicts:
                words.append(f"{glyphs_on(self.app).conflict} it overlaps")
            if row.newcomer:
                words.append("new bookings in Clients have the record")
            self._say("\n".join([" · ".join(words), *done.advice]), warn=bool(done.conflicts))
        self.reload()

    def action_decline(self) -> None:
        """Decline, after asking, with a few words to the client (REQ-08)."""
        if (row := self._waiting()) is None:
            return
        from couchcal.tui.forms.decline import DeclineDialog

        dialog = DeclineDialog(self._database, row, self._tz, names=self._names, clock=self._clock)
        self.app.push_screen(dialog, partial(self._declined, row))

    def _declined(self, row: RequestRow, done: Done | None) -> None:
        if done is not None:
            self._answered.add(row.id)
            told = done.advice or (f"the client is told {letter_words()}",)
            self._say(" · ".join([done.label, *told]))
        self.reload()

    def action_undo(self) -> None:
        """Take back the latest change; an answer is none that can be taken back (REQ-13)."""
        from couchcal.practice import undo

        self.write(partial(undo.undo, self._database, clock=self._clock), self._undone)

    def _undone(self, label: str) -> None:
        self._say(label_words(label, self._names, "Undone"))
        self.reload()
