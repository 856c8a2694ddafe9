"""Offering slots from a database: 60 days against 480 busy entries, and against its own read."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.measure import least
from bench.table import Table

_NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
_FIRST, _LAST = date(2026, 3, 2), date(2026, 4, 30)
_DAYS, _A_DAY = 60, 8
_ZONE = ZoneInfo("America/New_York")
_REPEATS = 30


def measure(table: Table, work: Path) -> None:
    """A practice of ten years, open every day from 8 to 20, with eight sessions a day."""
    from couchcal.practice import availability, client_changes, event_types, openings
    from couchcal.practice.availability import BlockRow
    from couchcal.practice.opening import create_practice
    from couchcal.scheduling.hours import parse_hours

    database = create_practice(work / "openings.db", tz="America/New_York", encrypt=False).database
    client_changes.add(database, "Jane Doe")
    event_types.add(database, {"title": "Session", "buffer_after": 10, "max_per_day": 20})
    hours = parse_hours("8-12, 12:30-20")
    week = {day: [BlockRow(day, start, end) for start, end in hours] for day in range(7)}
    availability.set_days(database, week)
    with closing(database.connect()) as connection:
        connection.execute("BEGIN")
        midnight = datetime(2026, 3, 2, 5, tzinfo=UTC)
        for day in range(-1800, 1800):
            for number in range(_A_DAY):
                start = int((midnight + timedelta(days=day, hours=8, minutes=80 * number)).timestamp())
                connection.execute(_INSERT, (f"u{day}.{number}", start, start + 3000))
        connection.execute("COMMIT")
        arguments = _window()
        read = least(lambda: connection.execute(openings.STATEMENT, arguments).fetchall(), _REPEATS)
        offer = partial(openings.offered, connection, 1, "telehealth", first=_FIRST, last=_LAST, now=_NOW, tz=_ZONE)
        busy = connection.execute(openings.STATEMENT, arguments).fetchall()
        if len(offer()) < _DAYS or len(busy) < _DAYS * _A_DAY:
            raise RuntimeError("the practice is not as busy as it should be")
        seconds = least(offer, _REPEATS)
        table.limit(f"slots for {_DAYS} days against {_DAYS * _A_DAY} busy entries", seconds * 1000, 10, "ms")
        table.ratio("slots for 60 days", seconds, read, 15, "the bare statement, rows fetched")
        free = partial(openings.free_starts, connection, 50, first=_FIRST, last=date.max, now=_NOW, tz=_ZONE)
        table.limit("the next free start", least(lambda: list(islice(free(), 1)), _REPEATS) * 1000, 10, "ms")


_INSERT = """
INSERT INTO appointment (created_at, updated_at, version, kind, tz, all_day, status, origin, sequence, service,
    title, place, busy, telehealth_url, instructions, collateral_name, diagnoses, remind_email, remind_text,
    remind_phone, feedback_requested, uid, client_id, start_utc, end_utc, span, overridden, billing_status,
    claim_status, event_type_id)
VALUES (0, 0, 1, 'client_session', 'America/New_York', 0, 'scheduled', 'couchcal', 0, '90834', '', '', 1, '', '',
    '', '', 1, 0, 0, 0, ?, 1, ?, ?, 0, '', 'none', 'none', 1)
"""


def _window() -> tuple[int, ...]:
    """The values of the statement, as `offered` gives them."""
    from couchcal.practice import openings
    from couchcal.scheduling.wallclock import day_bounds

    lo, hi = (int(instant.timestamp()) for instant in (day_bounds(_FIRST, _ZONE)[0], day_bounds(_LAST, _ZONE)[1]))
    return openings.statement_arguments(lo, hi, int(_NOW.timestamp()), holds=True)
