"""One request on its way through the emulator: its operation, ids, parameters, body and caller."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.google import access
from tests.google.messages import ApiError, Request, invalid, precondition_failed
from tests.google.model import Calendar, Grant, Json, LogEntry, Role, User
from tests.google.world import World

if TYPE_CHECKING:
    from tests.google.emulator import Emulator


@dataclass
class Reply:
    """What an operation answers: a JSON body (None: an empty one) and the etag for the header."""

    body: Json | None = None
    status: int = 200
    etag: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Distortion:
    """How a fault bends a read: `stale_revs` revisions old, or only `keep` rows of a list.

    `keep` below 1 and not 0 is a share of the rows. `whole` ends the list at once, with a sync token.
    """

    stale_revs: int = 0
    keep: float | None = None
    whole: bool = False


class Query:
    """The decoded query parameters of a request."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = list(pairs)
        self._last = dict(pairs)

    def get(self, name: str) -> str | None:
        return self._last.get(name)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def __contains__(self, name: str) -> bool:
        return name in self._last

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean parameter. Raises 400 for anything but true and false."""
        text = self._last.get(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise invalid(f"Invalid value for: Invalid boolean '{text}'", ("parameter", name))
        return text.lower() == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A positive whole number, capped at `most`. Raises 400 for anything else."""
        text = self._last.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise invalid(
                f"Invalid value '{text}'. Values must be within the range: [1, {most}]", ("parameter", name)
            )
        return min(int(text), most)

    def choice(self, name: str, choices: Sequence[str]) -> str | None:
        text = self._last.get(name)
        if text is not None and text not in choices:
            raise invalid(f"Invalid string value: '{text}'. Allowed values: {list(choices)}", ("parameter", name))
        return text


@dataclass
class Context:
    """A routed request. `user`, `grant` and `scopes` are set once the caller is known."""

    emulator: Emulator
    request: Request
    operation: str
    ids: tuple[str, ...]
    query: Query
    entry: LogEntry
    distortion: Distortion
    user: User
    grant: Grant
    scopes: frozenset[str]

    @property
    def world(self) -> World:
        return self.emulator.world

    def calendar(self) -> Calendar:
        """The calendar the path names, if the caller's scopes reach it. Raises 404, 403."""
        calendar = access.find_calendar(self.world, self.user, self.ids[0])
        access.reach(self.world, self.user, self.grant, self.scopes, calendar)
        self.entry.calendar = calendar.id
        return calendar

    def role(self, calendar: Calendar) -> Role:
        return self.world.role(self.user.email, calendar)

    @property
    def stripped(self) -> bool:
        """Whether the scopes show when somebody is busy and no more."""
        only_freebusy = self.scopes == {"calendar.events.freebusy"}
        return only_freebusy and self.world.config.freebusy_scope_rows == "stripped"

    def body(self, *, optional: bool = False) -> Json:
        """The JSON object in the body. Raises 400 parseError for anything else."""
        if not self.request.body and optional:
            return {}
        return parse_object(self.request.body)

    def check_if_match(self, etag: str) -> None:
        """Raises 412 unless the If-Match header is absent, `*`, or holds this etag."""
        header = self.request.headers.get("if-match")
        if header is not None and not etag_listed(header, etag, self.world.config.weak_etag == "accept"):
            raise precondition_failed()

    def unmodified(self, etag: str) -> bool:
        """Whether If-None-Match names this etag: the answer is 304."""
        header = self.request.headers.get("if-none-match")
        return header is not None and etag_listed(header, etag, weak=True)


def etag_listed(header: str, etag: str, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    offered = [part.strip() for part in header.split(",")]
    if weak:
        offered = [f'"{part.removeprefix("W/").strip(chr(34))}"' for part in offered]
    return etag in offered


def parse_object(body: bytes) -> Json:
    try:
        value: Any = json.loads(body)
    except ValueError:
        raise ApiError(400, "parseError", "Parse Error") from None
    if not isinstance(value, dict):
        raise ApiError(400, "parseError", "Parse Error")
    return value
