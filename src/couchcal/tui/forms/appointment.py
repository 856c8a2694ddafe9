"""The appointment form: new, edit, and times only. APT-01…21, REC-01…04, EDT-01…03."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from couchcal.errors import Invalid, NotFound, Stale
from couchcal.practice.fields import TIME_FIELDS
from couchcal.practice.outcome import Done
from couchcal.tui.forms.appointment_data import FormData, Save, load
from couchcal.tui.forms.appointment_follow import ROW_OF, AppointmentFollow
from couchcal.tui.forms.appointment_merge import Unit, compare, merged
from couchcal.tui.forms.appointment_state import ReadForm, changes
from couchcal.tui.forms.appointment_words import unit_words
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.merge import MergeScreen
from couchcal.tui.forms.modal import in_thread, problem_words
from couchcal.tui.forms.scope import ScopeDialog


class AppointmentForm(AppointmentFollow):
    """Asks for an appointment's fields, saves them itself and closes with what was done.

    A new appointment, an existing one, or its start and end only (mode `times`, EDT-03); see `Opening`.
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
        if save.appointment_id is not None and not save.anything:
            self.dismiss(None)
            return
        self.saving = True
        try:
            done = await self._write(save, data, read)
        except Exception as error:
            self.show_problem(problem_words(error))
            if isinstance(error, Invalid):
                self._show_errors({ROW_OF.get(error.field, error.field): error.message})
            return
        finally:
            self.saving = False
        if done is not None:
            self.dismiss(done if done.label else None)

    def _request(self, read: ReadForm, data: FormData) -> Save:
        values = dict(read.values)
        if self._opening.appointment_id is None:
            values["modifiers"] = values.get("modifiers") or None
        else:
            values = self._limited(changes(values, data))
        return Save(
            self.database, self._clock, values, self._opening.appointment_id, data.version, read.also, read.repeat,
            read.stop,
        )  # fmt: skip

    def _limited(self, values: dict[str, Any]) -> dict[str, Any]:
        if self._opening.mode != "times":
            return values
        return {name: value for name, value in values.items() if name in TIME_FIELDS}

    async def _write(self, save: Save, data: FormData, read: ReadForm) -> Done | None:
        """Write, asking for the scope and for what to do about somebody else's change; None goes back."""
        asked = await self._with_scope(save, data)
        while asked is not None:
            try:
                return await in_thread(self, "write", asked.write)
            except Stale:
                asked = await self._merged(asked, data, read)
                if asked is not None and not asked.anything:
                    return Done("")
            except NotFound:
                if asked.appointment_id is None:
                    raise
                asked = await self._anew(read)
        return None

    async def _with_scope(self, save: Save, data: FormData) -> Save | None:
        entry = data.entry
        changed = save.values or save.repeat or save.also
        if entry is None or entry.series_id is None or not changed or entry.start <= self._clock():
            return save
        this, future, reset = await in_thread(self, "write", save.previews)
        dialog = ScopeDialog("Change which?", this, future, reset=reset, names=data.names)
        answer = await self.app.push_screen_wait(dialog)
        return None if answer is None else replace(save, scope=answer.scope, reset_moved=answer.reset_moved)

    async def _merged(self, save: Save, data: FormData, read: ReadForm) -> Save | None:
        """The save on top of what somebody else changed, as the person decides; one of nothing takes theirs."""
        opening = self._opening
        fresh = await in_thread(self, "write", partial(load, self.database, opening.appointment_id, opening.names))
        mine = data.stored | self._limited(read.values)
        merge = compare(data.stored, mine, fresh.stored)
        sides: dict[str, tuple[Mapping[str, Any], FormData]] = {
            "mine": (mine, data), "theirs": (fresh.stored, fresh)
        }  # fmt: skip

        def shown(side: str, unit: Unit) -> str:
            return unit_words(unit, *sides[side])

        answer = await self.app.push_screen_wait(MergeScreen(merge, shown))
        if answer is None:
            return None
        if answer.way == "theirs":
            return Save(self.database, self._clock, {}, opening.appointment_id)
        values = changes(merged(merge, mine, fresh.stored, answer.take_theirs), fresh)
        return replace(save, values=values, version=fresh.version)

    async def _anew(self, read: ReadForm) -> Save | None:
        """What is typed as a new appointment, if the person wants that after the old one was deleted."""
        question = Confirm(
            "Deleted meanwhile",
            "Somebody deleted this appointment. Book it anew as it stands in the form?",
            "Book anew",
            "Back to the form",
        )
        if not await self.app.push_screen_wait(question):
            return None
        values = read.values | {"modifiers": read.values.get("modifiers") or None}
        return Save(self.database, self._clock, values, also=read.also, repeat=read.repeat)

    def _show_errors(self, errors: Mapping[str, str]) -> bool:
        """Put errors beside their fields and go to the first one that is seen."""
        bad = []
        for name, field in self.rows.fields.items():
            field.error(errors.get(name, ""))
            if field.has_error and field.display:
                bad.append(field)
        if bad:
            bad[0].focus_first()
            bad[0].scroll_visible(animate=False)
        return bool(bad)
