"""What the worker does is a list of jobs. Another one is a class with a name, `due` and `run`."""

from __future__ import annotations

from typing import Protocol


class Job(Protocol):
    """A piece of background work that comes round again.

    It is run by one thread of one process at a time, and may be ended anywhere: what is half done then has to be
    done again, or undone, by the next run. It paces itself by `now`, which is monotonic, so that a clock that is
    set does no harm.
    """

    name: str
    """What logs call it."""

    def due(self, now: float, *, moved: bool, asked: bool) -> bool:
        """Whether it has something to do. Asked every half a second: this has to be cheap and to load nothing.

        Args:
            now: monotonic seconds.
            moved: somebody wrote to the database since it was asked before, maybe this worker itself.
            asked: a person wants it now.
        """

    def run(self, now: float) -> bool:
        """Do it; whether that changed anything that is shown. Whatever it raises is logged, by type alone, and it
        is tried again later: what it says to `due` must not change before it is done."""
