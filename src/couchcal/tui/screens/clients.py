"""The list of clients: filter, add, and open a record."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.practice.sessions import Seen
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.client_sessions import read_list
from couchcal.tui.text import clean, pad

_NAME_CELLS = 30
_ID_CELLS = 10
_CHROME_ROWS = 10


class ClientsScreen(Modal[int]):
    """Clients with their next session; Enter shows the record, `n` adds one, `/` filters.

    Args:
        tz: the zone in which times are shown.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New client", show=False),
        Binding("slash", "filter", "Filter", show=False),
    ]
    AUTO_FOCUS = "#clients"

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Clients", "enter record · n new · / filter · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._rows: list[tuple[ClientRow, Seen]] = []
        self._shown: list[ClientRow] = []

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="/ filters", id="text", max_length=100)
        yield Ways([], id="clients")
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#clients").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            self._rows = await in_thread(self, "read", partial(read_list, self._database, self._clock()))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._show()

    @on(Input.Changed)
    def _show(self) -> None:
        words = self.query_one("#text", Input).value.casefold().split()
        found = [(row, seen) for row, seen in self._rows if all(word in _searched(row) for word in words)]
        self._shown = [row for row, _ in found]
        listing = self.query_one("#clients", OptionList)
        at = listing.highlighted
        listing.clear_options()
        now = self._clock()
        listing.add_options(Option(client_line(row, seen, now, self._tz, self._names)) for row, seen in found)
        if found:
            listing.highlighted = min(at or 0, len(found) - 1)
        empty = "No clients yet: n adds the first." if not self._rows else "Nobody is called that."
        count = f"{len(found)} client{'' if len(found) == 1 else 's'}"
        self.query_one("#count", Static).update(plain(count if found else empty, "dim"))

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#text", Input).focus()

    @on(Input.Submitted)
    def _filtered(self) -> None:
        self.query_one("#clients", OptionList).focus()

    def action_add(self) -> None:
        """Add a client."""
        from couchcal.tui.forms.client import ClientForm

        self.app.push_screen(ClientForm(self._database, clock=self._clock), self._added)

    def _added(self, row: ClientRow | None) -> None:
        if row is not None:
            self._read()

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        from couchcal.tui.screens.client_record import ClientRecordScreen

        row = self._shown[event.option_index]
        screen = ClientRecordScreen(self._database, row.id, self._tz, names=self._names, clock=self._clock)
        self.app.push_screen(screen, lambda _answer: self._read())


def _searched(row: ClientRow) -> str:
    return f"{row.called} {row.full_name} {row.first} {row.internal_id} {row.email} {row.phone}".casefold()


def client_line(row: ClientRow, seen: Seen, now: datetime, tz: tzinfo, names: str) -> Content:
    """`Jane Doe    C-0001    next Mon 2 Mar 09:00`, or when they were last seen."""
    name = clean(client_label(row.internal_id, row.called, row.last, names))
    if seen.next is not None:
        when = f"next {_when(seen.next, now, tz)}"
    elif seen.last is not None:
        when = f"last {_when(seen.last, now, tz)}"
    else:
        when = "no session"
    tag = "" if row.state == "active" else f"  [{row.state}]"
    return Content.assemble(
        (pad(name, _NAME_CELLS), "dim" if row.state == "archived" else "bold"),
        (pad(clean(row.internal_id), _ID_CELLS), "dim"),
        when,
        (tag, "$text-warning" if row.state == "intake" else "dim"),
    )


def _when(instant: datetime, now: datetime, tz: tzinfo) -> str:
    local = to_local(instant, tz)
    year = "" if local.year == to_local(now, tz).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {local:%H:%M}"
