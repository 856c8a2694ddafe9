"""What Google says, read alone, which is fast: answers, problems, events, their fields and occurrences."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

from couchcal.practice.external_event import Unusable, row_of
from couchcal.practice.external_family import expansion_of, occurrences, reach_of
from couchcal.practice.external_series import NotExpandable
from couchcal.scheduling.recurrence import TooManyOccurrences
from couchcal.sync import fields
from couchcal.sync.apply import _external
from couchcal.sync.google import mapping
from couchcal.sync.google.answers import Operation, content, parse, problem, refusal
from couchcal.sync.port import RemoteEvent, RemoteProblem
from tests.fuzz.target import PART, Run, Target
from tests.fuzz.targets.google import ANSWERS, WORDS, answers
from tests.support.demo import NOW, ZONE

_MOST_ROWS = 50_000
"""What a rule may give in the three years that are stored, by the rule of 10,000 a year."""
_STATUSES = (400, 401, 403, 404, 409, 410, 412, 429, 500)


def google_read() -> Target:
    """Answers of Google, and every event in them."""

    def prepare(_folder: Path) -> Run:
        return _run

    return Target("google-read", prepare, answers(("one", "two")), (*WORDS, *ANSWERS), "json", 16_000)


def _run(data: bytes) -> Hashable:
    return tuple(_answer(part.removeprefix(b"@")) for part in data.split(PART)[:6])


def _answer(body: bytes) -> Hashable:
    refusal(body)
    for operation in (Operation.LIST, Operation.CONTINUE, Operation.INSERT, Operation.PATCH):
        status = _STATUSES[len(body) % len(_STATUSES)]
        assert isinstance(
            problem(operation, status, {"Retry-After": body[-30:].decode("latin-1")}, body), RemoteProblem
        )
    found = parse(body)
    try:
        content(200, body, mapping.EVENTS_KIND)
    except RemoteProblem as error:
        came: Hashable = type(error).__name__
    else:
        came = ""
    if found is None:
        return came
    items: Any = found.get("items")
    mapping.calendar(found)
    events = [mapping.event(item, ZONE) for item in (items if isinstance(items, list) else [found])[:50]]
    return came, tuple(_event(event) for event in events if event is not None)


def _event(event: RemoteEvent) -> Hashable:
    """An event that is stored in the stage, read from there, and becomes rows."""
    assert fields.event_of(fields.event_text(event)) == event, "the stage gives back what was put into it"
    known = fields.shown(event)
    assert fields.known_of(fields.text_of(known)) == known
    try:
        row = row_of(_external(event), ZONE)
    except Unusable as error:
        return str(error)
    if not row.rrule:
        return row.all_day, row.status, row.exception
    try:
        count = sum(1 for _ in occurrences(row, expansion_of(row), reach_of(None, int(NOW.timestamp())), ()))
    except (NotExpandable, TooManyOccurrences) as error:
        return str(error)[:20]
    assert count <= _MOST_ROWS
    return min(count, 3)
