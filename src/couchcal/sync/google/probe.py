"""What Google's documentation leaves open, asked of Google itself on a calendar that is made for it and removed.

For whoever maintains the sync: the answers are the values of a simulation, and what the sync is built to come
through whatever they are. Nothing of the practice is sent or told.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from couchcal.sync.google import answers
from couchcal.sync.google.answers import Operation
from couchcal.sync.google.session import Answer, SignedInSession
from couchcal.sync.port import Forbidden, RemoteProblem, Transient
from couchcal.sync.waiter import Waiter, trying

NAME = "couchcal probe"
"""How the name of the calendar begins, so that one that was left behind is known for what it is."""
FRESH_TRIES, FRESH_S = 12, 5.0
"""How often, and after how many seconds, a calendar that is not ready yet is tried."""
LOOK_TRIES, LOOK_S = 40, 0.25
"""The same for an event that a list does not show yet."""
_LISTING = {"singleEvents": "false", "showDeleted": "true", "maxResults": "2500"}


class Point(NamedTuple):
    """One open point: the question, its answer in words, and as a value (None where it is not settled)."""

    number: int
    question: str
    answer: str
    value: str | int | None = None


class CouldNotRemove(Exception):
    """The calendar is still there: its name is the argument."""


def probe(
    http: SignedInSession, api_url: str, waiter: Waiter, *, ticks: Callable[[], float] = time.monotonic
) -> list[Point]:
    """All points, in their order. Takes some twenty requests and, with Google, some seconds.

    Raises:
        CouldNotRemove: the calendar could not be removed; whatever else was raised is its cause.
        RemoteProblem: the calendar could not be made. Stopped: the program ends; the calendar is removed.
    """
    asker = _Asker(http, api_url.rstrip("/"), waiter)
    with asker.calendar() as calendar:
        return list(_Probe(asker, calendar, waiter, ticks).points())


class _Asker:
    """Requests whose refusals are answers; only what is worth another try is tried again."""

    def __init__(self, http: SignedInSession, api: str, waiter: Waiter) -> None:
        self._http, self._api, self._waiter = http, api, waiter

    def __call__(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        etag: str = "",
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        url = self._api + path + (f"?{urlencode(query)}" if query else "")
        return trying(self._waiter, lambda: self._once(method, url, body, etag))

    def _once(self, method: str, url: str, body: Mapping[str, Any] | None, etag: str) -> Answer:
        answer = self._http.send(method, url, body=body, etag=etag)
        if answer.status >= 300:
            found = answers.problem(Operation.READ, answer.status, answer.headers, answer.body)
            if isinstance(found, Transient):
                raise found
        return answer

    @contextmanager
    def calendar(self) -> Iterator[str]:
        """The path of a new calendar in UTC, which is removed afterwards whatever happens."""
        name = f"{NAME} {secrets.token_hex(3)}"
        body = {"summary": name, "description": "Made for a test of a minute; can be removed.", "timeZone": "UTC"}
        answer = self("POST", "/calendars", body)
        if answer.status >= 300:
            raise answers.problem(Operation.READ, answer.status, answer.headers, answer.body)
        path = f"/calendars/{quote(str(_read(answer)['id']), safe='')}"
        try:
            yield path
        finally:
            try:
                gone = self("DELETE", path).status in (200, 204, 404, 410)
            except RemoteProblem:
                gone = False
            if not gone:
                raise CouldNotRemove(name)


class _Probe:
    """The questions, in an order in which none disturbs another."""

    def __init__(self, ask: _Asker, calendar: str, waiter: Waiter, ticks: Callable[[], float]) -> None:
        self._ask, self._waiter, self._ticks = ask, waiter, ticks
        self._calendar, self._events = calendar, f"{calendar}/events"
        self._token = ""
        self._token_at = 0.0

    def points(self) -> Iterator[Point]:
        first = self._first_event()
        found = {
            7: self._list_lag(str(first["id"])),
            10: self._utc(first),
            1: self._noop(first),
            2: self._undelete(str(first["id"])),
            4: self._orphans(),
            8: self._incompatible(),
            9: self._foreign(),
            3: self._lifetime(),
            5: Point(5, "what a split in Google's own calendar makes of COUNT", _BY_HAND),
            6: Point(6, "whether a copy made in Google's own calendar keeps our mark", _BY_HAND),
        }
        for number in sorted(found):
            yield found[number]

    def _first_event(self) -> dict[str, Any]:
        """An event on a calendar that may need a while until it takes one."""
        for turn in range(FRESH_TRIES):
            answer = self._ask("POST", self._events, _event("first", 10))
            if answer.status == 200:
                return _read(answer)
            problem = answers.problem(Operation.READ, answer.status, answer.headers, answer.body)
            if not isinstance(problem, Forbidden) or turn == FRESH_TRIES - 1:
                raise problem
            self._waiter.wait(FRESH_S)
        raise AssertionError("the last turn returns or raises")

    def _list_lag(self, event_id: str) -> Point:
        question = "how long a list lags behind a write"
        since = self._ticks()
        for turn in range(LOOK_TRIES):
            listed = self._list({})
            if any(item.get("id") == event_id for item in listed.get("items", ())):
                self._token, self._token_at = str(listed.get("nextSyncToken") or ""), self._ticks()
                lag = round((self._ticks() - since) * 1000) if turn else 0
                words = "a list shows an event at once" if not turn else f"a list showed it after {lag} ms"
                return Point(7, question, words, lag)
            self._waiter.wait(LOOK_S)
        return Point(7, question, f"not shown within {LOOK_TRIES * LOOK_S:.0f} s", None)

    def _list(self, more: Mapping[str, str]) -> dict[str, Any]:
        """All pages of a list as one."""
        items: list[Any] = []
        page: dict[str, Any] = {}
        token = ""
        while token or not page:
            page = _read(
                self._ask(
                    "GET", self._events, query={**_LISTING, **more, **({"pageToken": token} if token else {})}
                )
            )
            items += page.get("items", [])
            token = str(page.get("nextPageToken") or "")
        return {**page, "items": items}

    def _utc(self, event: Mapping[str, Any]) -> Point:
        text = str(event.get("start", {}).get("dateTime", ""))
        suffix = "Z" if text.endswith("Z") else text[19:] if text[19:] in ("+00:00", "-00:00") else None
        words = f"times end in {suffix}" if suffix else "times have another form"
        return Point(10, "how times of a calendar in UTC end", words, suffix)

    def _noop(self, event: Mapping[str, Any]) -> Point:
        question = "whether a change that changes nothing gives another etag"
        answer = self._ask(
            "PATCH", f"{self._events}/{event['id']}", {"summary": event["summary"]}, etag=str(event["etag"])
        )
        if answer.status != 200:
            return Point(1, question, _refused(answer))
        keeps = _read(answer).get("etag") == event["etag"]
        return Point(1, question, "it keeps the etag" if keeps else "it gets another", "keep" if keeps else "bump")

    def _undelete(self, event_id: str) -> Point:
        question = "whether an event that was deleted can be brought back"
        path = f"{self._events}/{event_id}"
        self._ask("DELETE", path, etag=self._etag(path))
        answer = self._ask("PATCH", path, {"status": "confirmed"}, etag=self._etag(path))
        if answer.status == 200:
            alive = _read(answer).get("status") == "confirmed"
            words = "yes, after a deletion by the API" if alive else "it answers, and stays deleted"
            return Point(
                2,
                question,
                f"{words}; after one in Google's own calendar only a person can tell",
                "ok" if alive else None,
            )
        return Point(2, question, f"no: {_refused(answer)}", str(answer.status))

    def _etag(self, path: str) -> str:
        return str(_read(self._ask("GET", path)).get("etag") or "")

    def _orphans(self) -> Point:
        question = "what becomes of a changed occurrence when its series moves"
        made = self._ask("POST", self._events, _event("series", 12) | {"recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]})
        if made.status != 200:
            return Point(4, question, _refused(made))
        series = _read(made)
        path = f"{self._events}/{series['id']}"
        occurrence = f"{path}_{_DAY.replace('-', '')[:6]}03T120000Z"
        changed = self._ask("PATCH", occurrence, {"summary": "changed"}, etag=self._etag(occurrence))
        moved = self._ask(
            "PATCH", path, {key: _event("", 15)[key] for key in ("start", "end")}, etag=self._etag(path)
        )
        if changed.status != 200 or moved.status != 200:
            return Point(4, question, _refused(changed if changed.status != 200 else moved))
        now = self._ask("GET", occurrence)
        alive = now.status == 200 and _read(now).get("status") != "cancelled"
        return Point(4, question, "it stays" if alive else "it is cancelled", "keep" if alive else "cancel")

    def _incompatible(self) -> Point:
        question = "what a list says to parameters that exclude each other"
        if not self._token:
            return Point(8, question, "not asked: there was no sync token")
        query = {**_LISTING, "syncToken": self._token, "timeMin": f"{_DAY}T00:00:00Z"}
        answer = self._ask("GET", self._events, query=query)
        if answer.status == 200:
            return Point(8, question, "it takes them", "200")
        said = answers.refusal(answer.body)
        text = said.message if said is not None else ""
        private = self._token in text or self._calendar in text or "@" in text
        shown = "a text that quotes the request" if private else " ".join(text.split())[:200]
        reason = said.reasons[0] if said is not None and said.reasons else "no reason"
        return Point(8, question, f"{answer.status} {reason}: {shown}", answer.status)

    def _foreign(self) -> Point:
        question = "what a sign-in for own calendars alone says to another calendar"
        answer = self._ask("GET", "/calendars/primary")
        if answer.status == 200:
            return Point(9, question, "not settled: this sign-in may do more")
        return Point(9, question, _refused(answer), str(answer.status))

    def _lifetime(self) -> Point:
        question = "how long a sync token is good"
        if not self._token:
            return Point(3, question, "there was none")
        good = self._ask("GET", self._events, query={**_LISTING, "syncToken": self._token}).status == 200
        age = self._ticks() - self._token_at
        words = f"{'still good' if good else 'of no use any more'} after {age:.0f} s; how long, only time can tell"
        return Point(3, question, words)


_DAY = "2030-01-02"
_BY_HAND = "the API cannot do what a person does there: try it by hand"


def _event(title: str, hour: int) -> dict[str, Any]:
    return {
        "summary": title,
        "start": {"dateTime": f"{_DAY}T{hour:02}:00:00Z", "timeZone": "UTC"},
        "end": {"dateTime": f"{_DAY}T{hour:02}:30:00Z", "timeZone": "UTC"},
    }


def _read(answer: Answer) -> dict[str, Any]:
    """The object of an answer.

    Raises:
        Transient: it is none.
    """
    found = answers.parse(answer.body)
    if found is None:
        raise Transient(answers.IN_BETWEEN)
    return found


def _refused(answer: Answer) -> str:
    said = answers.refusal(answer.body)
    return f"{answer.status} {said.reasons[0] if said is not None and said.reasons else 'without a reason'}"
