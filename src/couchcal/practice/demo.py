"""A believable practice of invented people around today, for `couchcal demo`, screenshots and trials.

The same on every run for the same day: clients, weekly and biweekly series with eight weeks behind them, a
group, contacts, events, every kind of cancellation, notes, bills and claims, one overlap in the present week,
two requests, time off and hours. Undo has nothing to take back in it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from random import Random
from uuid import UUID

from sqlmodel import Session, col, select

from couchcal.clock import Clock, system_clock
from couchcal.practice import appointments, clients, demo_lists
from couchcal.practice.cadence import Repeat
from couchcal.practice.demo_week import CANCELLED, CLIENTS, SLOTS, Slot
from couchcal.practice.draft import Draft
from couchcal.practice.opening import create_practice
from couchcal.scheduling.wallclock import to_instant, to_local, zone
from couchcal.store.connection import Database
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, AvailabilityBlock, BookingRequest, Client, Location, TimeOff
from couchcal.store.session import read_session, write_session

NAME = "Quiet Room Practice"
ACTOR = "demo"
WEEKS_BEHIND = 8
_SEED = 1917

_LUNCH = time(12)
_REQUEST_TIME = time(16, 10)
_REQUEST_DAYS = (0, 1, 3)
"""Weekdays on which that time is free."""


def build(path: Path, *, tz: str, clock: Clock = system_clock) -> Database:
    """The practice at `path`, not encrypted, in the zone `tz`.

    Raises:
        DatabaseProblem: there is a database already.
    """
    database = create_practice(path, name=NAME, tz=tz, encrypt=False, clock=clock).database
    _Builder(database, tz, clock).build()
    return database


class _Builder:
    """One run: `monday` is the first day of the present week, `first` that of the oldest one."""

    def __init__(self, database: Database, tz: str, clock: Clock) -> None:
        self.database, self.clock = database, clock
        self.tz_name = tz
        self.tz: tzinfo = zone(tz)
        self.today = to_local(clock(), self.tz).date()
        self.monday = self.today - timedelta(days=self.today.weekday())
        self.first = self.monday - timedelta(weeks=WEEKS_BEHIND)
        self.random = Random(_SEED)  # noqa: S311  sample data
        self.people: list[int] = []
        self.office = self.telehealth = 0

    def build(self) -> None:
        """Everything, in the order in which it would have come about."""
        with write_session(self.database, "Sample clients", actor=ACTOR, clock=self.clock) as session:
            self._clients_and_hours(session)
            demo_lists.fill(session, self.people)
        for slot in SLOTS:
            self._series(slot)
        self._events()
        self._contacts()
        self._overlap()
        with write_session(self.database, "Sample records", actor=ACTOR, clock=self.clock) as session:
            self._records(session)
            self._requests(session)
        self._cancellations()

    def at(self, day: date, clock_time: time) -> datetime:
        """The instant of a wall-clock time of the practice."""
        return to_instant(datetime.combine(day, clock_time), self.tz)

    def _clients_and_hours(self, session: JournalSession) -> None:
        for number, name in enumerate(CLIENTS, start=1):
            first, last = clients.split_name(name)
            client = Client(
                internal_id=f"C-{number:04d}", first=first, last=last,
                email=f"{first.lower()}@example.org" if number % 3 else "", phone=f"555-01{number:02d}",
                remind_phone=number % 3 == 0, state="intake" if number == len(CLIENTS) else "active",
            )  # fmt: skip
            session.add(client)
            session.flush()
            self.people.append(client.id or 0)
        session.add_all(
            AvailabilityBlock(weekday=weekday, start_time=start, end_time=end)
            for weekday in range(5)
            for start, end in ((time(9), time(12)), (time(13), time(17)))
        )
        away = datetime.combine(self.monday + timedelta(weeks=3), time(), UTC)
        session.add(TimeOff(start_utc=away, end_utc=away + timedelta(days=5), tz=self.tz_name, reason="Holiday"))
        friday = self.monday + timedelta(days=4)
        session.add(
            TimeOff(
                start_utc=self.at(friday, time(14)), end_utc=self.at(friday, time(17)), all_day=False,
                tz=self.tz_name, reason="Dentist",
            )
        )  # fmt: skip
        places = session.exec(select(Location).order_by(col(Location.is_default).desc(), col(Location.id))).all()
        self.office = next(place.id or 0 for place in places if place.pos not in ("02", "10"))
        self.telehealth = next(place.id or 0 for place in places if place.pos in ("02", "10"))

    def _book(self, draft: Draft, repeat: Repeat | None = None) -> int:
        done = appointments.book(self.database, draft, repeat=repeat, actor=ACTOR, clock=self.clock)
        return done.appointment_id or 0

    def _series(self, slot: Slot) -> None:
        start = self.at(self.first + timedelta(weeks=slot.shift, days=slot.weekday), slot.start)
        self._book(
            Draft(
                "client_session", start, start + timedelta(minutes=slot.minutes), self.tz_name,
                client_id=self.people[slot.client], service=slot.service, group_key=slot.group,
                location_id=self.telehealth if slot.telehealth else self.office,
            ),
            Repeat("weekly", slot.weeks),
        )  # fmt: skip

    def _events(self) -> None:
        lunch = self.at(self.first, _LUNCH)
        event = Draft("other_event", lunch, lunch + timedelta(minutes=45), self.tz_name, title="Lunch")
        for weekday in range(5):
            event.start = self.at(self.first + timedelta(days=weekday), _LUNCH)
            event.end = event.start + timedelta(minutes=45)
            self._book(event, Repeat("weekly"))
        meeting = self.at(self.first + timedelta(days=3), time(13))
        self._book(
            Draft(
                "other_event", meeting, meeting + timedelta(minutes=45), self.tz_name, title="Staff meeting",
                place="Room 2",
            ),
            Repeat("weekly", 2),
        )  # fmt: skip
        friday = datetime.combine(self.monday + timedelta(days=4), time(), UTC)
        self._book(
            Draft(
                "other_event", friday, friday + timedelta(days=2), "UTC", all_day=True, busy=False,
                title="Spring conference", place="Town hall",
            )
        )  # fmt: skip

    def _contacts(self) -> None:
        call = self.at(self.monday + timedelta(days=1), time(11))
        self._book(
            Draft(
                "client_contact", call, call + timedelta(minutes=15), self.tz_name, client_id=self.people[2],
                medium="phone", instructions="About the next steps",
            )
        )  # fmt: skip
        school = self.at(self.monday + timedelta(days=2), time(11))
        self._book(
            Draft(
                "collateral_contact", school, school + timedelta(minutes=30), self.tz_name,
                client_id=self.people[8], collateral_role="parent_or_guardian", collateral_name="Magnolia Moss",
            )
        )  # fmt: skip

    def _overlap(self) -> None:
        start = self.at(self.monday + timedelta(days=3), time(14, 30))
        self._book(
            Draft(
                "client_session", start, start + timedelta(minutes=60), self.tz_name, client_id=self.people[24],
                service="90791", location_id=self.office,
            )
        )  # fmt: skip

    def _records(self, session: JournalSession) -> None:
        """Notes, bills and claims of what is over: the older, the further they went."""
        for row in self._sessions(session, before=self.clock()):
            age = self.clock() - row.end_utc
            row.note_signed_at = row.end_utc + timedelta(hours=2)
            if age > timedelta(weeks=3):
                row.billing_status, row.claim_status = "paid", "processed"
            elif age > timedelta(weeks=1):
                row.billing_status = "started"
                row.claim_status = self.random.choice(("submitted", "submitted", "none"))
            elif self.random.random() < 0.25:
                row.note_signed_at = None

    def _sessions(self, session: Session, *, before: datetime) -> list[Appointment]:
        statement = (
            select(Appointment)
            .where(Appointment.kind == "client_session", col(Appointment.end_utc) <= before)
            .order_by(col(Appointment.start_utc), col(Appointment.id))
        )
        return list(session.exec(statement))

    def _requests(self, session: JournalSession) -> None:
        day = self.today
        for number, client in enumerate((9, 21)):
            day += timedelta(days=1)
            while day.weekday() not in _REQUEST_DAYS:
                day += timedelta(days=1)
            start = self.at(day, _REQUEST_TIME)
            session.add(
                BookingRequest(
                    uid=f"{UUID(int=_SEED + number)}@couchcal", client_id=self.people[client], service="90834",
                    start_utc=start, end_utc=start + timedelta(minutes=45), client_tz=self.tz_name,
                    location_id=self.telehealth, visit_type="telehealth", idempotency_key=f"demo-{number}",
                    message="Could we meet a second time this week?",
                )
            )  # fmt: skip

    def _cancellations(self) -> None:
        """One of each type: last week, the session that was over last, this Friday, next week."""
        day_of = {
            "late_cancel": (1, self.monday - timedelta(days=7)),
            "other": (21, self.monday + timedelta(days=4)),
            "therapist_cancel": (11, self.monday + timedelta(days=9)),
        }
        found = {kind: self._session_on(client, day) for kind, (client, day) in day_of.items()}
        found["no_show"] = self._latest_session(set(found.values()))
        for kind, appointment_id in found.items():
            reason, fee = CANCELLED[kind]
            self._unclaim(appointment_id)
            appointments.cancel(
                self.database, appointment_id, kind, reason=reason, fee_cents=fee, actor=ACTOR, clock=self.clock
            )

    def _session_on(self, client: int, day: date) -> int:
        with read_session(self.database) as session:
            statement = select(Appointment.id).where(
                Appointment.client_id == self.people[client],
                col(Appointment.start_utc) >= self.at(day, time()),
                col(Appointment.start_utc) < self.at(day + timedelta(days=1), time()),
            )
            return session.exec(statement).one() or 0

    def _latest_session(self, taken: set[int]) -> int:
        with read_session(self.database) as session:
            over = (row for row in reversed(self._sessions(session, before=self.clock())) if row.group_key is None)
            return next(row.id or 0 for row in over if row.id not in taken)

    def _unclaim(self, appointment_id: int) -> None:
        """A missed session has neither note nor bill nor claim."""
        with write_session(self.database, "Sample records", actor=ACTOR, clock=self.clock) as session:
            row = session.get(Appointment, appointment_id)
            if row is not None and row.note_signed_at is not None:
                row.note_signed_at, row.billing_status, row.claim_status = None, "none", "none"
