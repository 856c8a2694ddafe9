"""The list of clients: new bookings on top, filter, sort, and every step with a client. INT-01…05, SYNC-05."""

from __future__ import annotations

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
from couchcal.tui.forms.modal import in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
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
from couchcal.tui.watching import LOOK_S, Watch

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


class ClientsScreen(ClientActions):
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
        self._clients: list[Listed] = []
        self._shown: list[Listed | None] = []
        """By line of the list, None for a heading."""
        self._order: Order = "name"
        self._archived = False
        self._loaded = False
        self._options: dict[tuple[int, Columns], Option] = {}
        """Lines that were drawn, so that typing draws none anew."""
        self._watch = Watch(database)

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="filter: name, id, e-mail, telephone", id="text", max_length=100)
        yield Ways([], id="clients")
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.reload()
        self.set_interval(LOOK_S, self._look)

    def on_unmount(self) -> None:
        self._watch.close()

    def _look(self) -> None:
        """Follow what others do: a booking by the page comes up by itself (INT-01)."""
        if self.is_active and self._watch.moved():
            self.reload()

    def on_resize(self, event: events.Resize) -> None:
        """Draw the columns that fit."""
        super().on_resize(event)
        if self._loaded:
            self.call_after_refresh(self._show)

    def reload(self) -> None:
        self.run_worker(self._load(), group="read", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        now = self._clock()
        try:
            self._clients = await in_thread(self, "read", partial(read_list, self._database, now, self._names))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._loaded = True
        self._options.clear()
        self._show()

    @on(Input.Changed, "#text")
    def _typed(self) -> None:
        self._show()

    def _show(self) -> None:
        chosen = self.current()
        text = self.query_one("#text", Input).value
        found = sections(self._clients, text, self._order, archived=self._archived)
        listing = self.query_one("#clients", OptionList)
        at = listing.highlighted or 0
        fitting = columns(listing.content_size.width - 4, self._clients)
        self._shown, options = [], []
        now = self._clock()
        for section in found:
            titled = not self._shown
            if not titled:
                self._shown.append(None)
                options.append(Option("", disabled=True))
            self._shown += [None, *section.clients]
            options.append(Option(heading(fitting, section, self._order, titled=titled), disabled=True))
            options += [self._option(client, fitting, now) for client in section.clients]
        listing.set_options(options)
        listing.highlighted = self._line_of(chosen, at)
        self.query_one("#count", Static).update(plain(self._summary(found, text), QUIET))

    def _option(self, client: Listed, fitting: Columns, now: datetime) -> Option:
        key = (client.row.id, fitting)
        if key not in self._options:
            self._options[key] = Option(client_line(client, fitting, now, self._tz, self._names))
        return self._options[key]

    def _line_of(self, chosen: ClientRow | None, at: int) -> int | None:
        """Where the chosen client stands now, else the first line that is one from about where the cursor was."""
        lines = [line for line, client in enumerate(self._shown) if client is not None]
        if chosen is not None:
            for line in lines:
                client = self._shown[line]
                if client is not None and client.row.id == chosen.id:
                    return line
        return min(lines, key=lambda line: (abs(line - at), line), default=None)

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
        line = self.query_one("#clients", OptionList).highlighted
        client = self._shown[line] if line is not None and line < len(self._shown) else None
        return None if client is None else client.row

    def left(self, client_id: int) -> None:
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
        self.query_one("#clients", OptionList).focus()

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

        self.app.push_screen(ClientForm(self._database, names=self._names, clock=self._clock), self._edited)

    @on(OptionList.OptionSelected)
    def _open(self, event: OptionList.OptionSelected) -> None:
        from couchcal.tui.screens.client_record import ClientRecordScreen

        client = self._shown[event.option_index]
        if client is None:
            return
        screen = ClientRecordScreen(self._database, client.row.id, self._tz, names=self._names, clock=self._clock)
        self.app.push_screen(screen, self._came_back)

    def _came_back(self, entry: Entry | None) -> None:
        if entry is not None:
            self.dismiss(entry)
        else:
            self.reload()


_ORDER_WORDS = {"name": "name", "next": "next session"}
