"""What each fault does to a request and its answer (§ faults)."""

from __future__ import annotations

import contextlib
import gzip
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


@dataclass(frozen=True)
class Struck:
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


def _status(struck: Struck) -> Response:
    action = struck.action
    code = int(action.get("code", 503))
    reason = str(action.get("reason", "backendError"))
    domain = "usageLimits" if reason.endswith(("LimitExceeded", "quotaExceeded")) else "global"
    message = str(action.get("message", "Backend Error"))
    return struck.refuse(ApiError(code, reason, message, domain=domain, headers=action.get("headers")))


def _drop_before(struck: Struck) -> Response:
    return Response(0, wire="reset")


def _drop_after(struck: Struck) -> Response:
    struck.answer()
    return Response(0, wire="reset")


def _status_after(struck: Struck) -> Response:
    struck.answer()
    return _status(struck)


def _delay(struck: Struck) -> Response:
    response = struck.answer()
    if not struck.action.get("before"):
        response.delay_ms += int(struck.action["ms"])
    return response


def _hang(struck: Struck) -> Response:
    struck.unless_not_applied(applied=False)
    return Response(0, wire="hang")


def _truncate(struck: Struck) -> Response:
    response = struck.answer()
    response.wire = "cut"
    response.sent_bytes = min(int(struck.action.get("bytes", len(response.body) // 2)), len(response.body))
    return response


def _broken(struck: Struck, body: bytes, kind: str = JSON_TYPE, *, status: int | None = None) -> Response:
    response = struck.answer()
    return Response(status or response.status, {"Content-Type": kind}, body, encoded=True)


def _garbage(struck: Struck) -> Response:
    return _broken(struck, struck.emulator.world.rng.randbytes(64))


def _empty_200(struck: Struck) -> Response:
    return _broken(struck, b"", status=200)


def _bad_gzip(struck: Struck) -> Response:
    response = _broken(struck, gzip.compress(b'{"kind": "calendar#events"}', mtime=0)[:-9] + b"\0" * 9)
    response.headers["Content-Encoding"] = "gzip"
    return response


def _wrong_length(struck: Struck) -> Response:
    response = struck.answer()
    response.encoded = True
    response.content_length = max(0, len(response.body) + int(struck.action.get("by", -5)))
    return response


def _html_502(struck: Struck) -> Response:
    struck.unless_not_applied(applied=False)
    return Response(502, {"Content-Type": HTML_TYPE}, BAD_GATEWAY_HTML)


def _deliver_twice(struck: Struck) -> Response:
    struck.answer()
    return struck.answer()


def _stale_read(struck: Struck) -> Response:
    return struck.answer(Distortion(stale_revs=int(struck.action.get("revs", 1))))


def _unauthorized(struck: Struck) -> Response:
    return struck.refuse(bad_credentials())


def _gone(struck: Struck) -> Response:
    return struck.refuse(full_sync_required())


def _token_400(struck: Struck) -> Response:
    return struck.refuse(bad_sync_token())


def _precondition(struck: Struck) -> Response:
    return struck.refuse(precondition_failed())


def _edit(struck: Struck) -> Response:
    edit = struck.action["ui_op"]
    email = edit.get("email") or next(iter(struck.emulator.world.users))
    with contextlib.suppress(ApiError):  # the person finds the event gone and leaves it at that
        ui.dispatch(struck.emulator, email, edit["op"], edit.get("body", {}))
    return struck.answer()


def _revoke(struck: Struck) -> Response:
    _with_grants(struck, lambda grant: setattr(grant, "revoked", True))
    return struck.answer()


def _expire(struck: Struck) -> Response:
    world = struck.emulator.world

    def expire(grant: Any) -> None:
        for token in world.access.values():
            if token.grant is grant:
                token.expires_us = world.clock.now_us

    _with_grants(struck, expire)
    return struck.answer()


def _with_grants(struck: Struck, change: Callable[[Any], None]) -> None:
    """Do something to the grant that the request's access token or refresh token belongs to."""
    world = struck.emulator.world
    bearer = struck.request.headers.get("authorization", "").partition(" ")[2]
    form = struck.entry.body if isinstance(struck.entry.body, dict) else {}
    for grant in world.grants:
        mine = grant.refresh_token is not None and grant.refresh_token == form.get("refresh_token")
        if mine or (bearer in world.access and world.access[bearer].grant is grant):
            change(grant)


def _redirect(struck: Struck) -> Response:
    location = struck.action.get("location") or f"http://{struck.entry.host}{PORTAL_PATH}"
    return Response(302, {"Location": str(location), "Content-Type": HTML_TYPE})


def portal() -> Response:
    """The page of a Wi-Fi that wants a log-in."""
    return Response(200, {"Content-Type": HTML_TYPE}, PORTAL_HTML)


def _empty_list(struck: Struck) -> Response:
    return struck.answer(Distortion(keep=0, whole=True))


def _short_list(struck: Struck) -> Response:
    return struck.answer(Distortion(keep=float(struck.action.get("keep", 0.5))))


ACTIONS: dict[str, Callable[[Struck], Response]] = {
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
