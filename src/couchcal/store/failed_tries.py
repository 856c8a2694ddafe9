"""Wrong passphrases, counted where no key is needed: beside the database, until somebody has the right one.

The audit trail is inside the database, so that nobody without the key can write into it; whoever opens it next
writes down how often it was tried. The file has the times and nothing else. Whoever may remove it may remove the
database, too.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from couchcal.clock import Clock, system_clock
from couchcal.store.connection import Database

_MOST_BYTES = 1 << 20
"""A file that is as long as this grows no more: ninety thousand tries."""


def place(database: Path) -> Path:
    """The file that has the failed tries at `database`."""
    return database.with_name(f"{database.name}.tries")


def failed(database: Path) -> None:
    """Count one more. A disk that refuses is no reason to let anybody in, or to say anything else."""
    with suppress(OSError):
        descriptor = os.open(place(database), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.fstat(descriptor).st_size < _MOST_BYTES:
                os.write(descriptor, f"{int(time.time())}\n".encode("ascii"))
        finally:
            os.close(descriptor)


def note_failed(database: Database, entity: str, *, always: bool = False, clock: Clock = system_clock) -> None:
    """Write into the audit trail of a database that was just unlocked how often that failed before.

    Args:
        entity: what was unlocked: the `screen`, or the `database` by a program that starts.
        always: write down that it was unlocked also where nothing had failed.

    Raises:
        DatabaseProblem: it is busy, or the disk is full; the tries are kept for the next time.
    """
    from couchcal.store.audit import note

    taken = _taken(database.path)
    count = taken.read_bytes().count(b"\n") if taken is not None else 0
    written = False
    try:
        if count or always:
            fields = f"failed={count}" if count else ""
            written = note(database, "unlock", entity, fields=fields, clock=clock)
    finally:
        if taken is not None:
            with suppress(OSError):
                taken.unlink() if written else taken.replace(place(database.path))


def _taken(database: Path) -> Path | None:
    """The file under a name of this process alone, so that two who open at once do not both tell of it; None where
    nothing failed."""
    file = place(database)
    mine = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.rename(mine)
    except OSError:
        return None
    return mine
