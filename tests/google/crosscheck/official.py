"""Google's own Python client against the emulator, over plain http."""

from __future__ import annotations

from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from tests.google.crosscheck.conformance import timed
from tests.google.crosscheck.served import EMAIL, Served


def run(served: Served) -> str:
    """Everything a client does all day; what was covered, in words."""
    endpoint = {"api_endpoint": f"{served.base}/calendar/v3/"}
    credentials = Credentials(served.token)  # type: ignore[no-untyped-call]
    service: Any = build("calendar", "v3", credentials=credentials, client_options=endpoint, static_discovery=True)
    made = service.calendars().insert(body={"summary": "Official", "timeZone": "Europe/Berlin"}).execute()
    own, events = made["id"], service.events()
    for day in range(2, 9):
        events.insert(calendarId=own, body=timed(f"2026-03-0{day}", id=f"date0{day}")).execute()
    rows, token = walk(events, calendarId=own, maxResults=3, showDeleted=True)
    assert {row["id"] for row in rows} == {f"date0{day}" for day in range(2, 9)}
    first = events.get(calendarId=own, eventId="date02").execute()
    patch = events.patch(calendarId=own, eventId="date02", body={"summary": "one"})
    patch.headers["If-Match"] = first["etag"]
    assert patch.execute()["summary"] == "one"
    again = events.patch(calendarId=own, eventId="date02", body={"summary": "two"})
    again.headers["If-Match"] = first["etag"]
    assert refusal(again) == 412
    events.delete(calendarId=own, eventId="date03").execute()
    assert refusal(events.delete(calendarId=own, eventId="date03")) == 410
    delta, token = walk(events, calendarId=own, syncToken=token, showDeleted=True)
    assert {row["id"]: row["status"] for row in delta} == {"date02": "confirmed", "date03": "cancelled"}
    assert refusal(events.list(calendarId=EMAIL, syncToken=token, showDeleted=True)) == 400
    weekly = timed("2026-03-02", id="series0", recurrence=["RRULE:FREQ=WEEKLY;COUNT=12"])
    events.insert(calendarId=own, body=weekly).execute()
    found: list[Any] = []
    request = events.instances(calendarId=own, eventId="series0", maxResults=5)
    while request is not None:
        answer = request.execute()
        found += answer["items"]
        request = events.instances_next(request, answer)
    assert [row["id"] for row in found[3:5]] == ["series0_20260323T080000Z", "series0_20260330T070000Z"]
    assert len(found) == 12
    entries = service.calendarList().list().execute()["items"]
    assert {EMAIL, own} <= {entry["id"] for entry in entries}
    service.calendars().delete(calendarId=own).execute()
    assert refusal(events.list(calendarId=own)) == 404
    return "insert, list, patch with If-Match, delete, delta, instances, calendars"


def walk(events: Any, **query: Any) -> tuple[list[Any], str]:
    """All pages of a list by the client's own paging."""
    rows: list[Any] = []
    request = events.list(**query)
    while True:
        answer = request.execute()
        rows += answer["items"]
        following = events.list_next(request, answer)
        if following is None:
            return rows, str(answer["nextSyncToken"])
        request = following


def refusal(request: Any) -> int:
    """The status a request is refused with."""
    try:
        request.execute()
    except HttpError as error:
        return int(error.resp.status)
    raise AssertionError("not refused")
