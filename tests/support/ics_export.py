"""A practice with one client to export from, and the shortest way to fill it. All names are invented."""

from __future__ import annotations

import io
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from couchcal.ics.writer import export
from couchcal.practice import appointments, client_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.scheduling.wallclock import to_instant, zone
from couchcal.store.connection import Database
from tests.support.practice import make_practice

NEW_YORK = "America/New_York"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def clock() -> datetime:
    return NOW


def practice_of_one(directory: Path) -> Database:
    """A practice with the client Jane Doe, C-0001, id 1."""
    database = make_practice(directory, tz=NEW_YORK)
    client_changes.add(database, "Jane Doe", email="jane@example.com", clock=clock)
    return database


def exported(database: Database, **options: Any) -> bytes:
    """The bytes of an export."""
    out = io.BytesIO()
    export(database, out, **options)
    return out.getvalue()


def at(
    month: int, day: int, hour: int, minute: int = 0, *, year: int = 2026, fold: int = 0, tz: str = NEW_YORK
) -> datetime:
    """An instant on a wall clock."""
    return to_instant(datetime(year, month, day, hour, minute), zone(tz), fold=fold)  # noqa: DTZ001  wall clock


def session(
    database: Database,
    start: datetime,
    *,
    minutes: int = 50,
    repeat: Repeat | None = None,
    tz: str = NEW_YORK,
    **fields: Any,
) -> int:
    """Book a session of Jane Doe; its id."""
    draft = Draft(
        "client_session", start, start + timedelta(minutes=minutes), tz, client_id=1, service="90837", **fields
    )
    done = appointments.book(database, draft, repeat=repeat, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def event(database: Database, title: str, start: datetime, end: datetime, **fields: Any) -> int:
    """Book an event; its id."""
    draft = Draft("other_event", start, end, NEW_YORK, title=title, **fields)
    done = appointments.book(database, draft, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def row_of(database: Database, key: str) -> int:
    """The id of the occurrence of the only series, or of the newest, with a key."""
    with closing(database.connect()) as connection:
        found = connection.execute(
            "SELECT id FROM appointment WHERE series_key = ? ORDER BY series_id DESC", (key,)
        ).fetchone()
    return int(found[0])


def lines(data: bytes) -> list[str]:
    """Unfolded content lines."""
    return data.decode().replace("\r\n ", "").split("\r\n")
