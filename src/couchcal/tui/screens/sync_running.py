"""How the screen of the sync does things: in a thread, one at a time, and everything is shown anew afterwards."""

from __future__ import annotations

from collections.abc import Callable

from couchcal.tui.forms.connect import sign_in_words
from couchcal.tui.screens.sync_showing import SyncShowing


class SyncRunning(SyncShowing):
    """Shows the sync, and runs what its commands ask for."""

    def _back(self, _answer: object) -> None:
        self._read()

    def _run(self, change: Callable[[], object], *, said: str = "") -> None:
        """Do something in a thread, say how it went, and show how everything is then. One at a time."""

        def done(words: object) -> None:
            self.notify(said or str(words), markup=False)
            self._read()

        self.write(change, done, network=True)

    def unwritten(self, error: Exception) -> None:
        self.show_problem(sign_in_words(error))
