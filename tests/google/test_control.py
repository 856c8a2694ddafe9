"""The control API over HTTP, the toggles and the profiles (§ control, § profiles)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.google.config import Config
from tests.google.control import ControlError
from tests.google.driving import EMAIL, Caller, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.model import Json
from tests.google.profiles import PROFILES

BOB = "bob@example.com"


def event(**more: Any) -> Json:
    return timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z", summary="x") | more


def call(ada: HttpCaller, method: str, path: str, body: object = None) -> tuple[int, Json]:
    sent = b"" if body is None else json.dumps(body).encode()
    ada.connection.request(method, f"/__control__/{path}", sent)
    answer = ada.connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_the_log_tells_what_a_client_did(ada: HttpCaller) -> None:
    made = ada.insert("primary", event(id="abcde"), sendUpdates="none")
    ada.patch("primary", "abcde", {"summary": "y"}, if_match='"1"')
    status, body = call(ada, "GET", "log?since=0")
    assert status == 200
    first, second = body["log"]
    assert (first["op"], first["status"], first["applied"], first["etag"]) == (
        "events.insert",
        200,
        1,
        made.body["etag"],
    )
    assert first["user"] == EMAIL
    assert first["body"]["summary"] == "x"
    assert first["query"] == [["sendUpdates", "none"]]
    assert (second["if_match"], second["status"], second["reason"]) == ('"1"', 412, "conditionNotMet")
    assert (second["calendar"], second["event_id"], second["applied"]) == (EMAIL, "abcde", 0)
    assert call(ada, "GET", "log?since=1")[1]["log"] == [second]


def test_stats_since_the_mark(ada: HttpCaller) -> None:
    ada("GET", "colors")
    assert call(ada, "POST", "mark")[1] == {"seq": 1}
    ada.insert("primary", event())
    ada.get("primary", "nothing")
    assert call(ada, "GET", "stats")[1] == {
        "requests": 2,
        "writes": 1,
        "by_op": {"events.get": 1, "events.insert": 1},
        "by_op_status": {"events.get 404": 1, "events.insert 200": 1},
    }


def test_snapshot_and_restore(ada: HttpCaller, emulator: Emulator) -> None:
    id_ = ada.insert("primary", event(summary="before")).body["id"]
    _, old = ada.walk("primary")
    before = emulator.control("state", method="GET")
    snapshot = call(ada, "POST", "snapshot")[1]["id"]
    etag = ada.patch("primary", id_, {"summary": "after"}).body["etag"]
    lost = ada.insert("primary", event()).body["id"]
    calendar = ada("POST", "calendars", {"summary": "lost"}).body["id"]
    _, new = ada.walk("primary")
    assert call(ada, "POST", "restore", {"id": snapshot})[0] == 200
    assert (
        emulator.control("state", method="GET")["calendars"][EMAIL]["events"]
        == before["calendars"][EMAIL]["events"]
    )
    assert ada.get("primary", lost).status == 404
    assert ada.events(calendar).status == 404
    assert ada.patch("primary", id_, {"summary": "x"}, if_match=etag).status == 412
    assert ada.events("primary", syncToken=new).reason == "fullSyncRequired"
    assert ada.patch("primary", id_, {"summary": "again"}).body["etag"] > etag
    ada.insert("primary", event())
    assert ada.events("primary", syncToken=new).reason == "fullSyncRequired"
    assert len(ada.walk("primary", syncToken=old)[0]) == 2
    assert call(ada, "POST", "restore", {"id": "nothing"})[0] == 404


def test_the_clock(ada: HttpCaller, emulator: Emulator) -> None:
    now = call(ada, "POST", "clock", {"set": "2026-04-01T00:00:00Z"})[1]
    assert now["now"] == "2026-04-01T00:00:00+00:00"
    assert call(ada, "POST", "clock", {"advance_s": 1.5})[1]["now_us"] == now["now_us"] + 1_500_000
    assert call(ada, "POST", "clock", {"set": "tomorrow"})[0] == 400
    emulator.config.change({"clock_jump": 1.0})
    ada("GET", "colors")
    assert emulator.world.clock.now_us > now["now_us"] + 2 * 86_400_000_000


def test_toggles(ada: HttpCaller) -> None:
    status, config = call(ada, "POST", "config", {"order": "by_start", "list_lag_ms": 5})
    assert (status, config["order"], config["list_lag_ms"]) == (200, "by_start", 5)
    for wrong in ({"nothing": 1}, {"order": "upwards"}, {"gzip": 1}, {"null_sync_token": 2}, {"list_lag_ms": "x"}):
        assert call(ada, "POST", "config", wrong)[0] == 400
    assert call(ada, "POST", "config")[1]["order"] == "by_start"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "nothing", {}, 404),
        ("GET", "reset", None, 404),
        ("POST", "share", {"calendar": "nowhere", "email": BOB, "role": "reader"}, 404),
        ("POST", "share", {}, 400),
        ("POST", "share", {"calendar": EMAIL, "email": BOB, "role": "king"}, 400),
        ("POST", "faults", {"action": {"type": "nothing"}}, 400),
        ("POST", "faults", {"action": {"type": "hang"}, "when": {"sometimes": 1}}, 400),
        ("POST", "faults", {"action": {"type": "hang"}, "match": {"colour": 1}}, 400),
        ("DELETE", "faults/nothing", None, 404),
        ("POST", f"ui/{EMAIL}/nothing", {}, 404),
        ("POST", "reset", {"profile": "nothing"}, 400),
        ("POST", "snapshot", [], 400),
    ],
)
def test_calls_that_cannot_be(ada: HttpCaller, method: str, path: str, body: object, status: int) -> None:
    assert call(ada, method, path, body)[0] == status


def test_in_process_they_raise(emulator: Emulator) -> None:
    with pytest.raises(ControlError, match="nothing"):
        emulator.control("nothing")


def test_administration(ada: HttpCaller, emulator: Emulator) -> None:
    call(ada, "POST", "users", {"email": BOB, "timezone": "Asia/Kolkata", "settings": {"weekStart": "0"}})
    granted = call(ada, "POST", "grant", {"email": BOB, "scopes": ["calendar"]})[1]
    bob = Caller(emulator, BOB)
    bob.token = granted["access_token"]
    shared = {"calendar": EMAIL, "email": BOB}
    call(ada, "POST", "share", shared | {"role": "reader"})
    assert bob.events(EMAIL).status == 200
    call(ada, "POST", "hide", shared)
    assert bob("GET", ["users", "me", "calendarList", EMAIL]).body["hidden"] is True
    call(ada, "POST", "unshare", shared)
    assert bob.events(EMAIL).status == 404
    made = call(ada, "POST", "calendars", {"owner": BOB, "acl": {EMAIL: "writer"}})[1]["id"]
    assert ada.events(made).body["accessRole"] == "writer"
    call(ada, "POST", "rename_calendar", {"calendar": made, "summary": "New"})
    assert ada.events(made).body["summary"] == "New"
    call(ada, "POST", "delete_calendar", {"calendar": made})
    assert ada.events(made).status == 404
    assert call(ada, "POST", "revoke_grant", {"email": BOB})[1]["revoked"] == 2
    assert bob.events(BOB).status == 401


def test_a_calendar_is_filled_at_once(ada: HttpCaller) -> None:
    assert call(ada, "POST", "fill_calendar", {"calendar": EMAIL, "n": 3000})[1] == {"events": 3000}
    rows, _ = ada.walk("primary", maxResults=2500)
    assert len({row["id"] for row in rows}) == len({row["etag"] for row in rows}) == 3000


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_profiles_apply(profile: str) -> None:
    emulator = Emulator(profile, seed=3)
    config = emulator.config.as_dict()
    assert PROFILES[profile].items() <= config.items()
    assert bool(emulator.faults.as_list()) is (profile == "flaky")


def test_flaky_strikes_about_one_in_seven() -> None:
    emulator = Emulator("flaky", seed=3, quota_user_per_min=0)
    emulator.add_user(EMAIL)
    caller = Caller(emulator)
    for _ in range(400):
        try:
            caller("GET", "colors")
        except ValueError:
            continue
    struck = sum(entry.fault is not None for entry in emulator.log)
    assert 35 < struck < 90


def test_the_same_seed_gives_the_same_world() -> None:
    def run(seed: int) -> list[object]:
        emulator = Emulator("paranoid", seed=seed)
        emulator.add_user(EMAIL)
        caller = Caller(emulator)
        answers: list[object] = [caller.insert("primary", event()).body for _ in range(5)]
        emulator.control("clock", {"advance_s": 5})
        answers += [caller.events("primary").body, emulator.control("state", method="GET")]
        return answers

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_defaults_are_valid() -> None:
    config = Config()
    config.change(config.as_dict())
