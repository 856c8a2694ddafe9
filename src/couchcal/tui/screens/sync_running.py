"""How the screen of the sync does things: in a thread, one at a time, and everything is shown anew afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from couchcal.tui.forms.away import away
from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.forms.modal import in_thread
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_showing import SyncShowing


class SyncRunning(SyncShowing):
    """Shows the sync, and runs what its commands ask for."""

    def __init__(self, gate: Gate, tz: tzinfo) -> None:
        super().__init__(gate, tz)
        self._busy = False

    def _back(self, _answer: object) -> None:
        self._read()

    def _look(self, look: Callable[[], int], then: Callable[[int], None]) -> None:
        async def work() -> None:
            try:
                found = await in_thread(self, "look", look)
            except Exception as error:
                self.show_problem(sign_in_words(error))
            else:
                then(found)

        self.run_worker(work(), group="write", exit_on_error=False)

    def _run(self, change: Callable[[], object], *, said: str = "") -> None:
        """Do something in a thread, say how it went, and show how everything is then. One at a time."""
        if not self._busy:
            self.run_worker(self._work(change, said), group="write", exit_on_error=False)

    async def _work(self, change: Callable[[], object], said: str) -> None:
        self._busy = True
        self.show_problem("")
        try:
            words = await away(change)
        except Exception as error:
            self.show_problem(sign_in_words(error))
            return
        finally:
            self._busy = False
        self.notify(said or str(words), markup=False)
        self._read()
