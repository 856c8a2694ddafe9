"""The locked screen: a blank terminal with a place for the passphrase."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.theme import CONTRAST

LONGEST_WAIT_S = 60
"""The longest one waits after a wrong passphrase."""


def wait_after(failures: int) -> int:
    """Seconds to wait after so many wrong passphrases in a row: 1, 2, 4 and so on, at most a minute."""
    return min(1 << min(failures - 1, 10), LONGEST_WAIT_S) if failures > 0 else 0


class Answer(NamedTuple):
    """What came of an attempt to unlock: nothing if it worked, else what was wrong.

    `wait` is how many seconds no other attempt is taken; `asks` names what has to be typed next time, empty for a
    key press.
    """

    problem: str = ""
    wait: int = 0
    asks: str = ""


Unlock = Callable[[str], Awaitable[Answer]]


class LockScreen(Screen[None]):
    """Covers everything until `unlock` says that it may go.

    Args:
        title: what it says, such as "couchcal is locked".
        asks: what has to be typed ("Passphrase"), empty where Enter is enough.
        unlock: takes what was typed; the screen does not go by itself.
        wait: seconds that are left of an earlier wait.
    """

    AUTO_FOCUS: ClassVar[str | None] = "#passphrase"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "enter", "Unlock", show=False)]

    def __init__(self, title: str, asks: str, unlock: Unlock, *, wait: int = 0) -> None:
        super().__init__()
        self._words, self._asks, self._unlock, self._wait = title, asks, unlock, wait
        self._waiting: Timer | None = None
        self._trying = False

    def compose(self) -> ComposeResult:
        with Vertical(id="lock"):
            yield Static(plain(self._words), id="words")
            yield Input(password=True, max_length=200, id="passphrase")
            yield Static(id="problem", markup=False)
            yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        self._arrange()
        self._ask_for(self._asks)
        self._rest(self._wait)

    def _arrange(self) -> None:
        """Style it here: another style sheet would have all of them read anew, and locking would take a moment."""
        self.styles.align = ("center", "middle")
        frame = self.query_one("#lock")
        frame.styles.width, frame.styles.max_width, frame.styles.height = 52, "100%", "auto"
        typed = self.query_one("#passphrase", Input)
        typed.cursor_blink = False
        typed.styles.border, typed.styles.height = ("none", "transparent"), 1
        typed.styles.padding, typed.styles.margin = (0, 1), (0, 0, 1, 0)
        theme = self.app.current_theme
        if theme.ansi or theme.name == CONTRAST.name:  # where a ground alone would not show the field
            typed.styles.text_style = "underline"
        for text in self.query(Static):
            text.styles.text_align = "center"
            text.styles.margin = (0, 0, 1, 0)

    def _ask_for(self, asks: str) -> None:
        self._asks = asks
        typed = self.query_one("#passphrase", Input)
        typed.display = bool(asks)
        typed.placeholder = asks
        self.query_one("#keys", Static).update(plain(f"Enter {'unlocks' if asks else 'shows the calendar'}", QUIET))
        if asks:
            typed.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_enter()

    def action_enter(self) -> None:
        """Try to unlock with what was typed."""
        text = self.query_one("#passphrase", Input).value
        if self._trying or self._wait or (self._asks and not text):
            return
        self._trying = True
        self._say("…")
        self.run_worker(self._try(text), group="unlock", exit_on_error=False)

    async def _try(self, text: str) -> None:
        try:
            answer = await self._unlock(text)
        finally:
            self._trying = False
        self._say(answer.problem)
        if answer.problem:
            self.query_one("#passphrase", Input).value = ""
            self._ask_for(answer.asks)
            self._rest(answer.wait, answer.problem)

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(plain(text, "$warning"))

    def _rest(self, seconds: int, problem: str = "") -> None:
        """Take nothing for some seconds, and count them down."""
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        self._wait = seconds
        self.query_one("#passphrase", Input).disabled = seconds > 0
        if seconds > 0:
            again = f"Try again in {seconds} second{'' if seconds == 1 else 's'}."
            self._say(f"{problem} {again}".strip())
            self._waiting = self.set_timer(1, lambda: self._rest(seconds - 1, problem))
            return
        self._say(problem)
        if self._asks:
            self.query_one("#passphrase", Input).focus()
