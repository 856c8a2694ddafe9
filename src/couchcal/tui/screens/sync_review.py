"""What the sync leaves to a person: what happened, how it is here and there, and what can be done. SYNC-11."""

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
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_review_item import KINDS, ReviewDialog, sentence
from couchcal.tui.screens.sync_words import moment
from couchcal.tui.text import clean

_CHROME_ROWS = 8
_URGENT = ("mass_delete", "calendar_lost")
"""Kinds of items that hold the sync up."""


class ReviewScreen(Modal[Done]):
    """The open items, those that hold the sync up first, then the oldest; Enter shows one and what can be done.

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
        self._items: list[ReviewItem] = []

    def compose_body(self) -> ComposeResult:
        yield Ways([], id="reviews")
        yield Static(id="count", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def on_resize(self, event: events.Resize) -> None:
        """Let the list take what the screen leaves."""
        self.query_one("#reviews").styles.max_height = max(3, event.size.height - _CHROME_ROWS)

    def _read(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    async def _load(self) -> None:
        try:
            found = await in_thread(self, "read", self._gate.reviews)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._items = sorted(found, key=lambda item: (item.kind not in _URGENT, item.notice))
        listing = self.query_one("#reviews", OptionList)
        before = listing.highlighted or 0
        listing.clear_options()
        listing.add_options(Option(self._line(item)) for item in self._items)
        listing.highlighted = min(before, len(self._items) - 1) if self._items else None
        listing.display = bool(self._items)
        decisions = sum(not item.notice for item in self._items)
        words = "Nothing waits for you."
        if self._items:
            told = len(self._items) - decisions
            parts = [f"{decisions} to decide"] if decisions else []
            parts += [f"{told} to know of"] if told else []
            words = " · ".join(parts)
        self.query_one("#count", Static).update(plain(words, "dim"))
        if self._at_once:
            self._at_once = False
            urgent = [item for item in self._items if item.kind in _URGENT]
            if urgent:
                listing.highlighted = self._items.index(urgent[0])
                self._open(urgent[0])

    def _line(self, item: ReviewItem) -> Content:
        when = moment(item.at, self._gate.clock(), self._tz)
        detail = f"  {sentence(clean(in_chosen_clock(item.detail)))}"
        return Content("\n").join(
            [Content.assemble((KINDS[item.kind][0], "bold"), (f"  {when}", "dim")), Content.styled(detail, "dim")]
        )

    def action_step(self, by: int) -> None:
        """Move the highlight."""
        self.query_one("#reviews", Ways).step(by)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._open(self._items[event.option_index])

    def _open(self, item: ReviewItem) -> None:
        self.run_worker(self._show(item), group="open", exit_on_error=False)

    async def _show(self, item: ReviewItem) -> None:
        try:
            about = await in_thread(self, "read", partial(self._gate.about, item.id))
        except Exception as error:
            self.show_problem(problem_words(error))
            self._read()
            return
        self.app.push_screen(ReviewDialog(self._gate, item, about, self._tz), self._decided)

    def _decided(self, said: str | None) -> None:
        if said:
            self.notify(said, markup=False)
        self._read()
