"""Scopes, quotas and the bodies of errors over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.google.access import SCOPES
from tests.google.driving import EMAIL, timed
from tests.google.emulator import Emulator
from tests.google.http_driving import HttpCaller
from tests.google.server import EmulatorServer

APP = "calendar.app.created"


def event() -> dict[str, object]:
    return timed("2026-03-05T10:00:00Z", "2026-03-05T11:00:00Z", summary="secret", description="d")


@pytest.mark.parametrize(
    ("operation", "method", "path"),
    [
        ("calendarList.list", "GET", "users/me/calendarList"),
        ("calendarList.get", "GET", "users/me/calendarList/primary"),
        ("calendars.insert", "POST", "calendars"),
        ("calendars.get", "GET", "calendars/primary"),
        ("calendars.clear", "POST", "calendars/primary/clear"),
        ("events.list", "GET", "calendars/primary/events"),
        ("events.insert", "POST", "calendars/primary/events"),
        ("events.move", "POST", "calendars/primary/events/x/move"),
        ("colors.get", "GET", "colors"),
        ("freebusy.query", "POST", "freeBusy"),
        ("settings.list", "GET", "users/me/settings"),
        ("acl.list", "GET", "calendars/primary/acl"),
        ("acl.insert", "POST", "calendars/primary/acl"),
    ],
)
def test_each_operation_has_its_scopes(server: EmulatorServer, operation: str, method: str, path: str) -> None:
    server.emulator.control("share", {"calendar": EMAIL, "email": "default", "role": "reader"})
    every = sorted(set().union(*SCOPES.values()))
    for scope in every:
        answer = HttpCaller(server, scopes=[scope])(method, path.split("/"), {} if method == "POST" else None)
        assert (answer.reason == "insufficientPermissions") is (scope not in SCOPES[operation]), scope


def test_a_missing_scope_says_so_in_details(server: EmulatorServer) -> None:
    answer = HttpCaller(server, scopes=["calendar.events"])("GET", "colors")
    assert answer.message == "Request had insufficient authentication scopes."
    assert answer.body["error"]["status"] == "PERMISSION_DENIED"
    assert answer.body["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_app_created_reaches_its_own_calendars_only(server: EmulatorServer, ada: HttpCaller) -> None:
    app = HttpCaller(server, scopes=[APP], client_id="app")
    mine = app("POST", "calendars", {"summary": "mine"}).body["id"]
    made = app.insert(mine, event()).body
    assert app.get(mine, made["id"]).status == 200
    assert app("GET", ["users", "me", "calendarList", mine]).status == 200
    for answer in (app.events(EMAIL), app("GET", ["calendars", EMAIL]), app.insert(EMAIL, event())):
        assert (answer.status, answer.reason) == (404, "notFound")
    path = ["calendars", mine, "events", made["id"], "move"]
    assert app("POST", path, destination=EMAIL).reason == "insufficientPermissions"
    assert HttpCaller(server, scopes=[APP], client_id="another").events(mine).status == 404
    server.emulator.config.change({"appcreated_foreign": "403"})
    assert app.events(EMAIL).status == 403


def test_owned_reaches_what_the_user_owns(server: EmulatorServer, ada: HttpCaller) -> None:
    server.emulator.add_user("bob@example.com")
    server.emulator.control("share", {"calendar": "bob@example.com", "email": EMAIL, "role": "writer"})
    owned = HttpCaller(server, scopes=["calendar.events.owned"])
    assert owned.events(EMAIL).status == 200
    assert owned.events("bob@example.com").status == 403
    assert ada.events("bob@example.com").status == 200


def test_freebusy_scope_strips_events(server: EmulatorServer, ada: HttpCaller) -> None:
    ada.insert("primary", event())
    narrow = HttpCaller(server, scopes=["calendar.events.freebusy"])
    assert [set(row) for row in narrow.events("primary").items] == [{"id", "status", "start", "end"}]
    server.emulator.config.change({"freebusy_scope_rows": "full"})
    assert narrow.events("primary").items[0]["summary"] == "secret"


def test_the_public_scope_reads_what_is_public(server: EmulatorServer, ada: HttpCaller) -> None:
    public = HttpCaller(server, scopes=["calendar.events.public.readonly"])
    assert public.events("primary").status == 403
    server.emulator.control("share", {"calendar": EMAIL, "email": "default", "role": "reader"})
    assert public.events("primary").status == 200


def test_checks_come_in_order(server: EmulatorServer, ada: HttpCaller) -> None:
    """Scope, then the calendar, then the precondition, then the body."""
    made = ada.insert("primary", event()).body["id"]
    bad = {"start": "nonsense"}
    narrow = HttpCaller(server, scopes=["calendar.readonly"])
    assert narrow.patch("nowhere", made, bad, if_match='"1"').reason == "insufficientPermissions"
    assert ada.patch("nowhere", made, bad, if_match='"1"').status == 404
    assert ada.patch("primary", made, bad, if_match='"1"').status == 412
    assert ada.patch("primary", made, bad).status == 400


def test_credentials(ada: HttpCaller, emulator: Emulator) -> None:
    ada.token = "ya29.unknown"
    answer = ada.events("primary")
    assert (answer.status, answer.reason, answer.message) == (401, "authError", "Invalid Credentials")
    assert answer.body["error"]["errors"][0]["location"] == "Authorization"
    ada.refresh()
    emulator.control("clock", {"advance_s": 3600})
    assert ada.events("primary").status == 401
    ada.refresh()
    emulator.control("expire_access", {"email": EMAIL})
    assert ada.events("primary").status == 401
    ada.refresh()
    emulator.control("disable_api")
    assert ada.events("primary").reason == "accessNotConfigured"
    emulator.control("disable_api", {"disabled": False})
    emulator.control("revoke_grant", {"email": EMAIL})
    assert ada.events("primary").status == 401


def test_what_is_not_served(ada: HttpCaller) -> None:
    assert ada("GET", ["nothing"]).status == 404
    assert ada("PUT", ["colors"]).status == 404
    assert ada("POST", ["calendars", "primary", "events", "watch"], {}).status == 501
    assert ada("POST", ["channels", "stop"], {}).status == 501


def test_the_api_answers_without_its_prefix_too(ada: HttpCaller) -> None:
    ada.connection.request("GET", "/colors", headers={"Authorization": f"Bearer {ada.token}"})
    answer = ada.connection.getresponse()
    assert json.loads(answer.read())["kind"] == "calendar#colors"


@pytest.mark.parametrize(("shape", "status"), [("legacy", 404), ("no_errors_array", 404), ("html", 502)])
def test_shapes_of_errors(ada: HttpCaller, emulator: Emulator, shape: str, status: int) -> None:
    emulator.config.change({"error_shape": shape})
    target = "/calendar/v3/calendars/nowhere/events"
    ada.connection.request("GET", target, headers={"Authorization": f"Bearer {ada.token}"})
    answer = ada.connection.getresponse()
    body = answer.read()
    assert answer.status == status
    if shape == "html":
        assert body.startswith(b"<!DOCTYPE html>")
    else:
        error = json.loads(body)["error"]
        assert ("errors" in error) is (shape == "legacy")
        assert (error.get("status") == "NOT_FOUND") is (shape != "legacy")


@pytest.mark.parametrize(
    ("form", "status", "reason", "retry"),
    [
        ("403user", 403, "userRateLimitExceeded", False),
        ("403rate", 403, "rateLimitExceeded", False),
        ("429", 429, "rateLimitExceeded", False),
        ("429+Retry-After", 429, "rateLimitExceeded", True),
    ],
)
def test_quotas_slide(
    ada: HttpCaller, emulator: Emulator, form: str, status: int, reason: str, retry: bool
) -> None:
    emulator.config.change({"quota_user_per_min": 3, "quota_form": form})
    assert [ada("GET", "colors").status for _ in range(3)] == [200] * 3
    answer = ada("GET", "colors")
    assert (answer.status, answer.reason) == (status, reason)
    assert ("Retry-After" in answer.headers) is retry
    emulator.control("clock", {"advance_s": 61})
    assert ada("GET", "colors").status == 200


def test_quota_of_the_project(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"quota_project_per_min": 2, "quota_form": "alternate"})
    assert [ada("GET", "colors").status for _ in range(4)] == [200, 200, 429, 403]


def test_bursts_of_writes(ada: HttpCaller, emulator: Emulator) -> None:
    emulator.config.change({"write_burst_n": 2, "write_burst_ms": 2000})
    statuses = [ada.insert("primary", event()).status for _ in range(3)]
    assert statuses == [200, 200, 403]
    assert ada.events("primary").status == 200
    emulator.config.change({"write_burst_reason": "quotaExceeded"})
    assert ada.insert("primary", event()).reason == "quotaExceeded"
    emulator.control("clock", {"advance_s": 2})
    assert ada.insert("primary", event()).status == 200
