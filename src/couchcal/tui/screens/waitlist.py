"""Who waits for a time, whom a freed one fits, and the way from there to a booking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import in_chosen_clock, span_words
from couchcal.practice import waitlist_changes
from couchcal.practice.names import client_label
from couchcal.practice.outcome import Done
from couchcal.practice.waitlist import Waiting
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.waitlist_data import Listed, booked, prefilled, read_list
from couchcal.tui.text import clean, pad

_CHROME_ROWS = 8
_NAME_CELLS, _SINCE_CELLS = 22, 14
_EMPTY = "Nobody waits. n puts a client on the list."


class WaitlistScreen(Modal[Done]):
    """The waitlist, longest waiting first. A booking made from here closes it with what was done.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
        freed: a time `[start, end)` that came free: those it fits are on top, and are booked into it.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#waiting"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", show=False),
        Binding("b", "book", "Book", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("o", "offer", "Offered", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("full_stop", "booked", "Show booked", show=False),
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
    ]

    def __init__(
        self,
        database: Database,
        tz: tzinfo,
        *,
        names: str = "full",
        clock: Clock = system_clock,
        freed: tuple[datetime, datetime] | None = None,
    ) -> None:
        super().__init__("Waitlist", "enter book · n new · e edit · o offered · D remove · . booked · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._freed = freed
        self._listed = Listed([], [])
        self._shown: list[Waiting | None] = []
        self._with_booked = False
        self._busy = False

    def compose_body(self) -> ComposeResult:
        yield Ways([], id="waiting")
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#waiting").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    # Reading and showing

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        work = partial(read_list, self._database, self._freed, self._tz)
        try:
            self._listed = await in_thread(self, "read", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._show()

    def _show(self) -> None:
        current = self._current()
        fitting = self._listed.fitting
        on_top = {row.id for row in fitting}
        others = [
            row
            for row in self._listed.rows
            if row.id not in on_top and (row.state != "booked" or self._with_booked)
        ]
        self._shown = []
        options: list[Option] = []
        if self._freed is not None:
            when = freed_words(*self._freed[:2], self._tz)
            options.append(_heading(f"Fits {when}" if fitting else f"Nobody's wishes fit {when}"))
            self._shown.append(None)
        for row in fitting:
            options.append(Option(waiting_line(row, self._tz, self._names)))
            self._shown.append(row)
        if self._freed is not None and others:
            options.append(_heading("Others"))
            self._shown.append(None)
        for row in others:
            options.append(Option(waiting_line(row, self._tz, self._names)))
            self._shown.append(row)
        listing = self.query_one("#waiting", OptionList)
        before = listing.highlighted or 0
        listing.clear_options()
        listing.add_options(options)
        listing.highlighted = self._place_of(current, before)
        self.query_one("#count", Static).update(plain(self._count_words(), QUIET))

    def _place_of(self, row: Waiting | None, before: int) -> int | None:
        """Where an entry stands now; without it the nearest one to where the highlight was."""
        places = [at for at, shown in enumerate(self._shown) if shown is not None]
        same = [at for at in places if row is not None and (found := self._shown[at]) and found.id == row.id]
        return same[0] if same else min(places, key=lambda at: abs(at - before), default=None)

    def _count_words(self) -> str:
        live = [row for row in self._listed.rows if row.state != "booked"]
        done = len(self._listed.rows) - len(live)
        words = f"{len(live)} waiting" if live else _EMPTY
        return f"{words} · {done} booked, . shows" if done and not self._with_booked else words

    def _current(self) -> Waiting | None:
        at = self.query_one("#waiting", OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#waiting", Ways).step(by)

    def action_booked(self) -> None:
        """Show or hide those who have got a time."""
        self._with_booked = not self._with_booked
        self._show()

    # Changing

    def action_add(self) -> None:
        """Put a client on the list."""
        self._open_form(None)

    def action_edit(self) -> None:
        """Change what the client waits for."""
        row = self._current()
        if row is not None:
            self._open_form(row)

    def _open_form(self, row: Waiting | None) -> None:
        from couchcal.tui.forms.waitlist import WaitingForm

        form = WaitingForm(self._database, row, names=self._names, clock=self._clock)
        self.app.push_screen(form, self._told)

    def _told(self, done: Done | None) -> None:
        if done is not None:
            self.notify(in_chosen_clock(done.label) if self._names == "full" else "Saved", markup=False)
            self._read()

    def action_offer(self) -> None:
        """Mark that the client was offered a time; once more takes it back."""
        row = self._current()
        if row is not None:
            state = "offered" if row.state == "waiting" else "waiting"
            self._write(partial(waitlist_changes.set_state, self._database, row.id, state, clock=self._clock))

    def action_remove(self) -> None:
        """Take the client off the list; undo brings them back."""
        row = self._current()
        if row is not None:
            self._write(partial(waitlist_changes.remove, self._database, row.id, clock=self._clock))

    def _write(self, work: Callable[[], Done]) -> None:
        self.show_problem("")
        self.run_worker(self._written(work), group="write", exit_on_error=False)

    async def _written(self, work: Callable[[], Done]) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            done = await in_thread(self, "write", work)
        except Exception as error:
            self.show_problem(problem_words(error))
        else:
            self._told(done)
        finally:
            self._busy = False

    # Booking

    def action_book(self) -> None:
        """Book a time for the client: the freed one, else the first free one that suits them."""
        row = self._current()
        if row is not None and row.state != "booked":
            self.run_worker(self._book(row), group="read", exclusive=True, exit_on_error=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_book()

    async def _book(self, row: Waiting) -> None:
        from couchcal.tui.forms.appointment import AppointmentForm

        freed = self._freed if row in self._listed.fitting else None
        work = partial(prefilled, self._database, row, freed, self._tz, self._clock())
        try:
            draft = await in_thread(self, "read", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        if "start" not in draft:
            self.notify("No free time suits within the next weeks: choose one", severity="warning")
        form = AppointmentForm(self._database, str(self._tz), draft=draft, names=self._names, clock=self._clock)
        self.app.push_screen(form, partial(self._form_closed, row))

    def _form_closed(self, row: Waiting, done: Done | None) -> None:
        if done is not None:
            self.run_worker(self._booked(row, done), group="write", exit_on_error=False)

    async def _booked(self, row: Waiting, done: Done) -> None:
        try:
            await in_thread(self, "write", partial(booked, self._database, row, done, self._clock))
        except Exception as error:
            self.notify(problem_words(error), severity="warning", markup=False)
        self.dismiss(done)


def _heading(text: str) -> Option:
    return Option(Content.styled(clean(text), "bold $accent"), disabled=True)


def waiting_line(row: Waiting, tz: tzinfo, names: str) -> Content:
    """`Jane Doe   since 2 Mar   Tue, Thu 12:00–17:00 · 50 min   [offered]`, the note below."""
    since = to_local(row.since, tz)
    name = clean(client_label(row.internal_id, row.first, row.last, names))
    tag = "" if row.state == "waiting" else f" [{row.state}]"
    line = Content.assemble(
        (pad(name, _NAME_CELLS), QUIET if row.state == "booked" else "bold"),
        "  ",
        (pad(f"since {since.day} {since:%b}", _SINCE_CELLS), QUIET),
        clean(row.wants),
        (tag, "$text-success" if row.state == "offered" else QUIET),
    )
    if not row.note or names != "full":
        return line
    return Content("\n").join([line, Content.styled(f"  {clean(row.note)}", QUIET)])


def freed_words(start: datetime, end: datetime, tz: tzinfo) -> str:
    """`Tue 3 Mar 15:00–15:50`."""
    first, last = to_local(start, tz), to_local(end, tz)
    return f"{first:%a} {first.day} {first:%b} {span_words(first, last)}"
