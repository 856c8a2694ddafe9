"""gcal_sync, the client of a home automation system, against the emulator: its own full and incremental sync."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import aiohttp
from gcal_sync.api import CalendarEventStoreService, GoogleCalendarService, ListEventsRequest
from gcal_sync.auth import AbstractAuth
from gcal_sync.model import DateOrDatetime, Event
from gcal_sync.sync import CalendarEventSyncManager

from tests.google.crosscheck.conformance import timed
from tests.google.crosscheck.served import EMAIL, Served


class Auth(AbstractAuth):  # type: ignore[misc]  # the main environment does not have it
    """A fixed access token."""

    def __init__(self, session: aiohttp.ClientSession, served: Served) -> None:
        super().__init__(session, f"{served.base}/calendar/v3")
        self._token = served.token

    async def async_get_access_token(self) -> str:
        return self._token


async def sync(served: Served) -> str:
    """A full sync, then a split, a deleted instance and a deleted event in between to the next."""
    status, made = served.call("POST", ["calendars"], {"summary": "Household", "timeZone": "Europe/Berlin"})
    assert status == 200
    own = made["id"]
    path = ["calendars", own, "events"]
    rule = ["RRULE:FREQ=WEEKLY;COUNT=6"]
    for body in (timed("2026-03-02", id="series0", summary="w", recurrence=rule), timed("2026-03-03", id="single")):
        assert served.call("POST", path, body)[0] == 200
    async with aiohttp.ClientSession() as session:
        service = GoogleCalendarService(Auth(session, served))
        calendars = await service.async_list_calendars()
        assert {EMAIL, own} <= {calendar.id for calendar in calendars.items}
        manager = CalendarEventSyncManager(service, own)
        await manager.run()
        view = manager.store_service
        before = await starts(view)
        assert len(before) == 7, before
        served.ui("delete", calendar=own, event="series0_20260309T080000Z", scope="this")
        served.ui("move_time", calendar=own, event="series0_20260330T070000Z", scope="following", by_minutes=60)
        served.ui("delete", calendar=own, event="single")
        await manager.run()
        expected = [(2, 8), (16, 8), (23, 8), (30, 8)]
        found = await starts(view)
        assert [(start.day, start.hour) for start in found[:4]] == expected, found
        assert len(found) == 5
        times = {name: DateOrDatetime(date_time=datetime(2026, 3, 4, hour, tzinfo=UTC)) for name, hour in TIMES}
        await service.async_create_event(own, Event(summary="made here", **times))
        listed = [
            event
            async for page in await service.async_list_events(
                ListEventsRequest(calendar_id=own, start_time=datetime(2026, 3, 1, tzinfo=UTC))
            )
            for event in page.items
        ]
        assert [event.summary for event in listed if event.start.value.day == 4] == ["made here"]
    return "calendar list, full and incremental sync, expansion, insert"


TIMES = (("start", 9), ("end", 10))


async def starts(view: CalendarEventStoreService) -> list[datetime]:
    """The starts its own expansion gives."""
    timeline = await view.async_get_timeline()
    window = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    found = (event.start.value for event in timeline.overlapping(*window))
    return [start.astimezone(UTC) for start in found if isinstance(start, datetime)]


def run(served: Served) -> str:
    """Check everything; what was covered, in words."""
    return asyncio.run(sync(served))
