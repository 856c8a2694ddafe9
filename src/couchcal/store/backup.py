"""Backups: a copy of the database while others go on writing, checked before it counts as one.

`couchcal-YYYYMMDD.db` has beside it `….db.key`, which says where its key is as that of the database does, and
`….db.audit`, the anchor of its audit trail and when it was made. A copy that is not whole never has that name.
A practice on a server is copied into such a file row by row, with a key of this machine's own. Imports no ORM, but
for that.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from couchcal.clock import Clock
from couchcal.errors import DatabaseProblem
from couchcal.paths import private_directory, replacing, write_private
from couchcal.store import audit_anchor, audit_check
from couchcal.store.audit import head, note
from couchcal.store.connection import Database, database_errors, schema_revision
from couchcal.store.key_changes import sync_folder
from couchcal.store.keys import sidecar
from couchcal.store.rotation import kept

FRESH_S = 48 * 3600
"""How old the last good backup may be before one is warned."""
_STALE_PART_S = 24 * 3600
_NAME = re.compile(r"-(\d{8})(?:-(\d{6}))?\.db")
_COMPANIONS = (".key", ".audit")


class Backup(NamedTuple):
    """A backup there is: `moment` is what its name says, on the wall clock; `made_at` aware UTC."""

    path: Path
    moment: datetime
    made_at: datetime


def folder_of(database: Path) -> Path:
    """Where the backups of `database` are if nothing else is said."""
    return database.parent / "backups"


def existing(database: Path, folder: Path | None = None) -> list[Backup]:
    """The whole backups of `database` in `folder`, the newest first. Other files are left out."""
    found = []
    with suppress(OSError):
        for path in (folder or folder_of(database)).iterdir():
            moment = _moment(path, database.stem)
            made_at = _made_at(path) if moment is not None else None
            if moment is not None and made_at is not None and path.is_file() and not path.is_symlink():
                found.append(Backup(path, moment, made_at))
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def _moment(path: Path, stem: str) -> datetime | None:
    match = _NAME.fullmatch(path.name.removeprefix(stem)) if path.name.startswith(stem) else None
    if match is None:
        return None
    try:
        return datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007  a wall clock
    except ValueError:
        return None


def _made_at(path: Path) -> datetime | None:
    try:
        found = json.loads(audit_anchor.place(path).read_bytes())
        return datetime.fromtimestamp(int(found["at"]), UTC)
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return None


def make(
    database: Database, wall: datetime, *, clock: Clock, folder: Path | None = None, actor: str = "user"
) -> Path:
    """Copy `database` as it is now into `folder`, check the copy, and write it into the audit trail.

    Args:
        wall: the wall clock of the practice, for the name.

    Raises:
        DatabaseProblem: the copy is damaged, the disk is full, the folder cannot be written. There is nothing new
            in the folder then.
    """
    folder = folder or folder_of(database.path)
    with file_errors(folder):
        private_directory(folder)
        _remove_stale_parts(folder, database.path.stem)
        path = _free_name(folder, database.path.stem, wall)
        part = folder / f".{path.name}.{os.getpid()}.part"
        try:
            with database_errors(folder):
                copied = _copy_of_server(database, part) if database.server else _copy(database, part)
                entries, hash_ = check(copied)
            sync_file(part)
            if copied.encrypted and sidecar(database.path).exists():
                write_private(sidecar(path), sidecar(database.path).read_bytes())
            anchor = {"entries": entries, "hash": hash_, "at": int(clock().timestamp())}
            write_private(audit_anchor.place(path), json.dumps(anchor).encode())
            os.replace(part, path)
            sync_folder(folder)
        except BaseException:
            for end in ("-wal", "-shm", ""):
                part.with_name(part.name + end).unlink(missing_ok=True)
            if not path.exists():
                for end in _COMPANIONS:
                    path.with_name(path.name + end).unlink(missing_ok=True)
            raise
    note(database, "backup", "database", path.name, actor=actor, clock=clock)
    return path


def _free_name(folder: Path, stem: str, wall: datetime) -> Path:
    path = folder / f"{stem}-{wall:%Y%m%d}.db"
    return folder / f"{stem}-{wall:%Y%m%d-%H%M%S}.db" if path.exists() else path


def _copy(database: Database, target: Path) -> Database:
    """One snapshot, in one step: writers are not kept waiting, and what they write meanwhile is not in it."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    with (
        closing(database.connect_file()) as source,
        closing(Database(target, database.key).connect_file()) as copied,
    ):
        source.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")
    return Database(target, database.key)


def _copy_of_server(database: Database, target: Path) -> Database:
    """One snapshot of a server's practice, in an encrypted file of its own."""
    from couchcal.store import schema
    from couchcal.store.backup_key import backup_key
    from couchcal.store.copying import copy_rows

    made = schema.create(target, backup_key(database))
    made.dispose()
    with closing(database.connect()) as source, closing(made.connect_file()) as copied:
        copy_rows(source, copied, still=False)
        copied.execute("PRAGMA journal_mode=DELETE")
    return made


def check(copy: Database, *, anchor: audit_anchor.Anchor | None = None) -> tuple[int, str]:
    """Open a database by itself and look at every page, every reference and the audit trail; its newest entry.

    Raises:
        DatabaseProblem: it is damaged, or no couchcal database.
    """
    with database_errors(copy.path), closing(copy.connect_file()) as connection:
        if schema_revision(connection) is None:
            raise DatabaseProblem(f"{copy.path.name} is no couchcal database", "choose another file")
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        if copy.encrypted:
            damage += [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
        if damage:
            raise DatabaseProblem(f"{copy.path.name} is damaged", "use another backup", code="damaged")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise DatabaseProblem(f"rows of {copy.path.name} lead nowhere", "run couchcal doctor", code="damaged")
        verdict = audit_check.verify(connection, anchor)
        if not verdict.intact:
            raise DatabaseProblem(
                f"the audit trail is broken: {verdict.reason}", "couchcal audit verify", code="audit_broken"
            )
        return head(connection)


def rotate(database: Path, folder: Path | None = None) -> list[Path]:
    """Remove backups of `database` that are neither of the last seven days, four weeks nor twelve months; which.

    Only whole backups of this database are looked at: no other file is touched.
    """
    found = existing(database, folder)
    stay = kept(backup.moment for backup in found)
    gone = [backup.path for backup in found if backup.moment not in stay]
    for path in gone:
        path.unlink(missing_ok=True)
        for end in _COMPANIONS:
            path.with_name(path.name + end).unlink(missing_ok=True)
    return gone


def copy_away(backup: Path, folder: Path) -> Path:
    """Put a backup into another folder under one name that stays, whole or not at all: for a disk that is carried
    away, or a folder that another program sends off.

    Raises:
        DatabaseProblem: the folder is not there, or full.
    """
    target = folder / f"{_NAME.sub('', backup.name)}-backup.db"
    if not folder.is_dir():
        raise DatabaseProblem(
            f"{folder} is not there", "connect the disk, or change backup.copy_to", code="no_folder"
        )
    with file_errors(folder):
        for end in (*_COMPANIONS, ""):
            source = backup.with_name(backup.name + end)
            if source.exists():
                with source.open("rb") as read, replacing(target.with_name(target.name + end)) as out:
                    shutil.copyfileobj(read, out, 1 << 20)
        sync_folder(folder)
    return target


def _remove_stale_parts(folder: Path, stem: str) -> None:
    """What somebody left who was ended in the middle of a backup."""
    for part in folder.glob(f".{stem}-*.part*"):
        if time.time() - part.stat().st_mtime > _STALE_PART_S:
            part.unlink(missing_ok=True)


@contextmanager
def file_errors(folder: Path) -> Iterator[None]:
    """Say clearly what is wrong with a folder that is written to.

    Raises:
        DatabaseProblem: it is full, missing or not ours to write.
    """
    try:
        yield
    except sqlite3.Error:
        raise
    except OSError as error:
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            raise DatabaseProblem(
                f"there is no room for a backup in {folder}", "free some space and try again", code="disk_full"
            ) from None
        raise DatabaseProblem(
            f"{folder} cannot be written: {error.strerror}", "choose another folder", code="no_folder"
        ) from None


def sync_file(path: Path) -> None:
    """Have the disk keep what was written to a file."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
