"""A small practice with one of everything, in the week of Monday 2 March 2026. All names are invented."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from couchcal.clock import Clock
from couchcal.practice import appointments, client_changes, marks
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.opening import create_practice
from couchcal.scheduling.wallclock import to_instant, zone
from couchcal.store.connection import Database
from couchcal.store.records import AvailabilityBlock, BookingRequest, TimeOff
from couchcal.store.session import write_session

ZONE = "America/New_York"
NOW = datetime(2026, 3, 3, 15, 42, tzinfo=UTC)
"""Tuesday 3 March 2026, 10:42 in New York."""


def clock() -> datetime:
    """The moment at which the demo practice stands still."""
    return NOW


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """An instant of 2026 on the wall clock of `ZONE`."""
    return to_instant(datetime.combine(date(2026, month, day), time(hour, minute)), zone(ZONE))


def empty_practice(path: Path, now: Clock = clock) -> Database:
    """A practice without clients or appointments, not encrypted."""
    return create_practice(path, name="Quiet Rooms", tz=ZONE, encrypt=False, clock=now).database


def session(
    database: Database,
    client_id: int,
    start: datetime,
    *,
    service: str = "90837",
    minutes: int = 50,
    repeat: Repeat | None = None,
    location_id: int | None = None,
) -> int:
    """Book a client session; its id."""
    draft = Draft(
        "client_session", start, start + timedelta(minutes=minutes), ZONE, client_id=client_id, service=service,
        location_id=location_id,
    )  # fmt: skip
    done = appointments.book(database, draft, repeat=repeat, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def event(
    database: Database, title: str, start: datetime, minutes: int = 60, *, all_day_until: datetime | None = None
) -> int:
    """Book an other event; its id. With `all_day_until` both are UTC midnights."""
    end = all_day_until or start + timedelta(minutes=minutes)
    draft = Draft(
        "other_event", start, end, ZONE, title=title, all_day=all_day_until is not None, busy=all_day_until is None
    )
    done = appointments.book(database, draft, clock=clock)
    assert done.appointment_id is not None
    return done.appointment_id


def demo_practice(path: Path) -> Database:
    """Clients, series, an overlap, a cancellation, a lock, a request, time off, an all-day event, hours."""
    database = empty_practice(path)
    people = {
        name: client_changes.add(database, name, clock=clock).id
        for name in ("Jane Doe", "Omar Khan", "Bob Reed", "Maria Silva", "Lena Fox", "Tom Ash")
    }
    connection = database.connect()
    places = dict(connection.execute("SELECT name, id FROM location").fetchall())
    connection.close()
    office, tele = next(iter(places.values())), list(places.values())[-1]
    weekly = Repeat("weekly")
    session(database, people["Jane Doe"], at(2, 9), repeat=weekly, location_id=office)
    session(database, people["Omar Khan"], at(3, 9), service="90834", minutes=45, repeat=weekly, location_id=tele)
    session(database, people["Bob Reed"], at(2, 10, 30), service="90834", minutes=45, repeat=weekly)
    session(database, people["Maria Silva"], at(5, 10), repeat=weekly, location_id=office)
    session(database, people["Lena Fox"], at(4, 10), service="90791", minutes=60, location_id=office)
    session(database, people["Bob Reed"], at(4, 10, 30), service="90834", minutes=45)
    session(database, people["Tom Ash"], at(3, 13), minutes=60)
    session(database, people["Lena Fox"], at(3, 14), minutes=60)
    missed = session(database, people["Tom Ash"], at(2, 14), service="90834", minutes=45)
    appointments.cancel(database, missed, "no_show", fee_cents=7500, clock=clock)
    claimed = session(database, people["Maria Silva"], at(2, 15, 30), location_id=office)
    for step in ("note-signed", "billing-started", "claim-submitted"):
        marks.mark(database, claimed, step, clock=clock)
    event(database, "Staff meeting", at(6, 9, 30), 90)
    event(database, "Supervision", at(4, 15), 50)
    event(
        database, "Conference", datetime(2026, 3, 5, tzinfo=UTC),
        all_day_until=datetime(2026, 3, 7, tzinfo=UTC),
    )  # fmt: skip
    call = Draft("client_contact", at(5, 13), at(5, 13, 20), ZONE, client_id=people["Jane Doe"], medium="phone")
    appointments.book(database, call, clock=clock)
    with write_session(database, "Set the hours", clock=clock) as store:
        store.add_all(AvailabilityBlock(weekday=day, start_time=time(9), end_time=time(17)) for day in range(5))
        store.add(
            BookingRequest(
                uid="request-1", client_id=people["Omar Khan"], service="90834", start_utc=at(4, 12),
                end_utc=at(4, 12, 45), client_tz=ZONE, idempotency_key="one",
            )
        )  # fmt: skip
        store.add(TimeOff(start_utc=at(6, 14), end_utc=at(6, 17), all_day=False, tz=ZONE, reason="dentist"))
    return database
