"""An event type with all it can say: what clients book, how long, where, and by which rules. EVT-01, VIS-01."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static, TextArea

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.practice import event_types
from couchcal.practice.event_types import EventTypeRow
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms import event_type_values as form
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.event_type_values import FormFacts
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.pick import Pick
from couchcal.tui.forms.plain import QUIET, plain

_CHROME_ROWS = 6
_NUMBERS = tuple(form.READERS)


class EventTypeForm(ChangedModal[Done]):
    """Adds an event type, or changes `row`."""

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]
    AUTO_FOCUS = "#title"

    def __init__(self, database: Database, row: EventTypeRow | None = None, *, clock: Clock = system_clock) -> None:
        super().__init__(f"{'New' if row is None else 'Edit'} event type", "ctrl+s save · tab next · esc close")
        self._database = database
        self._row = row
        self._clock = clock
        self._opened: dict[str, Any] = {}

    def compose_body(self) -> ComposeResult:
        row = self._row
        texts = dict.fromkeys(_NUMBERS, "") | {"minutes": "50"} if row is None else form.texts_of(row)

        def line(name: str, length: int = 12) -> Input:
            return Input(texts[name], id=name, max_length=length, classes="number")

        with VerticalScroll(id="rows", can_focus=False):
            title = Input(row.title if row else "", id="title", max_length=100, placeholder="Initial consultation")
            yield Field("Title", title, id="row-title")
            common = Choice([(str(minutes), str(minutes)) for minutes in form.COMMON_MINUTES], id="common")
            yield Field("Minutes", line("minutes", 6), common, id="row-minutes")
            visits = Pick(
                [(words, key) for key, words in form.VISITS], row.visit_mode if row else "both", id="visit_mode"
            )
            yield Field("Visits", visits, id="row-visit_mode")
            about = TextArea(row.description if row else "", id="description", tab_behavior="focus")
            yield Field("Description", about, id="row-description", long=True)
            yield Field("Service", Pick(blank="none", id="service"), id="row-service", hint="of the session")
            yield Field("Buffer before", line("buffer_before"), id="row-buffer_before", hint="minutes kept free")
            yield Field("Buffer after", line("buffer_after"), id="row-buffer_after", hint="minutes kept free")
            audience = Choice(form.AUDIENCES, row.audience if row else "both", id="audience")
            yield Field("Offered to", audience, id="row-audience", long=True)
            yield Static(plain("Rules of its own; empty: as set for the practice", QUIET), classes="group-title")
            yield Field("Notice", line("min_notice_min"), id="row-min_notice_min")
            yield Field("Days ahead", line("window_days"), id="row-window_days")
            yield Field("Starts every", Pick(blank="as set", id="slot_step"), id="row-slot_step")
            yield Field("Most a day", line("max_per_day"), id="row-max_per_day")
            confirm = Choice(form.CONFIRMS, (row.confirm or "") if row else "", id="confirm")
            yield Field("Booked", confirm, id="row-confirm")

    def on_mount(self) -> None:
        self._mark_common()
        self._opened = self._typed()
        self.read(partial(form.read_facts, self._database), self._take, group="read")

    def on_resize(self, event: events.Resize) -> None:
        """Let the fields take what the screen leaves."""
        self.query_one("#rows").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    def _take(self, facts: FormFacts) -> None:
        self._offer(facts)
        self._opened |= {name: self.query_one(f"#{name}", Pick).value for name in ("service", "slot_step")}

    def _offer(self, facts: FormFacts) -> None:
        """Fill the lists, with what the event type has even where it is not offered any more."""
        row = self._row
        offered = [(f"{service.code} {service.label}", service.code) for service in facts.services]
        if row is not None and row.service and all(code != row.service for _, code in offered):
            offered.append((row.service, row.service))
        service = self.query_one("#service", Pick)
        service.offer(offered)
        service.value = row.service if row else None
        step = self.query_one("#slot_step", Pick)
        step.offer(form.STEPS)
        step.value = row.slot_step if row else None
        for name, hint in form.rule_hints(facts.rules).items():
            self.query_one(f"#row-{name}", Field).hint(hint)

    # What is typed

    def _typed(self) -> dict[str, Any]:
        values: dict[str, Any] = {name: self.query_one(f"#{name}", Input).value for name in ("title", *_NUMBERS)}
        values |= {name: self.query_one(f"#{name}", Choice).value for name in ("audience", "confirm")}
        values |= {name: self.query_one(f"#{name}", Pick).value for name in ("visit_mode", "service", "slot_step")}
        values["description"] = self.query_one("#description", TextArea).text
        return values

    def changed(self) -> bool:
        return self._typed() != self._opened

    @on(Input.Changed)
    def _changed_line(self, event: Input.Changed) -> None:
        self.show_problem("")
        name = event.input.id or ""
        error = ""
        if name in form.READERS:
            try:
                form.READERS[name](event.value)
            except ValueError as problem:
                error = str(problem)
        self.query_one(f"#row-{name}", Field).error(error)
        if name == "minutes":
            self._mark_common()

    def _mark_common(self) -> None:
        """Show which common length is typed."""
        text = self.query_one("#minutes", Input).value.strip()
        common = self.query_one("#common", Choice)
        with self.prevent(Choice.Changed):
            common.value = text if text in map(str, form.COMMON_MINUTES) else None

    @on(Choice.Changed, "#common")
    def _took_common(self, event: Choice.Changed) -> None:
        minutes = self.query_one("#minutes", Input)
        if event.value is not None and event.value != minutes.value:
            minutes.value = event.value

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    # Saving

    def action_save(self) -> None:
        """Save, or say beside the fields what is wrong."""
        values, errors = form.read(self._typed())
        if self._show_errors(errors):
            return
        if self._row is not None and not self.changed():
            self.dismiss(None)
            return
        self.write(partial(self._store, values), self.dismiss)

    def unwritten(self, error: Exception) -> None:
        if not (isinstance(error, Invalid) and self._show_errors({error.field: error.message})):
            super().unwritten(error)

    def _store(self, values: dict[str, Any]) -> Done:
        """Store it. Blocks."""
        row = self._row
        if row is None:
            return event_types.add(self._database, values, clock=self._clock)
        changes = {name: value for name, value in values.items() if value != getattr(row, name)}
        return event_types.edit(self._database, row.id, changes, expected_version=row.version, clock=self._clock)

    def _show_errors(self, errors: Mapping[str, str]) -> bool:
        """Put errors beside their fields and go to the first one; whether there is any."""
        bad = []
        for field in self.query(Field):
            field.error(errors.get((field.id or "").removeprefix("row-"), ""))
            if field.has_error:
                bad.append(field)
        if bad:
            bad[0].focus_first()
            bad[0].scroll_visible(animate=False)
        return bool(bad)
