"""What clients can book, in the order in which they see it. EVT-01, VIS-01."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import ClassVar

from textual import events, on
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
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import clean, pad

_CHROME_ROWS = 10
_EMPTY = "No event types yet: n makes the first thing that clients can book."
_VISITS = dict(VISITS)
_AUDIENCES = {"both": "all", "public": "page", "portal": "portal"}


class EventTypesScreen(Modal[Done]):
    """Event types to add, edit, reorder, remove and bring back; each change is stored at once."""

    SIZE = "-wide"
    AUTO_FOCUS = "#types"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("r", "restore", "Bring back", show=False),
        Binding("J,plus,shift+down", "shift(1)", "Later", show=False),
        Binding("K,minus,shift+up", "shift(-1)", "Earlier", show=False),
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
        Binding("full_stop", "removed", "Show removed", show=False),
    ]

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__("Event types", "enter edit · n new · D remove · J K order · . removed · esc close")
        self._database = database
        self._clock = clock
        self._rows: list[EventTypeRow] = []
        self._shown: list[EventTypeRow] = []
        self._with_removed = False
        self._writing = False

    def compose_body(self) -> ComposeResult:
        yield Static(plain(columns("Title", "Length", "Visits", "Buffers", "For"), QUIET), id="columns-title")
        yield Ways([], id="types")
        yield Static(id="about", markup=False)
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#types").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    # Reading and showing

    def _read(self, select: int | None = None) -> None:
        self.run_worker(self._load(select), group="read", exit_on_error=False)

    async def _load(self, select: int | None) -> None:
        """Read the event types and highlight the one with id `select`, else the one that was."""
        known = {row.id for row in self._rows}
        try:
            self._rows = await in_thread(self, "read", partial(_read, self._database))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        added = [row.id for row in self._rows if row.id not in known]
        if select is None and known and len(added) == 1:
            select = added[0]
        self._show(select)

    def _show(self, select: int | None = None) -> None:
        current = self._current()
        self._shown = [row for row in self._rows if row.active]
        if self._with_removed:
            self._shown += [row for row in self._rows if not row.active]
        listing = self.query_one("#types", OptionList)
        before = listing.highlighted or 0
        wanted = select if select is not None else current.id if current else None
        listing.clear_options()
        listing.add_options(Option(type_line(row)) for row in self._shown)
        if self._shown:
            ids = [row.id for row in self._shown]
            listing.highlighted = ids.index(wanted) if wanted in ids else min(before, len(ids) - 1)
        self.query_one("#columns-title").display = bool(self._shown)
        self.query_one("#about").display = bool(self._shown)
        self.query_one("#count", Static).update(plain(self._count_words(), QUIET))
        self._describe()

    def _count_words(self) -> str:
        active = sum(row.active for row in self._rows)
        removed = len(self._rows) - active
        if not active:
            words = _EMPTY
        else:
            words = f"{active} in use, of {MAX_ACTIVE}"
            if active >= MAX_ACTIVE:
                words += ": remove one to make room for another"
        if removed and not self._with_removed:
            words += f" · {removed} removed, . shows"
        return words

    @on(OptionList.OptionHighlighted)
    def _describe(self) -> None:
        row = self._current()
        self.query_one("#about", Static).update(plain(about(row) if row else "", QUIET))

    def _current(self) -> EventTypeRow | None:
        at = self.query_one("#types", OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#types", Ways).step(by)

    def action_removed(self) -> None:
        """Show or hide what was removed."""
        self._with_removed = not self._with_removed
        self._show()

    # Changes

    def action_add(self) -> None:
        """Make another event type."""
        if sum(row.active for row in self._rows) >= MAX_ACTIVE:
            self.show_problem(f"There are {MAX_ACTIVE} event types, more cannot be offered. D removes one.")
            return
        self._form(None)

    def action_edit(self) -> None:
        """Edit the highlighted event type."""
        row = self._current()
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
        self._read()

    def action_remove(self) -> None:
        """Remove the highlighted event type; one that is named anywhere is kept and can be restored."""
        row = self._current()
        if row is not None and row.active:
            self._write(partial(self._removed, row.id), row.id)

    def _removed(self, row_id: int) -> Done:
        done = event_types.remove(self._database, row_id, clock=self._clock)
        return done if done.advice else done._replace(advice=("undo on the calendar brings it back",))

    def action_restore(self) -> None:
        """Offer a removed event type again."""
        row = self._current()
        if row is not None and not row.active:
            self._write(partial(event_types.restore, self._database, row.id, clock=self._clock), row.id)

    def action_shift(self, by: int) -> None:
        """Move the highlighted event type up or down the list."""
        row = self._current()
        if row is not None and row.active:
            self._write(partial(event_types.move, self._database, row.id, by, clock=self._clock), row.id, say=False)

    def _write(self, change: Callable[[], Done], row_id: int, *, say: bool = True) -> None:
        if not self._writing:
            self.run_worker(self._change(change, row_id, say=say), group="save", exit_on_error=False)

    async def _change(self, change: Callable[[], Done], row_id: int, *, say: bool) -> None:
        self.show_problem("")
        self._writing = True
        try:
            done = await in_thread(self, "write", change)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self._writing = False
        if say:
            self.notify(": ".join((done.label, *done.advice)), markup=False)
        await self._load(row_id)


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


def _read(database: Database) -> list[EventTypeRow]:
    """Every event type, removed ones too. Blocks."""
    with closing(database.connect()) as connection:
        return event_types.event_types(connection, inactive=True)
