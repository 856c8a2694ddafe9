"""Faults over HTTP: when they strike, and what each does to the request and the answer (§ faults)."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
import requests

from tests.google.driving import EMAIL, Answer, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.model import Json
from tests.google.server import EmulatorServer
from tests.google.transport import BASE, session


def event(**more: Any) -> Json:
    return timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z", summary="x") | more


def add(emulator: Emulator, kind: str, **more: Any) -> None:
    """A fault of one action; `match`, `when`, `times` stand beside it, the rest belongs to the action."""
    outer = {name: more.pop(name) for name in ("id", "match", "when", "times") if name in more}
    emulator.control("faults", {"action": {"type": kind} | more} | outer)


def last(emulator: Emulator) -> tuple[int, str | None]:
    return emulator.log[-1].applied, emulator.log[-1].fault


@pytest.mark.parametrize(
    ("when", "struck"),
    [
        ({"nth": [1, 3]}, [1, 3]),
        ({"every": 2}, [2, 4]),
        ({"after_n": 3}, [4, 5]),
        ({"prob": 1.0}, [1, 2, 3, 4, 5]),
        ({"prob": 0.0}, []),
        ({}, [1, 2, 3, 4, 5]),
    ],
)
def test_when_faults_strike(ada: HttpCaller, emulator: Emulator, when: Json, struck: list[int]) -> None:
    add(emulator, "status", code=503, when=when)
    statuses = [ada("GET", "colors").status for _ in range(5)]
    assert [index for index, status in enumerate(statuses, 1) if status == 503] == struck


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"method": "POST"}, False),
        ({"path": "/events$"}, True),
        ({"path": "/acl"}, False),
        ({"op": "events.list"}, True),
        ({"query_has": "q"}, False),
        ({"event_id": "x"}, False),
    ],
)
def test_what_faults_match(ada: HttpCaller, emulator: Emulator, match: Json, struck: bool) -> None:
    add(emulator, "status", code=503, match=match)
    assert (ada.events("primary").status == 503) is struck


def test_faults_come_and_go(ada: HttpCaller, emulator: Emulator) -> None:
    add(emulator, "status", code=503, id="mine", times=1)
    assert [ada("GET", "colors").status for _ in range(2)] == [503, 200]
    [fault] = emulator.control("faults", method="GET")["faults"]
    assert (fault["id"], fault["struck"]) == ("mine", 1)
    assert emulator.log[-2].fault == "mine"
    add(emulator, "status", id="other")
    assert emulator.control("faults/other", method="DELETE")["faults"][0]["id"] == "mine"
    assert emulator.control("faults", method="DELETE") == {"faults": []}


def test_during_page(ada: HttpCaller, emulator: Emulator) -> None:
    for _ in range(3):
        ada.insert("primary", event())
    add(emulator, "status", code=503, when={"during_page": 2})
    first = ada.events("primary", maxResults=2)
    assert first.status == 200
    assert ada.events("primary", maxResults=2, pageToken=first.body["nextPageToken"]).status == 503


@pytest.mark.parametrize(
    ("kind", "applied", "stored"),
    [("drop_before", 0, 404), ("drop_after", 1, 200), ("hang", 0, 404), ("truncate", 1, 200)],
)
def test_broken_connections(
    server: EmulatorServer, ada: HttpCaller, emulator: Emulator, kind: str, applied: int, stored: int
) -> None:
    impatient = HttpCaller(server, patience_s=0.3)
    add(emulator, kind, times=1)
    expected: dict[str, type[Exception]] = {"hang": TimeoutError, "truncate": http.client.IncompleteRead}
    with pytest.raises(expected.get(kind, ConnectionResetError)):
        impatient.insert("primary", event(id="abcde"))
    assert last(emulator) == (applied, "f1")
    assert ada.get("primary", "abcde").status == stored


@pytest.mark.parametrize(
    ("kind", "status", "applied"),
    [("status", 503, 0), ("status_after", 503, 1), ("html_502", 502, 0), ("deliver_twice", 409, 1)],
)
def test_broken_answers(ada: HttpCaller, emulator: Emulator, kind: str, status: int, applied: int) -> None:
    add(emulator, kind, times=1)
    try:
        assert ada.insert("primary", event(id="abcde")).status == status
    except json.JSONDecodeError:
        assert kind == "html_502"
    assert emulator.log[-1].status == status
    assert last(emulator) == (applied, "f1")


def test_a_request_delivered_twice_is_applied_twice(ada: HttpCaller, emulator: Emulator) -> None:
    add(emulator, "deliver_twice")
    ada.insert("primary", event())
    assert emulator.log[-1].applied == 2
    assert len(emulator.world.calendars[EMAIL].events) == 2


def raw(ada: HttpCaller) -> http.client.HTTPResponse:
    headers = {"Authorization": f"Bearer {ada.token}"}
    ada.connection.request("GET", "/calendar/v3/calendars/primary/events", headers=headers)
    return ada.connection.getresponse()


def test_bodies_that_cannot_be_read(ada: HttpCaller, emulator: Emulator) -> None:
    for kind in ("garbage", "empty_200", "bad_gzip", "wrong_length", "captive_portal_200_html"):
        add(emulator, kind, times=1)
        answer = raw(ada)
        assert answer.status == 200
        with pytest.raises(ValueError, match=r".*"):
            json.loads(answer.read())
        ada.connection.close()
    add(emulator, "redirect", times=1)
    answer = raw(ada)
    answer.read()
    assert answer.status == 302
    location = str(answer.getheader("Location"))
    ada.connection.request("GET", location.partition("127.0.0.1")[2].partition("/")[2].join(("/", "")))
    assert b"log in" in ada.connection.getresponse().read()


@pytest.mark.parametrize(
    ("kind", "query", "status"),
    [
        ("unauthorized_once", {}, 401),
        ("gone_410", {"syncToken": True}, 410),
        ("token_400", {"syncToken": True}, 400),
    ],
)
def test_forced_refusals(ada: HttpCaller, emulator: Emulator, kind: str, query: Json, status: int) -> None:
    token = ada.events("primary").body["nextSyncToken"]
    asked = {"syncToken": token} if query else {}
    add(emulator, kind, times=1)
    assert [ada.events("primary", **asked).status for _ in range(2)] == [status, 200]


def test_forced_412_n_times(ada: HttpCaller, emulator: Emulator) -> None:
    body = ada.insert("primary", event()).body
    add(emulator, "precondition_412", n=2)
    assert ada.events("primary").status == 200

    def patch() -> Answer:
        return ada.patch("primary", body["id"], {"summary": "y"}, if_match=body["etag"])

    assert [patch().status for _ in range(3)] == [412, 412, 200]


def test_stale_reads(ada: HttpCaller, emulator: Emulator) -> None:
    id_ = ada.insert("primary", event(summary="old")).body["id"]
    ada.patch("primary", id_, {"summary": "new"})
    add(emulator, "stale_read", revs=1, times=2)
    assert ada.get("primary", id_).body["summary"] == "old"
    rows, token = ada.walk("primary")
    assert [row["summary"] for row in rows] == ["old"]
    assert [row["summary"] for row in ada.walk("primary", syncToken=token)[0]] == ["new"]


def test_lists_that_leave_rows_out(ada: HttpCaller, emulator: Emulator) -> None:
    for _ in range(4):
        ada.insert("primary", event())
    add(emulator, "empty_list", times=1)
    empty = ada.events("primary", maxResults=2)
    assert empty.items == []
    assert ada.events("primary", syncToken=empty.body["nextSyncToken"]).items == []
    add(emulator, "short_list", keep=1, times=1)
    assert len(ada.events("primary").items) == 1
    add(emulator, "short_list", keep=0.5, times=1)
    assert len(ada.events("primary").items) == 2


def test_the_person_edits_in_between(ada: HttpCaller, emulator: Emulator) -> None:
    body = ada.insert("primary", event()).body
    edit = {"calendar": EMAIL, "event": body["id"], "scope": "this", "changes": {"summary": "by hand"}}
    add(emulator, "edit_between", ui_op={"email": EMAIL, "op": "edit", "body": edit}, times=1)
    answer = ada.patch("primary", body["id"], {"location": "l"}, if_match=body["etag"])
    assert answer.status == 412
    assert ada.get("primary", body["id"]).body["summary"] == "by hand"


def test_the_person_edits_between_pages(ada: HttpCaller, emulator: Emulator) -> None:
    made = [ada.insert("primary", event()).body["id"] for _ in range(3)]
    first = ada.events("primary", maxResults=2)
    seen = first.items[0]["id"]
    edit = {"calendar": EMAIL, "event": seen, "scope": "this", "changes": {"summary": "by hand"}}
    add(emulator, "edit_during_page", page=2, ui_op={"email": EMAIL, "op": "edit", "body": edit})
    page = ada.events("primary", maxResults=2, pageToken=first.body["nextPageToken"])
    assert {row["id"] for row in first.items + page.items} == set(made)
    delta, _ = ada.walk("primary", syncToken=page.body["nextSyncToken"])
    assert [(row["id"], row["summary"]) for row in delta] == [(seen, "by hand")]


def test_the_grant_dies_on_the_way(ada: HttpCaller, emulator: Emulator) -> None:
    add(emulator, "expire_access_now", times=1)
    assert ada.events("primary").status == 401
    ada.refresh()
    assert ada.events("primary").status == 200
    add(emulator, "revoke_now", times=1)
    assert ada.events("primary").status == 401
    ada.refresh()
    assert ada.events("primary").status == 401


def test_delays_take_time(ada: HttpCaller, server: EmulatorServer, emulator: Emulator) -> None:
    add(emulator, "delay", ms=300, before=True)
    with pytest.raises(TimeoutError):
        HttpCaller(server, patience_s=0.1).events("primary")
    emulator.control("faults", method="DELETE")
    add(emulator, "delay", ms=300)
    with pytest.raises(TimeoutError):
        HttpCaller(server, patience_s=0.1).insert("primary", event(id="abcde"))
    emulator.control("faults", method="DELETE")
    assert ada.get("primary", "abcde").status == 200


def test_the_control_api_is_never_faulted(ada: HttpCaller, emulator: Emulator) -> None:
    add(emulator, "drop_before")
    ada.connection.request("GET", "/__control__/state")
    assert ada.connection.getresponse().status == 200


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop_before", requests.exceptions.ConnectionError),
        ("drop_after", requests.exceptions.ConnectionError),
        ("hang", requests.exceptions.ReadTimeout),
        ("truncate", requests.exceptions.ChunkedEncodingError),
        ("bad_gzip", requests.exceptions.ContentDecodingError),
    ],
)
def test_in_process_the_same_is_raised(kind: str, error: type[Exception]) -> None:
    emulator = Emulator("friendly")
    emulator.add_user(EMAIL)
    client = session(emulator)
    client.headers["Authorization"] = f"Bearer {emulator.access_token(emulator.grant(EMAIL))}"
    url = f"{BASE}/calendar/v3/calendars/primary/events"
    add(emulator, kind, times=1)
    with pytest.raises(error):
        client.post(url, json=event(id="abcde"), timeout=(3, 5))
    assert last(emulator) == (int(kind not in ("drop_before", "hang")), "f1")


def test_in_process_time_passes_on_the_virtual_clock() -> None:
    emulator = Emulator("friendly", auto_tick_us=0)
    emulator.add_user(EMAIL)
    client = session(emulator)
    begin = emulator.world.clock.now_us
    add(emulator, "delay", ms=2000)
    client.get(f"{BASE}/tokeninfo", timeout=5)
    assert emulator.world.clock.now_us == begin + 2_000_000
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.get(f"{BASE}/tokeninfo", timeout=1)
    assert emulator.world.clock.now_us == begin + 3_000_000
    emulator.control("faults", method="DELETE")
    add(emulator, "hang")
    with pytest.raises(AssertionError, match="no timeout"):
        client.get(f"{BASE}/tokeninfo")
