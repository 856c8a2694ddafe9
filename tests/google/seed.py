"""What lives in real accounts and surprises clients: odd ids, a calendar of holidays, awkward zones."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.google import series
from tests.google.accounts import list_calendar, new_calendar, share
from tests.google.model import Calendar, EventRow, Json, When
from tests.google.recurrence import split_id, to_instant
from tests.google.splitting import truncated
from tests.google.ui_change import with_rules
from tests.google.ui_import import id_of_uid

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

HOLIDAYS = "en.german#holiday@group.v.calendar.google.com"
HOLIDAY_OWNER = "holidays@calendar.google.com"
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Auckland")
_DAYS = (("New Year's Day", "2026-01-01"), ("Labour Day", "2026-05-01"), ("Christmas Day", "2026-12-25"))
_CALDAV_UID = "3E9A4C1B-6D1F-4B8E-9C55-0A7F2D6E1B90"


def odd_account(emulator: Emulator, email: str) -> Json:
    """Fill an account with what is found in the wild: the calendars' ids, and the events' by what is odd."""
    with emulator.lock:
        secondary = new_calendar(emulator.world, emulator.world.users[email], None, "Practice", "Europe/Berlin")
        events = odd_events(emulator, secondary)
        return {"secondary": secondary.id, "holidays": holidays(emulator, email).id, "events": events}


def holidays(emulator: Emulator, email: str) -> Calendar:
    """The calendar of public holidays, whose id has a `#`; the person may only read it."""
    world = emulator.world
    if HOLIDAY_OWNER not in world.users:
        emulator.add_user(HOLIDAY_OWNER)
    calendar = world.calendars.get(HOLIDAYS)
    if calendar is None:
        calendar = new_calendar(world, world.users[HOLIDAY_OWNER], HOLIDAYS, "Holidays in Germany", "Europe/Berlin")
        rows = []
        for name, day in _DAYS:
            after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
            row = _event(f"{day.replace('-', '')}_{world.new_id(26)}", When(day=day), When(day=after), name)
            rows.append(row)
        world.write(calendar, rows)
    share(world, calendar, email, "reader")
    list_calendar(world, world.users[email], calendar)
    return calendar


def odd_events(emulator: Emulator, calendar: Calendar) -> Json:
    """Events with every kind of id, and a weekly series in each awkward zone; their ids by what they are."""
    world = emulator.world
    plain = _timed(world.new_id(), "2026-03-03T10:00", "Europe/Berlin", "Plain")
    caldav = _timed(id_of_uid(_CALDAV_UID), "2026-03-04T10:00", "Europe/Berlin", "From a phone")
    caldav = dataclasses.replace(caldav, uid=_CALDAV_UID, family=caldav.id)
    whole = with_rules(
        _timed(world.new_id(), "2025-03-24T07:30", "America/Chicago", "Split"), ("RRULE:FREQ=DAILY",)
    )
    split = to_instant(datetime.fromisoformat("2025-03-27T07:30"), "America/Chicago")
    anchor = series.anchor(calendar, whole)
    rest = series.virtual(calendar, whole, split)
    id_ = split_id(whole.id, split, all_day=False)
    later = with_rules(dataclasses.replace(rest, id=id_, uid=f"{id_}@google.com", original=None), whole.recurrence)
    whole = dataclasses.replace(whole, recurrence=tuple(truncated(whole.recurrence, anchor, split)))
    tuesday = to_instant(datetime.fromisoformat("2025-04-01T07:30"), "America/Chicago")
    gone = series.cancelled(series.virtual(calendar, later, tuesday))
    weekly = [
        with_rules(_timed(world.new_id(), "2026-03-02T09:00", zone, zone), ("RRULE:FREQ=WEEKLY",)) for zone in ZONES
    ]
    world.write(calendar, [plain, caldav, whole, later, *weekly])
    world.write(calendar, [gone])
    return {
        "plain": plain.id,
        "caldav": caldav.id,
        "split": whole.id,
        "rest": later.id,
        "cancelled_instance": gone.id,
        "weekly": {row.start.zone: row.id for row in weekly},
    }


def _event(id_: str, start: When, end: When, summary: str) -> EventRow:
    return EventRow(id_, "single", start, end, f"{id_}@google.com", id_, fields={"summary": summary})


def _timed(id_: str, wall: str, zone: str, summary: str) -> EventRow:
    start = int(to_instant(datetime.fromisoformat(wall), zone).timestamp())
    return _event(id_, When(instant=start, zone=zone), When(instant=start + 3000, zone=zone), summary)
