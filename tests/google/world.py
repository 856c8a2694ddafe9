"""The world of the emulator: its virtual clock, its seeded chance, its state, and the one way to write rows."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.google.config import Config
from tests.google.model import HISTORY_DEPTH, ROLES, AccessToken, Calendar, EventRow, Grant, ListEntry, Role, User

ID_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
START_OF_TIME_US = 1_772_438_400_000_000  # 2026-03-02T08:00:00Z, a Monday


class Clock:
    """The virtual clock: it moves when told. `stamp` gives strictly increasing instants, never one twice."""

    def __init__(self, now_us: int = START_OF_TIME_US) -> None:
        self.now_us = now_us
        self.last_stamp_us = 0

    def advance(self, us: int) -> None:
        self.now_us += us

    def stamp(self) -> int:
        self.last_stamp_us = max(self.last_stamp_us + 1, self.now_us)
        return self.last_stamp_us

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_us // 1_000_000, UTC)


@dataclass
class World:
    """Everything Google would keep, apart from logs and faults."""

    config: Config
    clock: Clock
    rng: random.Random
    users: dict[str, User] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    access: dict[str, AccessToken] = field(default_factory=dict)
    calendars_created: dict[str, int] = field(default_factory=dict)
    # What each person did in the web page, for their undo: (calendar, row id, state before) of every write.
    ui_actions: dict[str, list[list[tuple[str, str, EventRow | None]]]] = field(default_factory=dict)

    def new_id(self, length: int = 26) -> str:
        """A fresh id as the server makes them: `length` characters of base32hex."""
        return "".join(self.rng.choices(ID_ALPHABET, k=length))

    def write(
        self,
        calendar: Calendar,
        rows: Sequence[EventRow],
        *,
        touch_updated: bool = True,
        siblings: bool = False,
        silent: Sequence[EventRow] = (),
        in_delta: bool = True,
    ) -> list[EventRow]:
        """Put new states of rows into the calendar under one revision; the stamped rows in the same order.

        All get the same etag and `updated` (which stays as it was without `touch_updated`). With
        `family_mode=family` the other rows of a changed series get them too, and with `siblings`, as after an
        edit in the web page, the rows of series split from it (R-FAMILY). `silent` rows are written too but no
        delta shows them; without `in_delta` it shows none of the rows.
        """
        stamp = self.clock.stamp()
        calendar.rev += 1
        calendar.rev_us.append(stamp)
        calendar.updated_us = stamp
        written = [self._put(calendar, row, stamp, touch_updated) for row in rows]
        for row in silent:
            self._put(calendar, row, stamp, touch_updated)
        shown = [row.id for row in rows]
        if self.config.family_mode == "family":
            done = {row.id for row in (*rows, *silent)}
            for relative in self._relatives(calendar, rows, siblings):
                if relative.id not in done:
                    done.add(relative.id)
                    shown.append(relative.id)
                    self._put(calendar, relative, stamp, touch_updated)
        if in_delta:
            calendar.changes.extend((calendar.rev, id_) for id_ in shown)
        return written

    def _relatives(self, calendar: Calendar, rows: Iterable[EventRow], siblings: bool) -> Iterable[EventRow]:
        for row in rows:
            if siblings:
                yield from calendar.relatives(row.family)
            elif row.series is not None:
                ids = list(calendar.by_series.get(row.series, ()))
                yield from (calendar.events[id_] for id_ in ids if not calendar.events[id_].purged)

    def _put(self, calendar: Calendar, row: EventRow, stamp: int, touch_updated: bool) -> EventRow:
        before = calendar.events.get(row.id)
        new = dataclasses.replace(
            row,
            rev=calendar.rev,
            etag_us=stamp,
            updated_us=stamp if touch_updated or not row.updated_us else row.updated_us,
            created_us=row.created_us or stamp,
            deleted_us=(row.deleted_us or stamp) if row.status == "cancelled" else None,
        )
        if before is not None:
            states = calendar.history.setdefault(row.id, [])
            states.append(before)
            if len(states) > HISTORY_DEPTH:
                del states[0]
            self._unindex(calendar, before)
        calendar.events[row.id] = new
        calendar.by_uid.setdefault(new.uid, set()).add(new.id)
        calendar.by_family.setdefault(new.family, {})[new.id] = None
        if new.series is not None:
            calendar.by_series.setdefault(new.series, {})[new.id] = None
        return new

    @staticmethod
    def _unindex(calendar: Calendar, row: EventRow) -> None:
        calendar.by_uid.get(row.uid, set()).discard(row.id)
        calendar.by_family.get(row.family, {}).pop(row.id, None)
        if row.series is not None:
            calendar.by_series.get(row.series, {}).pop(row.id, None)

    def sweep(self) -> None:
        """Purge the tombstones older than their time; cancelled occurrences of a live series stay."""
        limit = self.clock.now_us - self.config.tombstone_ttl_s * 1_000_000
        for calendar in self.calendars.values():
            old = [
                row.id
                for row in calendar.events.values()
                if row.deleted_us is not None and row.deleted_us < limit and not row.purged
            ]
            self.purge(calendar, [id_ for id_ in old if not self._cancels_an_occurrence(calendar, id_)])

    @staticmethod
    def _cancels_an_occurrence(calendar: Calendar, id_: str) -> bool:
        row = calendar.events[id_]
        master = calendar.events.get(row.series or "")
        return row.kind == "exception" and master is not None and master.kind == "master" and not master.cancelled

    def purge(self, calendar: Calendar, ids: Iterable[str]) -> None:
        """Forget the content of cancelled rows; their ids stay taken. No revision: nobody is told."""
        for id_ in ids:
            calendar.events[id_] = dataclasses.replace(calendar.events[id_], purged=True, content_kept=False)

    def touch_entry(self, user: User, entry: ListEntry) -> None:
        """Stamp a changed entry of a user's calendar list."""
        user.rev += 1
        entry.rev = user.rev
        entry.etag_us = self.clock.stamp()
        user.entries[entry.calendar] = entry

    def role(self, email: str, calendar: Calendar) -> Role:
        """What the user may do: the best of their own rule and the one for everybody."""
        rules = (calendar.acl.get(email, "none"), calendar.acl.get("default", "none"))
        return max(rules, key=ROLES.index)

    def access_changed(self, calendar: Calendar, email: str = "*") -> None:
        """After a change of role (or for everybody): the tokens issued until now for this calendar are void."""
        calendar.valid_from_us[email] = self.clock.stamp()
