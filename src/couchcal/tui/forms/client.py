"""Adding a client, and changing the record of one. SYNC-05, PORTAL-02, C-04, INT-02."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Checkbox, Input, Static, TextArea

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import clock_words
from couchcal.errors import Invalid, Stale
from couchcal.practice import client_changes
from couchcal.practice.client_duplicates import like
from couchcal.practice.clients import ClientRow, split_name
from couchcal.scheduling.wallclock import UnknownZone, to_local, zone
from couchcal.store.connection import Database
from couchcal.tui.forms import client_rows
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.client_rows import PRIVATE, ClientData
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread, problem_words
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.zone_field import find_zones, read_zone

_CHROME_ROWS = 6
_KEYS = "ctrl+s save · tab next · esc close"
_LIKE_ROWS = {"same e-mail": "email", "same telephone": "phone", "same name": "name", "similar name": "name"}


class ClientForm(ChangedModal[ClientRow]):
    """Asks for what a client's record holds, saves it itself and closes with the client.

    Args:
        name: a new client's name as far as it is known.
        client_id: the client to change, None for a new one.
        names: how clients are called; only with `full` are an existing one's contact details shown.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]
    AUTO_FOCUS = ""

    def __init__(
        self,
        database: Database,
        name: str = "",
        *,
        client_id: int | None = None,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__("New client" if client_id is None else "Edit client", _KEYS)
        self._database = database
        self._first_name = name
        self._client_id = client_id
        self._names = names
        self._clock = clock
        self._data: ClientData | None = None
        self._initial: dict[str, Any] = {}

    @property
    def _new(self) -> bool:
        return self._client_id is None

    def compose_body(self) -> ComposeResult:
        yield Static(id="locks", markup=False)
        with VerticalScroll(id="rows", can_focus=False):
            yield from client_rows.rows(new=self._new)

    def on_mount(self) -> None:
        self.query_one("#locks").display = False
        self.query_one("#row-accept").display = False
        if not self._new and self._names != "full":
            for name in PRIVATE:
                for field in self.query(f"#row-{name}"):
                    field.display = False
            self.query_one("#locks", Static).update(plain("Contact details stay hidden as names do."))
            self.query_one("#locks").display = True
        self.query_one("#row-name, #row-first", Field).focus_first()
        self.run_worker(self._load(), group="read", exit_on_error=False)

    def on_resize(self, event: events.Resize) -> None:
        """Let the fields take what the screen leaves; they scroll inside."""
        told = 2 * sum(self.query_one(name).display for name in ("#locks", "#problem"))
        self.query_one("#rows").styles.max_height = max(3, event.size.height - _CHROME_ROWS - told)

    async def _load(self) -> None:
        typed = client_rows.collect(self)
        try:
            data = await in_thread(self, "read", partial(client_rows.read, self._database, self._client_id))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        values = client_rows.values_of(data)
        now = client_rows.collect(self)
        ahead = {name: value for name, value in now.items() if value != typed[name]}  # typed while it was read
        client_rows.offer(self, data)
        with self.prevent(Input.Changed, Pick.Changed, Checkbox.Changed, TextArea.Changed, Choice.Changed):
            client_rows.put(self, values)
            self._initial = client_rows.collect(self)
            client_rows.put(self, ({"name": self._first_name} if self._first_name else {}) | ahead)
        self._data = data
        self.query_one("#internal_id", Input).placeholder = data.next_id
        if data.details is not None:
            self.query_one("#row-accept").display = data.details.row.state == "intake"
        await self.query_one("#frame").mount(Suggest(self.query_one("#tz", Input), find_zones))
        self._hint()
        if not self._new and self._names != "full":
            self.query_one("#row-internal_id", Field).focus_first()

    def changed(self) -> bool:
        if self._data is None:
            return any(control.value.strip() for control in self.query("#rows Input").results(Input))
        return client_rows.collect(self) != self._initial

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Pick.Changed)
    @on(Checkbox.Changed)
    @on(Choice.Changed)
    def _typed(
        self, event: Input.Changed | TextArea.Changed | Pick.Changed | Checkbox.Changed | Choice.Changed
    ) -> None:
        event.stop()
        if self._data is None:
            return
        self.show_problem("")
        for field in self.query(f"#row-{event.control.id}").results(Field):
            field.error("")
        self._hint()

    @on(Suggest.Taken)
    def _taken(self, event: Suggest.Taken) -> None:
        event.stop()
        self._hint()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    def _hint(self) -> None:
        """Say beside the fields what is understood, and who else has the same."""
        if self._data is None:
            return
        raw = client_rows.collect(self)
        first, last = split_name(raw["name"]) if self._new else (raw["first"], raw["last"])
        hints = {"tz": _there(raw["tz"], self._clock), "email": "", "phone": ""}
        hints["self_scheduling"] = f"the practice: {'on' if self._data.practice_self_scheduling else 'off'}"
        named = "name" if self._new else "last"
        hints[named] = f"{first} · {last}" if self._new and first and last and "," in raw["name"] else ""
        me = ClientRow(
            self._client_id or 0, "", first, last, raw["preferred"].strip(), raw["email"].strip(), raw["phone"],
            "", "", None, None, 0,
        )  # fmt: skip
        for duplicate in reversed(like(me, self._data.clients)):
            for reason in duplicate.reasons:
                row = _LIKE_ROWS[reason]
                hints[named if row == "name" else row] = f"{reason}: {duplicate.client.internal_id}"
        for name, text in hints.items():
            self.query_one(f"#row-{name}", Field).hint(text)

    def action_save(self) -> None:
        """Save, or say beside the fields what is wrong."""
        data = self._data
        if data is None:
            return
        raw = client_rows.collect(self)
        accept = raw.pop("accept") and data.details is not None and data.details.row.state == "intake"
        changes = {name: value for name, value in raw.items() if value != self._initial[name]}
        if not self._new and not changes and not accept:
            self.dismiss(None)
            return
        self.write(partial(self._store, data, changes, accept=accept), self.dismiss)

    def unwritten(self, error: Exception) -> None:
        if isinstance(error, Invalid):
            self._show_error(error)
        elif isinstance(error, Stale):
            self.read(partial(client_rows.read, self._database, self._client_id), self._catch_up)
        else:
            super().unwritten(error)

    def _store(self, data: ClientData, changes: dict[str, Any], *, accept: bool) -> ClientRow:
        changes = {name: value.strip() if isinstance(value, str) else value for name, value in changes.items()}
        if changes.get("tz"):
            changes["tz"] = read_zone(changes["tz"])
        if self._client_id is None:
            name = changes.pop("name", "")
            fields = {name: value for name, value in changes.items() if value != "" or name != "internal_id"}
            return client_changes.add(self._database, name, fields=fields, clock=self._clock)
        version = data.details.row.version if data.details is not None else None
        return client_changes.edit(
            self._database, self._client_id, changes, accept=accept, expected_version=version, clock=self._clock
        )

    def _show_error(self, error: Invalid) -> None:
        name = "reminders" if error.field.startswith("remind") else error.field
        if name == "name" and not self._new:
            name = "first"
        for field in self.query(f"#row-{name}").results(Field):
            if field.display:
                field.error(error.message)
                field.focus_first()
                field.scroll_visible(animate=False)
                return
        self.show_problem(problem_words(error))

    def _catch_up(self, data: ClientData) -> None:
        """Somebody saved in between: take what they changed, keep what was typed here, and say where both did."""
        before, typed = self._initial, client_rows.collect(self)
        stored = before | client_rows.values_of(data)
        self._data, self._initial = data, stored
        with self.prevent(Input.Changed, Pick.Changed, Checkbox.Changed, TextArea.Changed, Choice.Changed):
            client_rows.put(self, {name: stored[name] for name in stored if typed[name] == before[name]})
        self._hint()
        both = [name for name in stored if typed[name] != before[name] and stored[name] != before[name]]
        for name in both:
            for field in self.query(f"#row-{name}").results(Field):
                field.error(f"meanwhile: {stored[name]}" if isinstance(stored[name], str) else "meanwhile changed")
        kept = " Where both of you changed something, yours is shown." if both else ""
        self.show_problem(f"Somebody saved this record meanwhile.{kept} ctrl+s saves what you see.")


def _there(text: str, clock: Clock) -> str:
    if not text.strip():
        return ""
    try:
        there = to_local(clock(), zone(read_zone(text)))
        return f"{there:%a} {clock_words(there)} there now"
    except UnknownZone:
        return ""
