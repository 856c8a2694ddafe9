"""The background worker beside the screen: started if there is work for it, and never in the way of the start."""

from __future__ import annotations

from contextlib import closing, suppress
from threading import Lock
from typing import TYPE_CHECKING

from couchcal.clock import Clock
from couchcal.errors import CouchcalError
from couchcal.settings import load as load_settings
from couchcal.store.connection import Database, database_errors

if TYPE_CHECKING:
    from couchcal.worker import Worker

AFTER_S = 0.7
"""How long after the first screen it is looked whether there is something to do in the background."""
BACKUP_EVERY_S = 900.0
"""How often it is looked whether a backup is due."""


class Background:
    """Starts the worker when it is wanted, and ends it with the program. Its methods block only for moments.

    `begin`, `back_up` and `wake` import the worker, so they are called in threads.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._worker: Worker | None = None
        self._over = False
        self._lock = Lock()

    def begin(self) -> None:
        """Start the worker if there is work for it: an account is connected, mail is set up, or a calendar file is
        to be kept."""
        from couchcal.mail.config import set_up

        with database_errors(self._database.path), closing(self._database.connect()) as connection:
            found = connection.execute("SELECT 1 FROM calendar_account WHERE state <> 'disabled'").fetchone()
        if found is not None or load_settings().calendar_file or set_up():
            self._start()

    def note_opening(self) -> None:
        """Write into the audit trail that somebody opened the calendar."""
        from couchcal.store.audit import note

        with suppress(CouchcalError):
            note(self._database, "open", "database", clock=self._clock)

    def back_up(self) -> None:
        """Back up where it is time and no worker is there to do it. What goes wrong, `couchcal doctor` tells."""
        if self._worker is not None or self._over:
            return
        from couchcal.worker.backup_job import back_up_if_due

        with suppress(CouchcalError, OSError):
            back_up_if_due(self._database, self._clock)

    def wake(self) -> None:
        """Have it work now; it is started if it was not."""
        worker = self._start()
        if worker is not None:
            worker.wake()

    def end(self) -> None:
        """Stop the worker; takes less than a tenth of a second."""
        with self._lock:
            self._over = True
        if self._worker is not None:
            self._worker.stop()

    def _start(self) -> Worker | None:
        from couchcal.worker import Worker

        with self._lock:
            if self._worker is None and not self._over:
                self._worker = Worker(self._database, clock=self._clock)
                self._worker.start()
            return self._worker
