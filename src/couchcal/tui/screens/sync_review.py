"""What the sync leaves to a person: what happened, what was not sent and why, and what can be done.

SYNC-09, SYNC-11.
"""

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

from couchcal.clock_words import in_chosen_clock
from couchcal.practice.outcome import Done
from couchcal.sync.review import ReviewItem
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.sync_choose import Choosable, ChooseWay
from couchcal.tui.screens.sync_gate import Gate, Unsent
from couchcal.tui.screens.sync_review_item import KINDS, ReviewDialog, sentence
from couchcal.tui.screens.sync_words import LOOK_S, counted, moment
from couchcal.tui.text import clean

_CHROME_ROWS = 8
_URGENT = ("mass_delete", "calendar_lost")
"""Kinds of items that hold the sync up."""
_NOT_SENT = "Not sent"
_NOTHING = "Nothing waits for you."


class ReviewScreen(Modal[Done]):
    """The open items, those that hold the sync up first, then the oldest, last what Google does not take; Enter
    shows one and what can be done.

    Args:
        at_once: show the one that holds the sync up right away.
    """

    SIZE = "-sync"
    AUTO_FOCUS = "#reviews"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "step(1)", show=False),
        Binding("k", "step(-1)", show=False),
    ]

    def __init__(self, gate: Gate, tz: tzinfo, *, at_once: bool = False) -> None:
        super().__init__("Review", "enter decide · esc close")
        self._gate = gate
        self._tz = tz
        self._at_once = at_once
        self._items: list[ReviewItem | Unsent] = []

    def compose_body(self) -> ComposeResult:
        yield Ways([], id="reviews")
        yield Static(plain(_NOTHING, QUIET), id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#reviews").display = False
        self._read()
        self.set_interval(LOOK_S, self._look_on)

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#reviews").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    def _look_on(self) -> None:
        """Follow a sync beside this, while no item is open."""
        if self.is_active:
            self._read()

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            found, unsent = await in_thread(self, "read", lambda: (self._gate.reviews(), self._gate.unsent()))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        if not self.is_mounted:
            return
        reviews = sorted(found, key=lambda item: (item.kind not in _URGENT, item.notice))
        self._show_all(reviews, unsent)
        if self._at_once:
            self._at_once = False
            if reviews and reviews[0].kind in _URGENT:
                self.query_one("#reviews", OptionList).highlighted = 0
                self._open(reviews[0])

    def _show_all(self, reviews: list[ReviewItem], unsent: list[Unsent]) -> None:
        """Show what there is now; the highlight stays on its item, or where that was."""
        items: list[ReviewItem | Unsent] = [*reviews, *unsent]
        if items == self._items:
            return
        listing = self.query_one("#reviews", OptionList)
        at = listing.highlighted or 0
        if self._items and at < len(self._items) and self._items[at] in items:
            at = items.index(self._items[at])
        self._items = items
        listing.clear_options()
        listing.add_options(Option(self._line(item)) for item in items)
        listing.highlighted = min(at, len(items) - 1) if items else None
        listing.display = bool(items)
        decisions = sum(not item.notice for item in reviews)
        told = len(reviews) - decisions
        parts = [f"{decisions} to decide"] if decisions else []
        parts += [f"{told} to know of"] if told else []
        parts += [f"{counted(len(unsent), 'change')} not sent"] if unsent else []
        self.query_one("#count", Static).update(plain(" · ".join(parts) or _NOTHING, QUIET))

    def _line(self, item: ReviewItem | Unsent) -> Content:
        if isinstance(item, Unsent):
            title, when, detail = _NOT_SENT, "", f"{in_chosen_clock(item.words)}: {item.reason}"
        else:
            title, when = KINDS[item.kind][0], moment(item.at, self._gate.clock(), self._tz)
            detail = in_chosen_clock(item.detail)
        first = Content.assemble((title, "bold"), (f"  {when}", QUIET))
        return Content("\n").join([first, Content.styled(f"  {sentence(clean(detail))}", QUIET)])

    def action_step(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#reviews", Ways).step(by)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._open(self._items[event.option_index])

    def _open(self, item: ReviewItem | Unsent) -> None:
        if isinstance(item, Unsent):
            self._open_unsent(item)
            return
        self.run_worker(self._show(item), group="open", exit_on_error=False)

    async def _show(self, item: ReviewItem) -> None:
        try:
            about = await in_thread(self, "read", partial(self._gate.about, item.id))
        except Exception as error:
            self.show_problem(problem_words(error))
            self._read()
            return
        self.app.push_screen(ReviewDialog(self._gate, item, about, self._tz), self._decided)

    # What was not sent

    def _open_unsent(self, item: Unsent) -> None:
        body = f"{sentence(in_chosen_clock(item.words))}\n{sentence(item.reason)}"
        ways = [Choosable("one", "Send it again", "Once something about it changes, that happens by itself.")]
        others = [other.appointment_id for other in self._items if isinstance(other, Unsent)]
        if len(others) > 1:
            ways.append(Choosable("all", f"Send all {len(others)} again"))

        def chosen(word: str | None) -> None:
            if word is not None:
                ids = others if word == "all" else [item.appointment_id]
                self.run_worker(self._send_again(ids), group="write", exit_on_error=False)

        self.app.push_screen(ChooseWay(_NOT_SENT, body, ways), chosen)

    async def _send_again(self, appointment_ids: list[int]) -> None:
        try:
            await in_thread(self, "write", partial(self._gate.send_again, appointment_ids))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self.notify(f"{counted(len(appointment_ids), 'change')} to be sent again")
        self._read()

    def _decided(self, said: str | None) -> None:
        if said:
            self.notify(said, markup=False)
        self._read()
