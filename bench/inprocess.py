"""Functions of the kernel and of the practice, in this process."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.measure import least
from bench.table import Table

_NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def measure(table: Table, work: Path) -> None:
    """Recurrence, and series and clients in a database."""
    _recurrence(table)
    _series(table, work)
    _clients(table, work)


def _recurrence(table: Table) -> None:
    from couchcal.scheduling.recurrence import parse_rule, starts

    chance = random.Random(1)  # noqa: S311  no secret
    begin, finish = datetime(2026, 1, 1), datetime(2027, 1, 1)  # noqa: DTZ001  wall clock
    weekly = [
        (parse_rule("FREQ=WEEKLY"), begin - timedelta(days=chance.randrange(2000), hours=chance.randrange(10)))
        for _ in range(100)
    ]
    year = least(lambda: [starts(rule, dtstart, begin, finish) for rule, dtstart in weekly])
    table.limit("expand 100 weekly series over a year", year * 1000, 15, "ms")
    old = datetime(1970, 1, 1, 9)  # noqa: DTZ001  wall clock
    week = begin + timedelta(days=60), begin + timedelta(days=67)
    rules = [
        parse_rule(text)
        for text in (
            "FREQ=DAILY",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE,FR",
            "FREQ=MONTHLY;BYDAY=2TU",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=2",
            "FREQ=DAILY;COUNT=1000000",
        )
    ]
    worst = max(least(partial(starts, rule, old, *week), 20) for rule in rules)
    table.limit("one old rule over a week, the slowest of six", worst * 1000, 1, "ms")


def _series(table: Table, work: Path) -> None:
    from couchcal.practice import agenda, appointments, client_changes, series, undo
    from couchcal.practice.cadence import Repeat
    from couchcal.practice.draft import Draft
    from couchcal.practice.opening import create_practice
    from couchcal.scheduling.wallclock import zone

    database = create_practice(work / "series.db", tz="America/New_York", encrypt=False).database
    client = client_changes.add(database, "Jane Doe")

    def clock() -> datetime:
        return _NOW

    def draft() -> Draft:
        return Draft(
            kind="client_session", start=_NOW + timedelta(days=1), end=_NOW + timedelta(days=1, minutes=50),
            tz="America/New_York", client_id=client.id, service="90837", location_id=1,
        )  # fmt: skip

    made = []

    def book() -> None:
        made.append(appointments.book(database, draft(), repeat=Repeat("weekly"), clock=clock))

    table.limit("new open-ended weekly series", least(book) * 1000, 50, "ms")
    for _ in made[1:]:
        undo.undo(database, clock=clock)
    series.extend_all(database, _NOW, _NOW + timedelta(days=365), clock=clock)
    first = made[0].appointment_id or 0
    best = float("inf")
    for hour in range(1, 6):
        start = draft().start + timedelta(hours=hour)
        finish = start + timedelta(minutes=50)
        move = partial(appointments.reschedule, database, first, start, finish, scope="future", clock=clock)
        best = min(best, least(move, 1))
    table.limit("this and future over 52 rows", best * 1000, 50, "ms")
    connection = database.connect()
    tz = zone("America/New_York")
    read = least(lambda: agenda.between(connection, _NOW, _NOW + timedelta(days=7), tz), 20)
    table.fact("agenda.between, a week", f"{read * 1000:.2f} ms")


def _clients(table: Table, work: Path) -> None:
    from couchcal.practice import appointments, client_changes, client_merge, client_reject, undo
    from couchcal.practice.draft import Draft
    from couchcal.practice.opening import create_practice

    database = create_practice(work / "clients.db", tz="America/New_York", encrypt=False).database
    visitor, known = (client_changes.add(database, name) for name in ("Jane Doe", "Jane Dow"))

    def clock() -> datetime:
        return _NOW

    for number in range(1_000):
        start = _NOW - timedelta(hours=7 * number)
        draft = Draft(
            kind="client_session", start=start, end=start + timedelta(minutes=50), tz="America/New_York",
            client_id=visitor.id, service="90837", location_id=1,
        )  # fmt: skip
        appointments.book(database, draft, clock=clock)
    connection = database.connect()
    connection.execute("UPDATE client SET state = 'intake' WHERE id = ?", (visitor.id,))
    connection.close()
    for what, bar, change in (
        ("merging a client with 1,000 sessions", 200, partial(client_merge.merge, into_id=known.id)),
        ("rejecting a client with 1,000 sessions", 300, client_reject.reject),
    ):
        best = float("inf")
        for _ in range(5):
            best = min(best, least(partial(change, database, client_id=visitor.id, clock=clock), 1))
            undo.undo(database, clock=clock)
        table.limit(what, best * 1000, bar, "ms")
