"""The fields of the appointment form at work: loading, locks, links between fields, the live line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.widgets import Checkbox, Input, Static, TextArea

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import Entry
from couchcal.practice.locks import refusal
from couchcal.practice.outcome import Done
from couchcal.scheduling.wallclock import to_local, zone
from couchcal.store.connection import Database
from couchcal.tui.forms import appointment_rows as controls
from couchcal.tui.forms.appointment_data import FormData, load, overlapping
from couchcal.tui.forms.appointment_live import hints, live_line
from couchcal.tui.forms.appointment_state import (
    CUSTOM_WEEKS,
    Raw,
    ReadForm,
    read_form,
    time_text,
    write_form,
)
from couchcal.tui.forms.appointment_values import Times, TimeText, follow, write_length, write_times
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.client_field import find_clients, read_client
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal, in_thread, problem_words
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import plain
from couchcal.tui.forms.suggest import Suggest, find_zones

Mode = Literal["new", "edit", "times"]
AnyChange = Input.Changed | TextArea.Changed | Pick.Changed | Checkbox.Changed | Choice.Changed
_TITLES = {"new": "New appointment", "edit": "Edit appointment", "times": "Edit times"}
_USUAL = timedelta(minutes=50)
_TIME_CONTROLS = frozenset({"day", "start", "end", "length", "last_day", "tz"})
_PAUSE_S = 0.15
"""Seconds without a key before the calendar is asked for overlaps."""
_CHROME_ROWS = 6
"""Rows of the frame around the fields: borders, margins and the live line."""
_TOLD_ROWS = 3
"""Rows that a lock or a problem takes."""
_AIRY_ROWS = 34
"""Rows of a terminal from which on the groups of fields stand apart."""
ROW_OF = {
    "client_id": "client", "start": "times", "end": "times", "length": "times", "remind_email": "reminders",
    "remind_text": "reminders", "remind_phone": "reminders",
}  # fmt: skip


class AppointmentFields(ChangedModal[Done]):
    """The form without its saving: it loads, follows what is typed and says what that means."""

    SIZE = "-wide"
    AUTO_FOCUS = ""

    def __init__(
        self,
        database: Database,
        tz_name: str,
        *,
        draft: Mapping[str, Any],
        appointment_id: int | None = None,
        version: int | None = None,
        mode: Mode = "new",
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__(_TITLES[mode], "ctrl+s save · tab next · esc close")
        self._database = database
        self._tz_name = tz_name
        self._draft = dict(draft)
        self._appointment_id = appointment_id
        self._version = version
        self._mode: Mode = mode
        self._names = names
        self._clock = clock
        self._data: FormData | None = None
        self._initial: Raw = {}
        self._known: tuple[TimeText, Times] | None = None
        self._length = _USUAL
        self._times_touched = False
        self._overlaps: list[Entry] = []
        self._pause: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Static(id="locks", markup=False)
        with VerticalScroll(id="rows", can_focus=False):
            yield from controls.rows(str(self._draft.get("kind", "client_session")))
        yield Static(id="live", markup=False)

    def on_mount(self) -> None:
        self.query_one("#locks").display = False
        super().on_mount()
        self.run_worker(self._load(), group="read", exit_on_error=False)

    def on_resize(self, event: events.Resize) -> None:
        """Let the fields take what the screen leaves; they scroll inside."""
        self.query_one("#frame").set_class(event.size.height >= _AIRY_ROWS, "-airy")
        self._fit(event.size.height)

    def show_problem(self, text: str) -> None:
        super().show_problem(text)
        self._fit(self.size.height)

    def _fit(self, height: int) -> None:
        told = [self.query_one(name) for name in ("#locks", "#problem")]
        chrome = _CHROME_ROWS + sum(_TOLD_ROWS for static in told if static.display)
        self.query_one("#rows").styles.max_height = max(3, height - chrome)

    async def _load(self) -> None:
        try:
            data = await in_thread(self, "read", partial(load, self._database, self._appointment_id, self._names))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        values = self._first_values(data)
        raw = write_form(values, data)
        with self.prevent(Input.Changed, Pick.Changed, Checkbox.Changed, TextArea.Changed, Choice.Changed):
            controls.fill_options(self, data)
            controls.put(self, raw)
        frame = self.query_one("#frame")
        await frame.mount(
            Suggest(self.query_one("#client", Input), lambda text: find_clients(data.clients, text, data.names)),
            Suggest(self.query_one("#tz", Input), find_zones),
        )
        self._data = data
        self._initial = controls.collect(self)
        times = Times(values["start"], values["end"], values["tz"], values.get("all_day", False))
        self._known = (time_text(self._initial), times)
        self._length = times.end - times.start
        self._apply_locks(data)
        self._refresh()
        self._focus_first()

    def _first_values(self, data: FormData) -> dict[str, Any]:
        if data.stored:
            return dict(data.stored)
        values: dict[str, Any] = {"kind": "client_session", "tz": self._tz_name, "medium": "phone"}
        values["location_id"] = next((row.id for row in data.locations if row.is_default), None)
        values |= self._draft
        if "start" not in values:
            now = self._clock()
            values["start"] = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if "end" not in values:
            values["end"] = values["start"] + _USUAL
        self._times_touched = values["end"] - values["start"] != _USUAL
        return values

    def _apply_locks(self, data: FormData) -> None:
        if data.entry is None:
            return
        found = {action: refusal(data.entry, action) for action in ("time", "notes", "details")}
        for field in self.query(Field):
            row = (field.id or "").removeprefix("row-")
            action = "notes" if row == "repeats" else controls.ROW_ACTIONS.get(row, "details")
            if found[action] is not None:
                controls.lock_row(self, row)
        lock = found["details"]
        if lock is None or (self._mode == "times" and found["time"] is None):
            return
        can = " Times can still be changed." if found["time"] is None else ""
        text = f"{lock.reason[:1].upper()}{lock.reason[1:]}: {lock.way_out}.{can}"
        self.query_one("#locks", Static).update(plain(text))
        self.query_one("#locks").display = True
        self._fit(self.size.height)

    def _focus_first(self) -> None:
        """Go to the first field to fill in; never to the type or client of what is there already, where a
        stray key would change whose session it is."""
        passed = {"row-kind"}
        if self._mode != "new" or self._draft.get("client_id"):
            passed.add("row-client")
        if self._mode == "times":
            passed.add("row-day")
        for field in self.query(Field):
            if field.display and not field.disabled and field.id not in passed:
                field.focus_first()
                return

    def changed(self) -> bool:
        return self._data is not None and controls.collect(self) != self._initial

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Pick.Changed)
    @on(Checkbox.Changed)
    @on(Choice.Changed)
    def _changed(
        self, event: Input.Changed | TextArea.Changed | Pick.Changed | Checkbox.Changed | Choice.Changed
    ) -> None:
        event.stop()
        self._edited(event.control.id or "")

    @on(Suggest.Taken)
    def _taken(self, event: Suggest.Taken) -> None:
        event.stop()
        self._edited(event.target.id or "")

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    def _edited(self, name: str) -> None:
        if self._data is None:
            return
        self.show_problem("")
        raw = controls.collect(self)
        row = self.query(f"#row-{ROW_OF.get(name, name)}").results(Field)
        for field in row:
            field.error("")
        if name in _TIME_CONTROLS or name == "all_day":
            self._times_touched = True
            self._follow(raw, name)
        elif self._mode == "new":
            self._prefill(raw, name, self._data)
        if name == "repeats" and raw["repeats"] == "custom" and not raw["every"]:
            self._put({"every": "6", "until": f"+{CUSTOM_WEEKS.days // 7}w"})
        self._refresh()

    def _follow(self, raw: Raw, name: str) -> None:
        before = time_text(raw)
        after = follow(before, name, self._length, self._now_local(raw["tz"]))
        self._put({field: getattr(after, field) for field in ("end", "length", "last_day") if field != name})

    def _prefill(self, raw: Raw, name: str, data: FormData) -> None:
        if name == "client":
            client = read_client(data.clients, raw["client"], data.names).client
            if client is not None and raw["service"] is None and client.usual_service:
                self._put({"service": client.usual_service})
                raw = controls.collect(self)
                name = "service"
            if client is not None and client.usual_location_id is not None:
                self._put({"location_id": client.usual_location_id})
        service = data.service(raw["service"])
        if name == "service" and service is not None and service.typical_min and not self._times_touched:
            self._length = timedelta(minutes=service.typical_min)
            self._put({"length": write_length(self._length)})
            self._follow(controls.collect(self), "length")
        location = data.location(raw["location_id"])
        template = data.telehealth_template
        if location is not None and location.telehealth and "{" not in template and not raw["telehealth_url"]:
            self._put({"telehealth_url": template})

    def _put(self, raw: Raw) -> None:
        with self.prevent(Input.Changed, Pick.Changed):
            controls.put(self, raw)

    @on(events.DescendantBlur)
    def _left(self, event: events.DescendantBlur) -> None:
        if event.widget.id not in _TIME_CONTROLS or self._data is None:
            return
        read = self._read()
        if read.time.times is not None and not read.time.notes:
            text = write_times(read.time.times)
            names = ("day", "last_day") if text.all_day else ("day", "start", "end", "length")
            self._put({name: getattr(text, name) for name in names})
            self._refresh()

    def _now_local(self, tz_name: str) -> datetime:
        try:
            tz = zone(tz_name.strip())
        except ValueError:
            tz = zone(self._tz_name)
        return to_local(self._clock(), tz)

    def _read(self) -> ReadForm:
        assert self._data is not None  # noqa: S101  callers check
        raw = controls.collect(self)
        return read_form(raw, self._data, self._now_local(raw["tz"]), self._known)

    def _refresh(self) -> None:
        data = self._data
        if data is None:
            return
        raw, read = controls.collect(self), self._read()
        now_local = self._now_local(raw["tz"])
        controls.show_rows(self, raw, data, times_only=self._mode == "times")
        for row, hint in hints(read, raw, data, now_local).items():
            self.query_one(f"#row-{row}", Field).hint(hint)
        times = read.time.times
        if times is not None:
            self._length = times.end - times.start
            if self._pause is not None:
                self._pause.stop()
            self._pause = self.set_timer(_PAUSE_S, partial(self._look_around, times, read.values.get("group_key")))
        self.query_one("#live", Static).update(live_line(read, raw, data, self._overlaps, now_local))

    def _look_around(self, times: Times, group_key: str | None) -> None:
        self.run_worker(
            self._find_overlaps(times, group_key), group="overlaps", exclusive=True, exit_on_error=False
        )

    async def _find_overlaps(self, times: Times, group_key: str | None) -> None:
        work = partial(overlapping, self._database, times.start, times.end, self._appointment_id, group_key)
        found = await in_thread(self, "overlaps-read", work)
        if self._data is None or found == self._overlaps:
            return
        self._overlaps = found
        raw, read = controls.collect(self), self._read()
        line = live_line(read, raw, self._data, found, self._now_local(raw["tz"]))
        self.query_one("#live", Static).update(line)
