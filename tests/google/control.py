"""The control API under `/__control__/`: what tests do to the emulator and ask of it (§ control).

It needs no token, is never faulted, logged or counted, and does not move the clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from tests.google import admin, expect, lint, ui
from tests.google.dump import log_line, state
from tests.google.messages import ApiError, Request, Response, json_response
from tests.google.model import Json

if TYPE_CHECKING:
    from tests.google.emulator import Emulator

PREFIX = "/__control__/"


class ControlError(Exception):
    """A control call that cannot be: the HTTP status and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def respond(emulator: Emulator, request: Request) -> Response:
    try:
        body = json.loads(request.body) if request.body else {}
        if not isinstance(body, dict):
            raise ControlError(400, "the body is no JSON object")
        return json_response(dispatch(emulator, request.method, request.target[len(PREFIX) :], body))
    except ControlError as error:
        return json_response({"error": str(error)}, error.status)
    except ValueError as error:
        return json_response({"error": str(error)}, 400)


def dispatch(emulator: Emulator, method: str, path: str, body: Json) -> Json:
    """Do one control call; `path` may hold a query. Raises ControlError."""
    name, _, query = path.strip("/").partition("?")
    parts = [unquote(part) for part in name.split("/")]
    given = dict(parse_qsl(query)) | body
    try:
        if parts[0] == "ui" and len(parts) == 3 and method == "POST":
            return ui.dispatch(emulator, parts[1], parts[2], body)
        if parts[0] == "faults":
            return _faults(emulator, method, parts[1:], body)
        if len(parts) == 1 and (method, parts[0]) in _CALLS:
            return _CALLS[method, parts[0]](emulator, given)
        if len(parts) == 1 and method == "POST" and parts[0] in admin.CALLS:
            return admin.CALLS[parts[0]](emulator, body)
    except ApiError as error:
        raise ControlError(error.code, error.message) from error
    except KeyError as error:
        raise ControlError(404 if error.args[0] in given.values() else 400, f"{name}: {error}") from error
    except ValueError as error:
        raise ControlError(400, str(error)) from error
    raise ControlError(404, f"no such call: {method} {path}")


def _faults(emulator: Emulator, method: str, rest: list[str], body: Json) -> Json:
    faults = emulator.faults
    if method == "GET" and not rest:
        return {"faults": faults.as_list()}
    if method == "POST" and not rest:
        given = body.get("faults", [body])
        return {"ids": [faults.add(fault) for fault in given]}
    if method == "DELETE" and len(rest) <= 1:
        if rest and rest[0] not in {fault["id"] for fault in faults.as_list()}:
            raise ControlError(404, f"no fault {rest[0]}")
        faults.remove(rest[0] if rest else None)
        return {"faults": faults.as_list()}
    raise ControlError(404, "no such call")


def _log(emulator: Emulator, given: Json) -> Json:
    since = int(given.get("since", 0))
    return {"log": [log_line(entry) for entry in emulator.log[since:]]}


def _outbox(emulator: Emulator, given: Json) -> Json:
    return {"outbox": emulator.outbox}


def _stats(emulator: Emulator, given: Json) -> Json:
    return emulator.stats()


def _mark(emulator: Emulator, given: Json) -> Json:
    emulator.mark = len(emulator.log)
    return {"seq": emulator.mark}


def _lint(emulator: Emulator, given: Json) -> Json:
    since = given.get("quiescent_since")
    return {"violations": lint.violations(emulator, None if since is None else int(since))}


def _expect(emulator: Emulator, given: Json) -> Json:
    start, end = (int(given[name]) if name in given else None for name in ("start", "end"))
    return expect.view(emulator, given["calendar"], start, end)


def _state(emulator: Emulator, given: Json) -> Json:
    return state(emulator)


def _config(emulator: Emulator, given: Json) -> Json:
    emulator.config.change(given)
    return emulator.config.as_dict()


_CALLS: dict[tuple[str, str], Callable[[Emulator, Json], Json]] = {
    ("GET", "log"): _log,
    ("GET", "outbox"): _outbox,
    ("GET", "stats"): _stats,
    ("POST", "mark"): _mark,
    ("GET", "lint"): _lint,
    ("GET", "expect"): _expect,
    ("GET", "state"): _state,
    ("POST", "config"): _config,
}
