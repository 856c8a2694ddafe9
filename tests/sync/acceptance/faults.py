"""What goes wrong between couchcal and Google, and how processes end."""

from __future__ import annotations

from tests.google.model import Json
from tests.sync.acceptance import there
from tests.sync.acceptance.world import EMAIL, World

_STATUS: Json = {"type": "status", "code": 503, "reason": "backendError", "message": "Backend Error"}
_LIMIT: Json = {"type": "status", "reason": "rateLimitExceeded", "message": "Rate Limit Exceeded"}
_NOT_FOUND: Json = {"type": "status", "code": 404, "reason": "notFound", "message": "Not Found"}
_WRITES = r"/events(/[^/]+)?$"
FAULTS: tuple[Json, ...] = (
    {"action": _STATUS, "times": 3},
    {"action": _STATUS, "times": 12},
    {"action": {**_LIMIT, "code": 429, "headers": {"Retry-After": "7"}}, "times": 2},
    {"action": {**_LIMIT, "code": 403}, "times": 2},
    {"action": {"type": "drop_before"}, "times": 2},
    {"action": {"type": "drop_after"}, "match": {"method": "POST", "path": _WRITES}, "times": 2},
    {"action": {"type": "drop_after"}, "match": {"method": "PATCH", "path": _WRITES}, "times": 2},
    {"action": {"type": "drop_after"}, "match": {"method": "DELETE", "path": _WRITES}, "times": 2},
    {"action": {"type": "status_after", "code": 503}, "match": {"method": "POST", "path": _WRITES}, "times": 2},
    {"action": {"type": "status_after", "code": 503}, "match": {"method": "PATCH", "path": _WRITES}, "times": 2},
    {"action": {"type": "status_after", "code": 500}, "match": {"method": "DELETE", "path": _WRITES}, "times": 6},
    {"action": {"type": "deliver_twice"}, "match": {"path": _WRITES}, "times": 4},
    {"action": {"type": "stale_read", "revs": 1}, "times": 3},
    {"action": {"type": "stale_read", "revs": 4}, "times": 3},
    {"action": {"type": "empty_list"}, "times": 1},
    {"action": {"type": "empty_list"}, "times": 6},
    {"action": {"type": "short_list", "keep": 0.5}, "times": 4},
    {"action": {"type": "gone_410"}, "times": 1},
    {"action": {"type": "token_400"}, "times": 1},
    {"action": {"type": "precondition_412", "n": 3}},
    {"action": {"type": "precondition_412", "n": 9}},
    {"action": {"type": "captive_portal_200_html"}, "times": 3},
    {"action": {"type": "captive_portal_200_html"}, "times": 8},
    {"action": {"type": "redirect"}, "times": 2},
    {"action": {"type": "garbage"}, "times": 2},
    {"action": {"type": "truncate", "bytes": 30}, "times": 2},
    {"action": {"type": "bad_gzip"}, "times": 2},
    {"action": {"type": "wrong_length"}, "times": 2},
    {"action": {"type": "empty_200"}, "times": 2},
    {"action": {"type": "html_502"}, "times": 2},
    {"action": {"type": "hang"}, "times": 1},
    {"action": {"type": "delay", "ms": 45_000}, "times": 1},
    {"action": {"type": "unauthorized_once"}},
    {"action": {"type": "expire_access_now"}, "times": 1},
    {"action": {"type": "revoke_now"}, "times": 1},
    {"action": {**_STATUS, "code": 403, "reason": "forbidden"}, "match": {"path": _WRITES}, "times": 1},
    {"action": {**_STATUS, "code": 404, "reason": "notFound"}, "match": {"op": "events.list"}, "times": 1},
    {"action": {**_STATUS, "code": 400, "reason": "invalid"}, "match": {"op": "events.insert"}, "times": 1},
    {"action": _NOT_FOUND, "match": {"method": "DELETE", "path": _WRITES}, "times": 1},
    {"action": _NOT_FOUND, "match": {"method": "PATCH", "path": _WRITES}, "times": 1},
)  # fmt: skip
BETWEEN = ("move", "delete", "retitle", "zone", "drag", "restore", "to_primary", "repeat", "free", "undo")


def add(world: World, which: int, after: int = 0) -> None:
    """One of `FAULTS`, from the request after so many that fit."""
    fault = dict(FAULTS[which % len(FAULTS)])
    if after:
        fault["when"] = {"after_n": after}
    world.emulator.faults.add(fault)


def between(world: World, what: int, pick: int, minutes: int, page: bool) -> None:
    """A person edits just before a write of couchcal is applied, or between two pages of a list."""
    calendar = world.calendar
    if calendar is None:
        return
    made = there.request(world, calendar, BETWEEN[what % len(BETWEEN)], pick, minutes)
    if made is None:
        return
    operation, body = made
    edit = {"email": EMAIL, "op": operation, "body": body}
    action = {"type": "edit_during_page", "page": 1 + pick % 2} if page else {"type": "edit_between"}
    world.emulator.faults.add({"action": {**action, "ui_op": edit}, "times": 1})


def clear(world: World) -> None:
    """Nothing goes wrong any more but what always does under the profile."""
    world.end_faults()
    for fault in world.usual_faults:
        world.emulator.faults.add({name: fault[name] for name in ("id", "match", "when", "action", "times")})
