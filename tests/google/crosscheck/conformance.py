"""Every operation once and more: successful answers fit the discovery document, and nothing else is served."""

from __future__ import annotations

from typing import Any

from tests.google.crosscheck.schema import Discovery
from tests.google.crosscheck.served import EMAIL, Served
from tests.google.routes import PARAMETERS, STANDARD, route

BERLIN = "Europe/Berlin"
# Push channels need a public server; ownership is handed over in the administrators' console.
NOT_SERVED = ("channels.stop", "calendars.transferOwnership")


class Checked:
    """Makes calls, holds each answer against the document, and remembers which operations succeeded."""

    def __init__(self, served: Served, discovery: Discovery) -> None:
        self.served = served
        self.discovery = discovery
        self.seen: set[str] = set()
        self.bodies = 0
        self.problems: list[str] = []

    def __call__(
        self,
        operation: str,
        ids: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        **query: Any,
    ) -> Any:
        method = self.discovery.methods[operation]
        segments = [(ids or {}).get(part.strip("{}"), part) for part in method["path"].split("/")]
        status, answer = self.served.call(method["httpMethod"], segments, body, **query)
        assert 200 <= status < 300, (operation, status, answer)
        self.problems += [f"{operation}: {problem}" for problem in self.discovery.problems(operation, answer)]
        self.seen.add(operation)
        self.bodies += answer is not None
        return answer


def timed(day: str, **more: Any) -> dict[str, Any]:
    return {
        "start": {"dateTime": f"{day}T09:00:00", "timeZone": BERLIN},
        "end": {"dateTime": f"{day}T09:50:00", "timeZone": BERLIN},
        **more,
    }


def check_routes(discovery: Discovery) -> None:
    """Each operation is served under the path and method of the document, with no parameter it lacks."""
    for operation, parameters in PARAMETERS.items():
        unknown = parameters - discovery.parameters(operation)
        assert not unknown, (operation, unknown)
    assert set(discovery.document["parameters"]) <= STANDARD | {"access_token"}
    for operation, method in discovery.methods.items():
        if operation in NOT_SERVED or operation.endswith(".watch"):
            continue
        path = "/calendar/v3/" + "/".join(part.strip("{}") for part in method["path"].split("/"))
        found = route(method["httpMethod"], path)
        assert found is not None, (operation, path)
        assert found[0] == operation, (operation, found)


def check_bodies(check: Checked) -> None:
    """One life of an account: calendars, events of every kind, series with exceptions, sharing, settings."""
    own = check("calendars.insert", body={"summary": "Practice", "timeZone": BERLIN, "description": "d"})["id"]
    calendar = {"calendarId": own}
    check("calendars.get", calendar)
    check("calendars.patch", calendar, {"location": "Berlin"})
    check("calendars.update", calendar, {"summary": "Practice", "timeZone": BERLIN})
    check("calendarList.get", calendar)
    check("calendarList.patch", calendar, {"summaryOverride": "Mine", "colorId": "7"})
    check("calendarList.update", calendar, {"selected": True, "hidden": False})
    events(check, own)
    series(check, own)
    lists(check, own)
    rule = check("acl.insert", calendar, {"role": "reader", "scope": {"type": "user", "value": "bea@example.com"}})
    ids = {**calendar, "ruleId": rule["id"]}
    check("acl.get", ids)
    check("acl.patch", ids, {"role": "writer"})
    check("acl.update", ids, {"role": "writer", "scope": {"type": "user", "value": "bea@example.com"}})
    check("acl.list", calendar)
    check("acl.delete", ids)
    check("colors.get")
    check("settings.list")
    check("settings.get", {"setting": "timezone"})
    window = {"timeMin": "2026-03-01T00:00:00Z", "timeMax": "2026-04-01T00:00:00Z"}
    check("freebusy.query", body={**window, "items": [{"id": own}, {"id": "nobody@example.com"}]})
    shared = check.served.control("calendars", {"owner": "bea@example.com", "summary": "Bea's"})["id"]
    check.served.control("share", {"calendar": shared, "email": EMAIL, "role": "reader"})
    check("calendarList.delete", {"calendarId": shared})
    check("calendarList.insert", body={"id": shared})
    check("calendars.clear", {"calendarId": EMAIL})
    check("calendars.delete", calendar)


def events(check: Checked, own: str) -> None:
    """Single events and everything the web page can put into them."""
    calendar = {"calendarId": own}
    rich = {
        "summary": "s",
        "description": "d",
        "location": "l",
        "colorId": "3",
        "transparency": "transparent",
        "visibility": "private",
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]},
        "extendedProperties": {"private": {"a": "1"}, "shared": {"b": "2"}},
        "attendees": [{"email": "guest@example.com"}],
    }
    check("events.insert", calendar, timed("2026-03-03", id="rich00", **rich))
    ids = {**calendar, "eventId": "rich00"}
    check("events.get", ids)
    check("events.patch", ids, {"summary": "t"})
    check("events.update", ids, timed("2026-03-04", summary="u"))
    check("events.import", calendar, timed("2026-03-05", iCalUID="from@elsewhere"))
    quick = check("events.quickAdd", calendar, text="Lunch")
    for op, more in {
        "add_meet": {},
        "add_guest": {"guest": "guest@example.com"},
        "notes": {"html": "<b>x</b>"},
        "make_private": {},
        "color": {"label": "work"},
        "toggle_allday": {},
        "duplicate": {},
    }.items():
        check.served.ui(op, calendar=own, event=quick["id"], **more)
        check("events.get", {**calendar, "eventId": quick["id"]})
    check("events.move", {**calendar, "eventId": quick["id"]}, destination=EMAIL)
    check.served.ui("caldav_put", calendar=own, start="2026-03-06T09:00", summary="phone")
    check.served.ui("invite_from", organizer="else@example.com", start="2026-03-06T09:00", summary="invited")
    check("events.list", {"calendarId": EMAIL})
    check("events.delete", ids)
    check("events.get", ids)


def series(check: Checked, own: str) -> None:
    """A series with exceptions, cancelled instances and a split."""
    calendar = {"calendarId": own}
    check("events.insert", calendar, timed("2026-03-02", id="series0", recurrence=["RRULE:FREQ=WEEKLY;COUNT=9"]))
    check("events.instances", {**calendar, "eventId": "series0"}, maxResults=4)
    check("events.patch", {**calendar, "eventId": "series0_20260309T080000Z"}, {"summary": "other"})
    check("events.delete", {**calendar, "eventId": "series0_20260316T080000Z"})
    check("events.get", {**calendar, "eventId": "series0_20260316T080000Z"})
    following = {"calendar": own, "event": "series0_20260323T080000Z", "scope": "following"}
    check.served.ui("edit", **following, changes={"summary": "rest"})
    check("events.get", {**calendar, "eventId": "series0_20260330T070000Z"})


def lists(check: Checked, own: str) -> None:
    """Lists with all kinds of tombstones, expanded, incremental, and of calendars."""
    calendar = {"calendarId": own}
    for shape in ("full", "documented", "recorded", "bare"):
        check.served.control("config", {"tombstones": shape})
        check("events.list", calendar, showDeleted="true")
    expanded: dict[str, Any] = {"singleEvents": "true", "orderBy": "startTime", "timeZone": "Asia/Kolkata"}
    check("events.list", calendar, timeMin="2026-03-01T00:00:00Z", timeMax="2026-05-01T00:00:00Z", **expanded)
    page = check("events.list", calendar)
    while "nextPageToken" in page:
        page = check("events.list", calendar, pageToken=page["nextPageToken"])
    check("events.patch", {**calendar, "eventId": "series0"}, {"summary": "again"})
    check("events.list", calendar, syncToken=page["nextSyncToken"])
    token = check("calendarList.list")["nextSyncToken"]
    check("calendarList.list", syncToken=token)


def run(served: Served) -> str:
    """Check everything; what was covered, in words."""
    discovery = Discovery()
    check_routes(discovery)
    check = Checked(served, discovery)
    check_bodies(check)
    assert not check.problems, "\n".join(["answers outside the schema:", *check.problems])
    missing = set(PARAMETERS) - check.seen
    assert not missing, missing
    return f"{len(check.seen)} operations, {check.bodies} bodies against discovery {discovery.document['revision']}"
