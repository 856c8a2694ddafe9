"""Clients' requests: those that wait, with accept and decline, and what became of the others. REQ-05…10."""

from __future__ import annotations

from collections.abc import Callable
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
from couchcal.clock_words import in_chosen_clock
from couchcal.practice.agenda import Entry
from couchcal.practice.outcome import Done
from couchcal.practice.requests import RequestRow
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.letters import letter_words
from couchcal.tui.screens.requests_data import Listed, Lists, read_asked, read_entry, read_lists
from couchcal.tui.screens.requests_lines import columns, count_words, details, request_line, when_words
from couchcal.tui.text import clean, glyphs_on
from couchcal.tui.watching import LOOK_S, Watch

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
_WIDE, _MOST_ROWS = 100, 46
_CHROME_ROWS, _DETAIL_ROWS = 9, 9
_EDGE_CELLS = 3
"""What an option and the scrollbar take of the frame's inside."""
_KEYS_OF_LIST = (
    ("Look", "tab  ← →", "pending, past"),
    ("Look", "g", "go there on the calendar"),
    ("Look", "c", "the client's record"),
    ("Look", "J  K", "scroll a long note"),
    ("Look", "esc", "close"),
    ("Answer", "enter  a", "accept: look at the appointment first, and change it"),
    ("Answer", "d", "decline, with a few words if you like"),
    ("Answer", "u", "undo the latest change; an answer is final"),
)
_EMPTY = {
    "pending": "No request waits. Clients ask at the page that B shows; what they ask for comes up here.",
    "past": "Nothing here yet: what is answered, withdrawn or over.",
}


class RequestsScreen(Modal[Entry]):
    """Requests by day; those that others make or take back meanwhile come and go while one looks.

    Closes with the entry to go to on the calendar.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
        at: the request to begin with.
    """

    SIZE = "-broad -requests"
    AUTO_FOCUS = "#requests"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right", "turn(1)", "Past", show=False, priority=True),
        Binding("shift+tab,left", "turn(-1)", show=False, priority=True),
        Binding("a", "accept", "Accept", show=False),
        Binding("d,x", "decline", "Decline", show=False),
        Binding("g", "go", "Go there", show=False),
        Binding("c", "client", "Client", show=False),
        Binding("u", "undo", "Undo", show=False),
        Binding("J", "scroll_details(2)", show=False),
        Binding("K", "scroll_details(-2)", show=False),
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
        Binding("question_mark", "keys", "Keys", show=False),
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
        super().__init__("Requests", _KEYS["pending"][0])
        self._database = database
        self._tz = tz
        self._names = names
        self._clock = clock
        self._at = at
        self._lists = Lists()
        self._loaded = False
        self._answered: set[int] = set()
        """Requests that were answered here: nobody needs to be told of them."""
        self._described: int | None = None
        """The request whose details are shown: they stay scrolled while it is the same."""
        self._busy = False
        self._minute = clock().replace(second=0, microsecond=0)
        self._watch = Watch(database)

    def compose_body(self) -> ComposeResult:
        tabs = Choice(_tabs(self._lists), "pending", id="tabs")
        tabs.can_focus = False
        yield tabs
        yield Ways([], id="requests")
        with VerticalScroll(id="about-request", can_focus=False):
            yield Static(id="request", markup=False)
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()
        self.set_interval(LOOK_S, self._look)

    def on_unmount(self) -> None:
        self._watch.close()

    def on_resize(self, event: events.Resize) -> None:
        """Share the room anew."""
        if self._loaded:
            self.call_after_refresh(self._show)

    def _share(self, count: int) -> None:
        """Let the list of `count` requests take what some lines of details leave, and the details the rest."""
        room = min(self.size.height, _MOST_ROWS) - _CHROME_ROWS
        listed = min(count, max(3, room - _DETAIL_ROWS))
        self.query_one("#requests").styles.max_height = max(listed, 1)
        self.query_one("#about-request").styles.max_height = max(room - listed, 3)

    # Reading and showing

    def _look(self) -> None:
        """Follow what others do, while nothing lies on top of this; and the clock."""
        if not self.is_active:
            return
        minute = self._clock().replace(second=0, microsecond=0)
        if self._watch.moved() or minute != self._minute:
            self._minute = minute
            self._read()

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        try:
            found = await in_thread(self, "read", partial(read_lists, self._database, self._tz, self._clock()))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        before, self._lists = self._lists, found
        if not self._loaded:
            self._loaded = True
            if self._at is not None and all(listed.row.id != self._at for listed in found.pending):
                self.query_one("#tabs", Choice).value = "past"
        else:
            self._say_what_became(before, found)
        self._show()

    def _say_what_became(self, before: Lists, found: Lists) -> None:
        """Say which of those that waited do not any more, unless that was done here."""
        waiting = {listed.row.id for listed in found.pending}
        fates = {listed.row.id: listed.row.status for listed in found.past}
        for listed in before.pending:
            row = listed.row
            if row.id not in waiting and row.id not in self._answered:
                when = " ".join(when_words(row, self._tz).split())
                self._say(f"The request for {when} {_FATES.get(fates.get(row.id, ''), 'is gone')}", warn=True)

    def _show(self) -> None:
        current = self._current()
        wanted = current.row.id if current is not None else self._at
        listing = self.query_one("#requests", OptionList)
        before, top = listing.highlighted or 0, listing.scroll_offset.y
        tabs = self.query_one("#tabs", Choice)
        tabs.offer(_tabs(self._lists), tabs.value)
        rows = self._rows
        frame = self.query_one("#frame")
        self.hint(_KEYS[self._tab][self.size.width < _WIDE])
        fitting = columns(frame.content_size.width - _EDGE_CELLS, rows, self._tz)
        now, glyphs = self._clock(), glyphs_on(self.app)
        listing.set_options(
            Option(request_line(listed, fitting, now, self._tz, self._names, glyphs), id=str(listed.row.id))
            for listed in rows
        )
        self._share(len(rows))
        ids = [listed.row.id for listed in rows]
        place = ids.index(wanted) if wanted in ids else min(before, len(ids) - 1)
        listing.highlighted = place if ids else None
        listing.scroll_to(y=top, animate=False)
        listing.scroll_to_highlight()
        listing.display = bool(ids)
        self._at = None
        self._show_details()

    def _show_details(self) -> None:
        current = self._current()
        box = self.query_one("#about-request")
        box.display = current is not None
        if current is not None:
            words = details(current, self._clock(), self._tz, self._names)
            self.query_one("#request", Static).update(words)
            if current.row.id != self._described:
                box.scroll_home(animate=False)
            self._described = current.row.id
        words_below = count_words(self._rows) if self._rows and self._tab == "pending" else ""
        if not self._rows:
            words_below = _EMPTY[self._tab] if self._loaded else ""
        count = self.query_one("#count", Static)
        count.update(plain(words_below, QUIET))
        count.display = bool(words_below)

    @property
    def _tab(self) -> str:
        return self.query_one("#tabs", Choice).value or "pending"

    @property
    def _rows(self) -> tuple[Listed, ...]:
        return self._lists.pending if self._tab == "pending" else self._lists.past

    def _current(self) -> Listed | None:
        listing = self.query_one("#requests", OptionList)
        option = listing.highlighted_option
        if option is None or option.id is None:
            return None
        return next((listed for listed in self._rows if listed.row.id == int(option.id)), None)

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self._show_details()

    @on(Choice.Changed)
    def _turned(self) -> None:
        self._show()

    def action_turn(self, by: int) -> None:
        """To the requests that wait, or to the others."""
        self._at = None
        self.query_one("#tabs", Choice).action_step(by)

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#requests", Ways).step(by)

    def action_scroll_details(self, by: int) -> None:
        """Scroll what does not fit of the details."""
        self.query_one("#about-request").scroll_relative(y=by, animate=False)

    def action_keys(self) -> None:
        """Show every key of this list."""
        from couchcal.tui.screens.help import HelpRow, HelpScreen

        self.app.push_screen(HelpScreen([HelpRow(*row) for row in _KEYS_OF_LIST]))

    # Going elsewhere

    def action_go(self) -> None:
        """Close, and go to it on the calendar."""
        if (current := self._current()) is not None:
            self.run_worker(self._go(current.row), group="go", exit_on_error=False)

    async def _go(self, row: RequestRow) -> None:
        try:
            entry = await in_thread(self, "read", partial(read_entry, self._database, row, self._tz))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        if entry is None:
            self._say("It is not on the calendar")
        else:
            self.dismiss(entry)

    def action_client(self) -> None:
        """The record of whoever asks."""
        if (current := self._current()) is None:
            return
        if current.row.client_id is None:
            self._say("They are no client yet: accepting puts them among the new bookings")
            return
        from couchcal.tui.screens.client_record import ClientRecordScreen

        screen = ClientRecordScreen(
            self._database, current.row.client_id, self._tz, names=self._names, clock=self._clock
        )
        self.app.push_screen(screen, self._came_back)

    def _came_back(self, entry: Entry | None) -> None:
        if entry is not None:
            self.dismiss(entry)
        else:
            self._read()

    # Answering

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self._tab == "pending":
            self.action_accept()
        else:
            self.action_go()

    def _waiting(self) -> RequestRow | None:
        """The request under the cursor, if it can be answered; if not, that is said."""
        current = self._current()
        if current is None:
            return None
        if current.row.status == "pending":
            return current.row
        self._say(f"This request {_FATES.get(current.row.status, 'is over')} already: an answer is final")
        return None

    def action_accept(self) -> None:
        """Look at what accepting books, change it if need be, and accept (REQ-07)."""
        if (row := self._waiting()) is not None:
            self.run_worker(self._accept(row), group="open", exclusive=True, exit_on_error=False)

    async def _accept(self, row: RequestRow) -> None:
        from couchcal.tui.forms.accept import AcceptForm

        try:
            asked = await in_thread(self, "read", partial(read_asked, self._database, row.id, self._tz))
        except Exception as error:
            self.show_problem(problem_words(error))
            self._read()
            return
        self.show_problem("")
        form = AcceptForm(self._database, str(self._tz), asked, names=self._names, clock=self._clock)
        self.app.push_screen(form, partial(self._accepted, row))

    def _accepted(self, row: RequestRow, done: Done | None) -> None:
        if done is not None:
            self._answered.add(row.id)
            words = [in_chosen_clock(done.label) if self._names == "full" else "Accepted"]
            if done.conflicts:
                words.append(f"{glyphs_on(self.app).conflict} it overlaps")
            if row.newcomer:
                words.append("new bookings in Clients have the record")
            self._say("\n".join([" · ".join(words), *done.advice]), warn=bool(done.conflicts))
        self._read()

    def action_decline(self) -> None:
        """Decline, after asking, with a few words to the client (REQ-08)."""
        if (row := self._waiting()) is None:
            return
        from couchcal.tui.forms.decline import DeclineDialog

        dialog = DeclineDialog(self._database, row, self._tz, names=self._names, clock=self._clock)
        self.app.push_screen(dialog, partial(self._declined, row))

    def _declined(self, row: RequestRow, done: Done | None) -> None:
        if done is not None:
            self._answered.add(row.id)
            told = done.advice or (f"the client is told {letter_words()}",)
            self._say(" · ".join([done.label, *told]))
        self._read()

    def action_undo(self) -> None:
        """Take back the latest change; an answer is none that can be taken back (REQ-13)."""
        from couchcal.practice import undo

        self._write(partial(undo.undo, self._database, clock=self._clock))

    def _write(self, work: Callable[[], str]) -> None:
        self.run_worker(self._written(work), group="save", exit_on_error=False)

    async def _written(self, work: Callable[[], str]) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            label = await in_thread(self, "write", work)
        except Exception as error:
            self._say(problem_words(error), warn=True)
        else:
            self._say(in_chosen_clock(label) if self._names == "full" else "Undone")
        finally:
            self._busy = False
        self._read()

    def _say(self, text: str, *, warn: bool = False) -> None:
        words = "\n".join(clean(line) for line in text.splitlines())
        self.notify(words, severity="warning" if warn else "information", markup=False)


_FATES = {
    "withdrawn": "was withdrawn",
    "expired": "ran out",
    "accepted": "was accepted",
    "declined": "was declined",
}


def _tabs(lists: Lists) -> list[tuple[str, str]]:
    return [("pending", f"Pending {len(lists.pending)}"), ("past", f"Past {len(lists.past):,}")]
