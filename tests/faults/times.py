"""Clocks that jump, rules of a zone that change, and programs of two versions at one database."""

from __future__ import annotations

import json
import random
import signal
import struct
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from couchcal.errors import DatabaseProblem
from couchcal.store.connection import SCHEMA_HEAD
from tests.faults.home import Home
from tests.faults.tally import Tally
from tests.faults.writing import change
from tests.sync.http.place import until

_JUMPS = tuple(timedelta(seconds=each) for each in (86_400, -86_400, 82_800, -90_000, -1))
_NIGHTS = (datetime(2026, 3, 8, 6, 59, 30, tzinfo=UTC), datetime(2026, 11, 1, 5, 59, 30, tzinfo=UTC))
"""Half a minute before clocks go forward, and before they go back."""


def jumping(home: Home, tally: Tally, chance: random.Random, rounds: int) -> None:
    """Commands, each at another time than the one before, by up to a day forward or back; some in the nights when
    the clocks change. All that is done stays; undo takes back the last that was done, whatever the time."""
    moment = datetime(2026, 3, 3, 15, 42, tzinfo=UTC)
    home.run("worker", "--once")
    for number in range(rounds):
        tally.rounds += 1
        moment = chance.choice(_NIGHTS) if number % 9 == 1 else moment + chance.choice(_JUMPS)
        now = {"COUCHCAL_NOW": moment.isoformat()}
        where = f"{moment:%Y-%m-%d %H:%M:%S}"
        before = home.state()
        day = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(days=number)
        done = home.run("add", f"{day:%Y-%m-%d} 9:00 30m block J{number}", **now)
        tally.acknowledged += done.code == 0
        if done.code:
            tally.damaged.append(f"{where}: {done}")
        added = home.state()
        tally.lost += [f"{where}: {row}" for key, row in before.items() if added.get(key) != row]
        if number % 3 == 2 and (home.run("undo", **now).code or home.state() != before):
            tally.damaged.append(f"{where}: undo took back something else")
        if number % 4 == 0 and (ended := home.run("worker", "--once", **now)).code:
            tally.damaged.append(f"{where}: {ended}")
    _leases(home, tally)
    home.inspect(tally, "at the end")
    tally.seen = "nothing"


def _leases(home: Home, tally: Tally) -> None:
    """A worker that was killed a day ahead of the clock does not keep the next one from working."""
    later = {"COUCHCAL_NOW": "2026-03-05T15:42:00Z"}
    running = home.start("worker", **later)
    until(lambda: running.poll() is not None or _holder(home))
    running.end(signal.SIGKILL)
    tally.kills += 1
    done = home.run("worker", "--once")
    if done.code or "another process" in done.err:
        tally.damaged.append(f"the lease of a day ahead: {done}")


def _holder(home: Home) -> bool:
    with closing(home.database.connect()) as connection:
        return connection.execute("SELECT 1 FROM worker_lease WHERE owner <> ''").fetchone() is not None


# the rules of a zone


def new_rules(home: Home, tally: Tally) -> None:
    """Between two starts New York stops changing its clocks: what took place stays at its instant, what is booked
    stays at the instant that was agreed on, and what a series brings from then on is at its time on the wall."""
    home.run("add", "2026-01-13 9:00 30m block past")
    home.run("add", "2026-07-14 9:00 30m block once")
    home.run("add", "2026-03-04 11:00 30m block series weekly")
    before = home.state()
    tally.acknowledged += 3
    rules = home.directory / "zones"
    _without_summer(rules / "America" / "New_York")
    env = {"PYTHONTZPATH": str(rules)}
    tally.rounds += 1
    shown = _start_anew(home, ("agenda", "--from", "2026-07-14", "--to", "2028-07-15", "--json"), env)
    if shown.returncode:
        tally.damaged.append(f"by the new rules: {shown}")
        return
    after = home.state()
    tally.lost += [f"{row}" for key, row in before.items() if after.get(key) != row]
    entries = [(entry["title"], entry["start"]) for entry in json.loads(shown.stdout)]
    if ("Block once", "2026-07-14T08:00:00-05:00") not in entries:
        tally.damaged.append("an entry by itself is not at its instant")
    times = {start[11:] for title, start in entries if "series" in title and start.startswith("2028")}
    if times != {"11:00:00-05:00"}:
        tally.damaged.append(f"what the series brings is at {times}")
    if "are not at their hour" not in _start_anew(home, ("doctor",), env).stdout:
        tally.damaged.append("the doctor does not see what the new rules have moved")
    home.inspect(tally, "at the end")
    tally.seen = "doctor: “entries of series are not at their hour”"


def _start_anew(home: Home, argv: tuple[str, ...], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run in an interpreter of its own, which has read no rules yet."""
    return subprocess.run(
        [sys.executable, "-m", "couchcal", *argv], env={**home.env, **env}, capture_output=True, text=True,
        check=False, cwd=home.directory,
    )  # fmt: skip


def _without_summer(file: Path) -> None:
    """A TZif file (RFC 8536) of a zone that is five hours behind UTC all year."""
    file.parent.mkdir(parents=True)
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = b"TZif2" + bytes(15) + counts + struct.pack(">lbb", -18000, 0, 0) + b"EST\x00"
    file.write_bytes(block * 2 + b"\nEST5\n")


# two versions


def versions(home: Home, tally: Tally) -> None:
    """A newer couchcal has changed the schema, while others of ours are open and before they start: one line, and
    nothing is written."""
    running = home.start("worker")
    until(lambda: running.poll() is not None or _holder(home))
    _set_revision(home, "9999")
    frozen = _content(home)
    for argv in (("agenda",), ("add", "2026-03-09 9:00 30m block"), ("undo",), ("worker", "--once"), ("sync",)):
        tally.rounds += 1
        done = home.run(*argv)
        if done.code != 75 or "newer couchcal" not in done.err:
            tally.damaged.append(f"{argv}: {done}")
    try:
        change(home.database, 0)  # as one that was open before
        tally.damaged.append("an open program writes into a newer schema")
    except DatabaseProblem as error:
        tally.seen = f"“{error.message.replace(str(home.path), 'PATH')}”"
    running.end(signal.SIGTERM)
    if _content(home) != frozen:
        tally.damaged.append("something was written into a newer schema")
    _set_revision(home, SCHEMA_HEAD)
    home.inspect(tally, "as it was")


def _set_revision(home: Home, revision: str) -> None:
    with closing(home.database.connect()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def _content(home: Home) -> list[str]:
    """Every row, but those of who has the lease."""
    with closing(home.database.connect()) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            if name != "worker_lease" and "search" not in name
        ]
        return [repr(row) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
