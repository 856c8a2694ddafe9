"""Changes of the practice in the background, one at a time, and what a change needs to be loaded."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from textual import work
from textual.message import Message
from textual.worker import Worker, WorkerState

from couchcal.errors import CouchcalError
from couchcal.practice.agenda import Entry
from couchcal.tui.calendar.showing import Showing

if TYPE_CHECKING:
    from couchcal.practice.outcome import Done

_WARM_AFTER_SECONDS = 0.3


class Moved(NamedTuple):
    """The last move of one session of a series, for "move all future too": where it was."""

    row_id: int
    was_start: datetime
    was_end: datetime


class Untold(NamedTuple):
    """An appointment that was moved, and the start that its client still knows."""

    row_id: int
    was: datetime


class Freed(NamedTuple):
    """A client's time `[start, end)` that somebody on the waitlist may want."""

    start: datetime
    end: datetime


def freed_by(entry: Entry) -> Freed | None:
    """The time that an entry gives back when it is cancelled, deleted or moved; None where it took no client's."""
    took_time = entry.busy and not entry.cancelled and not entry.all_day and entry.client_id is not None
    return Freed(entry.start, entry.end) if took_time else None


class Writing(Showing, part=True):
    """Runs changes in threads; `Written` or `Failed` tells how they went."""

    last_move: Moved | None = None
    """The move that `apply-to-future` would repeat."""
    moving_one: Moved | None = None
    """The same, while the move is being stored."""
    untold: Untold | None = None
    """The move whose client `tell-client` would tell."""
    freed: Freed | None = None
    """The time that the change under way sets free."""
    offered: Freed | None = None
    """The time that the waitlist opens with."""
    _under_way = 0

    class Written(Message):
        """A change is stored."""

        def __init__(self, done: Done) -> None:
            super().__init__()
            self.done = done

    class Failed(Message):
        """A change was refused or went wrong; nothing is stored."""

        def __init__(self, problem: CouchcalError) -> None:
            super().__init__()
            self.problem = problem

    def write(self, change: Callable[[], Done]) -> None:
        """Run a change of the practice in the background; `Written` or `Failed` follows."""
        self._under_way += 1
        self._write(change)

    @work(thread=True, group="write", exit_on_error=False)
    def _write(self, change: Callable[[], Done]) -> None:
        try:
            with self._writing:
                done = change()
        except CouchcalError as problem:
            self.post_message(self.Failed(problem))
        else:
            self.post_message(self.Written(done))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            if not isinstance(error, CouchcalError):
                error = CouchcalError(f"{type(error).__name__} in the background", "nothing was changed")
            if event.worker.group == "write":
                self.post_message(self.Failed(error))
            elif event.worker.group == "load":
                self.reading_failed(error)
            else:
                self.toast(str(error), severity="error")

    def reading_failed(self, problem: CouchcalError) -> None:
        """Called when the calendar could not be read."""

    def warm_soon(self) -> None:
        """Load what a change needs, in the background, as soon as somebody sets about one.

        Not at the start: who only looks does without it, and it is a third of the program's memory.
        """
        if _is_warm():
            return
        if self._warming is not None:
            self._warming.stop()
        self._warming = self.app.set_timer(_WARM_AFTER_SECONDS, self._warm)

    def on_screen_suspend(self) -> None:
        self.warm_soon()

    def _warm(self) -> None:
        self.app.run_worker(_load_practice, name="warm", group="warm", thread=True, exit_on_error=False)


def _is_warm() -> bool:
    return "couchcal.practice.undo" in sys.modules


def _load_practice() -> None:
    """Once. The garbage collector leaves out what is loaded: to look through it takes longer than a form opens."""
    if _is_warm():
        return
    gc.disable()
    try:
        import couchcal.practice.appointments
        import couchcal.practice.undo  # noqa: F401  imported for the effect
    finally:
        gc.freeze()
        gc.enable()
