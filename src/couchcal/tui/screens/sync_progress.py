"""The first sync while it runs: how far it is, and that it may be left or cancelled. SYNC-09."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from couchcal.clock import Clock
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.plain import plain
from couchcal.tui.screens.sync_words import counted, doing_words, headline, progress_bar
from couchcal.tui.text import glyphs_on

if TYPE_CHECKING:
    from couchcal.sync.status import Status

_LOOK_S = 0.25
_CELLS = 30


class SyncProgress(Modal[bool]):
    """Follows the sync until everything is through. True when it is; False if it was cancelled, which pauses it;
    None if it was left, and goes on.

    Args:
        look: how the sync is; blocks.
        cancel: pauses the sync; blocks.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("x", "cancel", "Cancel", show=False),
    ]
    AUTO_FOCUS = "#leave"

    def __init__(
        self, look: Callable[[], Status | None], cancel: Callable[[], object], tz: tzinfo, *, clock: Clock
    ) -> None:
        super().__init__("First sync", "x cancel · esc leave it to go on")
        self._look = look
        self._cancel = cancel
        self._tz = tz
        self._clock = clock
        self._since: datetime = clock()
        self._most = 0
        self._done = self._looking = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="body", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel", classes="-danger")
            yield Button("Leave it to go on", id="leave")

    def on_mount(self) -> None:
        self._poll()
        self.set_interval(_LOOK_S, self._poll)

    def _poll(self) -> None:
        if not self._done and not self._looking:
            self.run_worker(self._follow(), group="follow", exit_on_error=False)

    async def _follow(self) -> None:
        self._looking = True
        try:
            status = await in_thread(self, "look", self._look)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        finally:
            self._looking = False
        if status is None or not self.is_mounted or self._done:
            return
        self._most = max(self._most, status.of)
        through = status.last_ok is not None and status.last_ok >= self._since and not status.pending
        if through and not status.working:
            self._finish(status)
            return
        self._say(status)

    def _say(self, status: Status) -> None:
        glyphs = glyphs_on(self.app)
        if status.working:
            words = doing_words(status)
            bar = progress_bar(status, glyphs, _CELLS)
            text = f"{words}\n{bar}" if bar else f"{words} …\n"
        elif status.state == "ok" and not status.paused and not status.failures:
            text = "Starting …\n"
        else:
            found = headline(status, self._clock(), self._tz, glyphs)
            text = "\n".join((found.words, *filter(None, found.lines)))
        self.query_one("#body", Static).update(plain(text))

    def _finish(self, status: Status) -> None:
        self._done = True
        glyphs = glyphs_on(self.app)
        sent = f"{counted(self._most, 'appointment')} sent. " if self._most else ""
        kept = f"{status.blocked} could not be sent: v shows which, and why. " if status.blocked else ""
        words = f"{glyphs.done} Your calendar is in Google.\n{sent}{kept}From now on it follows by itself."
        self.query_one("#body", Static).update(plain(words, "$text-success"))
        self.query_one("#cancel").display = False
        leave = self.query_one("#leave", Button)
        leave.label = "Done"
        self.hint("esc close")
        leave.focus()

    def action_leave(self) -> None:
        """Close; the sync goes on."""
        self.dismiss(True if self._done else None)

    def action_cancel(self) -> None:
        """Stop it where it is; what is sent stays there."""
        if not self._done:
            self.run_worker(self._stop_it(), group="write", exit_on_error=False)

    async def _stop_it(self) -> None:
        try:
            await in_thread(self, "write", self._cancel)
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self.dismiss(False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "cancel":
            self.action_cancel()
        else:
            self.action_leave()
