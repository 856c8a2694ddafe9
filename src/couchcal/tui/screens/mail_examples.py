"""Each kind of letter as text, about Ada Sample, who is nobody."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.clock import Clock, system_clock
from couchcal.store.connection import Database
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.mail_data import Example, examples
from couchcal.tui.text import clean, pad

_TITLE_CELLS = 34
_LIST_ROWS = (5, 8)
_TALL = 34


class Letter(VerticalScroll, can_focus=True):
    """The letter under the list; longer ones are scrolled."""


class ExamplesScreen(Modal[None]):
    """Every kind of letter in a list, and below it the one under the cursor as it would be sent now."""

    SIZE = "-mail"
    AUTO_FOCUS = "#kinds"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "highlight(1)", show=False),
        Binding("k", "highlight(-1)", show=False),
        Binding("space,pagedown", "scroll(1)", show=False, priority=True),
        Binding("b,pageup", "scroll(-1)", show=False, priority=True),
    ]

    def __init__(self, database: Database, *, clock: Clock = system_clock) -> None:
        super().__init__("Letters", "↑↓ letter · space b scroll · esc back")
        self._database, self._clock = database, clock
        self._examples: list[Example] = []

    def compose_body(self) -> ComposeResult:
        yield Ways([], id="kinds")
        with Letter(id="letter"):
            yield Static(id="letter-text", markup=False)

    def on_mount(self) -> None:
        self.run_worker(self._load(), group="read", exit_on_error=False)

    def on_resize(self, event: events.Resize) -> None:
        """Give the letter what the list leaves."""
        self.query_one("#kinds").styles.height = _LIST_ROWS[event.size.height >= _TALL]

    async def _load(self) -> None:
        try:
            self._examples = await in_thread(self, "read", partial(examples, self._database, self._clock()))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        kinds = self.query_one("#kinds", OptionList)
        kinds.add_options(Option(_line(example)) for example in self._examples)
        kinds.highlighted = 0

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        head, _, body = self._examples[event.option_index].text.partition("\n\n")
        text = Content("\n\n").join([plain(head, QUIET), plain(body)])
        self.query_one("#letter-text", Static).update(text)
        self.query_one("#letter", Letter).scroll_home(animate=False)

    def action_highlight(self, by: int) -> None:
        """Another letter."""
        self.query_one("#kinds", Ways).step(by)

    def action_scroll(self, by: int) -> None:
        """Scroll the letter."""
        letter = self.query_one("#letter", Letter)
        letter.scroll_relative(y=by * max(1, letter.size.height - 1), animate=False)


def _line(example: Example) -> Content:
    return Content.assemble((pad(clean(example.title), _TITLE_CELLS), "bold"), "  ", (example.to, QUIET))
