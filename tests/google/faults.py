"""Fault injection: which requests go wrong, when, and how (§ faults).

A fault is `{"id", "match", "when", "times", "action"}`. `match` names what a request must have: `method`,
`path` (a regular expression found in the path), `op`, `query_has`, `event_id`. `when` is one of `nth`, `every`,
`prob`, `after_n`, `during_page`; without it each match counts. The first fault that strikes is the only one.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.google import ui
from tests.google.context import Distortion
from tests.google.messages import (
    HTML_TYPE,
    JSON_TYPE,
    ApiError,
    Request,
    Response,
    bad_credentials,
    bad_sync_token,
    full_sync_required,
    precondition_failed,
)
from tests.google.model import Json, LogEntry

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

PORTAL_PATH = "/__portal__"
PORTAL_HTML = (
    b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Please log in to use Wi-Fi.</body></html>"
)
BAD_GATEWAY_HTML = b"<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title><p>That's an error.</html>"
_MATCHES = {"method", "path", "op", "query_has", "event_id"}
_MOMENTS = {"nth", "every", "prob", "after_n", "during_page"}
_CALENDAR_WRITE = re.compile(r".+\.(patch|update|delete|move)")


@dataclass
class Fault:
    """A fault with how often its match was `seen` and how often it has `struck`."""

    id: str
    match: Json
    when: Json
    action: Json
    times: int | None = None
    seen: int = 0
    struck: int = 0

    def as_dict(self) -> Json:
        shown = {"id": self.id, "match": self.match, "when": self.when, "action": self.action}
        return shown | {"times": self.times, "seen": self.seen, "struck": self.struck}


class Faults:
    """The faults in force, in the order they were added."""

    def __init__(self, faults: list[Json]) -> None:
        self._faults: dict[str, Fault] = {}
        self._made = 0
        for fault in faults:
            self.add(fault)

    def add(self, given: Json) -> str:
        """The id of the new fault. Raises ValueError for one that cannot be."""
        action, match, when = given.get("action"), given.get("match", {}), given.get("when", {})
        if not isinstance(action, dict) or not _is_known(action):
            raise ValueError(f"unknown action {action!r}")
        if not isinstance(match, dict) or set(match) - _MATCHES:
            raise ValueError(f"unknown match {match!r}")
        if not isinstance(when, dict) or set(when) - _MOMENTS or len(when) > 1:
            raise ValueError(f"unknown when {when!r}")
        self._made += 1
        id_ = str(given.get("id") or f"f{self._made}")
        times = given.get("times")
        if times is None and action["type"] in ("unauthorized_once", "precondition_412"):
            times = action.get("n", 1)
        self._faults[id_] = Fault(id_, match, when, action, times)
        return id_

    def remove(self, id_: str | None = None) -> None:
        """Take one fault away, or all. Raises KeyError for an unknown one."""
        if id_ is None:
            self._faults.clear()
        else:
            del self._faults[id_]

    def as_list(self) -> list[Json]:
        return [fault.as_dict() for fault in self._faults.values()]

    def pick(self, emulator: Emulator, entry: LogEntry) -> Json | None:
        """The action of the fault that strikes this request, if one does; the log entry names the fault."""
        for fault in self._faults.values():
            if fault.times is not None and fault.struck >= fault.times:
                continue
            page = _page(emulator, entry)
            if not _matches(fault.match, entry) or not _applies(fault.action, entry, page):
                continue
            fault.seen += 1
            if _is_time(emulator, fault, page):
                fault.struck += 1
                entry.fault = fault.id
                action = fault.action
                return emulator.world.rng.choice(action["of"]) if action["type"] == "random" else action
        return None

    @staticmethod
    def wait_before(action: Json | None) -> int:
        """How many milliseconds pass before the request is applied."""
        return int(action["ms"]) if action and action["type"] == "delay" and action.get("before") else 0

    @staticmethod
    def run(emulator: Emulator, action: Json | None, request: Request, entry: LogEntry) -> Response:
        """The response, with what the fault does to request, state and answer."""
        if action is None:
            return emulator.answer(request, entry)
        return ACTIONS[action["type"]](_Struck(emulator, action, request, entry))


def _is_known(action: Json) -> bool:
    if action.get("type") == "random":
        choices = action.get("of")
        return isinstance(choices, list) and bool(choices) and all(_is_known(choice) for choice in choices)
    return action.get("type") in ACTIONS


def _page(emulator: Emulator, entry: LogEntry) -> int:
    text = dict(entry.query).get("pageToken")
    token = emulator.sealer.open(text) if text else None
    return token.page if token else 1


def _matches(match: Json, entry: LogEntry) -> bool:
    return (
        match.get("method") in (None, entry.method)
        and ("path" not in match or re.search(match["path"], entry.path) is not None)
        and match.get("op") in (None, entry.op)
        and ("query_has" not in match or match["query_has"] in dict(entry.query))
        and match.get("event_id") in (None, entry.event_id)
    )


def _applies(action: Json, entry: LogEntry, page: int) -> bool:
    """Whether the action can happen to such a request at all: no 412 without If-Match, no short list of one."""
    kind = action["type"]
    names = dict(entry.query)
    if kind in ("gone_410", "token_400"):
        return "syncToken" in names
    if kind == "precondition_412":
        return entry.if_match is not None
    if kind in ("unauthorized_once", "expire_access_now"):
        return not entry.op.startswith("oauth.")
    if kind == "stale_read":
        return entry.op in ("events.list", "events.get")
    if kind == "short_list":
        return entry.op == "events.list" and "syncToken" not in names
    if kind == "empty_list":
        return entry.op == "events.list"
    if kind == "edit_between":
        return _CALENDAR_WRITE.fullmatch(entry.op) is not None
    if kind == "edit_during_page":
        return entry.op == "events.list" and page == action.get("page", 2)
    return True


def _is_time(emulator: Emulator, fault: Fault, page: int) -> bool:
    when, seen = fault.when, fault.seen
    if "nth" in when:
        return seen in when["nth"]
    if "every" in when:
        return bool(seen % when["every"] == 0)
    if "prob" in when:
        return bool(emulator.world.rng.random() < when["prob"])
    if "after_n" in when:
        return bool(seen > when["after_n"])
    return bool(page == when.get("during_page", page))


@dataclass(frozen=True)
class _Struck:
    """A request that a fault strikes."""

    emulator: Emulator
    action: Json
    request: Request
    entry: LogEntry

    def answer(self, distortion: Distortion | None = None) -> Response:
        return self.emulator.answer(self.request, self.entry, distortion)

    def refuse(self, error: ApiError) -> Response:
        self.entry.reason = error.reason
        return error.response(self.emulator.config.error_shape)

    def unless_not_applied(self, applied: bool) -> Response | None:
        """The real answer if the request takes effect in spite of the fault."""
        return self.answer() if self.action.get("applied", applied) else None


def _status(struck: _Struck) -> Response:
    action = struck.action
    code = int(action.get("code", 503))
    reason = str(action.get("reason", "backendError"))
    domain = "usageLimits" if reason.endswith(("LimitExceeded", "quotaExceeded")) else "global"
    message = str(action.get("message", "Backend Error"))
    return struck.refuse(ApiError(code, reason, message, domain=domain, headers=action.get("headers")))


def _drop_before(struck: _Struck) -> Response:
    return Response(0, wire="reset")


def _drop_after(struck: _Struck) -> Response:
    struck.answer()
    return Response(0, wire="reset")


def _status_after(struck: _Struck) -> Response:
    struck.answer()
    return _status(struck)


def _delay(struck: _Struck) -> Response:
    response = struck.answer()
    if not struck.action.get("before"):
        response.delay_ms += int(struck.action["ms"])
    return response


def _hang(struck: _Struck) -> Response:
    struck.unless_not_applied(applied=False)
    return Response(0, wire="hang")


def _truncate(struck: _Struck) -> Response:
    response = struck.answer()
    response.wire = "cut"
    response.sent_bytes = min(int(struck.action.get("bytes", len(response.body) // 2)), len(response.body))
    return response


def _broken(struck: _Struck, body: bytes, kind: str = JSON_TYPE, *, status: int | None = None) -> Response:
    response = struck.answer()
    return Response(status or response.status, {"Content-Type": kind}, body, encoded=True)


def _garbage(struck: _Struck) -> Response:
    return _broken(struck, struck.emulator.world.rng.randbytes(64))


def _empty_200(struck: _Struck) -> Response:
    return _broken(struck, b"", status=200)


def _bad_gzip(struck: _Struck) -> Response:
    response = _broken(struck, gzip.compress(b'{"kind": "calendar#events"}', mtime=0)[:-9] + b"\0" * 9)
    response.headers["Content-Encoding"] = "gzip"
    return response


def _wrong_length(struck: _Struck) -> Response:
    response = struck.answer()
    response.encoded = True
    response.content_length = max(0, len(response.body) + int(struck.action.get("by", -5)))
    return response


def _html_502(struck: _Struck) -> Response:
    struck.unless_not_applied(applied=False)
    return Response(502, {"Content-Type": HTML_TYPE}, BAD_GATEWAY_HTML)


def _deliver_twice(struck: _Struck) -> Response:
    struck.answer()
    return struck.answer()


def _stale_read(struck: _Struck) -> Response:
    return struck.answer(Distortion(stale_revs=int(struck.action.get("revs", 1))))


def _unauthorized(struck: _Struck) -> Response:
    return struck.refuse(bad_credentials())


def _gone(struck: _Struck) -> Response:
    return struck.refuse(full_sync_required())


def _token_400(struck: _Struck) -> Response:
    return struck.refuse(bad_sync_token())


def _precondition(struck: _Struck) -> Response:
    return struck.refuse(precondition_failed())


def _edit(struck: _Struck) -> Response:
    edit = struck.action["ui_op"]
    email = edit.get("email") or next(iter(struck.emulator.world.users))
    ui.dispatch(struck.emulator, email, edit["op"], edit.get("body", {}))
    return struck.answer()


def _revoke(struck: _Struck) -> Response:
    _with_grants(struck, lambda grant: setattr(grant, "revoked", True))
    return struck.answer()


def _expire(struck: _Struck) -> Response:
    world = struck.emulator.world

    def expire(grant: Any) -> None:
        for token in world.access.values():
            if token.grant is grant:
                token.expires_us = world.clock.now_us

    _with_grants(struck, expire)
    return struck.answer()


def _with_grants(struck: _Struck, change: Callable[[Any], None]) -> None:
    """Do something to the grant that the request's access token or refresh token belongs to."""
    world = struck.emulator.world
    bearer = struck.request.headers.get("authorization", "").partition(" ")[2]
    form = struck.entry.body if isinstance(struck.entry.body, dict) else {}
    for grant in world.grants:
        mine = grant.refresh_token is not None and grant.refresh_token == form.get("refresh_token")
        if mine or (bearer in world.access and world.access[bearer].grant is grant):
            change(grant)


def _redirect(struck: _Struck) -> Response:
    location = struck.action.get("location") or f"http://{struck.entry.host}{PORTAL_PATH}"
    return Response(302, {"Location": str(location), "Content-Type": HTML_TYPE})


def portal() -> Response:
    """The page of a Wi-Fi that wants a log-in."""
    return Response(200, {"Content-Type": HTML_TYPE}, PORTAL_HTML)


def _empty_list(struck: _Struck) -> Response:
    return struck.answer(Distortion(keep=0, whole=True))


def _short_list(struck: _Struck) -> Response:
    return struck.answer(Distortion(keep=float(struck.action.get("keep", 0.5))))


ACTIONS: dict[str, Callable[[_Struck], Response]] = {
    "status": _status,
    "drop_before": _drop_before,
    "drop_after": _drop_after,
    "status_after": _status_after,
    "delay": _delay,
    "hang": _hang,
    "truncate": _truncate,
    "garbage": _garbage,
    "html_502": _html_502,
    "empty_200": _empty_200,
    "bad_gzip": _bad_gzip,
    "wrong_length": _wrong_length,
    "deliver_twice": _deliver_twice,
    "stale_read": _stale_read,
    "unauthorized_once": _unauthorized,
    "gone_410": _gone,
    "token_400": _token_400,
    "precondition_412": _precondition,
    "edit_between": _edit,
    "edit_during_page": _edit,
    "revoke_now": _revoke,
    "expire_access_now": _expire,
    "redirect": _redirect,
    "captive_portal_200_html": lambda struck: portal(),
    "empty_list": _empty_list,
    "short_list": _short_list,
}
