"""Lines to read: what a sync would do, and what the last ones did. SYNC-19."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from couchcal.tui.forms.away import away
from couchcal.tui.forms.modal import Modal, problem_words
from couchcal.tui.forms.plain import QUIET, plain

_CHROME_ROWS = 8


class LinesScreen(Modal[None]):
    """Shows what `read` gives, read in a thread; meanwhile `waiting` is said, and `empty` where there is nothing.

    Esc never waits for the reading.
    """

    SIZE = "-sync"
    AUTO_FOCUS = "#lines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
    ]

    def __init__(
        self, title: str, read: Callable[[], Sequence[Content]], *, waiting: str, empty: str, about: str = ""
    ) -> None:
        super().__init__(title, "↑↓ scroll · esc back")
        self._read_lines = read
        self._waiting = waiting
        self._empty = empty
        self._about = about

    def compose_body(self) -> ComposeResult:
        if self._about:
            yield Static(plain(self._about, QUIET), id="body")
        with VerticalScroll(id="lines"):
            yield Static(plain(self._waiting, QUIET), id="text-lines", markup=False)

    def on_mount(self) -> None:
        self.run_worker(self._load(), group="lines", exit_on_error=False)

    def on_resize(self, event: events.Resize) -> None:
        """Let the lines take what the screen leaves."""
        about = 2 + len(self._about) // 70 if self._about else 0
        self.query_one("#lines").styles.max_height = max(3, self.most_rows - _CHROME_ROWS - about)

    async def _load(self) -> None:
        text = self.query_one("#text-lines", Static)
        try:
            lines = await away(self._read_lines)
        except Exception as error:
            text.update("")
            self.show_problem(problem_words(error))
            return
        text.update(Content("\n").join(lines) if lines else plain(self._empty, QUIET))

    def action_scroll(self, by: int) -> None:
        """Scroll the lines."""
        self.query_one("#lines").scroll_relative(y=by, animate=False)
