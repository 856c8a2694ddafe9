"""A client's record at a glance, and the way to a new session from there. APT-20."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import Entry
from couchcal.practice.names import client_label
from couchcal.practice.outcome import Done
from couchcal.practice.sessions import ClientRecord
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.client_sessions import read_record
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.text import clean


class ClientRecordScreen(Modal[None]):
    """Contact, internal id, next and last sessions; `n` books a session with the usual service and place.

    Args:
        tz: the zone in which times are shown and in which a new session is booked.
        names: how the client is called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "new_session", "New session", show=False)]

    def __init__(
        self,
        database: Database,
        client_id: int,
        tz: tzinfo,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__("Client", "n new session · esc back")
        self._database = database
        self._client_id = client_id
        self._tz = tz
        self._names = names
        self._clock = clock
        self._record: ClientRecord | None = None

    def compose_body(self) -> ComposeResult:
        with VerticalScroll(id="rows"):
            yield Static(id="record", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        work = partial(read_record, self._database, self._client_id, self._clock(), self._tz)
        try:
            record = await in_thread(self, "read", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._record = record
        row = record.client
        name = client_label(row.internal_id, row.called, row.last, self._names)
        self.query_one("#frame").border_title = plain(name)
        self.query_one("#record", Static).update(record_content(record, self._tz, self._names))

    def action_new_session(self) -> None:
        """Open the form with this client (APT-20)."""
        if self._record is None:
            return
        from couchcal.tui.forms.appointment import AppointmentForm

        row = self._record.client
        draft: dict[str, Any] = {"kind": "client_session", "client_id": row.id}
        if row.usual_service:
            draft["service"] = row.usual_service
        if row.usual_location_id is not None:
            draft["location_id"] = row.usual_location_id
        form = AppointmentForm(self._database, str(self._tz), draft=draft, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._booked)

    def _booked(self, done: Done | None) -> None:
        if done is not None:
            self.notify(done.label if self._names == "full" else "Saved", markup=False)
            self._read()


def record_content(record: ClientRecord, tz: tzinfo, names: str) -> Content:
    """The record in lines; contact details only where names may be shown."""
    row = record.client
    facts = [("Internal id", row.internal_id), ("State", row.state)]
    if names == "full":
        facts += [("E-mail", row.email or "none"), ("Telephone", row.phone or "none")]
    if row.tz:
        facts.append(("Time zone", row.tz))
    if row.usual_service:
        facts.append(("Usual service", row.usual_service))
    lines = [Content.assemble((f"{label:<16}", "dim"), clean(value)) for label, value in facts]
    for title, entries in (("Next", record.upcoming), ("Last", record.recent)):
        lines += [Content(""), plain(title, "bold $accent"), *_entries(entries, tz, names)]
    return Content("\n").join(lines)


def _entries(entries: Sequence[Entry], tz: tzinfo, names: str) -> list[Content]:
    return [entry_line(entry, tz, names, client=False) for entry in entries] or [plain("none", "dim")]
