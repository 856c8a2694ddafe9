"""What the sync leaves to a person: what happened, what was not sent and why, and what can be done.

SYNC-09, SYNC-11.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from functools import partial
from textwrap import wrap
from typing import NamedTuple

from textual import on
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from couchcal.clock_words import in_chosen_clock
from couchcal.practice.outcome import Done
from couchcal.sync.review import ReviewItem
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.forms.row_list import RowList
from couchcal.tui.screens.listing import ListScreen
from couchcal.tui.screens.sync_choose import Choosable, ChooseWay
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_review_item import KINDS, ReviewDialog, sentence
from couchcal.tui.screens.sync_state import About, Unsent
from couchcal.tui.screens.sync_words import counted, moment
from couchcal.tui.text import clean

_URGENT = ("mass_delete", "calendar_lost")
"""Kinds of items that hold the sync up."""
_NOT_SENT = "Not sent"
_NOTHING = "Nothing waits for you."
_EDGE_CELLS, _LEAST_CELLS = 3, 20
"""What an option and the scrollbar take of the frame's inside, and what a line gets at least."""
Item = ReviewItem | Unsent


class Waiting(NamedTuple):
    """What is open: items to look at, and what Google does not take."""

    reviews: list[ReviewItem]
    unsent: list[Unsent]


class ReviewScreen(ListScreen[Done, Item, Waiting]):
    """The open items, those that hold the sync up first, then the oldest, last what Google does not take; Enter
    shows one and what can be done.

    Args:
        at_once: show the one that holds the sync up right away.
    """

    SIZE = "-sync"
    HIDES_EMPTY = True
    AUTO_FOCUS = "#reviews"
    KEYS_OF_NONE = "esc back"

    def __init__(self, gate: Gate, tz: tzinfo, *, at_once: bool = False) -> None:
        listing = RowList[Item](_key, id="reviews")
        super().__init__("Review", "enter decide · esc back", listing, gate.database, gate.clock)
        self._gate = gate
        self._tz = tz
        self._at_once = at_once

    def fit(self, height: int) -> None:
        super().fit(height)
        self.call_after_refresh(self.show)  # the lines take the width, too

    def fetch(self) -> Waiting:
        reviews = sorted(self._gate.reviews(), key=lambda item: (item.kind not in _URGENT, item.notice))
        return Waiting(reviews, self._gate.unsent())

    def lines(self, found: Waiting) -> Iterable[tuple[Item, Option]]:
        items: list[Item] = [*found.reviews, *found.unsent]
        return [(item, Option(self._line(item))) for item in items]

    def below(self, found: Waiting) -> str:
        decisions = sum(not item.notice for item in found.reviews)
        told = len(found.reviews) - decisions
        parts = [f"{decisions} to decide"] if decisions else []
        parts += [f"{told} to know of"] if told else []
        parts += [f"{counted(len(found.unsent), 'change')} not sent"] if found.unsent else []
        return " · ".join(parts) or _NOTHING

    def show(self) -> None:
        super().show()
        if self.found is None:
            return
        first = self.found.reviews[0] if self.found.reviews else None
        at_once, self._at_once = self._at_once, False
        if at_once and first is not None and first.kind in _URGENT:
            self._open(first)

    def _line(self, item: Item) -> Content:
        if isinstance(item, Unsent):
            title, when, detail = _NOT_SENT, "", f"{in_chosen_clock(item.words)}: {item.reason}"
        else:
            title, when = KINDS[item.kind][0], moment(item.at, self._gate.clock(), self._tz)
            detail = in_chosen_clock(item.detail)
        first = Content.assemble((title, "bold"), (f"  {when}", QUIET))
        cells = self.query_one("#frame").content_size.width - _EDGE_CELLS
        rest = wrap(sentence(clean(detail)), max(cells, _LEAST_CELLS), initial_indent="  ", subsequent_indent="  ")
        return Content("\n").join([first, *(Content.styled(line, QUIET) for line in rest)])

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if self.listing.row is not None:
            self._open(self.listing.row)

    def _open(self, item: Item) -> None:
        if isinstance(item, Unsent):
            self._open_unsent(item)
        else:
            self.read(partial(self._gate.about, item.id), partial(self._ask, item), failed=self.unwritten)

    def _ask(self, item: ReviewItem, about: About) -> None:
        self.app.push_screen(ReviewDialog(self._gate, item, about, self._tz), self._decided)

    # What was not sent

    def _open_unsent(self, item: Unsent) -> None:
        body = f"{sentence(in_chosen_clock(item.words))}\n{sentence(item.reason)}"
        ways = [Choosable("one", "Send it again", "Once something about it changes, that happens by itself.")]
        others = [other.appointment_id for other in self.listing.rows if isinstance(other, Unsent)]
        if len(others) > 1:
            ways.append(Choosable("all", f"Send all {len(others)} again"))

        def chosen(word: str | None) -> None:
            if word is not None:
                self._send_again(others if word == "all" else [item.appointment_id])

        self.app.push_screen(ChooseWay(_NOT_SENT, body, ways), chosen)

    def _send_again(self, appointment_ids: list[int]) -> None:
        def sent(_nothing: None) -> None:
            self.notify(f"{counted(len(appointment_ids), 'change')} to be sent again")
            self.reload()

        self.write(partial(self._gate.send_again, appointment_ids), sent)

    def _decided(self, said: str | None) -> None:
        if said:
            self.notify(said, markup=False)
        self.reload()


def _key(item: Item) -> tuple[str, int]:
    return ("unsent", item.appointment_id) if isinstance(item, Unsent) else ("review", item.id)
