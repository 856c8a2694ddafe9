"""Google Calendar as a `Remote`: each call one request (a list may be several), nothing repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from couchcal.sync.google import mapping
from couchcal.sync.google.answers import IN_BETWEEN, Operation, content, problem
from couchcal.sync.google.network import TIMEOUTS
from couchcal.sync.google.session import Answer, SignedInSession, Tokens
from couchcal.sync.port import Changed, EventFields, NotThere, Page, RemoteCalendar, RemoteEvent, Transient

if TYPE_CHECKING:
    import requests
    from google.oauth2.credentials import Credentials

API_URL = "https://www.googleapis.com/calendar/v3"
_MOST_LIST_PAGES = 100
_LISTING = urlencode(
    {
        "singleEvents": "false",
        "showDeleted": "true",
        "maxResults": "2500",
        "maxAttendees": "1",  # of guests only the account itself: whether it declined
        "fields": "kind,timeZone,nextPageToken,nextSyncToken,items(" + mapping.EVENT_FIELDS + ")",
    }
)
"""The same for every reading of every calendar: a sync token is good for these alone."""
_ONE = "?" + urlencode({"maxAttendees": "1"})


class GoogleRemote:
    """A `couchcal.sync.port.Remote`. One thread at a time.

    Args:
        credentials: with a refresh token, client and token URI; an access token may be missing.
        api_url: without a slash at its end.
        session: whose adapters carry all requests, those for tokens too.
        timeouts: seconds to connect and to wait for each piece of an answer.
        renewed: called with the tokens that take the place of the stored ones.
        stored: the stored ones; asked before a token is renewed, and before a sign-in is called over.
    """

    def __init__(
        self,
        credentials: Credentials,
        api_url: str = API_URL,
        *,
        session: requests.Session | None = None,
        timeouts: tuple[float, float] = TIMEOUTS,
        renewed: Callable[[Tokens], None] | None = None,
        stored: Callable[[], Tokens | None] | None = None,
    ) -> None:
        self._http = SignedInSession(
            credentials, session=session, timeouts=timeouts, renewed=renewed, stored=stored
        )
        self._api = api_url.rstrip("/")
        self.requests = 0  # those for tokens are not among them

    @property
    def http(self) -> SignedInSession:
        """What carries the requests, for the few that are none of a `Remote`."""
        return self._http

    def calendars(self) -> list[RemoteCalendar]:
        """Every calendar of the account's list, hidden ones too."""
        found: list[RemoteCalendar] = []
        page = ""
        for _ in range(_MOST_LIST_PAGES):
            query = {"maxResults": "250", "showHidden": "true"} | ({"pageToken": page} if page else {})
            url = f"{self._api}/users/me/calendarList?{urlencode(query)}"
            body = self._ask(Operation.LIST, "GET", url, mapping.LIST_KIND)
            found += [entry for item in _items(body) if (entry := mapping.calendar(item)) is not None]
            page = _token(body, "nextPageToken")
            if not page:
                return found
        raise Transient("Google's list of calendars does not end")

    def create_calendar(self, name: str, time_zone: str, description: str) -> RemoteCalendar:
        """A new calendar that this account owns."""
        body = {"summary": name, "description": description} | ({"timeZone": time_zone} if time_zone else {})
        return self._calendar(
            self._ask(Operation.READ, "POST", f"{self._api}/calendars", mapping.CALENDAR_KIND, body)
        )

    def calendar(self, calendar_id: str) -> RemoteCalendar:
        """One calendar that was created here. Raises NotThere if it is gone."""
        return self._calendar(
            self._ask(Operation.READ, "GET", f"{self._api}/calendars/{_part(calendar_id)}", mapping.CALENDAR_KIND)
        )

    def delete_calendar(self, calendar_id: str) -> None:
        """Remove a calendar that was created here; one that is gone is no error."""
        url = f"{self._api}/calendars/{_part(calendar_id)}"
        try:
            found = self._ask(Operation.READ, "GET", url, mapping.CALENDAR_KIND)
            self._remove(url, mapping.etag_of(found))
        except NotThere:
            return
        except Changed:
            raise Transient("the calendar was changed just now") from None

    def events(self, calendar_id: str, *, sync_token: str = "", page: str = "") -> Page:
        """A page of all events (no token) or of what changed since; masters and exceptions, tombstones among them.

        Raises:
            TokenExpired: everything is to be read anew. NotThere: no such calendar (any more).
        """
        query = _LISTING
        if sync_token:
            query += f"&syncToken={_part(sync_token)}"
        if page:
            query += f"&pageToken={_part(page)}"
        operation = Operation.CONTINUE if sync_token or page else Operation.LIST
        body = self._ask(operation, "GET", f"{self._events(calendar_id)}?{query}", mapping.EVENTS_KIND)
        zone = _token(body, "timeZone")
        events = tuple(event for item in _items(body) if (event := mapping.event(item, zone)) is not None)
        following = _token(body, "nextPageToken") or None
        token = None if following else _token(body, "nextSyncToken") or None
        return Page(events, following, token, zone)

    def event(self, calendar_id: str, event_id: str) -> RemoteEvent:
        """One event; a deleted one is `cancelled`. Raises NotThere if it never was or is purged."""
        url = f"{self._events(calendar_id)}/{_part(event_id)}{_ONE}"
        return self._event(self._ask(Operation.READ, "GET", url, mapping.EVENT_KIND), event_id)

    def insert(self, calendar_id: str, event_id: str, fields: EventFields, tag: str) -> RemoteEvent:
        """Make an event under an id of ours. Raises Duplicate if the id was ever used."""
        body = mapping.new_event(event_id, fields, tag)
        url = self._events(calendar_id)
        return self._event(self._ask(Operation.INSERT, "POST", url, mapping.EVENT_KIND, body), event_id)

    def patch(
        self, calendar_id: str, event_id: str, changes: Mapping[str, object], etag: str, *, revive: bool = False
    ) -> RemoteEvent:
        """Change only the named fields of `EventFields`; `revive` takes a deleted event back.

        Raises:
            Changed: the etag is not that of the event any more.
        """
        body = mapping.changed_event(changes, revive=revive)
        url = f"{self._events(calendar_id)}/{_part(event_id)}{_ONE}"
        found = self._ask(Operation.PATCH, "PATCH", url, mapping.EVENT_KIND, body, etag=_known(etag))
        return self._event(found, event_id)

    def delete(self, calendar_id: str, event_id: str, etag: str) -> None:
        """Remove an event; one that was removed is no error.

        Raises:
            Changed: as `patch` does. NotThere: Google knows no such event, or is wrong about it for once.
        """
        self._remove(f"{self._events(calendar_id)}/{_part(event_id)}", _known(etag))

    def revoke(self) -> None:
        """Give the sign-in back."""
        self._http.revoke()

    def close(self) -> None:
        """Close the connections; the next request opens another."""
        self._http.close()

    def _events(self, calendar_id: str) -> str:
        return f"{self._api}/calendars/{_part(calendar_id)}/events"

    def _ask(
        self,
        operation: Operation,
        method: str,
        url: str,
        kind: str,
        body: Mapping[str, Any] | None = None,
        *,
        etag: str = "",
    ) -> dict[str, Any]:
        answer = self._send(method, url, body, etag)
        with self._apart():
            if answer.status >= 300:
                raise problem(operation, answer.status, answer.headers, answer.body)
            return content(answer.status, answer.body, kind)

    @contextmanager
    def _apart(self) -> Iterator[None]:
        """Keep a broken answer from the next: its connection may still hold the rest of it, or be ending."""
        try:
            yield
        except Transient:
            self._http.drop()
            raise

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None, etag: str) -> Answer:
        try:
            return self._http.send(method, url, body=body, etag=etag)
        finally:
            self.requests = self._http.count

    def _remove(self, url: str, etag: str) -> None:
        answer = self._send("DELETE", url, None, etag)
        if answer.status == 204:
            return
        with self._apart():
            if answer.status < 300:
                raise Transient(IN_BETWEEN)  # Google says 204 and nothing else
            found = problem(Operation.DELETE, answer.status, answer.headers, answer.body)
            if not isinstance(found, NotThere) or answer.status != 410:
                raise found

    @staticmethod
    def _event(body: dict[str, Any], event_id: str) -> RemoteEvent:
        found = mapping.event(body)
        if found is None or found.id != event_id:
            raise Transient(IN_BETWEEN)
        return found

    @staticmethod
    def _calendar(body: dict[str, Any]) -> RemoteCalendar:
        found = mapping.calendar({"accessRole": "owner", **body})  # what was created here is ours
        if found is None:
            raise Transient(IN_BETWEEN)
        return found


def _part(text: str) -> str:
    return quote(text, safe="")


def _known(etag: str) -> str:
    """An etag to send.

    Raises:
        Changed: there is none: what was not read is read first.
    """
    if not etag or etag == "*":
        raise Changed("the event has to be read first")
    return etag


def _items(body: dict[str, Any]) -> list[Any]:
    items = body.get("items", [])
    if not isinstance(items, list):
        raise Transient(IN_BETWEEN)
    return items


def _token(body: dict[str, Any], name: str) -> str:
    """A word that is sent back as it came; empty if there is none, or one that cannot be kept."""
    token = body.get(name)
    return token if isinstance(token, str) and mapping.storable(token) else ""
