"""A plain caller of the emulator for its own tests: no retries, no cleverness, every answer as it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.google.emulator import Emulator
from tests.google.messages import Request, Response
from tests.google.model import Json

EMAIL = "ada@example.com"


@dataclass(frozen=True)
class Answer:
    """Status, headers and the JSON body (an empty one for a body of none)."""

    status: int
    headers: dict[str, str]
    body: Json

    @property
    def reason(self) -> str | None:
        """The reason in an error body."""
        errors = self.body.get("error", {}).get("errors") or [{}]
        return str(errors[0].get("reason")) if errors[0] else None

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def items(self) -> list[Json]:
        return list(self.body["items"])


class Caller:
    """One user's program with a bearer token."""

    def __init__(
        self,
        emulator: Emulator,
        email: str = EMAIL,
        scopes: Iterable[str] = ("calendar",),
        *,
        client_id: str = "caller.apps.googleusercontent.com",
    ) -> None:
        self.emulator = emulator
        self.email = email
        self.client_id = client_id
        self.refresh_token = emulator.grant(email, client_id, scopes)
        self.token = emulator.access_token(self.refresh_token)

    def __call__(
        self,
        method: str,
        path: str | Sequence[str],
        body: Any = None,
        *,
        if_match: str | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Call `/calendar/v3/` with these segments, percent-encoded; a list as a parameter repeats it."""
        segments = [path] if isinstance(path, str) else path
        target = "/calendar/v3/" + "/".join(quote(segment, safe="") for segment in segments)
        if query:
            target += "?" + urlencode({name: _text(value) for name, value in query.items()}, doseq=True)
        sent = {"host": "emulator.test", "authorization": f"Bearer {self.token}", **(headers or {})}
        if if_match is not None:
            sent["if-match"] = if_match
        if body is not None:
            sent["content-type"] = "application/json"
        response = self.send(Request(method, target, sent, b"" if body is None else json.dumps(body).encode()))
        parsed = json.loads(response.body) if response.body else {}
        return Answer(response.status, response.headers, parsed)

    def send(self, request: Request) -> Response:
        """The way to the emulator, past any wire."""
        return self.emulator.handle(request)

    def events(self, calendar: str, **query: Any) -> Answer:
        return self("GET", ["calendars", calendar, "events"], **query)

    def insert(self, calendar: str, body: Json, **query: Any) -> Answer:
        return self("POST", ["calendars", calendar, "events"], body, **query)

    def get(self, calendar: str, event: str, **query: Any) -> Answer:
        return self("GET", ["calendars", calendar, "events", event], **query)

    def patch(self, calendar: str, event: str, body: Json, if_match: str | None = None) -> Answer:
        return self("PATCH", ["calendars", calendar, "events", event], body, if_match=if_match)

    def delete(self, calendar: str, event: str, if_match: str | None = None) -> Answer:
        return self("DELETE", ["calendars", calendar, "events", event], if_match=if_match)

    def walk(self, calendar: str, **query: Any) -> tuple[list[Json], str | None]:
        """All rows of a list, page by page, and its sync token."""
        rows: list[Json] = []
        page: Json = {}
        while True:
            answer = self.events(calendar, **query, **page)
            assert answer.status == 200, answer.body
            rows += answer.items
            if "nextPageToken" not in answer.body:
                return rows, answer.body.get("nextSyncToken")
            page = {"pageToken": answer.body["nextPageToken"]}

    def ui(self, op: str, **body: Any) -> Json:
        """What the same person does in the web page."""
        return dict(self.emulator.control(f"ui/{self.email}/{op}", body))


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def timed(start: str, end: str, zone: str | None = None, **more: Any) -> Json:
    """An event body from two date-times."""
    times = {"start": {"dateTime": start}, "end": {"dateTime": end}}
    if zone is not None:
        for when in times.values():
            when["timeZone"] = zone
    return {**times, **more}
