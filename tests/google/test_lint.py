"""Each violation is seen, and a careful client has none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google import lint
from tests.google.driving import EMAIL, Caller, timed
from tests.google.emulator import Emulator
from tests.google.messages import Request
from tests.google.model import Json

TIMES = timed("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")


def caller(**toggles: Any) -> Caller:
    emulator = Emulator(**{"write_burst_n": 1000, **toggles})
    emulator.add_user(EMAIL, "Europe/Berlin")
    return Caller(emulator)


def rules(one: Caller, quiescent_since: int | None = None) -> set[str]:
    return {violation["rule"] for violation in lint.violations(one.emulator, quiescent_since)}


def careful(one: Caller) -> None:
    """A whole day of a client that does nothing wrong."""
    query: Json = {"showDeleted": True, "maxResults": 2}
    for number in range(5):
        one.insert("primary", {**TIMES, "id": f"event{number}"})
    _, token = one.walk("primary", **query)
    row = one.get("primary", "event0").body
    row = one.patch("primary", "event0", {"summary": "Session"}, row["etag"]).body
    assert one.delete("primary", "event0", row["etag"]).status == 204
    assert len(one.walk("primary", syncToken=token, **query)[0]) == 1


def test_a_careful_client_has_none() -> None:
    one = caller()
    careful(one)
    seq = len(one.emulator.log)
    one.walk("primary", showDeleted=True)
    assert lint.violations(one.emulator, seq) == []


def test_what_a_write_lacks_or_has_too_much() -> None:
    one = caller()
    one.insert("primary", TIMES)
    assert rules(one) == {"insert-without-id"}
    one = caller()
    etag = one.insert("primary", {**TIMES, "id": "event0"}).body["etag"]
    path = ["calendars", "primary", "events", "event0"]
    one("PUT", path, TIMES, if_match=etag)
    assert rules(one) == {"put"}
    one.patch("primary", "event0", {"summary": "a"})
    one.patch("primary", "event0", {"summary": "b"}, "*")
    assert rules(one) == {"put", "write-without-if-match", "if-match-any"}
    one = caller()
    guests = {"attendees": [{"email": "x@example.com"}], "conferenceData": {"createRequest": {"requestId": "1"}}}
    one.insert("primary", {**TIMES, **guests, "id": "event0"}, sendUpdates="all")
    assert rules(one) == {"mail-asked-for", "attendees-written", "conference-written"}


def test_only_allowed_calendars_are_written() -> None:
    one = caller(allowed_calendars=["elsewhere"])
    one.events("primary")
    assert rules(one) == set()
    one.insert("primary", {**TIMES, "id": "event0"})
    assert rules(one) == {"calendar-not-allowed"}


def test_lists_that_do_not_match() -> None:
    one = caller()
    token = one.walk("primary", showDeleted=True)[1]
    one.events("primary", syncToken=token, showDeleted=False)
    assert rules(one) == {"list-parameters-differ", "show-deleted-false-with-sync-token"}


def test_a_walk_that_has_ended() -> None:
    one = caller(scan_page_size=1)
    for number in range(2):
        one.insert("primary", {**TIMES, "id": f"event{number}"})
    page = one.events("primary").body["nextPageToken"]
    one.events("primary", pageToken=page)
    assert rules(one) == set()
    one.events("primary", pageToken=page)
    assert rules(one) == {"page-token-after-the-end"}


@pytest.mark.parametrize("waits", [True, False])
def test_patience_after_a_failure(waits: bool) -> None:
    one = caller()
    one.emulator.control("faults", {"times": 2, "action": {"type": "status", "code": 503}})
    for wait_s in (0, 1, 2):
        one.emulator.control("clock", {"advance_s": wait_s if waits else 0})
        one.events("primary")
    assert rules(one) == (set() if waits else {"retry-too-soon"})


def test_retry_after_is_kept() -> None:
    one = caller()
    action = {"type": "status", "code": 429, "reason": "rateLimitExceeded", "headers": {"Retry-After": "30"}}
    one.emulator.control("faults", {"times": 1, "action": action})
    one.events("primary")
    one.emulator.control("clock", {"advance_s": 5})
    one.events("primary")
    assert rules(one) == {"retry-before-retry-after"}


def refresh(one: Caller) -> None:
    secret = one.emulator.clients[one.client_id]
    client = f"client_id={one.client_id}&client_secret={secret}"
    form = f"grant_type=refresh_token&refresh_token={one.refresh_token}&{client}"
    headers = {"content-type": "application/x-www-form-urlencoded", "host": "emulator.test"}
    one.emulator.handle(Request("POST", "/token", headers, form.encode()))


def test_refreshing_too_often_and_going_on_after_the_end() -> None:
    one = caller()
    refresh(one)
    one.emulator.control("clock", {"advance_s": 3600})
    refresh(one)
    assert rules(one) == set()
    refresh(one)
    assert rules(one) == {"refreshed-twice"}
    one = caller()
    one.emulator.control("revoke_grant", {"email": EMAIL})
    refresh(one)
    assert rules(one) == set()
    one.events("primary")
    assert rules(one) == {"call-after-invalid-grant"}
    # An answer that may not have arrived was perhaps not heard.
    one = caller()
    one.emulator.control("revoke_grant", {"email": EMAIL})
    one.emulator.faults.add({"match": {"op": "oauth.token"}, "action": {"type": "delay", "ms": 45_000}})
    refresh(one)
    one.events("primary")
    assert rules(one) == set()


def test_the_same_write_twice() -> None:
    one = caller()
    careful(one)
    row = one.get("primary", "event1").body
    row = one.patch("primary", "event1", {"summary": "Session"}, row["etag"]).body
    one.patch("primary", "event1", {"summary": "Session"}, row["etag"])
    assert rules(one) == {"applied-twice"}


def test_a_second_event_for_one_link() -> None:
    one = caller()
    link = {"extendedProperties": {"private": {"couchcal": "a-link"}}}
    one.insert("primary", {**TIMES, **link, "id": "event0"})
    one.ui("duplicate", event="event0")
    assert rules(one) == set()
    one.insert("primary", {**TIMES, **link, "id": "event1"})
    assert rules(one) == {"two-events-for-one-link"}


def test_a_canary_in_a_body_or_a_url() -> None:
    one = caller(canaries=["Jürgen O'Malley"])
    one.insert("primary", {**TIMES, "id": "event0", "description": "with JÜRGEN o'malley"})
    one.events("primary", q="Jürgen O'Malley")
    found = lint.violations(one.emulator)
    assert [violation["rule"] for violation in found] == ["canary", "canary"]
    assert "rgen" not in str(found)


def test_what_is_not_encoded_and_another_host() -> None:
    one = caller()
    token = one.walk("primary")[1]
    headers = {"host": "emulator.test", "authorization": f"Bearer {one.token}"}
    target = f"/calendar/v3/calendars/{EMAIL}/events?syncToken={token}"
    one.emulator.handle(Request("GET", target, headers))
    assert rules(one) == {"raw-id-in-url", "raw-token-in-url"}
    one.emulator.handle(Request("GET", "/calendar/v3/colors", {**headers, "host": "evil.test"}))
    assert "authorization-to-other-host" in rules(one)


def test_an_idle_cycle_writes_nothing() -> None:
    one = caller(max_calls_idle=1)
    one.insert("primary", {**TIMES, "id": "event0"})
    seq = len(one.emulator.log)
    one.events("primary")
    assert rules(one, seq) == set()
    one.insert("primary", {**TIMES, "id": "event1"})
    assert rules(one, seq) == {"too-many-idle-calls", "write-in-idle-cycle"}
