"""Answers of Google, or of what stands between: read, merged and answered to, cycle after cycle."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Hashable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from google.oauth2.credentials import Credentials
from requests.adapters import BaseAdapter

from couchcal.practice import client_changes
from couchcal.store.connection import Database
from couchcal.sync import review
from couchcal.sync.engine import Engine
from couchcal.sync.google.client import GoogleRemote
from tests.fuzz.target import PART, Run, Target
from tests.fuzz.targets.tried import Tried, at_rest, shown
from tests.support.demo import NOW, ZONE, at, clock, session
from tests.support.practice import make_practice
from tests.sync.desk import Now, QuickWaiter, connect_account

_EVENT = re.compile(r"/calendars/([^/]+)/events/([^/]+)")
_LIST = re.compile(r"/calendars/([^/]+)/events")
_STATUS = re.compile(rb"HTTP (\d{3}) ")
ANSWERS = (b"HTTP 410 ", b"HTTP 429 ", b"HTTP 401 ", b"HTTP 412 ", PART, b"@", b"null")
WORDS = (
    b"RRULE:FREQ=DAILY;INTERVAL=0", b"RRULE:FREQ=SECONDLY", b"RRULE:FREQ=YEARLY;BYDAY=-53SU;BYSETPOS=9",
    b"EXRULE:FREQ=DAILY", b"RDATE;VALUE=DATE:99991231,00010101", b"EXDATE:20260309T090000Z", b"_R20260304T140000",
    b"_20260304T140000Z", b"_99991231", b'"status":"cancelled"', b'"date":"9999-12-30"',
    b'"dateTime":"0001-01-02T00:00:00Z"',
    b'"timeZone":"Etc/GMT+25"', b'"timeZone":"America"', b"+23:59", b"-00:00:01", b"2026-W10-2", b"20260303",
    b"\\ud800",
)  # fmt: skip
OURS, THEIRS = "ours@group.calendar.google.com", "me@example.org"


class Scripted(BaseAdapter):
    """Lists are what the input says, in its order; everything else is answered as Google would, unless a part of
    the input is marked `@` and is the answer to it."""

    def __init__(self, parts: list[bytes]) -> None:
        super().__init__()
        self._lists = [part for part in parts if not part.startswith(b"@")]
        self._others = [part[1:] for part in parts if part.startswith(b"@")]
        self._made: dict[str, dict[str, Any]] = {}
        self.asked = 0

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        self.asked += 1
        assert self.asked < 3_000, "requests without end"
        path = unquote(urlsplit(str(request.url)).path)
        method = str(request.method)
        if method == "GET" and _LIST.fullmatch(path.partition("/v3")[2]):
            content = (
                self._lists.pop(0) if self._lists else b'{"kind":"calendar#events","items":[],"nextSyncToken":"t"}'
            )
        elif self._others:
            content = self._others.pop(0)
        else:
            content = self._usual(method, path, request.body)
        return _response(content, request)

    def _usual(self, method: str, path: str, body: Any) -> bytes:
        sent = json.loads(body) if body else {}
        if "calendarList" in path:
            items = [
                {"id": each, "summary": each, "accessRole": "owner", "timeZone": ZONE} for each in (OURS, THEIRS)
            ]
            return json.dumps({"kind": "calendar#calendarList", "items": items}).encode()
        if (found := _EVENT.search(path)) is None and "/events" not in path:
            return json.dumps(
                {"kind": "calendar#calendar", "id": OURS, "summary": "couchcal", "timeZone": ZONE}
            ).encode()
        if method == "DELETE":
            return b"HTTP 204 "
        name = sent.get("id") or (found[2] if found is not None else "x")
        if method == "GET" and name not in self._made:
            return b'HTTP 404 {"error":{"code":404,"errors":[{"reason":"notFound"}],"message":"Not Found"}}'
        self._made[name] = (
            self._made.get(name, {})
            | sent
            | {"kind": "calendar#event", "id": name, "etag": '"1"', "status": "confirmed"}
        )
        return json.dumps(self._made[name]).encode()

    def close(self) -> None:
        """Nothing is open."""


def _response(content: bytes, request: requests.PreparedRequest) -> requests.Response:
    made = requests.Response()
    found = _STATUS.match(content)
    made.status_code = int(found[1]) if found is not None else 200
    made.headers["Content-Type"] = "application/json"
    if made.status_code == 429:
        made.headers["Retry-After"] = content[-12:].decode("latin-1")
    made._content = content[found.end() :] if found is not None else content
    made.request, made.url = request, str(request.url)
    return made


def google() -> Target:
    """Two cycles of the sync against answers of any kind."""
    return Target(
        "google",
        _google,
        answers(_names()),
        (*WORDS, *ANSWERS),
        "json",
        16_000,
    )


def _furnished(folder: Path) -> Database:
    database = make_practice(folder / "template")
    connect_account(database)
    with closing(database.connect()) as connection:
        for number, (name, role) in enumerate(((OURS, "owned_target"), (THEIRS, "inbound")), 1):
            connection.execute(
                "INSERT INTO calendar_link (id, created_at, updated_at, version, account_id, remote_calendar_id,"
                " name, role, direction, access_role, enabled, state, last_error, time_zone)"
                " VALUES (?, 0, 0, 1, 1, ?, ?, ?, 'two_way', 'owner', true, '', '', ?)",
                (number, name, name, role, ZONE),
            )
    client = client_changes.add(database, "Jane Canary", clock=clock).id
    for day in (4, 5, 6):
        session(database, client, at(day, 15))
    _cycle(database, Scripted([]))
    return at_rest(database)


def _cycle(database: Database, adapter: Scripted) -> str:
    http = requests.Session()
    http.adapters.clear()
    http.mount("https://", adapter)
    credentials: Any = Credentials
    signed_in = credentials(
        "token", refresh_token="r", token_uri="https://x.invalid/token", client_id="c", client_secret="s"
    )
    now = Now(NOW)
    engine = Engine(
        database,
        lambda: GoogleRemote(signed_in, session=http),
        clock=now,
        waiter=QuickWaiter(now),
        rng=random.Random(7),  # noqa: S311
    )
    return engine.cycle(calendars=True).status


def _google(folder: Path) -> Run:
    tried = Tried(_furnished(folder), folder)

    def run(data: bytes) -> Hashable:
        database = tried.afresh()
        adapter = Scripted(data.split(PART))
        first, second = _cycle(database, adapter), _cycle(database, adapter)
        with closing(database.connect()) as connection:
            items = tuple(sorted({item.kind for item in review.open_items(connection)}))
            events = connection.execute("SELECT count(*) FROM external_event").fetchone()[0]
        return first, second, items, min(events, 6), min(adapter.asked, 20), shown(database)

    return run


def answers(names: Sequence[str]) -> list[bytes]:
    """Lists of both calendars: sessions that were moved or deleted, `names` their ids; events of every form."""

    def answer(*items: dict[str, Any], following: str = "t2", **more: Any) -> bytes:
        return json.dumps(
            {"kind": "calendar#events", "timeZone": ZONE, "items": list(items), "nextSyncToken": following, **more}
        ).encode()

    def timed(name: str, start: str, end: str, **more: Any) -> dict[str, Any]:
        return {
            "id": name, "status": "confirmed", "etag": '"7"', "summary": name,
            "start": {"dateTime": start, "timeZone": ZONE},
            "end": {"dateTime": end, "timeZone": ZONE}, **more,
        }  # fmt: skip

    tag = {"extendedProperties": {"private": {"couchcal": "x", "couchcal_v": "1"}}}
    moved = timed(names[0], "2026-03-03T17:00:00-05:00", "2026-03-03T17:50:00-05:00", location="Elsewhere", **tag)
    gone = {"id": names[1], "status": "cancelled", "etag": '"8"'}
    master = timed(
        "weekly",
        "2026-03-02T09:00:00-05:00",
        "2026-03-02T10:00:00-05:00",
        recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO,WE", "EXDATE;TZID=America/New_York:20260309T090000"],
    )
    exception = timed(
        "weekly_20260304T140000Z", "2026-03-04T11:00:00-05:00", "2026-03-04T12:00:00-05:00",
        recurringEventId="weekly",
        originalStartTime={"dateTime": "2026-03-04T09:00:00-05:00", "timeZone": ZONE},
    )  # fmt: skip
    away = {
        "id": "weekly_20260311T130000Z",
        "status": "cancelled",
        "recurringEventId": "weekly",
        "originalStartTime": {"dateTime": "2026-03-11T13:00:00Z"},
    }
    days = {
        "id": "days",
        "summary": "Away",
        "start": {"date": "2026-03-05"},
        "end": {"date": "2026-03-08"},
        "transparency": "transparent",
        "recurrence": ["RRULE:FREQ=YEARLY"],
    }
    guest = timed(
        "guest",
        "2026-03-06T09:00:00Z",
        "2026-03-06T09:30:00Z",
        attendees=[{"self": True, "responseStatus": "declined"}],
        eventType="focusTime",
    )
    busy = b'HTTP 403 {"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}],"message":"x"}}'
    return [
        PART.join((answer(moved, gone), answer(master, exception, away))),
        PART.join((answer(), answer(days, guest, timed("odd", "2026-03-08T02:30:00", "2026-11-01T01:30:00")))),
        PART.join(
            (
                answer(nextPageToken="p", following=""),
                answer(moved),
                answer(master),
                answer(gone),
                answer(away, exception),
            )
        ),
        PART.join(
            (
                b'HTTP 410 {"error":{"code":410,"errors":[{"reason":"fullSyncRequired"}],"message":"x"}}',
                answer(),
                answer(days),
            )
        ),
        PART.join((answer(moved), b"@" + busy, b"@" + busy, busy, b"<html>")),
        PART.join(
            (
                answer(moved | {"status": "cancelled"}),
                answer(),
                b"@" + json.dumps(moved | {"kind": "calendar#event"}).encode(),
            )
        ),
    ]


def _names() -> list[str]:
    """The ids that our sessions have there."""
    import tempfile

    with (
        tempfile.TemporaryDirectory() as name,
        closing(_furnished(Path(name)).connect()) as connection,
    ):
        return [
            row[0] for row in connection.execute("SELECT remote_event_id FROM event_map ORDER BY appointment_id")
        ]
