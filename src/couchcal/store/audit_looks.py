"""Looking at a client's record: written down once in a while, however often the screen draws it anew."""

from __future__ import annotations

import time
from pathlib import Path

from couchcal.clock import Clock
from couchcal.errors import DatabaseProblem
from couchcal.store.audit import note
from couchcal.store.connection import Database

AGAIN_S = 600.0
"""How long after one look the next one at the same client counts as the same."""
_looked: dict[tuple[Path, int], float] = {}


def look(database: Database, client_id: int, *, clock: Clock) -> bool:
    """Write down that a person looks at a client; whether it was written. Blocks: for a thread.

    A database that is busy or can only be read is left as it is, and the next look tries again.
    """
    key, now = (database.path, client_id), time.monotonic()
    before = _looked.get(key)
    if before is not None and now - before < AGAIN_S:
        return False
    _looked[key] = now
    try:
        return note(database, "view", "client", client_id, clock=clock)
    except DatabaseProblem:
        _looked.pop(key, None)
        return False
