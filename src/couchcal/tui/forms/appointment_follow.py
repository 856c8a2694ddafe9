"""The appointment form while it is filled in: fields that follow each other, what is usual, what it overlaps."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from textual import events, on
from textual.widgets import Checkbox, Input, Static, TextArea

from couchcal.scheduling.wallclock import zone_or_utc
from couchcal.tui.forms.appointment_data import FormData, overlapping, usual_slot
from couchcal.tui.forms.appointment_fields import AppointmentFields
from couchcal.tui.forms.appointment_live import live_line
from couchcal.tui.forms.appointment_state import CUSTOM_WEEKS, Raw, place_of, time_text, visit_of
from couchcal.tui.forms.appointment_values import Times, follow, write_length, write_times
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.client_field import read_members
from couchcal.tui.forms.modal import in_thread
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.suggest import Suggest
from couchcal.tui.forms.zone_field import read_zone

_TIME_CONTROLS = frozenset({"day", "start", "end", "length", "last_day", "tz"})
_PAUSE_S = 0.15
"""Seconds without a key before the calendar is asked for overlaps."""
ROW_OF = {
    "client_id": "client", "start": "times", "end": "times", "length": "times", "remind_email": "reminders",
    "remind_text": "reminders", "remind_phone": "reminders",
}  # fmt: skip


class AppointmentFollow(AppointmentFields):
    """The form without its saving: it follows what is typed and says what that means."""

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
        if event.target.id == "client":
            self._client_named()

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_next()

    def _edited(self, name: str) -> None:
        data = self._data
        if data is None:
            return
        self.show_problem("")
        raw = self.rows.collect()
        self._touched.add(name)
        row = self.rows.fields.get(ROW_OF.get(name, name))
        if row is not None:
            row.error("")
        if name in _TIME_CONTROLS or name == "all_day":
            self._times_touched = True
            self._follow(raw, name)
        elif name == "visit_type":
            self._move_visit(raw, data)
        elif name == "location_id":
            self._put({"visit_type": visit_of(data, raw["location_id"])})
        elif name == "service" and self._opening.mode == "new":
            self._take_length(raw, data)
        if name == "repeats" and raw["repeats"] == "custom" and not raw["every"]:
            self._put({"every": "6", "until": f"+{CUSTOM_WEEKS.days // 7}w"})
        self._refresh()

    def _move_visit(self, raw: Raw, data: FormData) -> None:
        """Go to the place of another visit type (VIS-04); the automatic modifier comes with the place."""
        if raw["visit_type"] is None or raw["visit_type"] == visit_of(data, raw["location_id"]):
            return
        who = read_members(data.clients, raw["client"], data.names)
        usual = who[0].client.usual_location_id if who and who[0].client is not None else None
        place = place_of(data, raw["visit_type"], usual)
        if place is None:
            words = raw["visit_type"].replace("_", " ")
            self.rows.fields["visit_type"].error(f"there is no place for {words}")
        else:
            self._put({"location_id": place})

    def _follow(self, raw: Raw, name: str) -> None:
        before = time_text(raw)
        after = follow(before, name, self._length, self._now_local(raw["tz"]))
        self._put({field: getattr(after, field) for field in ("end", "length", "last_day") if field != name})

    def _take_length(self, raw: Raw, data: FormData) -> None:
        """The length that the service usually has, unless a person said another."""
        service = data.service(raw["service"])
        if service is not None and service.typical_min and not self._times_touched:
            self._set_length(timedelta(minutes=service.typical_min))

    def _client_named(self) -> None:
        """What is usual goes where a person has put nothing (APT-20): once the client is named, and not
        while half a name fits somebody else."""
        if self._data is not None and self._opening.mode == "new":
            self._prefill_slot(self.rows.collect(), self._data)
            self._refresh()

    def _prefill_slot(self, raw: Raw, data: FormData) -> None:
        who = read_members(data.clients, raw["client"], data.names)
        client = who[0].client if who else None
        if client is None or raw["kind"] != "client_session":
            return
        slot = usual_slot(self.database, client.id)
        service = data.service(slot.service)
        if service is not None and "service" not in self._known_fields():
            self._put({"service": service.code})
            minutes = slot.minutes or service.typical_min
            if minutes and not self._times_touched:
                self._set_length(timedelta(minutes=minutes))
        if data.location(slot.location_id) is not None and not {"location_id", "visit_type"} & self._known_fields():
            self._put({"location_id": slot.location_id, "visit_type": visit_of(data, slot.location_id)})
        wanted = {"remind_text": slot.remind_text, "remind_phone": slot.remind_phone}
        self._put({name: value for name, value in wanted.items() if name not in self._touched})
        if slot.tz is not None and not self._times_touched and slot.tz != raw["tz"]:
            self._see_from(slot.tz)

    def _known_fields(self) -> set[str]:
        """Controls that a person has filled in, or the caller."""
        return self._touched | {name for name in self._opening.draft if name in ("service", "location_id")}

    def _see_from(self, tz: str) -> None:
        """Show the same instants on the clocks of another zone."""
        times = self._read().time.times
        if times is not None and not times.all_day and zone_or_utc(tz) is not None:
            text = write_times(Times(times.start, times.end, tz))
            self._put({name: getattr(text, name) for name in ("day", "start", "end", "length", "tz")})

    def _set_length(self, length: timedelta) -> None:
        self._length = length
        self._put({"length": write_length(length)})
        self._follow(self.rows.collect(), "length")

    @on(events.DescendantBlur)
    def _left(self, event: events.DescendantBlur) -> None:
        if event.widget.id == "client":
            self._client_named()
        if event.widget.id not in _TIME_CONTROLS or self._data is None:
            return
        read = self._read()
        if event.widget.id == "tz":
            self._put({"tz": read_zone(self.rows.collect()["tz"])})
        if read.time.times is not None and not read.time.notes:
            text = write_times(read.time.times)
            names = ("day", "last_day") if text.all_day else ("day", "start", "end", "length")
            self._put({name: getattr(text, name) for name in names})
            self._refresh()

    def _look_soon(self, times: Times, group_key: str | None) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE_S, partial(self._look_around, times, group_key))

    def _look_around(self, times: Times, group_key: str | None) -> None:
        if self.is_active:
            self.run_worker(
                self._find_overlaps(times, group_key), group="overlaps", exclusive=True, exit_on_error=False
            )

    async def _find_overlaps(self, times: Times, group_key: str | None) -> None:
        opening = self._opening
        work = partial(overlapping, self.database, times.start, times.end, opening.appointment_id, group_key)
        found = await in_thread(self, "overlaps-read", work)
        if self._data is None or self._opening is not opening or found == self._overlaps:
            return
        self._overlaps = found
        raw, read = self.rows.collect(), self._read()
        line = live_line(read, raw, self._data, found, self._now_local(raw["tz"]), self.size.width)
        self.query_one("#live", Static).update(line)
