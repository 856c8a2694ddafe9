"""`python -m tests.faults.writing DATABASE COUNT`: changes a calendar, and says of each that it is done.

After each change a line goes to the file `acknowledged` beside the database: a digest of what the calendar
holds then. Now and then everything is closed, as at the end of a program. The key comes by `COUCHCAL_KEY_FILE`.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from couchcal.practice import appointments
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.opening import open_database
from couchcal.store.connection import Database
from tests.faults.home import state

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLOSED_EVERY = 7


def digest(database: Database) -> str:
    """What the calendar holds, as one word."""
    return sha256(repr(sorted(state(database).items())).encode()).hexdigest()


def change(database: Database, number: int) -> None:
    """One change: a booking, a series, a move, or a cancellation."""
    start = NOW + timedelta(hours=number)
    if number % 4 == 2:
        appointments.reschedule(database, number // 2 + 1, start, start + timedelta(minutes=30), clock=lambda: NOW)
    elif number % 4 == 3:
        appointments.cancel(database, number // 2, "other", clock=lambda: NOW)
    else:
        draft = Draft("other_event", start, start + timedelta(minutes=30), "UTC", title=f"n{number}")
        repeat = Repeat("weekly") if number % 8 == 1 else None
        appointments.book(database, draft, repeat=repeat, clock=lambda: NOW)


def main() -> None:
    """So many changes."""
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    told = os.open(path.with_name("acknowledged"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    database = open_database(path)
    os.write(told, f"{digest(database)}\n".encode())
    for number in range(count):
        change(database, number)
        os.write(told, f"{digest(database)}\n".encode())
        if number % CLOSED_EVERY == CLOSED_EVERY - 1:
            database.dispose()
    database.dispose()


if __name__ == "__main__":
    main()
