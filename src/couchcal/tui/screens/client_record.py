"""A client's record: what to do with a new booking, sessions to come and past, settings. APT-20, INT-01…05."""

from __future__ import annotations

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
from couchcal.practice.agenda import Entry
from couchcal.practice.clients import ClientRow
from couchcal.practice.sessions import PAGE, Side
from couchcal.store import audit_looks
from couchcal.store.connection import Database
from couchcal.tui.forms.choice import Choice
from couchcal.tui.forms.modal import in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.client_record_lines import details_content, duplicate_words, summary
from couchcal.tui.screens.client_sessions import LoadedRecord, read_page, read_record
from couchcal.tui.screens.clients_actions import ClientActions
from couchcal.tui.screens.entry_line import entry_line
from couchcal.tui.text import glyphs_on

_KEYS = (
    "enter go there · n session · e edit · p portal · M merge · z archive · ←→ view · u undo · esc back",
    "enter go · n session · e edit · p portal · ←→ view · esc back",
)
_KEYS_INTAKE = (
    "a accept · X reject · M merge · n session · e edit · tab sessions · ←→ view · u undo · esc back",
    "a accept · X reject · M merge · e edit · ←→ view · esc back",
)
"""With room, and without."""
_VIEWS = ("coming", "past", "details")
_WIDEST, _EDGES = 112, 7
"""Of the frame, and what it and the scrollbar take of it."""
_AHEAD = 8
"""Lines before the end of the list at which the next page is fetched."""
_SUGGESTED = 3
_NOTHING = {
    "coming": "Nothing booked: n books the next session.",
    "past": "No sessions yet.",
}


class ClientRecordScreen(ClientActions):
    """Closes with the session that was chosen, to go there on the calendar, or with None."""

    SIZE = "-broad"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,N", "new_session", "New session", show=False),
        Binding("left", "view(-1)", "View", show=False),
        Binding("right", "view(1)", "View", show=False),
        Binding("1", "suggested(0)", show=False),
        Binding("2", "suggested(1)", show=False),
        Binding("3", "suggested(2)", show=False),
    ]
    AUTO_FOCUS = ""

    def __init__(
        self,
        database: Database,
        client_id: int,
        tz: tzinfo,
        *,
        names: str = "full",
        clock: Clock = system_clock,
    ) -> None:
        super().__init__("Client", _KEYS, database, tz, names=names, clock=clock)
        self._client_id = client_id
        self._loaded: LoadedRecord | None = None
        self._entries: dict[Side, list[Entry]] = {"coming": [], "past": []}
        self._complete: dict[Side, bool] = {"coming": False, "past": False}
        self._fetching = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="summary", markup=False)
        yield Ways([], id="decide")
        views = Choice([(view, view.capitalize()) for view in _VIEWS], "coming", id="view")
        views.can_focus = False
        yield views
        yield Ways([], id="sessions")
        with VerticalScroll(id="details"):
            yield Static(id="record", markup=False)

    def on_mount(self) -> None:
        self.query_one("#decide").display = False
        self.query_one("#details").display = False
        self.reload()

    def reload(self) -> None:
        self.run_worker(self._load(), group="read", exclusive=True, exit_on_error=False)

    async def _load(self) -> None:
        work = partial(read_record, self._database, self._client_id, self._clock(), self._tz)
        try:
            loaded = await in_thread(self, "read", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        first = self._loaded is None
        self._loaded = loaded
        self._entries = {"coming": loaded.coming, "past": loaded.past}
        self._complete = {side: len(entries) < PAGE for side, entries in self._entries.items()}
        self._show(loaded)
        if first:
            self._begin(loaded)
        look = partial(audit_looks.look, self._database, self._client_id, clock=self._clock)
        self.run_worker(in_thread(self, "look", look), group="look", exit_on_error=False)

    def _begin(self, loaded: LoadedRecord) -> None:
        """Put the cursor where the next step is: on the decision, else on the sessions."""
        self.query_one("#view", Choice).value = "past" if loaded.past and not loaded.coming else "coming"
        self.query_one("#decide" if self.query_one("#decide").display else "#sessions").focus()

    def _show(self, loaded: LoadedRecord) -> None:
        row, now = loaded.record.details.row, self._clock()
        self.query_one("#frame").border_title = plain(self.called(row))
        self.keys_shown = _KEYS_INTAKE if row.state == "intake" else _KEYS
        self.show_keys()
        self.query_one("#summary", Static).update(summary(loaded, now, self._names))
        self._show_details()
        self._show_decision(loaded)
        counts = loaded.record.counts
        views = self.query_one("#view", Choice)
        words = (f"Coming {counts.coming:,}", f"Past {counts.past:,}", "Details")
        views.offer(list(zip(_VIEWS, words, strict=True)), views.value)
        self._show_view()

    def _show_decision(self, loaded: LoadedRecord) -> None:
        row = loaded.record.details.row
        decide = self.query_one("#decide", OptionList)
        decide.display = row.state == "intake"
        if row.state != "intake":
            return
        at = decide.highlighted
        options = [Option("a  Accept as a client", id="accept")]
        options += [
            Option(
                plain(f"{number}  Merge into {duplicate_words(duplicate, self._names)}"), id=f"merge{number - 1}"
            )
            for number, duplicate in enumerate(loaded.record.duplicates[:_SUGGESTED], start=1)
        ]
        other = "somebody else" if loaded.record.duplicates else "a client you have already"
        options += [
            Option(f"M  Merge into {other}", id="merge"),
            Option("X  Reject, and remove everything of theirs", id="reject"),
        ]
        decide.set_options(options)
        decide.highlighted = at or 0

    @property
    def _side(self) -> Side | None:
        value = self.query_one("#view", Choice).value
        return "coming" if value == "coming" else "past" if value == "past" else None

    def on_resize(self, event: events.Resize) -> None:
        """Let the details fit, too."""
        self._show_details()

    @property
    def keys_that_fit(self) -> str:
        """The hint for the width there is; among the details Enter leads nowhere."""
        keys = super().keys_that_fit
        return keys.partition(" · ")[2] if not self._side and keys.startswith("enter") else keys

    def _show_details(self) -> None:
        if self._loaded is not None:
            cells = min(self.size.width, _WIDEST) - _EDGES
            shown = details_content(self._loaded, self._clock(), self._names, cells)
            self.query_one("#record", Static).update(shown)

    def _show_view(self) -> None:
        side = self._side
        self.show_keys()
        listing, details = self.query_one("#sessions", OptionList), self.query_one("#details")
        listing.display, details.display = side is not None, side is None
        if side is None or self._loaded is None:
            return
        at = listing.highlighted
        entries = self._entries[side]
        if not entries:
            listing.set_options([Option(plain(_NOTHING[side], QUIET), disabled=True)])
            return
        listing.set_options(self._lines(entries))
        listing.highlighted = min(at or 0, len(entries) - 1)

    def _lines(self, entries: list[Entry]) -> list[Option]:
        glyphs = glyphs_on(self.app)
        return [Option(entry_line(entry, self._tz, self._names, client=False, glyphs=glyphs)) for entry in entries]

    def current(self) -> ClientRow | None:
        return None if self._loaded is None else self._loaded.record.details.row

    def left(self, client_id: int) -> None:
        """Go on with the record that stayed, or back to the list."""
        if not client_id:
            self.dismiss(None)
            return
        self._client_id = client_id
        self._loaded = None
        self.reload()

    def action_view(self, by: int) -> None:
        """The next view: coming, past, details."""
        self.query_one("#view", Choice).action_step(by)

    @on(Choice.Changed, "#view")
    def _turned(self) -> None:
        had_focus = self.query_one("#sessions").has_focus or self.query_one("#details").has_focus
        self.query_one("#sessions", OptionList).highlighted = None
        self._show_view()
        if had_focus:
            self.query_one("#details" if self._side is None else "#sessions").focus()

    def action_suggested(self, number: int) -> None:
        """Look at a merge into one of the likely ones."""
        if self._loaded is not None and number < len(self._loaded.record.duplicates[:_SUGGESTED]):
            self.merge_into(self._loaded.record.duplicates[number].client)

    @on(OptionList.OptionSelected, "#decide")
    def _decided(self, event: OptionList.OptionSelected) -> None:
        answer = event.option_id or ""
        if answer == "accept":
            self.action_accept()
        elif answer == "reject":
            self.action_reject()
        elif answer == "merge":
            self.action_merge()
        else:
            self.action_suggested(int(answer.removeprefix("merge")))

    @on(OptionList.OptionSelected, "#sessions")
    def _go_there(self, event: OptionList.OptionSelected) -> None:
        side = self._side
        if side is not None and event.option_index < len(self._entries[side]):
            self.dismiss(self._entries[side][event.option_index])

    @on(OptionList.OptionHighlighted, "#sessions")
    def _near_the_end(self, event: OptionList.OptionHighlighted) -> None:
        side = self._side
        if side is None or self._complete[side] or self._fetching:
            return
        if event.option_index >= len(self._entries[side]) - _AHEAD:
            self._fetching = True
            self.run_worker(self._fetch(side), group="page", exit_on_error=False)

    async def _fetch(self, side: Side) -> None:
        entries = self._entries[side]
        try:
            work = partial(read_page, self._database, self._client_id, side, self._clock(), self._tz, entries[-1])
            found = await in_thread(self, "read", work)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self._fetching = False
        if self._entries[side] is not entries:
            return
        entries += found
        self._complete[side] = len(found) < PAGE
        if self._side == side:
            self.query_one("#sessions", OptionList).add_options(self._lines(found))
