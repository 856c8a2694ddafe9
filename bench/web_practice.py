"""A practice with many years behind and before it, whose evenings are free, and `couchcal serve` over it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench.files import COUCHCAL
from bench.measure import BASE_ENV
from bench.sync_google import INSERT

if TYPE_CHECKING:
    from couchcal.store.connection import Database

ZONE = ZoneInfo("America/New_York")
SLUG = "quiet-room"
_A_DAY = 8
_TICKS = os.sysconf("SC_CLK_TCK")


def practice(path: Path, entries: int, *, encrypt: bool) -> Database:
    """Eight sessions a day from 8 to 16, before and after today; every day is open until 20."""
    from couchcal.practice import availability, client_changes, event_types
    from couchcal.practice.availability import BlockRow
    from couchcal.practice.opening import create_practice
    from couchcal.scheduling.hours import parse_hours

    database = create_practice(path, name="Quiet Room", tz=str(ZONE), encrypt=encrypt).database
    client_changes.add(database, "Jane Doe")
    for title, minutes, mode in (("First talk", 30, "both"), ("Session", 50, "both"), ("Long", 80, "telehealth")):
        event_types.add(database, {"title": title, "minutes": minutes, "visit_mode": mode})
    week = {day: [BlockRow(day, *hours) for hours in parse_hours("8-20")] for day in range(7)}
    availability.set_days(database, week)
    today = datetime.now(ZONE).date()
    days = entries // _A_DAY
    with closing(database.connect()) as connection:
        connection.execute("BEGIN")
        connection.execute("UPDATE practice SET slug = ?", (SLUG,))
        for day in range(-days // 2, days // 2):
            opens = datetime.combine(today + timedelta(days=day), time(8), ZONE)
            for number in range(_A_DAY):
                start = int(opens.timestamp()) + 3600 * number
                connection.execute(INSERT, (f"u{day}.{number}", start, start + 3000))
        connection.execute("COMMIT")
        connection.execute("PRAGMA optimize")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return database


def free_starts(count: int) -> list[str]:
    """So many evening half hours that nobody has, as the pages write them."""
    today = datetime.now(ZONE).date()
    found = [
        datetime.combine(today + timedelta(days=2 + n // 8), time(16 + n % 8 // 2, 30 * (n % 2)), ZONE)
        for n in range(count)
    ]
    return [f"{start.astimezone(UTC):%Y-%m-%dT%H:%M}Z" for start in found]


class Serving:
    """A server that runs: its port, and what the kernel says of its process."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._pid, self.port = process.pid, port

    def processor_s(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def peak_mb(self) -> float:
        """The most resident memory that it had."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


@contextmanager
def serving(database: Database, env: dict[str, str]) -> Iterator[Serving]:
    """`couchcal serve` with its worker, as long as this lasts."""
    command = [str(COUCHCAL), "--db", str(database.path), "serve", "--port", "0"]
    process = subprocess.Popen(
        command, env={**BASE_ENV, **env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        if process.stdout is None or not (said := process.stdout.readline()):
            raise RuntimeError("the server says nothing")
        yield Serving(process, int(said.split("/")[2].rpartition(":")[2]))
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextmanager
def practitioner(database: Database, *, every_s: float, busy: bool) -> Iterator[None]:
    """Somebody who declines what is asked for, since only ten strangers may wait at a time; `busy` also with
    appointments, each a change of its own as the screens make it."""
    ended = threading.Event()
    thread = threading.Thread(target=_decide, args=(database, ended, every_s, busy))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        database.dispose()


def _decide(database: Database, ended: threading.Event, every_s: float, busy: bool) -> None:
    from couchcal.store.records import Appointment
    from couchcal.store.session import write_session

    number = 0
    with closing(database.connect()) as connection:
        while not ended.wait(every_s):
            connection.execute("UPDATE booking_request SET status = 'declined' WHERE status = 'pending'")
            if busy:
                number += 1
                with write_session(database, "Changed a title") as session:
                    row = session.get(Appointment, 1 + number % 100)
                    if row is not None:
                        row.title = f"Title {number}"
