"""The list of clients: new bookings on top, filter, sort, and every step with a client. INT-01…05, SYNC-05."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow
from couchcal.store.connection import Database
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.screens.client_sessions import read_list
from couchcal.tui.screens.clients_actions import ClientActions
from couchcal.tui.screens.clients_lines import (
    Columns,
    Listed,
    Order,
    Section,
    client_line,
    columns,
    heading,
    sections,
)
from couchcal.tui.screens.listing import Following

_KEYS = (
    "enter record · n new · N session · e edit · a accept · / filter · s sort · . archived · ? keys · esc close",
    "enter record · n new · N session · e edit · / filter · ? keys · esc close",
)
"""With room, and without."""
_KEYS_OF_LIST = (
    ("Look", "enter", "open the record"),
    ("Look", "/", "filter by name, id, e-mail, telephone"),
    ("Look", "s", "sort by name or by next session"),
    ("Look", ".", "show or hide archived clients"),
    ("Look", "esc", "take the filter away, or close"),
    ("Change", "n", "new client"),
    ("Change", "N", "new session for the client"),
    ("Change", "e", "edit the record"),
    ("Change", "a", "accept a new booking"),
    ("Change", "X", "reject a new booking"),
    ("Change", "M", "merge into another client"),
    ("Change", "z", "archive, or bring back"),
    ("Portal", "p", "invite, or send the invitation again"),
    ("Portal", "P", "end their access"),
    ("Change", "u  ctrl+r", "undo, redo"),
)


class ClientsScreen(Following[Entry], ClientActions):
    """Clients with their next session; Enter shows the record, and closes with the entry chosen there."""

    SIZE = "-broad"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "New client", show=False),
        Binding("N", "new_session", "New session", show=False),
        Binding("slash", "filter", "Filter", show=False),
        Binding("s", "sort", "Sort", show=False),
        Binding("full_stop", "archived", "Archived", show=False),
        Binding("question_mark", "keys", "Keys", show=False),
        Binding("down", "to_list", show=False),
    ]
    AUTO_FOCUS = "#clients"

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Clients", _KEYS, database, tz, names=names, clock=clock)
        self.listing = RowList[Listed](lambda client: client.row.id, id="clients")
        self._clients: list[Listed] = []
        self._order: Order = "name"
        self._archived = False
        self._loaded = False
        self._at: int | None = None
        """The client to go to once the list is read anew."""
        self._options: dict[tuple[int, Columns], Option] = {}
        """Lines that were drawn, so that typing draws none anew."""

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="filter: name, id, e-mail, telephone", id="text", max_length=100)
        yield self.listing
        yield Static(id="count", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Draw the columns that fit."""
        if self._loaded:
            self.call_after_refresh(self._show)

    def reload(self) -> None:
        self.read(partial(read_list, self._database, self._clock(), self._names), self._take, group="read")

    def _take(self, found: list[Listed]) -> None:
        self._clients = found
        self._loaded = True
        self._options.clear()
        self._show()

    @on(Input.Changed, "#text")
    def _typed(self) -> None:
        self._show()

    def _show(self) -> None:
        text = self.query_one("#text", Input).value
        found = sections(self._clients, text, self._order, archived=self._archived)
        fitting = columns(self.listing.content_size.width - 4, self._clients)
        self.listing.put(self._lines(found, fitting), at=self._at)
        self._at = None
        self.query_one("#count", Static).update(plain(self._summary(found, text), QUIET))

    def _lines(self, found: list[Section], fitting: Columns) -> Iterator[tuple[Listed | None, Option]]:
        now = self._clock()
        for section in found:
            titled = section is found[0]
            if not titled:
                yield None, Option("", disabled=True)
            yield None, Option(heading(fitting, section, self._order, titled=titled), disabled=True)
            for client in section.clients:
                yield client, self._option(client, fitting, now)

    def _option(self, client: Listed, fitting: Columns, now: datetime) -> Option:
        key = (client.row.id, fitting)
        if key not in self._options:
            self._options[key] = Option(client_line(client, fitting, now, self._tz, self._names))
        return self._options[key]

    def _summary(self, found: list[Section], text: str) -> str:
        if not self._loaded:
            return ""
        if not self._clients:
            return "No clients yet: n adds the first."
        if not found:
            return "Nobody fits that. Esc takes the filter away." if text else "All are archived: . shows them."
        count = sum(len(section.clients) for section in found)
        away = sum(client.row.state == "archived" for client in self._clients)
        hidden = f" · {away} archived" if away and all(section.state != "archived" for section in found) else ""
        return f"{count} client{'' if count == 1 else 's'}{hidden} · by {_ORDER_WORDS[self._order]}"

    def current(self) -> ClientRow | None:
        return None if self.listing.row is None else self.listing.row.row

    def left(self, client_id: int) -> None:
        self._at = client_id or None
        self.reload()

    def action_leave(self) -> None:
        """Take the filter away, else close."""
        text = self.query_one("#text", Input)
        if text.value:
            text.value = ""
            self.action_to_list()
        elif text.has_focus:
            self.action_to_list()
        else:
            self.dismiss(None)

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#text", Input).focus()

    @on(Input.Submitted)
    def action_to_list(self) -> None:
        """Go to the list."""
        self.listing.focus()

    def action_sort(self) -> None:
        """Sort by next session, or by name again."""
        self._order = "name" if self._order == "next" else "next"
        self._show()

    def action_archived(self) -> None:
        """Show or hide archived clients."""
        self._archived = not self._archived
        self._show()

    def action_keys(self) -> None:
        """Show every key of this list."""
        from couchcal.tui.screens.help import HelpRow, HelpScreen

        self.app.push_screen(HelpScreen([HelpRow(*row) for row in _KEYS_OF_LIST]))

    def action_add(self) -> None:
        """Add a client."""
        from couchcal.tui.forms.client import ClientForm

        self.app.push_screen(ClientForm(self._database, names=self._names, clock=self._clock), self._added)

    def _added(self, row: ClientRow | None) -> None:
        if row is not None:
            self._at = row.id
            self._edited(row)

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        from couchcal.tui.screens.client_record import ClientRecordScreen

        event.stop()
        row = self.current()
        if row is None:
            return
        screen = ClientRecordScreen(self._database, row.id, self._tz, names=self._names, clock=self._clock)
        self.app.push_screen(screen, self._came_back)

    def _came_back(self, entry: Entry | None) -> None:
        if entry is not None:
            self.dismiss(entry)
        else:
            self.reload()


_ORDER_WORDS = {"name": "name", "next": "next session"}
