"""Putting a backup in the place of the database: checked first, in one step, and what was there is kept.

Killed at any moment, there is the old database or the new one under its name; `recrypt.tidy` removes the rest.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.errors import CouchcalError, DatabaseProblem, NotFound, Refused
from couchcal.paths import private_directory
from couchcal.store import audit, audit_anchor, recrypt
from couchcal.store.backup import check, file_errors, sync_file
from couchcal.store.connection import SCHEMA_HEAD, Database, database_errors, schema_revision
from couchcal.store.exclusive import alone, close_log
from couchcal.store.key_changes import settle, sync_folder, write_durably
from couchcal.store.keys import AskPassphrase, key_file, load_key, sidecar
from couchcal.store.locations import is_encrypted

_WAIT_S = 2.0
"""How long it is waited for others who have the database open."""
_CUT_OFF = "a backup was put back: it may have been sent after that was made"


class Restored(NamedTuple):
    """What was done: where the database is kept that was there before, None if there was none."""

    aside: Path | None
    entries: int


class _Present(NamedTuple):
    """The database that is there: its key if it can be had; `sound` if it can be opened."""

    key: bytes | None
    sound: bool
    encrypted: bool


def restore(
    path: Path, backup: Path, wall: datetime, *, clock: Clock, ask: AskPassphrase | None = None
) -> Restored:
    """Put `backup` in the place of the database at `path`.

    The restored one says so in its audit trail, reads all calendars anew, and sends no letter that may have been
    sent after the backup was made.

    Args:
        wall: the wall clock, for the name of what is put aside.

    Raises:
        NotFound: there is no such file. Refused: others have the database open.
        DatabaseProblem: the backup is damaged, of a newer couchcal, or its key cannot be had. Nothing is changed.
    """
    if not backup.is_file():
        raise NotFound(f"there is no file {backup}", "couchcal backup makes one")
    if path.exists() and backup.samefile(path):
        raise Refused("this is the calendar itself", "name one of its backups")
    private_directory(path.parent)
    with file_errors(path.parent), alone(path):
        settle(path)
        recrypt.remove_beside(path)
        present = _look(path, ask)
        key, new_sidecar = _key_of(backup, path, present, ask)
        made = Database(recrypt.beside(path), key)
        try:
            entries = _prepare(made, backup, path, present, clock)
            with _kept_out(path, present) as connection:
                aside = _put_aside(path, wall, present, connection) if present is not None else None
                if new_sidecar is not None:
                    write_durably(sidecar(path), new_sidecar)
                audit_anchor.place(path).unlink(missing_ok=True)  # of the other trail; made anew below
                os.replace(made.path, path)
                sync_folder(path.parent)
        finally:
            recrypt.remove_beside(path)
    with suppress(OSError, CouchcalError):
        audit_anchor.renew(Database(path, key), force=True)
    return Restored(aside, entries)


def _look(path: Path, ask: AskPassphrase | None) -> _Present | None:
    """What is there; one that is damaged, or has no key any more, can be replaced, too."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    encrypted = is_encrypted(path)
    try:
        key = load_key(path, ask=ask) if encrypted else None
        with database_errors(path), closing(Database(path, key).connect_file()):
            return _Present(key, True, encrypted)
    except DatabaseProblem as problem:
        if problem.code in ("wrong_passphrase", "locked", "key_file_mode") or "busy" in problem.message:
            raise
        return _Present(None, False, encrypted)


def _key_of(
    backup: Path, path: Path, present: _Present | None, ask: AskPassphrase | None
) -> tuple[bytes | None, bytes | None]:
    """The key that opens `backup`, and the key file that has to be put beside `path`, None if it is there.

    Raises:
        DatabaseProblem: no key opens it. Refused: it would need another key file than the one that is there.
    """
    if not is_encrypted(backup):
        if present is not None and present.sound and present.encrypted:
            raise Refused(
                "the backup is not encrypted and the calendar is", "restore it to another place with --db"
            )
        return None, None
    if present is not None and present.key is not None and _opens(backup, present.key):
        return present.key, None
    named = key_file()
    key = load_key(backup, ask=ask)
    if not _opens(backup, key):
        raise DatabaseProblem(f"the key does not open {backup.name}", "use the key file it was made with")
    if named is not None:
        return key, None
    content = sidecar(backup).read_bytes()
    there = sidecar(path)
    if there.exists() and there.read_bytes() != content and path.exists():
        raise Refused(
            f"{there.name} belongs to another key than the backup's",
            f"move {path.name} and {there.name} away first, or restore to another place with --db",
        )
    return key, content


def _opens(path: Path, key: bytes) -> bool:
    try:
        with closing(Database(path, key).connect_file()):
            return True
    except DatabaseProblem:
        return False


def _prepare(made: Database, backup: Path, path: Path, present: _Present | None, clock: Clock) -> int:
    """Copy the backup beside the database, check it, and make it ready; how many entries its trail has."""
    with (
        backup.open("rb") as source,
        os.fdopen(os.open(made.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out,
    ):
        shutil.copyfileobj(source, out, 1 << 20)
    check(made, anchor=audit_anchor.read(backup))
    with database_errors(made.path), closing(made.connect_file()) as connection:
        revision = schema_revision(connection) or ""
        if revision > SCHEMA_HEAD:
            raise DatabaseProblem(
                f"{backup.name} was made by a newer couchcal", "upgrade couchcal to open it", code="newer_schema"
            )
    if revision != SCHEMA_HEAD:
        from couchcal.store import schema

        schema.upgrade(made)
        made.dispose()
    replaced = _head_of(path, present)
    with database_errors(made.path), closing(made.connect_file()) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        _cut_off(connection, int(clock().timestamp()))
        words = f"from={backup.name.replace(' ', '_')} replaced={replaced[0]}:{replaced[1] or '-'}"
        entries = audit.append(
            connection, int(clock().timestamp()), "user", (audit.Deed("restore", "database", "", words),)
        )
        connection.execute("COMMIT")
    sync_file(made.path)
    return entries


def _head_of(path: Path, present: _Present | None) -> tuple[int, str]:
    if present is None or not present.sound:
        return 0, ""
    try:
        with closing(Database(path, present.key).connect_file()) as connection:
            return audit.head(connection)
    except Exception:  # of a driver: it is replaced because something is wrong with it
        return 0, ""


def _cut_off(connection: sqlite3.Connection, now: int) -> None:
    """Take nothing for done or undone that happened after the backup: calendars are read anew from the beginning,
    nobody holds a lease, and what may have been sent is not sent again."""
    connection.execute("UPDATE sync_state SET sync_token = ''")
    connection.execute("DELETE FROM worker_lease")
    connection.execute(
        "UPDATE outbox_email SET state = 'claimed', error = ? WHERE state = 'queued' AND not_before <= ?",
        (_CUT_OFF, now),
    )
    connection.execute(
        "UPDATE reminder SET state = 'missed', reason = ? WHERE state IN ('pending', 'claimed') AND due_at <= ?",
        (_CUT_OFF, now),
    )


@contextmanager
def _kept_out(path: Path, present: _Present | None) -> Iterator[sqlite3.Connection | None]:
    """Keep everybody out of a database that can be opened, all of it in its one file: its connection.

    The file must not be opened by other means meanwhile: closing it would let go of the lock.

    Raises:
        Refused: another program has it open.
    """
    if present is None or not present.sound:
        yield None
        return
    file = path.stat().st_ino
    try:
        with closing(Database(path, present.key).connect_file()) as connection:
            connection.execute(f"PRAGMA busy_timeout={int(_WAIT_S * 1000)}")
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            close_log(connection, code="in_use")
            yield connection
    finally:
        if path.stat().st_ino == file:
            with suppress(Exception), closing(Database(path, present.key).connect_file()) as connection:
                connection.execute("PRAGMA journal_mode=WAL")


def _put_aside(path: Path, wall: datetime, present: _Present, connection: sqlite3.Connection | None) -> Path:
    """A copy of the database that is there, under a name with the time; its key and anchor, too."""
    aside = path.with_name(f"{path.stem}-replaced-{wall:%Y%m%d-%H%M%S}.db")
    if aside.exists():
        raise Refused(f"{aside.name} is there already", "try again in a second")
    part = aside.with_name(f".{aside.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if connection is not None:
            with closing(Database(part, present.key).connect_file()) as copied:
                connection.backup(copied)
        else:
            shutil.copyfile(path, part)
        sync_file(part)
        for place in (sidecar, audit_anchor.place):
            if place(path).exists():
                write_durably(place(aside), place(path).read_bytes())
        os.replace(part, aside)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if connection is None:
        for end in ("-wal", "-shm"):  # of one that is damaged: it must not be read into the other
            with suppress(FileNotFoundError):
                os.replace(path.with_name(path.name + end), aside.with_name(aside.name + end))
    return aside
