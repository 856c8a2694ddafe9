"""Encrypting or decrypting a database in place.

The new file is made and checked beside the old one and takes its place in one step, while everybody else is kept
out. A process killed at any moment leaves the old file or the new one, and what opens it; `tidy` removes the rest.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from couchcal.errors import DatabaseProblem, Refused
from couchcal.store.connection import Database, database_errors, dbapi, schema_revision
from couchcal.store.exclusive import alone, close_log
from couchcal.store.key_changes import NewKey, create_key, note_of, settle, sync_folder, temporary_of
from couchcal.store.keys import AskPassphrase, KeyStore, key_file, load_key, sidecar
from couchcal.store.locations import is_encrypted

_WAIT_S = 2.0
"""How long it is waited for others who have the database open."""
_CHUNK = 1 << 20
_ENDS = ("", "-wal", "-shm", "-journal", ".audit")
"""What SQLite and the audit trail keep beside a file, the file itself first."""


def beside(database: Path) -> Path:
    """The file a new database is made in before it takes the place of `database`."""
    return database.with_name(f".{database.name}.new")


def leftovers(database: Path) -> list[Path]:
    """Files that somebody who was ended in the middle of a change has left."""
    new = beside(database)
    possible = [note_of(database), temporary_of(note_of(database)), temporary_of(sidecar(database))]
    possible += [new.with_name(f"{new.name}{end}") for end in _ENDS]
    return [file for file in possible if file.exists()]


def remove_beside(database: Path) -> None:
    """Remove what there is of a new file that does not take the place of the old one."""
    new = beside(database)
    for end in reversed(_ENDS):
        with suppress(OSError):
            new.with_name(f"{new.name}{end}").unlink(missing_ok=True)


def tidy(database: Path) -> bool:
    """End or undo a change that was cut short; whether there was one. Somebody who is at it is left alone."""
    if not leftovers(database):
        return False
    with suppress(DatabaseProblem, OSError), alone(database, patience=0):
        settle(database)
        for file in (temporary_of(note_of(database)), temporary_of(sidecar(database))):
            file.unlink(missing_ok=True)
        remove_beside(database)
        return True
    return False


def encrypt(path: Path, *, ask: AskPassphrase | None = None, store: KeyStore | None = None) -> NewKey:
    """Encrypt the database at `path`. A key that is beside it already, of a time when it was encrypted, is used
    again: it opens the backups of that time.

    Raises:
        Refused: it is encrypted, or another program has it open. DatabaseProblem: no place for the key, full disk.
            Nothing is changed then.
    """
    with alone(path):
        settle(path)
        if is_encrypted(path):
            raise Refused(f"{path} is encrypted already", "couchcal key show says where its key is")
        with closing(Database(path, None).connect_file()) as connection:
            if schema_revision(connection) is None:
                raise DatabaseProblem(f"{path} is no couchcal database", "choose another with --db")
        try:
            if sidecar(path).exists() and key_file() is None:
                new = NewKey(load_key(path, ask=ask), f"{sidecar(path)}, which was there")
            else:
                new = create_key(path, ask=ask, store=store)
            _rewrite(path, None, new.key)
        finally:
            settle(path)
    return new


def decrypt(database: Database) -> None:
    """Leave the data of an open, encrypted database readable. The key file stays: earlier backups need it.

    Raises:
        Refused: another program has it open. DatabaseProblem: wrong key, full disk. Nothing is changed then.
    """
    with alone(database.path):
        settle(database.path)
        database.dispose()
        _rewrite(database.path, database.key, None)


def _rewrite(path: Path, old: bytes | None, new: bytes | None) -> None:
    remove_beside(path)
    os.close(os.open(beside(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # also says that a change began
    replaced = False
    try:
        with database_errors(path), _held(path, old) as source:
            _export(source, beside(path), new)
            _check(Database(beside(path), new))
            with beside(path).open("rb") as written:
                os.fsync(written.fileno())
            garbage = os.open(path, os.O_WRONLY)  # closing it lets go of the lock: not before all is done
            os.replace(beside(path), path)
            replaced = True
            sync_folder(path.parent)
            _overwrite(garbage)
        os.close(garbage)
    finally:
        remove_beside(path)
        if not replaced:
            _back_to_wal(path, old)


@contextmanager
def _held(path: Path, key: bytes | None) -> Iterator[sqlite3.Connection]:
    """A connection that keeps everybody else out; all that was written is in the one file.

    Raises:
        Refused: another program has the database open.
    """
    connection: sqlite3.Connection = dbapi(True).connect(
        str(path.absolute()), isolation_level=None, timeout=_WAIT_S
    )
    with closing(connection):
        connection.execute("PRAGMA cipher_log_level=NONE")
        if key is not None:
            connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        close_log(connection)
        yield connection


def _export(source: sqlite3.Connection, target: Path, key: bytes | None) -> None:
    """Write all of `source` to `target`, and compare every row."""
    secret = f"x'{key.hex()}'" if key is not None else ""
    source.execute("ATTACH DATABASE ? AS target KEY ?", (str(target.absolute()), secret))
    source.execute("SELECT sqlcipher_export('target')").fetchone()
    for name in ("user_version", "application_id"):
        source.execute(f"PRAGMA target.{name}={source.execute(f'PRAGMA main.{name}').fetchone()[0]}")
    listing = "SELECT type, name, tbl_name, sql FROM {}.sqlite_schema ORDER BY type, name"
    schema = source.execute(listing.format("main")).fetchall()
    same = schema == source.execute(listing.format("target")).fetchall()
    for kind, name, _table, sql in schema:
        if kind == "table" and same and not sql.upper().startswith("CREATE VIRTUAL"):
            quoted = name.replace('"', '""')
            rows = [source.execute(f'SELECT * FROM {part}."{quoted}"') for part in ("main", "target")]  # noqa: S608
            same = all(one == other for one, other in zip(*rows, strict=True))
    if not same:
        raise DatabaseProblem(
            "the copy is not the same as the original", "nothing was changed; run couchcal doctor"
        )
    source.execute("DETACH DATABASE target")


def _check(made: Database) -> None:
    """Open the new file by itself, and have every page of it checked."""
    with closing(made.connect_file()) as connection:
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        if made.encrypted:
            damage += [row[0] for row in connection.execute("PRAGMA cipher_integrity_check")]
        damage += connection.execute("PRAGMA foreign_key_check").fetchall()
        if damage:
            raise DatabaseProblem("the copy is damaged", "nothing was changed; run couchcal doctor")
        connection.execute("PRAGMA journal_mode=WAL")


def _overwrite(descriptor: int) -> None:
    """Make nothing of a file that has no name any more: its data is not left lying on a disk that writes in
    place, and a program that had begun to open it does not take it for the calendar."""
    with suppress(OSError):
        left = os.fstat(descriptor).st_size
        while left > 0:
            left -= os.write(descriptor, bytes(min(left, _CHUNK)))
        os.fsync(descriptor)


def _back_to_wal(path: Path, key: bytes | None) -> None:
    with suppress(Exception), closing(Database(path, key).connect_file()) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
