"""The appointment form: new, edit, and times only. APT-01…21, REC-01…04, EDT-01…03."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType

from couchcal.errors import Invalid
from couchcal.practice.fields import TIME_FIELDS
from couchcal.practice.outcome import Done
from couchcal.tui.forms.appointment_data import FormData, Save
from couchcal.tui.forms.appointment_fields import ROW_OF, AppointmentFields
from couchcal.tui.forms.appointment_state import ReadForm, changes
from couchcal.tui.forms.client_field import client_text
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import in_thread, problem_words
from couchcal.tui.forms.scope import ScopeDialog


class AppointmentForm(AppointmentFields):
    """Asks for an appointment's fields, saves them itself and closes with what was done.

    Args:
        database: where to save.
        tz_name: the zone of the view, the default of a new appointment (APT-13).
        draft: draft fields of a new appointment that are known already (`kind`, `start`, `end`, `client_id`
            …; `repeats` may hold a cadence). An existing one is shown as stored.
        appointment_id: the appointment to change, None for a new one.
        version: the version that the caller showed; another one in the database is refused as stale.
        mode: `times` shows start and end only (EDT-03).
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]

    def action_save(self) -> None:
        """Save, or say beside the fields what is missing; conflicts never keep anybody from saving."""
        if self._data is not None:
            self.run_worker(self._save(self._data), group="save", exit_on_error=False)

    async def _save(self, data: FormData) -> None:
        if self.saving:
            return
        read = self._read()
        if self._show_errors(read.errors):
            return
        save = self._request(read, data)
        if self._appointment_id is not None and not (save.values or save.repeat or save.stop):
            self.dismiss(None)
            return
        self.saving = True
        try:
            done = await self._write(save, data)
        except Exception as error:
            self.show_problem(problem_words(error))
            if isinstance(error, Invalid):
                self._show_errors({ROW_OF.get(error.field, error.field): error.message})
            return
        finally:
            self.saving = False
        if done is not None:
            self.dismiss(done)

    def _request(self, read: ReadForm, data: FormData) -> Save:
        values = dict(read.values)
        if self._appointment_id is not None:
            values = changes(values, data)
            if self._mode == "times":
                values = {name: value for name, value in values.items() if name in TIME_FIELDS}
        else:
            values["modifiers"] = values.get("modifiers") or None
        version = self._version if self._version is not None else data.version
        return Save(
            self._database,
            self._clock,
            values,
            self._appointment_id,
            version,
            read.new_client,
            read.repeat,
            read.stop,
        )

    async def _write(self, save: Save, data: FormData) -> Done | None:
        entry = data.entry
        if entry is not None and entry.series_id is not None and save.values and entry.start > self._clock():
            this, future = await in_thread(self, "write", save.previews)
            scope = await self.app.push_screen_wait(ScopeDialog("Change which?", this, future, names=data.names))
            if scope is None:
                return None
            save = replace(save, scope=scope)
        if save.new_client:
            client = await in_thread(self, "write", save.client_added)
            data.clients.append(client)
            self._put({"client": client_text(client, data.names)})
            save = replace(save, values=save.values | {"client_id": client.id}, new_client="")
        return await in_thread(self, "write", save.write)

    def _show_errors(self, errors: Mapping[str, str]) -> bool:
        """Put errors beside their fields and go to the first one that is seen."""
        bad = []
        for field in self.query(Field):
            field.error(errors.get((field.id or "").removeprefix("row-"), ""))
            if field.has_error and field.display:
                bad.append(field)
        if bad:
            bad[0].focus_first()
            bad[0].scroll_visible(animate=False)
        return bool(bad)
