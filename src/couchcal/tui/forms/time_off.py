"""Time nobody can book: days, or hours of days, with a reason that stays here. TOF-01."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Checkbox, Input, Static

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.practice import time_off
from couchcal.practice.outcome import Done
from couchcal.practice.time_off import TimeOffRow
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database
from couchcal.tui.forms.field import Field
from couchcal.tui.forms.modal import ChangedModal
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.tick import Tick
from couchcal.tui.forms.time_off_values import Read, Typed, covered, read, typed_of
from couchcal.tui.screens.time_off_words import day_count, days_words, moments_words
from couchcal.typed_dates import date_order

_FIELD_OF = {"start": "first", "end": "last", "all_day": "first"}


class Saved(NamedTuple):
    """What was stored, and the instants it covers where these are new."""

    done: Done
    span: tuple[datetime, datetime] | None


class TimeOffForm(ChangedModal[Saved]):
    """Adds time off, or changes `row`. Days are typed as people say them.

    Args:
        tz: the practice's zone; days and times are on its clock.
        names: with `id` the reason is not shown, and stays as it is unless another one is typed.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Save", show=False)]
    AUTO_FOCUS = "#first"

    def __init__(
        self,
        database: Database,
        tz: tzinfo,
        row: TimeOffRow | None = None,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__("New time off" if row is None else "Edit time off", "ctrl+s save · tab next · esc close")
        self._database = database
        self._tz = tz
        self._row = row
        self._hidden = names == "id" and row is not None and bool(row.reason)
        self._clock = clock
        if row is None:
            self._opened = Typed("", "", all_day=True)
        else:
            reason = "" if self._hidden else row.reason
            self._opened = typed_of(row.start, row.end, row.first_day, row.end_day, tz, reason)

    def compose_body(self) -> ComposeResult:
        typed = self._opened
        first = Input(typed.first, id="first", max_length=40, placeholder="fri · 24 dec · +2w", classes="day")
        yield Field("First day", first, id="row-first")
        last = Input(typed.last, id="last", max_length=40, placeholder="the same day", classes="day")
        yield Field("Last day", last, id="row-last")
        yield Field("", Tick("All day", typed.all_day, id="all_day"), id="row-all_day")
        start = Input(typed.start, id="start-time", max_length=12, placeholder="9:00", classes="clock")
        yield Field("From", start, id="row-start", hint="on the first day")
        end = Input(typed.end, id="end-time", max_length=12, placeholder="13:00", classes="clock")
        yield Field("To", end, id="row-end", hint="on the last day")
        hidden = "hidden" if self._hidden else ""
        reason = Input(
            typed.reason, id="reason", max_length=time_off.REASON_LIMIT, placeholder=hidden, classes="reason"
        )
        yield Field("Reason", reason, id="row-reason", hint="stays on this computer")
        yield Static(id="meaning", markup=False)

    def on_mount(self) -> None:
        self._look()

    # What is typed

    def _typed(self) -> Typed:
        ids = ("first", "last", "start-time", "end-time", "reason")
        first, last, start, end, reason = (self.query_one(f"#{name}", Input).value for name in ids)
        return Typed(first, last, self.query_one("#all_day", Tick).value, start, end, reason)

    def _means(self) -> Read:
        today = to_local(self._clock(), self._tz).date()
        return read(self._typed(), today, self._tz, order=date_order())

    def changed(self) -> bool:
        return self._typed() != self._opened

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _look(self) -> None:
        """Say what is understood; what is only missing yet is not called wrong."""
        self.show_problem("")
        typed, means = self._typed(), self._means()
        for name in ("start", "end"):
            self.query_one(f"#row-{name}").display = not typed.all_day
        given = typed._asdict()
        for name in ("first", "last", "start", "end"):
            field = self.query_one(f"#row-{name}", Field)
            field.error(means.errors.get(name, "") if given[name].strip() else "")
        today = to_local(self._clock(), self._tz).date()
        for name, day in (("first", means.first_day), ("last", means.last_day)):
            self.query_one(f"#row-{name}", Field).hint(days_words(day, day, today) if day is not None else "")
        words = ""
        if isinstance(means.start, datetime) and isinstance(means.end, datetime):
            words = moments_words(means.start, means.end, today, self._tz)
        elif means.start is not None and means.first_day is not None and means.last_day is not None:
            days = day_count(means.first_day, means.last_day)
            words = f"{days_words(means.first_day, means.last_day, today)} · {days}"
        words = words and f"Nobody can book {words}; sessions stay."
        self.query_one("#meaning", Static).update(plain(words, QUIET))

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.focus_next()

    # Saving

    def action_save(self) -> None:
        """Save, or say beside the fields what is missing."""
        means = self._means()
        if self._show_errors(means.errors) or means.start is None or means.end is None:
            return
        if self._row is not None and not self.changed():
            self.dismiss(None)
            return
        self.write(partial(self._store, means, self._typed()), self.dismiss)

    def unwritten(self, error: Exception) -> None:
        field = _FIELD_OF.get(error.field, error.field) if isinstance(error, Invalid) else ""
        if not (field and self._show_errors({field: str(error)})):
            super().unwritten(error)

    def _store(self, means: Read, typed: Typed) -> Saved:
        """Store it. Blocks."""
        if means.start is None or means.end is None:
            raise ValueError("the form is not complete")
        row = self._row
        span = covered(means.start, means.end, self._tz)
        times = {"start": means.start, "end": means.end, "all_day": typed.all_day, "tz": str(self._tz)}
        if row is None:
            done = time_off.add(
                self._database, means.start, means.end, all_day=typed.all_day, tz=str(self._tz),
                reason=typed.reason, clock=self._clock,
            )  # fmt: skip
            return Saved(done, span)
        moved = typed._replace(reason="") != self._opened._replace(reason="")
        changes: dict[str, Any] = dict(times) if moved else {}
        if typed.reason != self._opened.reason:
            changes["reason"] = typed.reason
        done = time_off.edit(self._database, row.id, changes, expected_version=row.version, clock=self._clock)
        return Saved(done, span if moved else None)

    def _show_errors(self, errors: Mapping[str, str]) -> bool:
        """Put errors beside their fields and go to the first one; whether there is any."""
        bad = []
        for field in self.query(Field):
            field.error(errors.get((field.id or "").removeprefix("row-"), ""))
            if field.has_error and field.display:
                bad.append(field)
        if bad:
            bad[0].focus_first()
        return bool(bad)
