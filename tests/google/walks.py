"""Walks: what the first page of a list froze, for the pages after it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.google.model import EventRow

MOST = 500


@dataclass(frozen=True, slots=True)
class Walk:
    """`ids` in the order of the walk, at revision `rev`; `since` is the revision a delta starts after.

    `rows` holds expanded instances as the first page saw them. `window` is what a sync token remembers of the
    first list's timeMin and timeMax.
    """

    user: str
    calendar: str
    fingerprint: str
    ids: tuple[str, ...]
    rev: int
    since: int | None = None
    sync_token: str | None = None
    window: tuple[int | None, int | None] = (None, None)
    rows: Mapping[str, EventRow] = field(default_factory=dict)


class Walks:
    """The walks that can still be continued; the oldest are forgotten."""

    def __init__(self) -> None:
        self._walks: OrderedDict[int, Walk] = OrderedDict()
        self._next = 1

    def add(self, walk: Walk) -> int:
        number = self._next
        self._next += 1
        self._walks[number] = walk
        if len(self._walks) > MOST:
            self._walks.popitem(last=False)
        return number

    def get(self, number: int) -> Walk | None:
        return self._walks.get(number)
