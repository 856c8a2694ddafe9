"""The fields of the appointment form: opened for one appointment after the other, filled, locked, read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Checkbox, Input, Static, TextArea

from couchcal.clock import Clock, system_clock
from couchcal.errors import CouchcalError
from couchcal.practice.agenda import Entry
from couchcal.practice.locks import refusal
from couchcal.practice.outcome import Done
from couchcal.scheduling.wallclock import to_local, zone
from couchcal.store.connection import Connection, Database
from couchcal.tui.forms.appointment_begin import USUAL, Mode, Opening, first_values
from couchcal.tui.forms.appointment_data import FormData, load, read
from couchcal.tui.forms.appointment_live import hints, live_line
from couchcal.tui.forms.appointment_rows import ROW_ACTIONS, Rows
from couchcal.tui.forms.appointment_state import Raw, ReadForm, read_form, time_text, write_form
from couchcal.tui.forms.appointment_values import Times, TimeText
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.client_field import find_members
from couchcal.tui.forms.modal import ChangedModal, problem_words
from couchcal.tui.forms.pick import Pick, PickList
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.zone_field import find_zones, read_zone
from couchcal.tui.text import clean

_TITLES = {"new": "New appointment", "edit": "Edit appointment", "times": "Edit times"}
_ROWS_AT_ONCE = 3
_CHROME_ROWS = 6
"""Rows of the frame around the fields: borders, margins and the live line."""
_TOLD_ROWS = 3
"""Rows that a lock or a problem takes."""
_AIRY_ROWS = 34
"""Rows of a terminal from which on the groups of fields stand apart."""


class AppointmentFields(ChangedModal[Done]):
    """The form without what happens while it is filled in and saved."""

    SIZE = "-wide"
    AUTO_FOCUS = ""

    def __init__(
        self,
        database: Database,
        tz_name: str,
        *,
        draft: Mapping[str, Any],
        appointment_id: int | None = None,
        mode: Mode = "new",
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(_TITLES[mode], "ctrl+s save · tab next · esc close")
        self.database = database
        self.built = False
        """Whether every row is there, so that the form may be opened again."""
        self._waiting = False
        self._clock = clock
        self._suggestions = (
            Suggest(
                "#client",
                lambda text: find_members(self._data.clients, text, self._data.names) if self._data else [],
            ),
            Suggest("#tz", find_zones),
        )
        self._styled_for = ""
        self._pause: Timer | None = None
        self.rows = Rows(str(draft.get("kind", "client_session")))
        self._begin(Opening(tz_name, dict(draft), appointment_id, mode, names))

    def _begin(self, opening: Opening) -> None:
        self._opening = opening
        self._data: FormData | None = None
        self._initial: Raw = {}
        self._known: tuple[TimeText, Times] | None = None
        self._length = USUAL
        self._times_touched = False
        self._touched: set[str] = set()
        """Controls that a person has changed: what is usual does not take their place."""
        self._overlaps: list[Entry] = []

    def compose_body(self) -> ComposeResult:
        yield Static(id="locks", markup=False)
        with VerticalScroll(id="rows", can_focus=False):
            if not self._waiting:
                yield from self.rows.fields.values()
        yield Static(id="live", markup=False)
        if not self._waiting:
            yield from self._suggestions

    def stand_by(self) -> None:
        """Begin empty and read nothing: `build_rows` and `reopen` follow."""
        self._waiting = True

    def finish(self) -> None:
        """Every row is there, in the styles of the present theme: the form may be opened."""
        self._styled_for = self.app.theme
        self.built = True

    async def build_rows(self) -> AsyncIterator[None]:
        """Mount the rows a few at a time."""
        rows = self.query_one("#rows")
        batch: list[Widget] = []
        for row in self.rows.fields.values():
            batch.append(row)
            if len(batch) == _ROWS_AT_ONCE:
                await rows.mount_all(batch)
                batch = []
                yield
        await rows.mount_all(batch)
        yield
        await self.query_one("#frame").mount_all(self._suggestions)

    def on_mount(self) -> None:
        self.query_one("#locks").display = False
        if not self._waiting:
            opening = self._opening
            work = partial(load, self.database, opening.appointment_id, opening.names)
            self.read(work, partial(self._take, opening), group="read")

    def _take(self, opening: Opening, data: FormData) -> None:
        if self._opening is opening and self._data is None:
            self._fill(data)

    def reopen(self, opening: Opening, connection: Connection) -> None:
        """Open the form, which is mounted but not shown, for another appointment; nothing of the last is left.

        One read on a connection that is open already, so that the form is filled before it is painted.
        """
        self._begin(opening)
        self.workers.cancel_node(self)
        self.query_one("#frame").border_title = plain(_TITLES[opening.mode])
        for listing in self.query(PickList):
            listing.remove()
        for suggestions in self._suggestions:
            suggestions.action_hide()
        self.set_focus(None)
        self.query_one("#locks").display = False
        self.show_problem("")
        for row in self.rows.fields.values():
            row.error("")
        self.query_one("#rows", VerticalScroll).scroll_home(animate=False, immediate=True)
        try:
            data = read(connection, opening.appointment_id, opening.names)
        except CouchcalError as error:
            self._clear()
            self.show_problem(problem_words(error))
            return
        self._fill(data)

    def _clear(self) -> None:
        self.rows.put(
            {name: "" for name, control in self.rows.controls.items() if isinstance(control, Input | TextArea)}
        )
        self.query_one("#live", Static).update("")

    def _fill(self, data: FormData) -> None:
        values = self._first_values(data)
        if data.practitioner:  # the one there is: shown, not asked for (APT-07)
            title = f"{_TITLES[self._opening.mode]} · {clean(data.practitioner)}"
            self.query_one("#frame").border_title = plain(title)
        with self.prevent(Input.Changed, Pick.Changed, Checkbox.Changed, TextArea.Changed, Choice.Changed):
            self.rows.offer(data, self._clock())
            self.rows.put(self._first_raw(values, data))
        for control in self.rows.controls.values():
            if isinstance(control, Input):
                control.cursor_position = len(control.value)
        self._data = data
        self._initial = self.rows.collect()
        times = Times(values["start"], values["end"], values["tz"], values.get("all_day", False))
        self._known = (time_text(self._initial), times)
        self._length = times.end - times.start
        self._apply_locks(data)
        self._refresh()
        self._focus_first()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Styles are worked out anew only for another theme: all of a form's cost more than the form itself."""
        if self._styled_for == self.app.theme:
            event.refresh_styles = False
        self._styled_for = self.app.theme

    def on_resize(self, event: events.Resize) -> None:
        """Let the fields take what the screen leaves; they scroll inside."""
        self.arrange_for(event.size.height)

    def arrange_for(self, height: int) -> None:
        """Stand in a terminal of this many rows."""
        self.query_one("#frame").set_class(height >= _AIRY_ROWS, "-airy")
        self._fit(height)

    def show_problem(self, text: str) -> None:
        super().show_problem(text)
        self._fit(self.size.height)

    def _fit(self, height: int) -> None:
        told = [self.query_one(name) for name in ("#locks", "#problem")]
        chrome = _CHROME_ROWS + sum(_TOLD_ROWS for static in told if static.display)
        self.query_one("#rows").styles.max_height = max(3, height - chrome)

    def _first_raw(self, values: dict[str, Any], data: FormData) -> Raw:
        """What the controls hold at first, for these draft fields."""
        return write_form(values, data)

    def _first_values(self, data: FormData) -> dict[str, Any]:
        values = first_values(self._opening, data, self._clock())
        self._times_touched = not data.stored and values["end"] - values["start"] != USUAL
        return values

    def _apply_locks(self, data: FormData) -> None:
        locked: set[str] = set()
        lock = None
        if data.entry is not None:
            found = {action: refusal(data.entry, action) for action in ("time", "notes", "details")}
            locked = {row for row in self.rows.fields if found[ROW_ACTIONS.get(row, "details")] is not None}
            times_open = found["time"] is None
            lock = found["details"] if not (self._opening.mode == "times" and times_open) else None
        self.rows.lock(locked)
        if lock is None:
            return
        can = " Times can still be changed." if times_open else ""
        self.tell(f"{lock.reason[:1].upper()}{lock.reason[1:]}: {lock.way_out}.{can}")

    def tell(self, text: str) -> None:
        """Say above the fields what somebody must know who fills them in; it stays."""
        self.query_one("#locks", Static).update(plain(text))
        self.query_one("#locks").display = True
        self._fit(self.size.height)

    def _focus_first(self) -> None:
        """Go to the first field to fill in; never to the type or client of what is there already, where a
        stray key would change whose session it is."""
        passed = {"kind"}
        if self._opening.mode != "new" or self._opening.draft.get("client_id"):
            passed.add("client")
        if self._opening.mode == "times":
            passed.add("day")
        for name, row in self.rows.fields.items():
            if row.display and not row.disabled and name not in passed:
                row.focus_first()
                return

    def changed(self) -> bool:
        return self._data is not None and self.rows.collect() != self._initial

    def _put(self, raw: Raw) -> None:
        with self.prevent(Input.Changed, Pick.Changed, Choice.Changed):
            self.rows.put(raw)

    def _now_local(self, tz_name: str) -> datetime:
        try:
            tz = zone(read_zone(tz_name))
        except ValueError:
            tz = zone(self._opening.tz_name)
        return to_local(self._clock(), tz)

    def _read(self) -> ReadForm:
        assert self._data is not None  # noqa: S101  callers check
        raw = self.rows.collect()
        return read_form(raw, self._data, self._now_local(raw["tz"]), self._known)

    def _refresh(self) -> None:
        """Bring rows, hints and the live line up to date with what the controls hold."""
        data = self._data
        if data is None:
            return
        raw, read_ = self.rows.collect(), self._read()
        now_local = self._now_local(raw["tz"])
        self.rows.show(raw, data, times_only=self._opening.mode == "times")
        for row, hint in hints(read_, raw, data, now_local).items():
            self.rows.fields[row].hint(hint)
        times = read_.time.times
        if times is not None:
            self._length = times.end - times.start
            self._look_soon(times, read_.values.get("group_key"))
        line = live_line(read_, raw, data, self._overlaps, now_local, self.size.width)
        self.query_one("#live", Static).update(line)

    def _look_soon(self, times: Times, group_key: str | None) -> None:
        """Ask the calendar what these times overlap."""
        raise NotImplementedError
