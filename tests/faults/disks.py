"""Disks that are full, read-only, or hold something else than was written: one clear line, nothing made worse."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.home import Home, State
from tests.faults.inspection import damage
from tests.faults.power import DATABASE, LOG
from tests.faults.tally import Tally
from tests.sync.http.place import until
from tests.sync.http.processes import Done

_PAGE = 4096
_ROOM = 40
"""Pages that a full disk has left."""
_LIMIT = 40 * _PAGE
"""Less than the database has: its log can take some changes, and nothing of them gets out of it."""
_MOST = 100


class Disks:
    """Faults of the disk under one practice after the other."""

    def __init__(self, home: Home, tally: Tally) -> None:
        self.home, self.tally = home, tally
        self.number = 0
        self.messages: list[str] = []

    # what is run

    def add(self, repeat: str = "") -> Done:
        """Add a block that nobody has added before."""
        self.number += 1
        day, hour = 1 + self.number % 28, 8 + self.number // 28 % 12
        return self.said(
            self.home.run("add", f"2026-04-{day:02} {hour}:00 30m block D{self.number} {repeat}".strip())
        )

    def said(self, done: Done, *codes: int) -> Done:
        """Check that a command ended as the contract says: one line for an error, and a code that fits."""
        self.tally.rounds += 1
        errors = [line for line in done.err.splitlines() if line.startswith("couchcal: error: ")]
        reported = "audit" in done.out or "integrity" in done.out  # doctor and verify say it on standard output
        fits = done.code in (codes or (0, 1, 75)) and (len(errors) == (done.code != 0) or reported)
        if not fits or "Traceback" in done.err + done.out or "went wrong inside" in done.err:
            self.tally.damaged.append(f"{self.tally.seen}: {done}")
        for line in errors:
            message = line.removeprefix("couchcal: error: ").partition(";")[0].split(" (")[0].strip()
            message = message.replace(str(self.home.path), "PATH").replace(str(self.home.path.parent), "PATH")
            if message not in self.messages:
                self.messages.append(message)
        return done

    def expect(self, wanted: State, where: str) -> None:
        """All is whole, and the calendar holds this."""
        if found_damage := damage(self.home.database):
            self.tally.damaged += [f"{where}: {words}" for words in found_damage]
            return
        found = self.home.state()
        self.tally.lost += [f"{where}: {row}" for key, row in wanted.items() if found.get(key) != row]
        self.tally.doubled += [f"{where}: {row}" for key, row in found.items() if key not in wanted]

    def ended(self) -> None:
        """Say what was seen."""
        self.tally.seen = "; ".join(f"“{message}”" for message in self.messages) or "nothing"

    # full

    def no_room(self, limit: int | None) -> None:
        """Add series until it is refused; what was accepted is there."""
        accepted = self.home.state()
        with closing(self.home.database.connect()):  # or this process would empty the log, which has no limit
            for _ in range(_MOST):
                done = self._limited(limit) if limit is not None else self.add("weekly")
                if done.code:
                    break
                accepted = self.home.state()
                self.tally.acknowledged += 1
            else:
                self.tally.damaged.append("the disk is never full")
        if done.code != 75:
            self.tally.damaged.append(f"a full disk: {done}")
        self.expect(accepted, "a full disk")

    def _limited(self, limit: int) -> Done:
        """An add by a process whose files may not grow over a size."""
        self.number += 1
        running = self.home.start("add", f"2026-04-{1 + self.number % 28:02} 9:00 30m block")
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (limit, limit))
        return self.said(running.wait())


def full(home: Home, tally: Tally) -> None:
    """A disk without room: a small file system where we may mount one, and a limit on files anywhere."""
    disks = Disks(home, tally)
    disks.said(home.run("agenda"))
    disks.no_room(_LIMIT)
    done = disks.add()
    if done.code:
        tally.damaged.append(f"with room again: {done}")
    with small_mount(home.path.parent, home.path.stat().st_size + _ROOM * _PAGE) as mounted:
        if mounted:
            home.database.dispose()
            disks.no_room(None)
            subprocess.run(["mount", "-o", "remount,size=32m", str(home.path.parent)], check=True)
            done = disks.add()
            if done.code:
                tally.damaged.append(f"with room again: {done}")
            tally.acknowledged += done.code == 0
    disks.ended()


@contextmanager
def small_mount(folder: Path, size: int) -> Iterator[bool]:
    """The folder's files on a file system of so many bytes; False where we may not mount one."""
    content = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size + sum(map(len, content.values()))}", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield False
        return
    try:
        for name, data in content.items():
            (folder / name).write_bytes(data)
            (folder / name).chmod(0o600)
        folder.chmod(0o700)
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def read_only(home: Home, tally: Tally) -> None:
    """A file system that takes no writes: reading goes on, changes are refused; nothing is told wrong."""
    disks = Disks(home, tally)
    disks.add()
    accepted = home.state()
    tally.acknowledged += 1
    with small_mount(home.path.parent, 1 << 24) as mounted:
        if not mounted:
            tally.seen = "needs the right to mount"
            return
        killed = home.path.with_name(f"{home.path.name}-wal")
        for left_a_log in (False, True):
            if left_a_log:
                with closing(home.database.connect()):  # keeps the last one out from taking the log away
                    disks.add()
                    accepted = home.state()
                    log, file = killed.read_bytes(), home.path.read_bytes()
                for path in home.path.parent.glob("couchcal.db-*"):
                    path.unlink()
                home.path.write_bytes(file)
                killed.write_bytes(log)
            subprocess.run(["mount", "-o", "remount,ro", str(home.path.parent)], check=True)
            done = disks.said(home.run("agenda", "--from", "2026-04-01", "--to", "2026-05-01", "--json"))
            shown = done.out.count('"uid"')
            if done.code == 0 and shown != len(accepted):
                tally.lost.append(
                    f"read-only, a log {'' if left_a_log else 'not '}left: {shown} of {len(accepted)}"
                )
            if disks.said(home.run("undo"), 75).code == 0:
                tally.damaged.append("undone on a file system that takes no writes")
            subprocess.run(["mount", "-o", "remount,rw", str(home.path.parent)], check=True)
            disks.expect(accepted, "writable again")
    disks.ended()


def damaged(home: Home, tally: Tally, chance: random.Random, rounds: int) -> None:
    """Pages with something else in them, a log that is gone or of another calendar: what is told, and what a backup
    brings back."""
    disks = Disks(home, tally)
    for _ in range(6):
        disks.add("weekly")
    backup = home.directory / "backups"
    disks.said(home.run("backup", str(backup)), 0)
    (saved,) = backup.glob("*.db")
    whole = _files(home)
    accepted = home.state()
    home.database.dispose()
    found = told = 0
    for _ in range(rounds):
        _put(home, whole)
        page = chance.randrange(len(whole[home.path.name]) // _PAGE)
        with home.path.open("r+b") as file:
            file.seek(page * _PAGE + chance.choice((0, chance.randrange(_PAGE - 16))))
            file.write(chance.randbytes(chance.choice((1, 16, _PAGE))))
        broken = home.path.read_bytes()
        tally.seen = f"page {page + 1}"
        doctor = home.run("doctor")
        found += doctor.code != 0
        for argv in (("agenda", "--to", "+8w"), ("add", "2026-05-05 9:00 30m block X"), ("undo",)):
            told += disks.said(home.run(*argv)).code != 0
        after = home.path.read_bytes()
        if doctor.code and len(after) < len(broken) - _PAGE:
            tally.damaged.append(f"page {page + 1}: the file was cut")
        disks.said(home.run("restore-backup", str(saved), "--yes"), 0)
        disks.expect(accepted, f"restored after page {page + 1}")
    disks.ended()
    tally.seen = f"doctor: {found} of {rounds}; {tally.seen}"


def _put(home: Home, files: dict[str, bytes]) -> None:
    """The folder as it was."""
    home.database.dispose()
    for path in home.path.parent.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for name, data in files.items():
        (home.path.parent / name).write_bytes(data)
        (home.path.parent / name).chmod(0o600)


def logs(home: Home, tally: Tally) -> None:
    """The log is gone after a kill, or is that of another calendar: an earlier moment, or one clear line."""
    disks = Disks(home, tally)
    disks.add()
    at_rest = home.state()
    disks.said(home.run("backup", str(home.directory / "backups")), 0)
    (saved,) = (home.directory / "backups").glob("*.db")
    home.database.dispose()
    base = _log_left(home, disks)
    tally.kills += 1
    tally.acknowledged += 1
    accepted = home.state()
    everything = {**base, **_files(home)}
    disks.expect(accepted, "with its log")

    _put(home, {name: data for name, data in base.items() if not name.endswith("-wal")})
    tally.seen = "without its log"
    disks.said(home.run("agenda"), 0)
    if home.state() != at_rest:
        tally.damaged.append("without its log it is not what it was before")
    if disks.said(home.run("audit", "verify"), 0, 1).code != 1:
        tally.damaged.append("without its log: the trail does not say that something is missing")

    foreign = _log_of_another(home)
    tally.seen = "the log of another calendar"
    _put(home, {**everything, LOG: foreign})
    disks.said(home.run("agenda"))
    disks.said(home.run("add", "2026-05-05 9:00 30m block X"))
    disks.said(home.run("doctor"), 0, 1, 75)
    if home.run("audit", "verify").code == 0:
        tally.damaged.append("the log of another calendar: the trail does not say so")
    disks.said(home.run("restore-backup", str(saved), "--yes"), 0)
    disks.expect(at_rest, "restored")
    disks.ended()


def _log_left(home: Home, disks: Disks) -> dict[str, bytes]:
    """Kill a worker beside which something was added: the files it leaves, with a log."""
    running = home.start("worker")
    until(lambda: home.path.with_name(f"{home.path.name}-shm").exists() or running.poll() is not None)
    before = {name: data for name, data in _files(home).items() if not name.endswith(".audit")}
    disks.add()
    running.end(signal.SIGKILL)
    return {**before, **_files(home)}


def _log_of_another(home: Home) -> bytes:
    """What the log of another practice with another key holds."""
    folder = home.directory / "another"
    env = {"COUCHCAL_HOME": str(folder), "COUCHCAL_KEY_FILE": str(home.directory / "another key")}
    plain = () if home.database.encrypted else ("--no-encryption",)
    done = home.run("init", "--tz", "America/New_York", "--yes", *plain, **env)
    assert done.code == 0, done
    running = home.start("worker", **env)
    until(lambda: (folder / f"{DATABASE}-shm").exists() or running.poll() is not None)
    for number in range(3):
        assert home.run("add", f"2026-04-0{number + 1} 9:00 30m block other weekly", **env).code == 0
    running.end(signal.SIGKILL)
    return (folder / LOG).read_bytes()


def _files(home: Home) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in home.path.parent.iterdir() if path.is_file()}
