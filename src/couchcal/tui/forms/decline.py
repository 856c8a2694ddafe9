"""Declining a client's request, with a few words if one likes. REQ-08, REQ-13."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static, TextArea

from couchcal.clock import Clock, system_clock
from couchcal.practice import request_answers
from couchcal.practice.outcome import Done
from couchcal.practice.requests import RequestRow
from couchcal.store.connection import Database
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.letters import letter_words
from couchcal.tui.screens.requests_lines import when_words, who_words

_MOST = 500
"""Characters of a message."""


class DeclineDialog(ChangedModal[Done]):
    """Asks before it declines `row`, and stays with what was typed if that fails.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#message"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Decline", show=False)]

    def __init__(
        self, database: Database, row: RequestRow, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock
    ) -> None:
        super().__init__("Decline", "ctrl+s decline · tab next · esc keep it")
        self._database = database
        self._row = row
        self._tz = tz
        self._names = names
        self._clock = clock

    def compose_body(self) -> ComposeResult:
        row = self._row
        label = f"{who_words(row, self._names)}  {' '.join(when_words(row, self._tz).split())}"
        yield Static(plain(label, "bold"), id="body")
        message = TextArea(id="message", show_line_numbers=False, highlight_cursor_line=False, tab_behavior="focus")
        yield Field("Message", message, id="field-message", long=True)
        yield Static(plain(self._told(), QUIET), id="explained", markup=False)
        with Horizontal(classes="buttons"):
            yield Button(plain("Decline"), id="save-decline", classes="-danger")
            yield Button(plain("Keep it"), id="keep")

    def _told(self) -> str:
        if not self._row.email:
            return "There is no e-mail address on file: nobody is told. The time is free again at once, for good."
        told = f"The client is told {letter_words()}, with your message if there is one."
        return f"{told} The time is free again at once, for good."

    def changed(self) -> bool:
        return bool(self.query_one("#message", TextArea).text.strip())

    def action_save(self) -> None:
        """Decline; what is wrong is said, and nothing typed is lost."""
        text = self.query_one("#message", TextArea).text.strip()
        if self._fits(text):
            work = partial(request_answers.decline, self._database, self._row.id, text, clock=self._clock)
            self.write(work, self.dismiss)

    def _fits(self, text: str) -> bool:
        over = len(text) - _MOST
        self.query_one("#field-message", Field).error(f"{over} too many" if over > 0 else "")
        return over <= 0

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        self.show_problem("")
        self._fits(event.text_area.text.strip())

    @on(Button.Pressed, "#save-decline")
    def _pressed(self) -> None:
        self.action_save()

    @on(Button.Pressed, "#keep")
    def _kept(self) -> None:
        self.action_leave()
