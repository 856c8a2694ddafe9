"""Reports: hours by service, utilisation, late cancels and no-shows, sessions per week."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import Entry, local_day
from couchcal.practice.report_records import TABLES
from couchcal.practice.report_tables import table
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.screens.reports_data import Figures, read_figures, target_problem, write_csv
from couchcal.tui.screens.reports_paint import table_content
from couchcal.tui.screens.reports_period import Period, period_of
from couchcal.tui.text import clean

_TABS = ("1 Hours", "2 Utilisation", "3 Cancellations", "4 Weeks")
_WIDEST, _EDGES = 100, 8
"""Columns of the frame, and what its borders, padding and scrollbar take of them."""


class ReportsScreen(Modal[Entry]):
    """Four tables over a month, a quarter or a year. Enter on a late cancel or no-show closes with its entry.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-full -reports"
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(at), f"tab({at - 1})", title, show=False) for at, title in enumerate(_TABS, start=1)),
        Binding("tab,right", "next_tab(1)", show=False, priority=True),
        Binding("shift+tab,left", "next_tab(-1)", show=False, priority=True),
        Binding("H,pageup", "step(-1)", "Earlier", show=False, priority=True),
        Binding("L,pagedown", "step(1)", "Later", show=False, priority=True),
        Binding("p", "length", "Month, quarter, year", show=False),
        Binding("t", "today", "Today", show=False),
        Binding("e", "export", "Export", show=False),
        Binding("j", "down", show=False),
        Binding("k", "up", show=False),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Reports", "1-4 table · H L period · p month, quarter, year · e export · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._period: Period = period_of("month", local_day(clock(), tz))
        self._figures: Figures | None = None

    def compose_body(self) -> ComposeResult:
        tabs = Choice([(name, title) for name, title in zip(TABLES, _TABS, strict=True)], TABLES[0], id="tabs")
        tabs.can_focus = False
        yield tabs
        yield Static(id="period", markup=False)
        with VerticalScroll(id="rows"):
            yield Static(id="table", markup=False)
            yield Ways([], id="missed")
            yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        self.query_one("#missed").display = False
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Lay out anew: bars take what is left beside the numbers."""
        self._show()

    def _read(self) -> None:
        self._say_period()
        self.run_worker(self._load(), group="read", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        work = partial(read_figures, self._database, self._period, self._tz, self._clock())
        try:
            self._figures = await in_thread(self, "read-figures", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self.show_problem("")
        self._show()

    def _say_period(self) -> None:
        self.query_one("#period", Static).update(plain(f"‹ {self._period.words} ›", "bold"))

    @property
    def _tab(self) -> str:
        return self.query_one("#tabs", Choice).value or TABLES[0]

    @on(Choice.Changed)
    def _changed(self) -> None:
        self._show()
        self.query_one("#rows").scroll_home(animate=False)

    def _show(self) -> None:
        figures = self._figures
        if figures is None:
            return
        found = table(figures.report, self._tab, self._names)
        cells = min(self.size.width, _WIDEST) - _EDGES
        ascii_only = self.app.has_class("-ascii")
        self.query_one("#table", Static).update(table_content(found, cells, ascii_only=ascii_only))
        listed = self._tab == "cancellations" and bool(figures.missed)
        note = f"{found.note} Enter goes to one on the calendar." if listed else found.note
        self.query_one("#note", Static).update(plain(note if found.lines else "", QUIET))
        missed = self.query_one("#missed", OptionList)
        missed.display = listed
        if listed:
            missed.clear_options()
            missed.add_options(Option(entry_line(entry, self._tz, self._names)) for entry in figures.missed)
            missed.highlighted = 0
            missed.focus()
        else:
            self.query_one("#rows").focus()

    # Moving about

    def action_tab(self, at: int) -> None:
        """Show a table."""
        self.query_one("#tabs", Choice).value = TABLES[at]

    def action_next_tab(self, by: int) -> None:
        """Show the table beside this one."""
        self.query_one("#tabs", Choice).action_step(by)

    def action_step(self, by: int) -> None:
        """The period before or after."""
        self._go(self._period.step(by))

    def action_length(self) -> None:
        """A month, the quarter it lies in, its year, and round again."""
        self._go(self._period.next_length())

    def action_today(self) -> None:
        """The present period."""
        self._go(period_of(self._period.length, local_day(self._clock(), self._tz)))

    def _go(self, period: Period) -> None:
        if period != self._period:
            self._period = period
            self._read()

    def action_down(self) -> None:
        """Down in the list, or scroll."""
        self._move(1)

    def action_up(self) -> None:
        """Up in the list, or scroll."""
        self._move(-1)

    def _move(self, by: int) -> None:
        missed = self.query_one("#missed", OptionList)
        if not missed.display:
            self.query_one("#rows").scroll_relative(y=by, animate=False)
        elif by > 0:
            missed.action_cursor_down()
        else:
            missed.action_cursor_up()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._figures is not None:
            self.dismiss(self._figures.missed[event.option_index])

    # Export

    def action_export(self) -> None:
        """Write the table to a CSV file."""
        if self._figures is None:
            return
        from couchcal.tui.forms.prompt import Prompt

        name = f"{self._tab}-{self._period.file_words}.csv"
        prompt = Prompt("Export this table as CSV to", f"~/{name}", target_problem)
        self.app.push_screen(prompt, partial(self._export, self._figures, self._tab))

    def _export(self, figures: Figures, tab: str, text: str | None) -> None:
        if text:
            self.run_worker(self._write(text, figures, tab), group="write", exit_on_error=False)

    async def _write(self, text: str, figures: Figures, tab: str) -> None:
        try:
            path = await in_thread(self, "write-file", partial(write_csv, self._database, text, figures, tab))
        except OSError as error:
            self.show_problem(f"It could not be written: {error.strerror}.")
            return
        self.notify(f"Wrote {clean(str(path))}", markup=False)
