"""Quick add: one line, what was understood of it, Enter saves."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static

from couchcal.clock import Clock, system_clock
from couchcal.practice.cadence import parse_cadence
from couchcal.practice.names import client_label
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.appointment_data import FormData, Save, load
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.options import Ways, way
from couchcal.tui.forms.quick_values import Understood, preview, so_far, understand

_WORD_S = 0.7
"""How long typing rests before a word counts as finished."""
_EXAMPLES = "tue 3pm 50m jane 90837 weekly"


class OpenForm(NamedTuple):
    """The person wants the whole form; the values are draft fields, `repeats` a cadence."""

    values: dict[str, Any]


class QuickAdd(ChangedModal[Done | OpenForm]):
    """Words in any order become an appointment; an ambiguous name opens a list to pick from.

    Args:
        tz_name: the zone that the typed times are in.
        now_local: the wall clock of that zone, for `tomorrow` and `tue`.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "open_form", "Form", show=False, priority=True),
        Binding("ctrl+s", "save", "Save", show=False),
    ]

    def __init__(
        self,
        database: Database,
        tz_name: str,
        now_local: datetime,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__("Quick add", "enter save · ctrl+e form · esc close")
        self._database = database
        self._tz_name = tz_name
        self._now_local = now_local
        self._names = names
        self._clock = clock
        self._data: FormData | None = None
        self._understood: Understood | None = None
        self._picked: int | None = None
        self._pause: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder=_EXAMPLES, id="text", max_length=500)
        yield Static(id="preview", markup=False)
        yield Ways([], id="picks")

    def on_mount(self) -> None:
        self.query_one("#picks").display = False
        self.read(partial(load, self._database, None, self._names, latest=True), self._take, group="read")

    def _take(self, data: FormData) -> None:
        self._data = data
        self._show()

    def changed(self) -> bool:
        return bool(self.query_one("#text", Input).value.strip())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._picked = None
        self.show_problem("")
        if self._pause is not None:
            self._pause.stop()
        at_end = event.input.cursor_position == len(event.value)
        half = at_end and event.value[-1:].strip() != ""
        if half:
            self._pause = self.set_timer(_WORD_S, self._show)
        self._show(half=half)

    def _show(self, *, half: bool = False) -> None:
        """Show what was understood; `half` if the last word is still being typed, which nobody can know yet."""
        text = self.query_one("#text", Input).value
        if self._data is None:
            return
        picks = self.query_one("#picks", Ways)
        if not text.strip():
            self._understood = None
            picks.display = False
            self.query_one("#preview", Static).update("")
            return
        found = understand(text, self._data, self._now_local, self._tz_name, self._picked)
        self._understood = found
        told = found
        if half and found.problems:
            before = " ".join(text.split()[:-1])
            told = so_far(found, understand(before, self._data, self._now_local, self._tz_name, self._picked))
        self.query_one("#preview", Static).update(preview(told, self._data, self._now_local))
        picks.display = bool(found.candidates)
        picks.clear_options()
        picks.add_options(
            way(
                str(name.id),
                client_label(name.internal_id, name.preferred or name.first, name.last, self._names),
                name.internal_id,
            )
            for name in found.candidates
        )

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Save, or go to the list of clients the name may mean."""
        found = self._understood
        if found is None:
            return
        if found.candidates:
            picks = self.query_one("#picks", Ways)
            picks.focus()
            picks.highlighted = picks.highlighted or 0
        elif found.problems:
            self._show()  # that of the last word, too
        else:
            values = dict(found.values)
            cadence = values.pop("repeats", None)
            repeat = parse_cadence(cadence) if cadence is not None else None
            self.write(Save(self._database, self._clock, values, repeat=repeat).write, self.dismiss)

    @on(OptionList.OptionSelected)
    def _pick(self, event: OptionList.OptionSelected) -> None:
        self._picked = int(event.option_id or 0)
        self._show()
        self.query_one("#text", Input).focus()
        self.action_save()

    def action_open_form(self) -> None:
        """Go on in the whole form with what was understood."""
        values = self._understood.values if self._understood is not None else {}
        self.dismiss(OpenForm({name: value for name, value in values.items() if value is not None}))
