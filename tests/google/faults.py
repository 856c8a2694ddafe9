"""Fault injection: which requests go wrong, when, and how (§ faults).

A fault is `{"id", "match", "when", "times", "action"}`. `match` names what a request must have: `method`,
`path` (a regular expression found in the path), `op`, `query_has`, `event_id`. `when` is one of `nth`, `every`,
`prob`, `after_n`, `during_page`; without it each match counts. The first fault that strikes is the only one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.google.messages import (
    Request,
    Response,
)
from tests.google.model import Json, LogEntry

if TYPE_CHECKING:
    from tests.google.emulator import Emulator
from tests.google.fault_actions import ACTIONS, Struck

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
        return ACTIONS[action["type"]](Struck(emulator, action, request, entry))


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
