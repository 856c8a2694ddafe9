"""Who waits for a time, whom a freed one fits, and the way from there to a booking."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.clock_words import span_words
from couchcal.practice import waitlist_changes
from couchcal.practice.names import client_label
from couchcal.practice.outcome import Done
from couchcal.practice.waitlist import Waiting
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import in_thread, problem_words
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.forms.row_list import RowList, heading
from couchcal.tui.screens.listing import ListScreen, label_words
from couchcal.tui.screens.waitlist_data import Listed, booked, prefilled, read_list
from couchcal.tui.text import clean, pad

_NAME_CELLS, _SINCE_CELLS = 22, 14
_EMPTY = "Nobody waits. n puts a client on the list."


class WaitlistScreen(ListScreen[Done, Waiting, Listed]):
    """The waitlist, longest waiting first. A booking made from here closes it with what was done.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
        freed: a time `[start, end)` that came free: those it fits are on top, and are booked into it.
    """

    SIZE = "-wide"
    AUTO_FOCUS = "#waiting"
    KEYS_OF_NONE = "n new · . booked · esc close"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New", show=False),
        Binding("b", "book", "Book", show=False),
        Binding("e", "edit", "Edit", show=False),
        Binding("o", "offer", "Offered", show=False),
        Binding("D,delete", "remove", "Remove", show=False),
        Binding("full_stop", "booked", "Show booked", show=False),
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
        keys = "enter book · n new · e edit · o offered · D remove · . booked · esc close"
        super().__init__("Waitlist", keys, RowList(lambda row: row.id, id="waiting"), database, clock)
        self._tz = tz
        self._names = names
        self._freed = freed
        self._with_booked = False

    # Reading and showing

    def fetch(self) -> Listed:
        return read_list(self._database, self._freed, self._tz)

    def lines(self, found: Listed) -> Iterable[tuple[Waiting | None, Option]]:
        on_top = {row.id for row in found.fitting}
        others = [
            row for row in found.rows if row.id not in on_top and (row.state != "booked" or self._with_booked)
        ]
        if self._freed is not None:
            when = freed_words(*self._freed, self._tz)
            yield None, heading(f"Fits {when}" if found.fitting else f"Nobody's wishes fit {when}")
        for row in found.fitting:
            yield row, Option(waiting_line(row, self._tz, self._names))
        if self._freed is not None and others:
            yield None, heading("Others")
        for row in others:
            yield row, Option(waiting_line(row, self._tz, self._names))

    def below(self, found: Listed) -> str:
        live = [row for row in found.rows if row.state != "booked"]
        done = len(found.rows) - len(live)
        words = f"{len(live)} waiting" if live else _EMPTY
        return f"{words} · {done} booked, . shows" if done and not self._with_booked else words

    def action_booked(self) -> None:
        """Show or hide those who have got a time."""
        self._with_booked = not self._with_booked
        self.show()

    # Changing

    def action_add(self) -> None:
        """Put a client on the list."""
        self._open_form(None)

    def action_edit(self) -> None:
        """Change what the client waits for."""
        row = self.listing.row
        if row is not None:
            self._open_form(row)

    def _open_form(self, row: Waiting | None) -> None:
        from couchcal.tui.forms.waitlist import WaitingForm

        form = WaitingForm(self._database, row, names=self._names, clock=self._clock)
        self.show_problem("")
        self.app.push_screen(form, self._stored)

    def _stored(self, done: Done | None) -> None:
        if done is not None:
            self.notify(label_words(done.label, self._names), markup=False)
            self.reload(to_new=True)

    def action_offer(self) -> None:
        """Mark that the client was offered a time; once more takes it back."""
        row = self.listing.row
        if row is not None:
            state = "offered" if row.state == "waiting" else "waiting"
            work = partial(waitlist_changes.set_state, self._database, row.id, state, clock=self._clock)
            self.write(work, self._stored)

    def action_remove(self) -> None:
        """Take the client off the list; undo brings them back."""
        row = self.listing.row
        if row is not None:
            self.write(partial(waitlist_changes.remove, self._database, row.id, clock=self._clock), self._stored)

    # Booking

    def action_book(self) -> None:
        """Book a time for the client: the freed one, else the first free one that suits them."""
        row = self.listing.row
        if row is None or row.state == "booked" or self.found is None:
            return
        freed = self._freed if row in self.found.fitting else None
        work = partial(prefilled, self._database, row, freed, self._tz, self._clock())
        self.read(work, partial(self._open_booking, row))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_book()

    def _open_booking(self, row: Waiting, draft: dict[str, Any]) -> None:
        from couchcal.tui.forms.appointment import AppointmentForm

        if "start" not in draft:
            self.notify("No free time suits within the next weeks: choose one", severity="warning")
        form = AppointmentForm(self._database, str(self._tz), draft=draft, names=self._names, clock=self._clock)
        self.app.push_screen(form, partial(self._form_closed, row))

    def _form_closed(self, row: Waiting, done: Done | None) -> None:
        if done is not None:
            self.run_worker(self._booked(row, done), group="save", exit_on_error=False)

    async def _booked(self, row: Waiting, done: Done) -> None:
        """Close with what was booked, whether or not the entry could be taken off those who wait."""
        try:
            await in_thread(self, "write", partial(booked, self._database, row, done, self._clock))
        except Exception as error:
            self.notify(problem_words(error), severity="warning", markup=False)
        self.dismiss(done)


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
