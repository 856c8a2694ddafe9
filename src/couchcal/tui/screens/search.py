"""Search as you type; Enter jumps to the entry."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice import search
from couchcal.practice.agenda import Entry
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.entry_line import entry_line

_PAUSE_S = 0.12
_LIMIT = 200


class SearchScreen(Modal[Entry]):
    """Finds appointments by client, title, place, service or instructions; the next one is highlighted.

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
        super().__init__("Search", "enter go there · ↑↓ · esc close")
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._found: list[Entry] = []
        self._pause: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield Input(placeholder="client, title, place, service", id="text", max_length=200)
        results = Ways([], id="results")
        results.can_focus = False
        yield results
        yield Static(plain("Type a word or two of what you look for.", "dim"), id="count")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(_PAUSE_S, partial(self._look, event.value))

    def _look(self, text: str) -> None:
        self.run_worker(self._find(text), group="search", exclusive=True, exit_on_error=False)

    async def _find(self, text: str) -> None:
        try:
            found = await in_thread(self, "read", partial(_search, self._database, text, self._tz))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._found = found
        results = self.query_one("#results", OptionList)
        results.clear_options()
        results.add_options(Option(entry_line(entry, self._tz, self._names)) for entry in found)
        now = self._clock()
        upcoming = next((at for at, entry in enumerate(found) if entry.end > now), len(found) - 1)
        results.highlighted = upcoming if found else None
        self.query_one("#count", Static).update(plain(_count(text, len(found)), "dim"))

    def action_move(self, by: int) -> None:
        """Move the highlight while the input keeps the focus."""
        results = self.query_one("#results", OptionList)
        if self._found:
            at = (results.highlighted or 0) + by
            results.highlighted = min(len(self._found) - 1, max(0, at))

    @on(Input.Submitted)
    def _go(self) -> None:
        highlighted = self.query_one("#results", OptionList).highlighted
        if highlighted is not None and highlighted < len(self._found):
            self.dismiss(self._found[highlighted])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[event.option_index])


def _search(database: Database, text: str, tz: tzinfo) -> list[Entry]:
    connection = database.connect()
    try:
        return search.find(connection, text, tz, limit=_LIMIT)
    finally:
        connection.close()


def _count(text: str, count: int) -> str:
    if not text.strip():
        return "Type a word or two of what you look for."
    if not count:
        return "Nothing found. Fewer letters find more."
    more = ", the latest" if count == _LIMIT else ""
    return f"{count} found{more}"
