"""The audit trail: who did what and when, newest first, and whether that record is whole (45 CFR 164.312(b))."""

from __future__ import annotations

from datetime import tzinfo
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.practice.agenda import local_day
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.audit_data import ACTORS, PAGE, Filter, Line, check, find_client, read_page
from couchcal.typed_dates import parse_day

_CHROME_ROWS = 10
_PADDING_CELLS = 2
"""Left and right of an entry in the list."""
_AHEAD = 8
"""Lines before the end of the list at which the next page is fetched."""
_EMPTY = "Nothing was written down that fits: 0 shows all."


class AuditScreen(Modal[None]):
    """Entries to look at, by day, actor and client; nothing can be changed here.

    Args:
        tz: the practice's zone.
        names: how clients are called: `id`, `initials`, `first` or `full`.
    """

    SIZE = "-broad"
    AUTO_FOCUS = "#trail"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "day", "Day", show=False),
        Binding("w", "actor", "Who", show=False),
        Binding("c", "client", "Client", show=False),
        Binding("0", "all", "All", show=False),
        Binding("v", "verify", "Verify", show=False),
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
    ]

    def __init__(self, database: Database, tz: tzinfo, *, names: str = "full", clock: Clock = system_clock) -> None:
        super().__init__("Audit trail", "d day · w who · c client · 0 all · v verify · esc close")
        self._database, self._tz, self._names, self._clock = database, tz, names, clock
        self._filter = Filter()
        self._lines: list[Line] = []
        self._complete = False
        self._fetching = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="wanted", markup=False)
        yield Ways([], id="trail")
        yield Static(id="whole", markup=False)
        yield Static(id="entry", markup=False)

    def on_mount(self) -> None:
        self._say("v checks that nothing was changed or removed.")
        self._show(Filter())

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#trail").styles.max_height = max(3, self.most_rows - _CHROME_ROWS)
        self.call_after_refresh(self._show_entry)

    # Reading

    def _show(self, wanted: Filter) -> None:
        self._filter, self._lines, self._complete, self._fetching = wanted, [], False, False
        self.query_one("#trail", OptionList).clear_options()
        self._show_entry()
        self._fetch()

    def _fetch(self) -> None:
        if not self._complete and not self._fetching:
            self._fetching = True
            self.run_worker(self._load(self._filter), group="read", exit_on_error=False)

    async def _load(self, wanted: Filter) -> None:
        before = self._lines[-1].entry_id if self._lines else None
        work = partial(read_page, self._database, wanted, self._tz, self._names, before)
        try:
            page = await in_thread(self, "read", work)
        except Exception as error:
            self._fetching = False
            self.show_problem(problem_words(error))
            return
        if wanted != self._filter:  # another list is wanted by now
            return
        self._fetching, self._complete = False, len(page) < PAGE
        first = not self._lines
        self._lines += page
        listing = self.query_one("#trail", OptionList)
        listing.add_options(Option(line.content) for line in page)
        if first and page:
            listing.highlighted = 0
        self.query_one("#wanted", Static).update(plain(self._words(), QUIET))

    def _words(self) -> str:
        """What is listed, in words."""
        if not self._lines:
            return _EMPTY
        wanted = self._filter
        parts = [
            "" if wanted.day is None else f"on {wanted.day.isoformat()}",
            "" if wanted.actor is None else f"by {'you' if wanted.actor == 'user' else wanted.actor}",
            f"of client {wanted.client}" if wanted.client else "",
        ]
        more, noun = "" if self._complete else "+", "entry" if len(self._lines) == 1 else "entries"
        return f"{len(self._lines):,}{more} {noun} {' '.join(filter(None, parts)) or 'in all'}, the newest first"

    @on(OptionList.OptionHighlighted, "#trail")
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        self._show_entry()
        if event.option_index >= len(self._lines) - _AHEAD:
            self._fetch()

    def _show_entry(self) -> None:
        """Below the list, all of the highlighted entry if the list has no room for it."""
        listing = self.query_one("#trail", OptionList)
        at = listing.highlighted
        entry = Content("") if at is None else self._lines[at].content
        cut = entry.cell_length > listing.scrollable_content_region.width - _PADDING_CELLS
        self.query_one("#entry", Static).update(entry if cut else "")

    def action_highlight(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#trail", Ways).step(by)

    # Filters

    def action_all(self) -> None:
        """Everything."""
        self._show(Filter())

    def action_actor(self) -> None:
        """The next kind of actor."""
        at = ACTORS.index(self._filter.actor)
        self._show(self._filter._replace(actor=ACTORS[(at + 1) % len(ACTORS)]))

    def action_day(self) -> None:
        """One day only."""
        from couchcal.tui.forms.prompt import Prompt

        today = local_day(self._clock(), self._tz)

        def wrong(text: str) -> str | None:
            return None if parse_day(text, today) else "Write a day such as today, mon, 2 mar or 2026-03-02."

        def taken(text: str | None) -> None:
            day = parse_day(text, today) if text else None
            if day is not None:
                self._show(self._filter._replace(day=day))

        self.app.push_screen(Prompt("What was done on", "today, mon, 2 mar", wrong), taken)

    def action_client(self) -> None:
        """One client only: their record, their sessions, and what they did."""
        from couchcal.tui.forms.prompt import Prompt

        self.app.push_screen(Prompt("What was done with client", "C-0001, or a name"), self._client_typed)

    def _client_typed(self, text: str | None) -> None:
        if text:
            self.read(partial(find_client, self._database, text), self._take_client, group="client")

    def _take_client(self, found: tuple[int, str]) -> None:
        self.show_problem("")
        row_id, internal_id = found
        self._show(self._filter._replace(client_id=row_id, client=internal_id))

    # Verifying

    def action_verify(self) -> None:
        """Follow the whole chain, in a thread."""
        self._say("Checking every entry …")
        self.run_worker(self._verify(), group="verify", exclusive=True, exit_on_error=False)

    async def _verify(self) -> None:
        try:
            verdict = await in_thread(self, "verify", partial(check, self._database))
        except Exception as error:
            self._say("")
            self.show_problem(problem_words(error))
            return
        if verdict.intact:
            self._say(f"✓ The trail is whole: {verdict.entries:,} entries, none changed or removed.")
        else:
            self._say("")
            self.show_problem(f"The trail is broken: {verdict.reason}. couchcal guide security says what to do.")

    def _say(self, words: str) -> None:
        self.query_one("#whole", Static).update(plain(words))
