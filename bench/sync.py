"""The sync over HTTP against the emulated Google in another process: requests, processor time, memory, keys."""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bench.files import COUCHCAL
from bench.measure import Key, Terminal, first_frame, peak_of, percentile95
from bench.sync_google import EMAIL, Google, google, practice
from bench.table import Table

if TYPE_CHECKING:
    from couchcal.store.connection import Database

SENT, READ = 2_000, 10_000
_KINDS = ("plain", _ENCRYPTED := "key file")
_CYCLES = 15
_ROUNDS = 3
_KEYS = (b"j", b"j", b"l", b"k", b"h", b"k") * 4
_PATIENCE_S = 60.0


def measure(table: Table, work: Path) -> None:
    """Plain and with a key file."""
    folder = work / "sync"
    folder.mkdir()
    with google(folder) as remote:
        for words in _KINDS:
            _sending(table, remote, folder / f"sent {words}.db", words)
            _reading(table, remote, folder / f"read {words}.db", words)
            _keys(table, remote, folder / f"keys {words}.db", words)


def _sending(table: Table, remote: Google, path: Path, words: str) -> None:
    remote.reset()
    database = practice(path, SENT, encrypt=words == _ENCRYPTED)
    remote.connect(database)
    remote.asked()
    found = peak_of([COUCHCAL, "--db", path, "sync"], remote.env)
    asked = remote.asked()
    if asked.get("events.insert") != SENT:
        raise RuntimeError(f"not everything was sent: {asked}")
    table.limit(f"first push of {SENT}, {words}: requests beside one each", sum(asked.values()) - SENT, 3, "")
    table.limit(f"first push of {SENT}, {words}: processor time each", found.processor_s / SENT * 1000, 3, "ms")
    table.fact(f"first push of {SENT}, {words}: wall clock", f"{found.seconds:.1f} s")
    _quiescent(table, remote, database, words)


def _reading(table: Table, remote: Google, path: Path, words: str) -> None:
    from couchcal.sync import accounts

    remote.reset(READ)
    database = practice(path, 0, encrypt=words == _ENCRYPTED)
    remote.connect(database)
    with closing(database.connect()) as connection:
        own = next(link for link in accounts.links(connection) if link.remote_calendar_id == EMAIL)
    accounts.enable(database, own.id)
    remote.asked()
    found = peak_of([COUCHCAL, "--db", path, "sync"], remote.env)
    requests = sum(remote.asked().values())
    with closing(database.connect()) as connection:
        (read,) = connection.execute("SELECT count(*) FROM external_event").fetchone()
    if read != READ:
        raise RuntimeError(f"{read} events were read")
    table.limit(f"pull of {READ}, {words}: requests", requests, READ / 2500 + 3, "")
    table.limit(f"pull of {READ}, {words}: processor time", found.processor_s, 15, "s")
    table.limit(f"pull of {READ}, {words}: peak memory", found.peak_mb, 200, "MB")


def _quiescent(table: Table, remote: Google, database: Database, words: str) -> None:
    """Cycles of a process that goes on, as the worker's are."""
    from couchcal.clock import system_clock
    from couchcal.sync.engine import Engine
    from couchcal.sync.google.auth import Source
    from couchcal.sync.waiter import RealWaiter

    with closing(Source(database)) as source:
        engine = Engine(database, source, clock=system_clock, waiter=RealWaiter())
        engine.cycle()
        remote.asked()
        used = []
        for _ in range(_CYCLES):
            began = time.process_time()
            engine.cycle()
            used.append(time.process_time() - began)
    asked = remote.asked()
    table.limit(f"quiescent cycle, {words}: lists per calendar", asked.pop("events.list", 0) / _CYCLES, 1, "")
    table.limit(f"quiescent cycle, {words}: other requests", sum(asked.values()), 0, "")
    table.limit(f"quiescent cycle, {words}: processor time", statistics.median(used) * 1000, 50, "ms")


def _keys(table: Table, remote: Google, path: Path, words: str) -> None:
    """Cursor steps on the screen while its worker sends everything, against those once all is sent."""
    idle: list[Key] = []
    busy: list[Key] = []
    for number in range(_ROUNDS):
        remote.reset()
        database = practice(path.with_stem(f"{path.stem} {number}"), SENT, encrypt=words == _ENCRYPTED)
        remote.connect(database)
        remote.asked()
        busy += _pressed(remote, database, sending=True)
        with closing(database.connect()) as connection:
            connection.execute("UPDATE calendar_account SET paused = 'user'")
        idle += _pressed(remote, database, sending=False)
    quiet, during = percentile95(idle).seconds, percentile95(busy).seconds
    table.ratio(f"cursor step during the first sync, {words}, p95", during, quiet, 2, "the sync paused")


def _pressed(remote: Google, database: Database, *, sending: bool) -> list[Key]:
    """The times of keys; with `sending` they all fell into the time in which events were sent."""
    with Terminal([COUCHCAL, "--db", database.path], remote.env) as app:
        app.until(first_frame)
        app.settle(1.5)
        deadline = time.monotonic() + _PATIENCE_S
        while sending and not remote.control("stats")["by_op"].get("events.insert"):
            if time.monotonic() > deadline:
                raise TimeoutError("nothing is sent")
            app.settle(0.2)
        keys = [app.press(key) for key in _KEYS]
    if sending and remote.asked()["events.insert"] >= SENT:
        raise RuntimeError("everything was sent before the last key")
    return keys
