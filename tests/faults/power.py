"""Power cuts: what a disk may hold if the current fails at any write of a program that changes the calendar.

`recorder.c` writes down every write, cut, sync, removal and renaming of a run. Up to any moment of it the disk has
all that was synced, and of the rest whatever it likes: nothing, everything, or some sectors of it. Each such disk
opens, is whole, and holds what was acknowledged by then; of the change under way all or nothing.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from couchcal.errors import CouchcalError
from couchcal.store.connection import Database
from tests.faults.home import key_of
from tests.faults.inspection import damage
from tests.faults.tally import Tally
from tests.faults.writing import digest
from tests.support.practice import make_practice
from tests.sync.http.conftest import environment

COMPILER = shutil.which("cc")
SECTOR = 512
DATABASE, LOG = "couchcal.db", "couchcal.db-wal"
_TOLD = "acknowledged"
_LATER_ANCHOR = "missing, or an older copy of the database was put in place"
_CUT_SHORT = 0.3
"""Of so many of the moments the log is cut at any byte of its last change: a disk that lies about what it has."""


class Event(NamedTuple):
    """A line of the record."""

    kind: str
    name: str
    at: int
    data: bytes


@dataclass
class File:
    """What is surely on the disk of a file, and what was done to it since."""

    sure: bytes = b""
    since: list[Event] = field(default_factory=list)

    def now(self) -> bytes:
        """As the program sees it."""
        return _after(self.sure, self.since)


@dataclass
class Disk:
    """All files at one moment."""

    files: dict[str, File]
    told: list[str] = field(default_factory=list)
    log_alone: bool = False
    """Whether the log has something, and nothing of it was copied into the database."""

    def take(self, event: Event) -> None:
        """Go on by one event."""
        if event.name == _TOLD:
            if event.kind == "w":
                self.told.append(event.data.decode().strip())
            return
        if event.kind == "w" and event.name == DATABASE:
            self.log_alone = False
        elif event.kind == "w" and event.name == LOG and event.at == 0:
            self.log_alone = True
        elif event.kind == "u" and event.name == LOG:
            self.log_alone = False
        file = self.files.setdefault(event.name, File())
        if event.kind == "s":
            file.sure, file.since = file.now(), []
        elif event.kind == "u":
            del self.files[event.name]
        elif event.kind == "r":
            self.files[event.data.decode()] = self.files.pop(event.name)
        else:
            file.since.append(event)

    def after_the_cut(self, chance: random.Random) -> dict[str, bytes]:
        """What may be left of each file."""
        keep = chance.choice((0.0, 1.0, chance.random()))
        return {name: _after(file.sure, list(_kept(file.since, keep, chance))) for name, file in self.files.items()}


def _after(content: bytes, events: list[Event]) -> bytes:
    found = bytearray(content)
    for event in events:
        end = event.at + len(event.data)
        if event.kind == "t":
            del found[event.at :]
        found.extend(bytes(max(end - len(found), 0)))
        if event.kind == "w":
            found[event.at : end] = event.data
    return bytes(found)


def _kept(events: list[Event], keep: float, chance: random.Random) -> Iterator[Event]:
    """Some sectors of what was not synced."""
    for event in events:
        if event.kind == "t":
            if chance.random() < keep:
                yield event
            continue
        first = event.at - event.at % SECTOR
        for sector in range(first, event.at + len(event.data), SECTOR):
            begin, end = max(sector, event.at), min(sector + SECTOR, event.at + len(event.data))
            if chance.random() < keep:
                yield Event("w", event.name, begin, event.data[begin - event.at : end - event.at])


def recorded(directory: Path, changes: int, *, encrypt: bool) -> tuple[Database, Disk, list[Event]]:
    """Run a program that makes so many changes: the files before, and all that was done to them."""
    library = directory / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    assert COMPILER is not None
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"],
        check=True,
        capture_output=True,
    )
    home = directory / "home"
    database = make_practice(home, encrypt)
    before = Disk({path.name: File(path.read_bytes()) for path in home.iterdir()})
    env = {
        **environment(), **key_of(database, directory), "COUCHCAL_HOME": str(home), "LD_PRELOAD": str(library),
        "FAULTS_DIRECTORY": str(home), "FAULTS_RECORD": str(directory / "record"),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.faults.writing", str(database.path), str(changes)]
    subprocess.run(command, env=env, check=True, cwd=directory)
    return database, before, list(_events((directory / "record").read_bytes()))


def _events(record: bytes) -> Iterator[Event]:
    at = 0
    while at < len(record):
        end = record.index(b"\n", at)
        kind, name, offset, length = record[at:end].decode().split(" ")
        at = end + 1 + int(length)
        yield Event(kind, name, int(offset), record[end + 1 : at])


def cut(tally: Tally, directory: Path, chance: random.Random, moments: int, changes: int, *, encrypt: bool) -> None:
    """Cut the power at so many moments of a run, each time another way."""
    database, disk, events = recorded(directory, changes, encrypt=encrypt)
    synced = sum(event.kind == "s" for event in events)
    history = [event.data.decode().strip() for event in events if event.name == _TOLD and event.kind == "w"]
    assert len(history) == changes + 1
    assert synced, "the recorder saw no syncs"
    if len(events) > moments:
        chosen = set(chance.sample(range(1, len(events) + 1), moments))
    else:
        chosen = set(range(1, len(events) + 1))
    place = directory / "after"
    for number, event in enumerate(events, 1):
        disk.take(event)
        if number not in chosen:
            continue
        tally.rounds += 1
        where = f"write {number} of {len(events)}"
        known = max(len(disk.told) - 1, 0)
        tally.acknowledged += known
        _look(tally, where, place, disk.after_the_cut(chance), database.key, history, known, known + 1)
        if disk.log_alone and chance.random() < _CUT_SHORT:
            files = {name: file.now() for name, file in disk.files.items()}
            files[LOG] = files[LOG][: chance.randrange(len(files[LOG]) + 1)]
            _look(tally, f"{where}, the log cut short", place, files, database.key, history, 0, known + 1)
            del files[LOG]
            _look(tally, f"{where}, without the log", place, files, database.key, history, 0, known + 1)
    tally.seen = f"nothing; {len(events):,} writes, {synced:,} of them syncs, {changes} changes"


def _look(
    tally: Tally, where: str, place: Path, files: dict[str, bytes], key: bytes | None, history: list[str],
    least: int, most: int,
) -> None:  # fmt: skip
    """Open what is left: whole, and a moment of the history not before `least` and not after `most`.

    Where `least` is the beginning the disk has lied, and the trail may say so: its anchor, a file of its own, knows
    of entries that the log had.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, content in files.items():
        (place / name).write_bytes(content)
    (place / f"{DATABASE}-shm").write_bytes(os.urandom(4096))
    database = Database(place / DATABASE, key)
    try:
        found_damage = [words for words in damage(database) if least or not words.endswith(_LATER_ANCHOR)]
        tally.damaged += [f"{where}: {words}" for words in found_damage]
        found = digest(database)
    except CouchcalError as error:
        tally.damaged.append(f"{where}: {error}")
        return
    moments = [number for number, each in enumerate(history) if each == found]
    if not moments:
        tally.damaged.append(f"{where}: a state that never was")
    elif not any(least <= moment <= most for moment in moments):
        tally.lost.append(f"{where}: {moments} of {least} to {most}")
