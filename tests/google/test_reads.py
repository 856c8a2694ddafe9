"""events.list, get and instances over HTTP: pages, tokens, deltas, filters, what a role sees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.google.driving import EMAIL, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.model import Json
from tests.google.server import EmulatorServer

HIDDEN = {"id", "status", "start", "end", "visibility"}


def event(summary: str = "Session", day: int = 5, **more: Any) -> Json:
    times = (f"2026-03-{day:02d}T10:00:00", f"2026-03-{day:02d}T11:00:00")
    return timed(*times, "Europe/Berlin", summary=summary, **more)


def filled(caller: HttpCaller, count: int) -> list[str]:
    return [caller.insert("primary", event(f"n{index}", index + 1)).body["id"] for index in range(count)]


def ids(rows: list[Json]) -> list[str]:
    return [row["id"] for row in rows]


def test_a_walk_shows_each_row_once_and_ends_with_a_sync_token(ada: HttpCaller) -> None:
    made = filled(ada, 7)
    first = ada.events("primary", maxResults=3)
    assert len(first.items) == 3
    assert "nextSyncToken" not in first.body
    rows, token = ada.walk("primary", maxResults=3)
    assert sorted(ids(rows)) == sorted(made)
    assert token is not None


def test_a_page_is_cut_before_it_is_filtered(ada: HttpCaller, emulator: Emulator) -> None:
    made = filled(ada, 6)
    for id_ in made[:4]:
        ada.delete("primary", id_)
    emulator.config.change({"scan_page_size": 1, "order": "by_start"})
    page = ada.events("primary")
    assert page.items == []
    assert "nextPageToken" in page.body
    rows, token = ada.walk("primary")
    assert sorted(ids(rows)) == sorted(made[4:])
    assert token


def test_tokens_have_to_be_encoded_in_a_url(ada: HttpCaller) -> None:
    _, token = ada.walk("primary")
    assert token
    assert token.endswith("=")
    assert "-" in token
    assert "_" in token


@pytest.mark.parametrize(
    "change", [{"maxResults": 3}, {"q": "n"}, {"singleEvents": True}, {"timeMin": "2026-01-01T00:00:00Z"}]
)
def test_a_page_token_is_bound_to_its_parameters(ada: HttpCaller, change: dict[str, Any]) -> None:
    filled(ada, 4)
    token = ada.events("primary", maxResults=2).body["nextPageToken"]
    answer = ada.events("primary", **({"maxResults": 2} | change), pageToken=token)
    assert (answer.status, answer.reason) == (400, "invalid")


def test_a_page_token_grows_old(ada: HttpCaller, emulator: Emulator) -> None:
    filled(ada, 4)
    token = ada.events("primary", maxResults=2).body["nextPageToken"]
    emulator.control("clock", {"advance_s": 3601})
    ada.refresh()
    assert ada.events("primary", maxResults=2, pageToken=token).status == 400
    emulator.config.change({"page_token_expired": "410"})
    assert ada.events("primary", maxResults=2, pageToken=token).reason == "fullSyncRequired"


def test_a_change_during_the_walk_comes_with_the_next_delta(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"page_content": "frozen"})
    made = filled(ada, 4)
    first = ada.events("primary", maxResults=2)
    shown = ids(first.items)[0]
    ada.patch("primary", shown, {"summary": "changed"})
    new = ada.insert("primary", event("late")).body["id"]
    last = ada.events("primary", maxResults=2, pageToken=first.body["nextPageToken"])
    assert sorted(ids(first.items) + ids(last.items)) == sorted(made)
    delta, _ = ada.walk("primary", syncToken=last.body["nextSyncToken"])
    assert sorted(ids(delta)) == sorted([shown, new])


@pytest.mark.parametrize(("content", "summary"), [("live", "changed"), ("frozen", "n3")])
def test_later_pages_are_live_or_frozen(ada: HttpCaller, emulator: Emulator, content: str, summary: str) -> None:
    emulator.config.change({"page_content": content, "order": "by_start"})
    made = filled(ada, 4)
    first = ada.events("primary", maxResults=2)
    ada.patch("primary", made[3], {"summary": "changed"})
    last = ada.events("primary", maxResults=2, pageToken=first.body["nextPageToken"])
    assert last.items[-1]["summary"] == summary


def test_rows_can_come_twice_in_one_walk(ada: HttpCaller, emulator: Emulator) -> None:
    made = filled(ada, 6)
    emulator.config.change({"dup_rows_across_pages": 1.0})
    rows, _ = ada.walk("primary", maxResults=2)
    assert len(rows) == 8
    assert set(ids(rows)) == set(made)


def test_a_delta_shows_current_states_once(ada: HttpCaller) -> None:
    made = filled(ada, 3)
    _, token = ada.walk("primary")
    ada.patch("primary", made[0], {"summary": "a"})
    ada.patch("primary", made[0], {"summary": "b"})
    ada.delete("primary", made[1])
    gone = ada.insert("primary", event("short-lived")).body["id"]
    ada.delete("primary", gone)
    rows, after = ada.walk("primary", syncToken=token)
    assert sorted(ids(rows)) == sorted([made[0], made[1], gone])
    assert {row["id"]: row["status"] for row in rows} == {
        made[0]: "confirmed",
        made[1]: "cancelled",
        gone: "cancelled",
    }
    assert next(row for row in rows if row["id"] == made[0])["summary"] == "b"
    assert ada.walk("primary", syncToken=after)[0] == []


def test_what_came_and_went_may_never_be_seen(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"collapse_unseen": True})
    _, token = ada.walk("primary")
    ada.delete("primary", ada.insert("primary", event()).body["id"])
    assert ada.walk("primary", syncToken=token)[0] == []


@pytest.mark.parametrize(
    "query",
    [
        {"q": "n"},
        {"iCalUID": "x"},
        {"orderBy": "updated"},
        {"privateExtendedProperty": "a=b"},
        {"sharedExtendedProperty": "a=b"},
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-01-01T00:00:00Z"},
        {"updatedMin": "2026-03-01T00:00:00Z"},
        {"showDeleted": False},
        {"singleEvents": True},
        {"eventTypes": "default"},
    ],
)
def test_a_sync_token_refuses_other_parameters(ada: HttpCaller, query: dict[str, Any]) -> None:
    _, token = ada.walk("primary")
    answer = ada.events("primary", syncToken=token, **query)
    assert (answer.status, answer.reason) == (400, "invalid")


def test_another_list_may_silently_lose_rows(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"param_mismatch": "undefined-drop"})
    _, token = ada.walk("primary")
    made = filled(ada, 20)
    rows, _ = ada.walk("primary", syncToken=token, maxAttendees=3)
    assert 0 < len(rows) < len(made)


@pytest.mark.parametrize(
    "query", [{"q": "n"}, {"orderBy": "updated"}, {"iCalUID": "x"}, {"updatedMin": "2026-03-01T00:00:00Z"}]
)
def test_filtered_lists_give_no_sync_token(ada: HttpCaller, emulator: Emulator, query: dict[str, Any]) -> None:
    assert ada.walk("primary", **query)[1] is None
    emulator.config.change({"token_for_filtered": "issue"})
    assert ada.walk("primary", **query)[1]


@pytest.mark.parametrize(("windowed", "seen"), [("unfiltered", 1), ("filtered", 0)])
def test_a_window_is_forgotten_by_the_token(ada: HttpCaller, emulator: Emulator, windowed: str, seen: int) -> None:
    emulator.config.change({"windowed_token": windowed})
    rows, token = ada.walk("primary", timeMin="2026-03-10T00:00:00Z")
    assert rows == []
    ada.insert("primary", event(day=5))
    assert len(ada.walk("primary", syncToken=token)[0]) == seen


def test_broken_and_foreign_tokens_are_400(ada: HttpCaller, server: EmulatorServer) -> None:
    other = ada("POST", "calendars", {"summary": "Other"}).body["id"]
    server.emulator.add_user("bob@example.com")
    server.emulator.control("share", {"calendar": EMAIL, "email": "bob@example.com", "role": "reader"})
    bob = HttpCaller(server, "bob@example.com")
    _, token = ada.walk("primary")
    assert token
    answers = [
        ada.events(other, syncToken=token),
        bob.events(EMAIL, syncToken=token),
        ada.events("primary", syncToken=token[:-1]),
        ada.events("primary", syncToken=token[4:]),
        ada.events("primary", syncToken="hello"),
    ]
    for answer in answers:
        assert (answer.status, answer.message) == (400, "Invalid sync token value.")


def expired(caller: HttpCaller, token: str | None) -> bool:
    answer = caller.events("primary", syncToken=token)
    return (answer.status, answer.reason) == (410, "fullSyncRequired")


def test_sync_tokens_die(ada: HttpCaller, emulator: Emulator) -> None:
    def token() -> str | None:
        return ada.walk("primary")[1]

    old = token()
    emulator.control("clock", {"advance_s": 7 * 86_400 + 1})
    ada.refresh()
    assert expired(ada, old)
    old = token()
    emulator.control("expire_sync_tokens", {"calendar": EMAIL, "user": EMAIL})
    assert expired(ada, old)
    assert not expired(ada, token())
    old = token()
    emulator.control("expire_sync_tokens", {"calendar": EMAIL, "user": "bob@example.com"})
    assert not expired(ada, old)
    ada("PATCH", ["calendars", "primary"], {"timeZone": "Asia/Kolkata"})
    assert not expired(ada, old)
    emulator.config.change({"tz_change_invalidates": True})
    ada("PATCH", ["calendars", "primary"], {"timeZone": "Europe/Berlin"})
    assert expired(ada, old)


def test_a_token_can_die_on_a_later_page(ada: HttpCaller, emulator: Emulator) -> None:
    _, token = ada.walk("primary")
    filled(ada, 3)
    emulator.config.change({"scan_page_size": 2, "expire_on_page": 2})
    first = ada.events("primary", syncToken=token)
    assert first.status == 200
    second = ada.events("primary", syncToken=token, pageToken=first.body["nextPageToken"])
    assert second.reason == "fullSyncRequired"
    assert len(ada.walk("primary")[0]) == 3


def test_the_token_may_be_left_out_of_a_later_page(ada: HttpCaller, emulator: Emulator) -> None:
    _, token = ada.walk("primary")
    made = filled(ada, 3)
    emulator.config.change({"scan_page_size": 2})
    first = ada.events("primary", syncToken=token)
    second = ada.events("primary", pageToken=first.body["nextPageToken"])
    assert sorted(ids(first.items) + ids(second.items)) == sorted(made)
    assert "nextSyncToken" in second.body


def test_a_last_page_can_come_without_a_token(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"null_sync_token": 1.0})
    answer = ada.events("primary")
    assert answer.status == 200
    assert not {"nextSyncToken", "nextPageToken"} & set(answer.body)


def test_lists_lag_behind_what_get_sees(ada: HttpCaller, emulator: Emulator) -> None:
    id_ = ada.insert("primary", event("old")).body["id"]
    emulator.control("clock", {"advance_s": 10})
    emulator.config.change({"list_lag_ms": 1500})
    _, before = ada.walk("primary")
    ada.patch("primary", id_, {"summary": "new"})
    rows, during = ada.walk("primary")
    assert [row["summary"] for row in rows] == ["old"]
    assert ada.get("primary", id_).body["summary"] == "new"
    assert ada.walk("primary", syncToken=before)[0] == []
    emulator.control("clock", {"advance_s": 2})
    for token in (before, during):
        assert [row["summary"] for row in ada.walk("primary", syncToken=token)[0]] == ["new"]


def test_updated_min_reaches_back_only_so_far(ada: HttpCaller, emulator: Emulator) -> None:
    made = filled(ada, 2)
    emulator.control("clock", {"set": "2026-03-02T09:00:00Z"})
    ada.refresh()
    ada.delete("primary", made[0])
    rows, _ = ada.walk("primary", updatedMin="2026-03-02T08:30:00Z")
    assert [(row["id"], row["status"]) for row in rows] == [(made[0], "cancelled")]
    answer = ada.events("primary", updatedMin="2025-01-01T00:00:00Z")
    assert (answer.status, answer.reason) == (410, "updatedMinTooLongAgo")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"orderBy": "startTime"}, "invalid"),
        ({"timeMin": "2026-03-05T10:00:00"}, "badRequest"),
        ({"timeMin": "2026-03-05T10:00:00Z", "timeMax": "2026-03-05T10:00:00Z"}, "timeRangeEmpty"),
        ({"timeZone": "W. Europe Standard Time"}, "invalid"),
        ({"maxResults": 0}, "invalid"),
        ({"singleEvents": "maybe"}, "invalid"),
        ({"pageToken": "x"}, "invalid"),
        ({"eventTypes": "party"}, "invalid"),
        ({"privateExtendedProperty": "novalue"}, "invalid"),
        ({"alt": "media"}, "invalid"),
    ],
)
def test_refused_parameters(ada: HttpCaller, query: dict[str, Any], reason: str) -> None:
    answer = ada.events("primary", **query)
    assert (answer.status, answer.reason) == (400, reason)


def test_filters(ada: HttpCaller, emulator: Emulator) -> None:
    one = ada.insert("primary", event("Alpha beta", 5, extendedProperties={"private": {"k": "1", "x": "y"}})).body
    two = ada.insert("primary", event("Beta", 20, extendedProperties={"private": {"k": "1"}})).body
    three = ada.insert("primary", event("Gamma", 25, extendedProperties={"shared": {"k": "1"}})).body

    def found(**query: Any) -> list[str]:
        return sorted(row["summary"] for row in ada.walk("primary", **query)[0])

    assert found(q="beta") == ["Alpha beta", "Beta"]
    assert found(q="BETA alpha") == ["Alpha beta"]
    assert found(iCalUID=two["iCalUID"]) == ["Beta"]
    assert found(privateExtendedProperty=["k=1", "x=y"]) == ["Alpha beta", "Beta"]
    assert found(sharedExtendedProperty="k=1") == [three["summary"]]
    assert found(privateExtendedProperty="k=1", sharedExtendedProperty="k=1") == []
    assert found(eventTypes=["focusTime", "default"]) == ["Alpha beta", "Beta", "Gamma"]
    assert found(timeMin=one["end"]["dateTime"], timeMax=three["start"]["dateTime"]) == ["Beta"]
    emulator.config.change({"private_filter": "and"})
    assert found(privateExtendedProperty=["k=1", "x=y"]) == ["Alpha beta"]


def test_orders(ada: HttpCaller) -> None:
    made = filled(ada, 5)
    ada.patch("primary", made[0], {"summary": "again"})
    assert ids(ada.walk("primary", singleEvents=True, orderBy="startTime")[0]) == made
    assert ids(ada.walk("primary", orderBy="updated")[0]) == [*made[1:], made[0]]


def test_which_cancelled_rows_show(ada: HttpCaller, emulator: Emulator) -> None:
    rule = ["RRULE:FREQ=DAILY;COUNT=3"]
    single = ada.insert("primary", event()).body["id"]
    dead = ada.insert("primary", event(recurrence=rule)).body["id"]
    live = ada.insert("primary", event(recurrence=rule)).body["id"]
    for id_ in (single, dead, f"{live}_20260306T090000Z"):
        assert ada.delete("primary", id_).status == 204
    exception = f"{live}_20260306T090000Z"
    assert sorted(ids(ada.walk("primary")[0])) == sorted([live, exception])
    assert {single, dead, live, exception} <= set(ids(ada.walk("primary", showDeleted=True)[0]))
    instances = [f"{live}_2026030{day}T090000Z" for day in (5, 7)]
    assert sorted(ids(ada.walk("primary", singleEvents=True)[0])) == instances
    deleted = set(ids(ada.walk("primary", singleEvents=True, showDeleted=True)[0]))
    assert deleted == {*instances, exception, single}
    emulator.config.change({"cancelled_master_leak": True})
    leaked = {row["id"]: row["status"] for row in ada.walk("primary")[0]}
    assert leaked[dead] == "cancelled"


def test_a_touched_series_comes_back_with_all_its_instances(ada: HttpCaller) -> None:
    series = ada.insert("primary", event(recurrence=["RRULE:FREQ=DAILY;COUNT=4"])).body["id"]
    _, token = ada.walk("primary", singleEvents=True)
    ada.patch("primary", series, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})
    rows, _ = ada.walk("primary", singleEvents=True, syncToken=token)
    states = {row["id"][-16:-8]: row["status"] for row in rows}
    assert states == {
        "20260305": "confirmed",
        "20260306": "confirmed",
        "20260307": "confirmed",
        "20260308": "cancelled",
    }


@pytest.mark.parametrize("shape", ["full", "documented", "recorded", "bare"])
def test_tombstone_shapes(ada: HttpCaller, emulator: Emulator, shape: str) -> None:
    emulator.config.change({"tombstones": shape})
    single = ada.insert("primary", event()).body["id"]
    series = ada.insert("primary", event(recurrence=["RRULE:FREQ=DAILY"])).body["id"]
    _, token = ada.walk("primary")
    instance = f"{series}_20260306T090000Z"
    ada.delete("primary", single)
    ada.delete("primary", instance)
    rows = {row["id"]: set(row) for row in ada.walk("primary", syncToken=token)[0]}
    bare, origin = {"id", "status"}, {"recurringEventId", "originalStartTime"}
    head = {"kind", "etag"}
    if shape == "full":
        assert {"summary", "start"} <= rows[single]
        assert {"summary"} | origin <= rows[instance]
    else:
        assert rows[single] == bare | (head if shape == "recorded" else set())
        exact = {"bare": bare, "documented": bare | origin, "recorded": bare | origin | head}
        assert rows[instance] == exact[shape]


def test_purged_rows_leave_full_lists_but_keep_their_ids(ada: HttpCaller, emulator: Emulator) -> None:
    id_ = ada.insert("primary", event(id="purged00001")).body["id"]
    ada.delete("primary", id_)
    emulator.control("clock", {"advance_s": 31 * 86_400})
    ada.refresh()
    assert ada.walk("primary", showDeleted=True)[0] == []
    assert ada.get("primary", id_).status == 404
    assert ada.patch("primary", id_, {"status": "confirmed"}).status == 404
    assert ada.insert("primary", event(id=id_)).status == 409


def test_conditional_get_and_its_header(ada: HttpCaller) -> None:
    made = ada.insert("primary", event())
    etag = made.body["etag"]
    assert made.headers["ETag"] == etag
    same = ada("GET", ["calendars", "primary", "events", made.body["id"]], headers={"If-None-Match": etag})
    assert (same.status, same.body) == (304, {})
    other = ada("GET", ["calendars", "primary", "events", made.body["id"]], headers={"If-None-Match": '"1"'})
    assert other.status == 200


def test_fields_pick_parts(ada: HttpCaller) -> None:
    made = ada.insert("primary", event()).body
    answer = ada.events("primary", fields="nextSyncToken,items(id,start/dateTime)")
    assert set(answer.body) == {"nextSyncToken", "items"}
    assert answer.items == [{"id": made["id"], "start": {"dateTime": made["start"]["dateTime"]}}]
    assert ada.events("primary", fields="items/id").body == {"items": [{"id": made["id"]}]}
    assert ada.events("primary", fields="*").body.keys() > {"kind", "etag"}
    for broken in ("items(id", "items)", "items(id),,kind", "/"):
        assert ada.events("primary", fields=broken).status == 400


def test_instances(ada: HttpCaller) -> None:
    series = ada.insert("primary", event(recurrence=["RRULE:FREQ=DAILY;COUNT=4"])).body["id"]
    path = ["calendars", "primary", "events", series, "instances"]
    cancelled = f"{series}_20260306T090000Z"
    ada.delete("primary", cancelled)
    first = ada("GET", path, maxResults=2)
    last = ada("GET", path, maxResults=2, pageToken=first.body["nextPageToken"])
    days = [row["start"]["dateTime"][8:10] for row in first.items + last.items]
    assert days == ["05", "07", "08"]
    assert "nextSyncToken" not in last.body
    assert len(ada("GET", path, showDeleted=True).items) == 4
    assert len(ada("GET", path, timeMin="2026-03-07T00:00:00Z").items) == 2
    assert len(ada("GET", path, originalStart="2026-03-07T10:00:00+01:00").items) == 1
    assert ada("GET", path, originalStart="2026-03-07").status == 400
    one = ada("GET", ["calendars", "primary", "events", f"{series}_20260307T090000Z", "instances"])
    assert ids(one.items) == [f"{series}_20260307T090000Z"]
    assert ada("GET", ["calendars", "primary", "events", cancelled, "instances"]).items == []
    days_series = ada.insert(
        "primary",
        {
            "start": {"date": "2026-03-05"},
            "end": {"date": "2026-03-06"},
            "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"],
        },
    ).body["id"]
    path = ["calendars", "primary", "events", days_series, "instances"]
    assert ids(ada("GET", path, originalStart="2026-03-06").items) == [f"{days_series}_20260306"]
    assert ada("GET", path, originalStart="2026-03-06T00:00:00Z").status == 400


def test_lower_case_instance_ids_appear_in_lists_only(ada: HttpCaller, emulator: Emulator) -> None:
    series = ada.insert("primary", event(recurrence=["RRULE:FREQ=DAILY;COUNT=1"])).body["id"]
    emulator.config.change({"lowercase_instance_ids": 1.0})
    assert ids(ada.walk("primary", singleEvents=True)[0]) == [f"{series}_20260305t090000z"]
    assert ada.get("primary", f"{series}_20260305t090000z").status == 404


@pytest.mark.parametrize(
    ("role", "private", "plain"),
    [
        ("reader", HIDDEN, {"summary", "description"}),
        ("freeBusyReader", HIDDEN, set()),
        ("writerWithoutPrivateAccess", HIDDEN, {"summary", "description"}),
        ("writer", None, {"summary", "description"}),
    ],
)
def test_what_a_role_sees(
    ada: HttpCaller, server: EmulatorServer, role: str, private: set[str] | None, plain: set[str]
) -> None:
    server.emulator.add_user("bob@example.com")
    server.emulator.control("share", {"calendar": EMAIL, "email": "bob@example.com", "role": role})
    hidden = ada.insert("primary", event("secret", description="d", visibility="private")).body["id"]
    open_ = ada.insert("primary", event("open", description="d")).body["id"]
    rows = {row["id"]: row for row in HttpCaller(server, "bob@example.com").walk(EMAIL)[0]}
    assert set(rows[hidden]) == private if private else rows[hidden]["summary"] == "secret"
    assert {"summary", "description"} & set(rows[open_]) == plain
