"""Search as you type; Enter goes to the entry, or opens the client's record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.errors import Invalid
from couchcal.practice import search
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow
from couchcal.practice.names import client_label
from couchcal.practice.search import LIMIT, Found
from couchcal.practice.search_query import HINT, spans
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal
from couchcal.tui.forms.plain import QUIET, parted
from couchcal.tui.forms.row_list import RowList, heading
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.text import clean, fit, glyphs_on

_PAUSE_S = 0.12
_CHROME_ROWS = 10
_DATE_CELLS = 26
_MOST_NAME_CELLS = 48
"""Of an entry's line, what is date and time: nothing that words are looked for in."""
_EMPTY = f"Words of a client, title, place, service or instructions.\n{HINT}"


Key = int | tuple[str, int, datetime]
"""What tells one result from another: a client's id, or an entry and its start."""


class SearchScreen(Modal[Entry]):
    """Finds clients and entries by words; the next upcoming entry is highlighted.

    Args:
        tz: the zone in which the times are shown.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("pageup", "move(-8)", show=False),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Search", "enter go there · ↑↓ choose · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self.listing = RowList[Entry | ClientRow](_key, id="results")
        self._shown_text = ""
        """What the list is the answer to."""
        self._entered: str | None = None
        """What Enter was pressed on before there was an answer."""
        self._pause: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="jane is:no-show in:march", id="text", max_length=200)
        self.listing.can_focus = False
        yield self.listing
        yield Static(parted(_EMPTY, self.app.size.width, QUIET), id="found", markup=False)

    def on_mount(self) -> None:
        self.listing.display = False

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.listing.styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._entered = None
        self._pause = self.set_timer(_PAUSE_S, partial(self._look, event.value))

    def _look(self, text: str) -> None:
        self.show_problem("")
        self.read(partial(self._read, text), partial(self._answer, text), failed=self._not_found)

    def _answer(self, text: str, found: Found) -> None:
        self._show(found)
        self._shown_text = text
        if self._entered == text:
            self._go()

    def _not_found(self, error: Exception) -> None:
        if isinstance(error, Invalid):
            self._say(f"{error.message[:1].upper()}{error.message[1:]}: {error.hint}.")
        else:
            self.unread(error)

    def _read(self, text: str) -> Found:
        connection = self._database.connect()
        try:
            return search.find_all(connection, text, self._tz, now=self._clock())
        finally:
            connection.close()

    def _show(self, found: Found) -> None:
        self.listing.begin(self._lines(found), at=self._upcoming(found))
        self.listing.display = bool(self.listing.rows)
        self._say(_count(found))

    def _lines(self, found: Found) -> Iterator[tuple[Entry | ClientRow | None, Option]]:
        words, glyphs = found.query.words, glyphs_on(self.app)
        if found.clients:
            yield None, heading("Clients")
            for client in found.clients:
                yield client, Option(_marked(client_result(client, self._names), words))
            if found.entries:
                yield None, heading("Entries")
        for entry in found.entries:
            line = entry_line(entry, self._tz, self._names, glyphs=glyphs)
            yield entry, Option(_marked(line, words, _DATE_CELLS))

    def _upcoming(self, found: Found) -> Key | None:
        """The next entry that takes place, else the last one; without any the first client is highlighted."""
        now = self._clock()
        ahead = (entry for entry in found.entries if entry.end > now and not entry.cancelled)
        entry = next(ahead, found.entries[-1] if found.entries else None)
        return None if entry is None else _key(entry)

    def _say(self, text: str) -> None:
        self.query_one("#found", Static).update(parted(text, self.app.size.width, QUIET))

    def action_move(self, by: int) -> None:
        """Move the highlight over headings while the input keeps the focus."""
        self.listing.move(by)

    @on(Input.Submitted)
    def _go(self) -> None:
        """Take the highlighted line of the answer to what is typed, as soon as there is one."""
        text = self.query_one(Input).value
        self._entered = None if text == self._shown_text else text
        if self._entered is None:
            self._take(self.listing.row)

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self._take(self.listing.row)

    def _take(self, row: Entry | ClientRow | None) -> None:
        if isinstance(row, Entry):
            self.dismiss(row)
        elif row is not None:
            from couchcal.tui.screens.client_record import ClientRecordScreen

            screen = ClientRecordScreen(self._database, row.id, self._tz, names=self._names, clock=self._clock)
            self.app.push_screen(screen, lambda _answer: self._look(self._shown_text))


def _key(row: Entry | ClientRow) -> Key:
    return (row.table, row.row_id, row.start) if isinstance(row, Entry) else row.id


def client_result(row: ClientRow, names: str) -> Content:
    """`Jane Doe  C-0001`, and what they are if not active."""
    name = fit(clean(client_label(row.internal_id, row.called, row.last, names)), _MOST_NAME_CELLS)
    ident = "" if name == row.internal_id else f"  {clean(row.internal_id)}"
    tag = "" if row.state == "active" else f"  [{row.state}]"
    return Content.assemble((name, "bold"), (ident, QUIET), (tag, QUIET))


def _marked(line: Content, words: tuple[str, ...], after: int = 0) -> Content:
    """The line with what was looked for underlined, from the cell `after` on."""
    for start, end in spans(line.plain, words):
        if start >= after:
            line = line.stylize("underline", start, end)
    return line


def _count(found: Found) -> str:
    if found.query.empty:
        return _EMPTY
    if not found.entries and not found.clients:
        return "Nothing found. Fewer letters find more."
    count = len(found.entries)
    if count == LIMIT:
        return f"the latest {count} entries"
    entries = f"{count} entr{'y' if count == 1 else 'ies'}"
    clients = f"{len(found.clients)} client{'' if len(found.clients) == 1 else 's'}"
    return f"{clients}, {entries}" if found.clients else entries
