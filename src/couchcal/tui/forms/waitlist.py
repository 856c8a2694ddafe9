"""What a client waits for: days, hours, the kind of session, a note."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Checkbox, Input, Static

from couchcal.clock import Clock, system_clock
from couchcal.errors import CouchcalError, Invalid
from couchcal.practice import clients, event_types, waitlist_changes
from couchcal.practice.clients import ClientRow
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.outcome import Done
from couchcal.practice.waitlist import NOTE_LIMIT, WEEKDAYS, Waiting, days_text, hours_shown, hours_text, read_hours
from couchcal.store.connection import Database
from couchcal.tui.forms.client_field import NEW, client_text, find_clients, read_client
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread, problem_words
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.tick import Tick


class _Lists(NamedTuple):
    clients: list[ClientRow]
    event_types: list[EventTypeRow]


class WaitingForm(ChangedModal[Done]):
    """Puts a client on the waitlist, or changes the entry `row`.

    Args:
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]
    AUTO_FOCUS = ""

    def __init__(
        self, database: Database, row: Waiting | None = None, *, names: str = "full", clock: Clock = system_clock
    ) -> None:
        title = "New waitlist entry" if row is None else "Edit waitlist entry"
        super().__init__(title, "ctrl+s save · tab next · esc close")
        self._database = database
        self._row = row
        self._names = names
        self._clock = clock
        self._lists: _Lists | None = None
        self._opened: dict[str, Any] = {}

    def compose_body(self) -> ComposeResult:
        row = self._row
        yield Field("Client", Input(id="client", max_length=120, placeholder="name or id"), id="row-client")
        days = row.days if row is not None else frozenset()
        ticks = [Tick(name[:2], at in days, id=f"day-{at}") for at, name in enumerate(WEEKDAYS)]
        yield Field("Days", *ticks, id="row-days", long=True)
        hours = hours_text(row.from_time, row.to_time) if row is not None else ""
        yield Field("Hours", Input(hours, id="hours", max_length=40, placeholder="any time"), id="row-hours")
        yield Field("For", Pick(blank="any session", id="event_type_id"), id="row-event_type_id")
        note = Input(row.note if row is not None else "", id="note", max_length=NOTE_LIMIT)
        yield Field("Note", note, id="row-note", long=True)
        yield Static(id="meaning", markup=False)

    def on_mount(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            lists = await in_thread(self, "read", partial(_read, self._database))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        pick, client = self.query_one("#event_type_id", Pick), self.query_one("#client", Input)
        with self.prevent(Pick.Changed, Input.Changed):
            pick.offer((f"{kind.title}, {kind.minutes} min", kind.id) for kind in lists.event_types)
            if self._row is not None:
                pick.value = self._row.event_type_id
                mine = next((one for one in lists.clients if one.id == self._row.client_id), None)
                client.value = client_text(mine, self._names) if mine is not None else self._row.internal_id
        if self._row is not None:
            self.query_one("#row-client", Field).disabled = True
        else:
            await self.query_one("#frame").mount(Suggest(client, partial(self._suggested, lists.clients)))
        self._lists = lists
        self._opened = self._collect()
        self._explain()
        self.query_one("#row-client" if self._row is None else "#row-days", Field).focus_first()

    def _suggested(self, rows: list[ClientRow], text: str) -> list[str]:
        """Clients there are: nobody new begins by waiting."""
        return [found for found in find_clients(rows, text, self._names) if not found.startswith(NEW)]

    def _collect(self) -> dict[str, Any]:
        return {
            "client": self.query_one("#client", Input).value,
            "days": frozenset(at for at in range(7) if self.query_one(f"#day-{at}", Tick).value),
            "hours": self.query_one("#hours", Input).value,
            "event_type_id": self.query_one("#event_type_id", Pick).value,
            "note": self.query_one("#note", Input).value,
        }

    def changed(self) -> bool:
        return self._lists is not None and self._collect() != self._opened

    @on(Input.Changed)
    @on(Checkbox.Changed)
    @on(Pick.Changed)
    def _edited(self, event: Input.Changed | Checkbox.Changed | Pick.Changed) -> None:
        event.stop()
        self.show_problem("")
        for name in ("client", "hours"):
            if event.control.id == name:
                self.query_one(f"#row-{name}", Field).error("")
        self._explain()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    @on(Suggest.Taken)
    def _taken(self) -> None:
        self.query_one("#row-client", Field).error("")

    def _explain(self) -> None:
        """Say what the ticks and the hours mean."""
        values = self._collect()
        try:
            hours = hours_shown(*read_hours(values["hours"])) or "any time"
        except CouchcalError:
            hours = "…"
        self.query_one("#meaning", Static).update(plain(f"{days_text(values['days'])}, {hours}", QUIET))

    def action_save(self) -> None:
        """Save, or say beside the fields what is wrong."""
        lists = self._lists
        if lists is None:
            return
        values = self._collect()
        text = values.pop("client")
        read = read_client(lists.clients, text, self._names)
        if self._row is None and read.client is None:
            problem = read.problem if read.problem.startswith("choose") else "a client of the practice"
            self._refuse("client", problem)
            return
        try:
            values["from_time"], values["to_time"] = read_hours(values.pop("hours"))
        except Invalid as error:
            self._refuse("hours", "hours such as 12-17")
            self.show_problem(problem_words(error))
            return
        if self._row is not None:
            work = partial(
                waitlist_changes.edit,
                self._database,
                self._row.id,
                values,
                expected_version=self._row.version,
                clock=self._clock,
            )
        else:
            assert read.client is not None  # noqa: S101  looked at above
            work = partial(waitlist_changes.add, self._database, read.client.id, **values, clock=self._clock)
        self.write(work, self.dismiss)

    def _refuse(self, row: str, words: str) -> None:
        field = self.query_one(f"#row-{row}", Field)
        field.error(words)
        field.focus_first()


def _read(database: Database) -> _Lists:
    with closing(database.connect()) as connection:
        return _Lists(clients.list_clients(connection), event_types.event_types(connection))
