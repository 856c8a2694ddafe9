"""How the requests of clients look: by day, those that wait and the others, each with its details. REQ-05…10."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import Entry
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.screens.requests_data import Listed, Lists, read_lists
from couchcal.tui.screens.requests_lines import columns, count_words, details, request_line, when_words
from couchcal.tui.text import clean, glyphs_on

_KEYS = {
    "pending": (
        "enter accept · d decline · g go there · c client · tab past · u undo · ? keys · esc close",
        "enter accept · d decline · g go there · tab past · ? keys · esc close",
    ),
    "past": (
        "enter go there · c client · tab pending · u undo · ? keys · esc close",
        "enter go there · c client · tab pending · ? keys · esc close",
    ),
}
"""With room, and without."""
_KEYS_OF_NONE = {"pending": "tab past · u undo · esc close", "past": "tab pending · u undo · esc close"}
"""Where the list is empty."""
_WIDE = 100
_CHROME_ROWS, _DETAIL_ROWS = 9, 9
_EDGE_CELLS = 3
"""What an option and the scrollbar take of the frame's inside."""
_EMPTY = {
    "pending": "No request waits. Clients ask at the page that B shows; what they ask for comes up here.",
    "past": "Nothing here yet: what is answered, withdrawn or over.",
}


FATES = {
    "withdrawn": "was withdrawn",
    "expired": "ran out",
    "accepted": "was accepted",
    "declined": "was declined",
}
"""What became of a request, by its status."""


class RequestsShowing(ListScreen[Entry, Listed, Lists]):
    """Requests by day; those that others make or take back meanwhile come and go while one looks.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
        at: the request to begin with.
    """

    SIZE = "-broad -requests"
    HIDES_EMPTY = True
    AUTO_FOCUS = "#requests"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right", "turn(1)", "Past", show=False, priority=True),
        Binding("shift+tab,left", "turn(-1)", show=False, priority=True),
        Binding("J", "scroll_details(2)", show=False),
        Binding("K", "scroll_details(-2)", show=False),
    ]

    def __init__(
        self,
        database: Database,
        tz: tzinfo,
        *,
        names: str = "full",
        clock: Clock = system_clock,
        at: int | None = None,
    ) -> None:
        listing = RowList[Listed](lambda listed: listed.row.id, id="requests")
        super().__init__("Requests", _KEYS_OF_NONE["pending"], listing, database, clock)
        self._tz = tz
        self._names = names
        self._at = at
        self._answered: set[int] = set()
        """Requests that were answered here: nobody needs to be told of them."""
        self._described: int | None = None
        """The request whose details are shown: they stay scrolled while it is the same."""

    def compose_body(self) -> ComposeResult:
        tabs = Choice(_tabs(Lists()), "pending", id="tabs")
        tabs.can_focus = False
        yield tabs
        yield self.listing
        with VerticalScroll(id="about-request", can_focus=False):
            yield Static(id="request", markup=False)
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        self.query_one("#about-request").display = False

    def fit(self, _height: int) -> None:
        self.call_after_refresh(self.show)  # the columns take the width, too

    def _share(self, count: int) -> None:
        """Let the list of `count` requests take what some lines of details leave, and the details the rest."""
        room = self.most_rows - _CHROME_ROWS
        listed = min(count, max(3, room - _DETAIL_ROWS))
        self.listing.styles.max_height = max(listed, 1)
        self.query_one("#about-request").styles.max_height = max(room - listed, 3)

    # Reading and showing

    def fetch(self) -> Lists:
        return read_lists(self._database, self._tz, self._clock())

    def take(self, found: Lists) -> None:
        if self.found is not None:
            self._say_what_became(self.found, found)
        elif self._at is not None and all(listed.row.id != self._at for listed in found.pending):
            self.query_one("#tabs", Choice).value = "past"
        super().take(found)

    def _say_what_became(self, before: Lists, found: Lists) -> None:
        """Say which of those that waited do not any more, unless that was done here."""
        waiting = {listed.row.id for listed in found.pending}
        fates = {listed.row.id: listed.row.status for listed in found.past}
        for listed in before.pending:
            row = listed.row
            if row.id not in waiting and row.id not in self._answered:
                when = " ".join(when_words(row, self._tz).split())
                self._say(f"The request for {when} {FATES.get(fates.get(row.id, ''), 'is gone')}", warn=True)

    def lines(self, found: Lists) -> Iterable[tuple[Listed, Option]]:
        rows = self._rows(found)
        cells = columns(self.query_one("#frame").content_size.width - _EDGE_CELLS, rows, self._tz, self._names)
        now, glyphs = self._clock(), glyphs_on(self.app)
        return [(one, Option(request_line(one, cells, now, self._tz, self._names, glyphs))) for one in rows]

    def below(self, found: Lists) -> str:
        rows = self._rows(found)
        if not rows:
            return _EMPTY[self._tab]
        return count_words(rows) if self._tab == "pending" else ""

    def show(self) -> None:
        if self.found is None:
            return
        tabs = self.query_one("#tabs", Choice)
        tabs.offer(_tabs(self.found), tabs.value)
        rows = self._rows(self.found)
        self.hint(_KEYS[self._tab][self.size.width < _WIDE] if rows else _KEYS_OF_NONE[self._tab])
        self._share(len(rows))
        super().show()
        self.query_one("#count").display = bool(self.below(self.found))
        self._show_details()

    @on(OptionList.OptionHighlighted)
    def _show_details(self) -> None:
        current = self.listing.row
        box = self.query_one("#about-request")
        box.display = current is not None
        if current is not None:
            words = details(current, self._clock(), self._tz, self._names)
            self.query_one("#request", Static).update(words)
            if current.row.id != self._described:
                box.scroll_home(animate=False)
            self._described = current.row.id

    @property
    def _tab(self) -> str:
        return self.query_one("#tabs", Choice).value or "pending"

    def _rows(self, found: Lists) -> tuple[Listed, ...]:
        return found.pending if self._tab == "pending" else found.past

    @on(Choice.Changed)
    def _turned(self) -> None:
        self.show()

    def action_turn(self, by: int) -> None:
        """To the requests that wait, or to the others."""
        self.query_one("#tabs", Choice).action_step(by)

    def action_scroll_details(self, by: int) -> None:
        """Scroll what does not fit of the details."""
        self.query_one("#about-request").scroll_relative(y=by, animate=False)

    def _say(self, text: str, *, warn: bool = False) -> None:
        words = "\n".join(clean(line) for line in text.splitlines())
        self.notify(words, severity="warning" if warn else "information", markup=False)


def _tabs(lists: Lists) -> list[tuple[str, str]]:
    return [("pending", f"Pending {len(lists.pending)}"), ("past", f"Past {len(lists.past):,}")]
