"""Days off: what is ahead, what is past, and which sessions lie in them. TOF-01…04."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import in_chosen_clock
from couchcal.practice import time_off
from couchcal.practice.agenda import Entry
from couchcal.practice.time_off import TimeOffRow
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.time_off import Saved, TimeOffForm
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.screens.time_off_words import off_line, read_affected, read_list
from couchcal.tui.text import glyphs_on

_CHROME_ROWS = 8
_EMPTY = "No time off yet: n keeps the first day free."


class TimeOffScreen(Modal[Entry]):
    """Time off to add, edit and remove. Sessions in it are never changed, only listed (TOF-04).

    Dismissed with the session that was chosen from such a list, so that the calendar goes to it.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#off"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("s", "sessions", "Sessions in it", show=False),
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Time off", "enter edit · n new · D remove · s sessions in it · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._rows: list[TimeOffRow] = []
        self._writing = False

    def compose_body(self) -> ComposeResult:
        yield Ways([], id="off")
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#off").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    # Reading and showing

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        current = self._current()
        known = {row.id for row in self._rows}
        now = self._clock()
        try:
            rows, ahead = await in_thread(self, "read", partial(read_list, self._database, now, self._tz))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._rows = rows
        listing = self.query_one("#off", OptionList)
        before = listing.highlighted or 0
        listing.clear_options()
        listing.add_options(Option(off_line(row, now, self._tz, self._names)) for row in rows)
        if rows:
            ids = [row.id for row in rows]
            added = [row_id for row_id in ids if known and row_id not in known]
            wanted = added[0] if added else current.id if current else None
            listing.highlighted = ids.index(wanted) if wanted in ids else min(before, len(ids) - 1)
        words = f"{ahead} ahead, {len(rows) - ahead} past" if rows else _EMPTY
        self.query_one("#count", Static).update(plain(words, QUIET))

    def _current(self) -> TimeOffRow | None:
        at = self.query_one("#off", OptionList).highlighted
        return self._rows[at] if at is not None and at < len(self._rows) else None

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#off", Ways).step(by)

    # Changes

    def action_add(self) -> None:
        """Take days or hours off."""
        self._form(None)

    def action_edit(self) -> None:
        """Edit the highlighted time off."""
        row = self._current()
        if row is not None:
            self._form(row)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self.action_edit()

    def _form(self, row: TimeOffRow | None) -> None:
        self.show_problem("")
        form = TimeOffForm(self._database, self._tz, row, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._saved)

    def _saved(self, saved: Saved | None) -> None:
        self._read()
        if saved is not None:
            self.notify(in_chosen_clock(saved.done.label), markup=False)
            if saved.span is not None:
                self.run_worker(self._list_sessions(*saved.span), group="read", exit_on_error=False)

    def action_remove(self) -> None:
        """Take the highlighted time off back: its times can be booked again (TOF-03)."""
        row = self._current()
        if row is not None and not self._writing:
            self.run_worker(self._remove(row), group="save", exit_on_error=False)

    async def _remove(self, row: TimeOffRow) -> None:
        self.show_problem("")
        self._writing = True
        try:
            done = await in_thread(
                self, "write", partial(time_off.remove, self._database, row.id, clock=self._clock)
            )
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self._writing = False
        self.notify(f"{in_chosen_clock(done.label)}: it can be booked again", markup=False)
        await self._load()

    # Sessions in it

    def action_sessions(self) -> None:
        """List the sessions that lie in the highlighted time off."""
        row = self._current()
        if row is not None:
            work = self._list_sessions(row.start, row.end, even_none=True)
            self.run_worker(work, group="read", exit_on_error=False)

    async def _list_sessions(self, start: datetime, end: datetime, *, even_none: bool = False) -> None:
        work = partial(read_affected, self._database, start, end, self._tz, self._clock)
        try:
            entries = await in_thread(self, "read", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        if entries or even_none:
            self.app.push_screen(AffectedScreen(entries, self._tz, names=self._names), self._go)

    def _go(self, entry: Entry | None) -> None:
        if entry is not None:
            self.dismiss(entry)


class AffectedScreen(Modal[Entry]):
    """Sessions in time off, as they were (TOF-04); Enter goes to one."""

    SIZE = "-wide"
    AUTO_FOCUS = "#results"

    def __init__(self, entries: list[Entry], tz: tzinfo, *, names: str = "full") -> None:
        super().__init__("Sessions in this time off", "enter go there · esc back" if entries else "esc back")
        self._entries = entries
        self._tz = tz
        self._names = names

    def compose_body(self) -> ComposeResult:
        count = len(self._entries)
        if not count:
            yield Static(plain("No session lies in it."), id="body")
            return
        stays = "1 session stays as it is" if count == 1 else f"{count} sessions stay as they are"
        yield Static(plain(f"{stays}. Move or cancel what should not take place."), id="body")
        yield Ways(
            [
                Option(entry_line(entry, self._tz, self._names, glyphs=glyphs_on(self.app)))
                for entry in self._entries
            ],
            id="results",
        )

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._entries[event.option_index])
