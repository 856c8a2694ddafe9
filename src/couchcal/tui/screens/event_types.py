"""What clients can book, in the order in which they see it. EVT-01, VIS-01."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice import event_types
from couchcal.practice.event_types import MAX_ACTIVE, EventTypeRow
from couchcal.practice.outcome import Done
from couchcal.store.connection import Database
from couchcal.tui.forms.event_type_values import VISITS, duration_words, step_words
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.text import clean, pad

_EMPTY = "No event types yet: n makes the first thing that clients can book."
_VISITS = dict(VISITS)
_AUDIENCES = {"both": "all", "public": "page", "portal": "portal"}


class EventTypesScreen(ListScreen[Done, EventTypeRow, list[EventTypeRow]]):
    """Event types to add, edit, reorder, remove and bring back; each change is stored at once."""

    SIZE = "-wide"
    CHROME_ROWS = 10
    AUTO_FOCUS = "#types"
    KEYS_OF_NONE = "n new · . removed · esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("r", "restore", "Bring back", show=False),
        Binding("J,plus,shift+down", "shift(1)", "Later", show=False),
        Binding("K,minus,shift+up", "shift(-1)", "Earlier", show=False),
        Binding("full_stop", "removed", "Show removed", show=False),
    ]

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        keys = "enter edit · n new · D remove · J K order · . removed · esc close"
        super().__init__("Event types", keys, RowList(lambda row: row.id, id="types"), database, clock)
        self._with_removed = False

    def compose_body(self) -> ComposeResult:
        yield Static(plain(columns("Title", "Length", "Visits", "Buffers", "For"), QUIET), id="columns-title")
        yield self.listing
        yield Static(id="about", markup=False)
        yield Static(id="count", markup=False)

    # Reading and showing

    def fetch(self) -> list[EventTypeRow]:
        with closing(self._database.connect()) as connection:
            return event_types.event_types(connection, inactive=True)

    def lines(self, found: list[EventTypeRow]) -> Iterable[tuple[EventTypeRow, Option]]:
        shown = [row for row in found if row.active]
        if self._with_removed:
            shown += [row for row in found if not row.active]
        return [(row, Option(type_line(row))) for row in shown]

    def below(self, found: list[EventTypeRow]) -> str:
        active = sum(row.active for row in found)
        removed = len(found) - active
        if not active:
            words = _EMPTY
        else:
            words = f"{active} in use, of {MAX_ACTIVE}"
            if active >= MAX_ACTIVE:
                words += ": remove one to make room for another"
        if removed and not self._with_removed:
            words += f" · {removed} removed, . shows"
        return words

    def show(self) -> None:
        super().show()
        self.query_one("#columns-title").display = bool(self.listing.rows)
        self.query_one("#about").display = bool(self.listing.rows)
        self._describe()

    @on(OptionList.OptionHighlighted)
    def _describe(self) -> None:
        row = self.listing.row
        self.query_one("#about", Static).update(plain(about(row) if row else "", QUIET))

    def action_removed(self) -> None:
        """Show or hide what was removed."""
        self._with_removed = not self._with_removed
        self.show()

    # Changes

    def action_add(self) -> None:
        """Make another event type."""
        if sum(row.active for row in self.found or ()) >= MAX_ACTIVE:
            self.show_problem(f"There are {MAX_ACTIVE} event types, more cannot be offered. D removes one.")
            return
        self._form(None)

    def action_edit(self) -> None:
        """Edit the highlighted event type."""
        row = self.listing.row
        if row is not None:
            self._form(row)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self.action_edit()

    def _form(self, row: EventTypeRow | None) -> None:
        from couchcal.tui.forms.event_type import EventTypeForm

        self.show_problem("")
        self.app.push_screen(EventTypeForm(self._database, row, clock=self._clock), self._stored)

    def _stored(self, done: Done | None) -> None:
        if done is not None:
            self.notify(done.label, markup=False)
            self.reload(to_new=True)

    def action_remove(self) -> None:
        """Remove the highlighted event type; one that is named anywhere is kept and can be restored."""
        row = self.listing.row
        if row is not None and row.active:
            self.write(partial(event_types.remove, self._database, row.id, clock=self._clock), self._removed)

    def _removed(self, done: Done) -> None:
        self._changed(done if done.advice else done._replace(advice=("undo on the calendar brings it back",)))

    def action_restore(self) -> None:
        """Offer a removed event type again."""
        row = self.listing.row
        if row is not None and not row.active:
            self.write(partial(event_types.restore, self._database, row.id, clock=self._clock), self._changed)

    def action_shift(self, by: int) -> None:
        """Move the highlighted event type up or down the list."""
        row = self.listing.row
        if row is not None and row.active:
            work = partial(event_types.move, self._database, row.id, by, clock=self._clock)
            self.write(work, lambda _done: self.reload())

    def _changed(self, done: Done) -> None:
        self.notify(": ".join((done.label, *done.advice)), markup=False)
        self.reload()


def columns(title: str, length: str, visits: str, free: str, audience: str) -> str:
    """The cells of one line of the list."""
    return f"{pad(title, 22)} {length:>7}  {pad(visits, 22)}  {pad(free, 8)} {audience}"


def type_line(row: EventTypeRow) -> Content:
    """`Initial consultation    50 min  Telehealth & in person  0/10     portal`."""
    free = f"{row.buffer_before}/{row.buffer_after}" if row.buffer_before or row.buffer_after else ""
    audience = _AUDIENCES[row.audience] if row.active else "removed"
    line = columns(clean(row.title), f"{row.minutes} min", _VISITS[row.visit_mode], free, audience)
    return Content.styled(line, "" if row.active else QUIET)


def about(row: EventTypeRow) -> str:
    """The rest of an event type in a line or two: its buffers, rules and description."""
    words = []
    if not row.active:
        words.append("removed: clients cannot book it, r brings it back")
    if row.service:
        words.append(row.service)
    if row.buffer_before or row.buffer_after:
        words.append(f"buffers: {row.buffer_before} min before, {row.buffer_after} after")
    if row.min_notice_min is not None:
        words.append(f"notice {duration_words(row.min_notice_min)}")
    if row.window_days is not None:
        words.append(f"{row.window_days} days ahead" if row.window_days else "any day ahead")
    if row.slot_step is not None:
        words.append(f"starts every {step_words(row.slot_step)}")
    if row.max_per_day is not None:
        words.append(f"at most {row.max_per_day} a day")
    if row.confirm:
        words.append("booked at once" if row.confirm == "instant" else "on request")
    first = clean(row.description.splitlines()[0]) if row.description.strip() else ""
    return "\n".join(part for part in (" · ".join(words), first) if part)
