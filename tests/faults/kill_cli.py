"""SIGKILL of commands: add, a new series, move, cancel, delete, undo, import.

The ledger is the state of the calendar as it was seen after the command before. A command that ended with exit
code 0 has to be in it; one that was killed is in it whole, or not at all.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from couchcal.store.public_id import encode
from tests.faults.home import Home, Row, State, strike
from tests.faults.tally import Tally

_FIRST = date(2026, 3, 5)
_DAYS = 25
_IMPORTED = 25

Applied = Callable[[State, State], bool]


class Act(NamedTuple):
    """A command, and how it shows in the state that it was done."""

    argv: tuple[str, ...]
    applied: Applied


class Commands:
    """Kills commands over one practice."""

    def __init__(self, home: Home, tally: Tally, chance: random.Random) -> None:
        self.home, self.tally, self.chance = home, tally, chance
        self.number = 0
        self.known: State = {}
        self.lasts = 0.3
        self.series = 0

    def run(self, kills: int) -> None:
        """Until so many were killed."""
        self._begin()
        makers = (self._add, self._series, self._move, self._cancel, self._delete, self._undo, self._import)
        while self.tally.kills < kills:
            self.tally.rounds += 1
            self._round(makers[self.tally.rounds % len(makers)]())
            if len(self.known) > 600:
                self._thin_out()
        self.home.inspect(self.tally, "at the end")

    def _begin(self) -> None:
        """Learn how long a command takes and how many rows a series has."""
        began = time.monotonic()
        self._sure(self._add())
        self.lasts = time.monotonic() - began
        before = len(self.known)
        self._sure(self._series())
        self.series = len(self.known) - before

    def _sure(self, act: Act) -> None:
        """Run a command that nobody kills."""
        done = self.home.run(*act.argv)
        if done.code:
            raise AssertionError((act.argv, done))
        self.known = self.home.state()

    def _round(self, act: Act) -> None:
        beside = self._beside() if self.chance.random() < 0.3 and act.argv[0] not in ("undo", "import") else None
        bystander = self.home.start(*beside.argv) if beside is not None else None
        running = self.home.start(*act.argv)
        killed = strike(running, self.home.path, self.chance, self.lasts)
        self.tally.kills += killed
        where = f"round {self.tally.rounds}, {act.argv}"
        found = self.home.state()
        if bystander is not None and beside is not None:
            done = bystander.wait()
            found = self.home.state()
            self.tally.acknowledged += done.code == 0
            if done.code:
                self.tally.damaged.append(f"{where}: another command beside it: {done.code} {done.err.strip()}")
            else:
                found = self._without(beside, found, where)
        if not killed and running.wait().code:
            self.tally.damaged.append(f"{where}: {running.wait()}")
        self.tally.acknowledged += not killed
        self._judge(act, found, killed, where)
        self.home.inspect(self.tally, where)
        self.known = self.home.state()

    def _judge(self, act: Act, found: State, killed: bool, where: str) -> None:
        if act.applied(self.known, found):
            pass
        elif found == self.known:
            if not killed:
                self.tally.lost.append(where)
        elif len(found) > len(self.known) + max(self.series, _IMPORTED):
            self.tally.doubled.append(where)
        else:
            self.tally.damaged.append(f"{where}: half of it is there")
        if act.argv[0] == "import":
            self._again(act, where)

    def _again(self, act: Act, where: str) -> None:
        """Import the same file once more: all is there, nothing twice."""
        before, self.known = self.known, self.home.state()
        done = self.home.run(*act.argv)
        found = self.home.state()
        if done.code or not act.applied(before, found):
            kind = self.tally.doubled if len(found) > len(before) + _IMPORTED else self.tally.lost
            kind.append(f"{where}, once more: {done.code} {done.err.strip()}")

    def _without(self, beside: Act, found: State, where: str) -> State:
        """The state as it would be without what another command has added."""
        title = f"Block {beside.argv[1].split()[-1]}"
        own = [row_id for row_id, row in found.items() if row[0] == title]
        if len(own) != 1:
            (self.tally.doubled if own else self.tally.lost).append(f"{where}, beside it: {title}")
        return {row_id: row for row_id, row in found.items() if row_id not in own}

    def _thin_out(self) -> None:
        """Forget most of what is there, so that rounds stay as short as they were."""
        for row in [row for row in self.known if row % 9]:
            done = self.home.run("delete", encode("appointment", row), "--yes", "--scope", "future")
            if done.code == 0:
                break
        self.known = self.home.state()

    # what is done

    def _next(self) -> tuple[str, str, int]:
        """A new title, and a free-ish half hour as it is written and as it is stored."""
        self.number += 1
        day = _FIRST + timedelta(days=self.number % _DAYS)
        hour = 14 + self.number // _DAYS % 8
        stored = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        offset = 4 if day >= date(2026, 3, 8) else 5
        return f"F{self.number}", f"{day} {hour - offset}:00", int(stored.timestamp())

    def _add(self) -> Act:
        title, when, start = self._next()
        row = (f"Block {title}", start, start + 1800, "scheduled")
        return Act(("add", f"{when} 30m block {title}"), lambda before, after: _added(before, after, [row]))

    def _beside(self) -> Act:
        return self._add()

    def _series(self) -> Act:
        title, _, _ = self._next()
        when, start = (
            f"{_FIRST} 9:00",
            int(datetime(_FIRST.year, _FIRST.month, _FIRST.day, 14, tzinfo=UTC).timestamp()),
        )

        def applied(before: State, after: State) -> bool:
            new = [row for row_id, row in after.items() if row_id not in before]
            whole = len(new) == self.series if self.series else len(new) > 1
            same = {row[0] for row in new} == {f"Block {title}"} and min(row[1] for row in new) == start
            return whole and same and before.items() <= after.items()

        return Act(("add", f"{when} 30m block {title} weekly"), applied)

    def _one(self) -> int:
        """An appointment that can be changed and is no part of a series: a single block."""
        titles: dict[str, list[int]] = {}
        for row_id, row in self.known.items():
            if row[3] == "scheduled" and row[0].startswith("Block"):
                titles.setdefault(row[0], []).append(row_id)
        single = [ids[0] for ids in titles.values() if len(ids) == 1]
        if single:
            return self.chance.choice(single)
        self._sure(self._add())
        return max(self.known)

    def _move(self) -> Act:
        row_id = self._one()
        title, start, end, status = self.known[row_id]
        moved = (title, start + 1800, end + 1800, status)
        return Act(("move", encode("appointment", row_id), "+30m"), _becomes(row_id, moved))

    def _cancel(self) -> Act:
        row_id = self._one()
        title, start, end, _ = self.known[row_id]
        argv = ("cancel", encode("appointment", row_id), "--type", "other")
        return Act(argv, _becomes(row_id, (title, start, end, "cancelled")))

    def _delete(self) -> Act:
        row_id = self._one()
        argv = ("delete", encode("appointment", row_id), "--yes")
        return Act(argv, lambda before, after: after == {k: v for k, v in before.items() if k != row_id})

    def _undo(self) -> Act:
        """What was added is taken back: the state before it comes again."""
        before = dict(self.known)
        self._sure(self._add())
        return Act(("undo",), lambda _before, after: after == before)

    def _import(self) -> Act:
        self.number += 1
        file = self.home.directory / f"f{self.number}.ics"
        rows = _write_calendar(file, self.number)
        argv = ("import", str(file), "--calendar", "Faults")
        return Act(argv, lambda before, after: _added(before, after, rows))


def _added(before: State, after: State, rows: list[Row]) -> bool:
    new = [row for row_id, row in after.items() if row_id not in before]
    return sorted(new) == sorted(rows) and before.items() <= after.items()


def _becomes(row_id: int, row: Row) -> Applied:
    return lambda before, after: after == {**before, row_id: row}


def _write_calendar(file: Path, number: int) -> list[Row]:
    rows = []
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//somebody//else//EN"]
    for each in range(_IMPORTED):
        start = datetime(2026, 4, 1 + each, number % 20, tzinfo=UTC)
        title = f"I{number}.{each}"
        lines += [
            "BEGIN:VEVENT", f"UID:{title}@example.org", "DTSTAMP:20260301T000000Z",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT30M", f"SUMMARY:{title}", "END:VEVENT",
        ]  # fmt: skip
        rows.append((title, int(start.timestamp()), int(start.timestamp()) + 1800, "scheduled"))
    file.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), "utf-8", newline="")
    return rows
