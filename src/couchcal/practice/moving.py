"""Moving a whole practice to another database: from a file to a server, back, or into another file.

The old one is only read and stays as it was. The new one is there whole and compared, or it is not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from couchcal import paths
from couchcal.clock import Clock
from couchcal.errors import DatabaseProblem, NotFound
from couchcal.store import audit_anchor, backup, key_changes, keys, recrypt
from couchcal.store.audit import note
from couchcal.store.connection import SCHEMA_HEAD, Database, database_errors, refuse_newer, schema_revision
from couchcal.store.copying import Copied, copy_rows
from couchcal.store.exclusive import alone
from couchcal.store.locations import DatabaseLocation, database_at, exists, is_encrypted

Told = Callable[[str], None]


class Moved(NamedTuple):
    """What was copied, the new database, and in words where its key is (empty where it has none)."""

    copied: Copied
    database: Database
    key_place: str


def move(
    source: DatabaseLocation,
    target: DatabaseLocation,
    *,
    encrypt: bool,
    clock: Clock,
    ask: keys.AskPassphrase | None = None,
    choose: keys.AskPassphrase | None = None,
    told: Told | None = None,
) -> Moved:
    """Copy everything of `source` to `target`, where nothing is yet, and compare both.

    Args:
        encrypt: whether a new file is encrypted; a server's disk has to be encrypted by itself.
        ask: asks for the passphrase of `source`.
        choose: asks for the passphrase of a new file where there is no keyring.
        told: is given the name of each table before it is copied.

    Raises:
        NotFound: there is no practice at `source`.
        Refused: somebody wrote into it meanwhile.
        DatabaseProblem: it is of another couchcal, something is at `target` already, no place for the key, the disk
            is full, what was copied is not the same. Nothing is at `target` then.
    """
    old = _source(source, ask)
    try:
        if isinstance(target, Path):
            moved = _into_file(old, target, encrypt=encrypt, choose=choose, told=told)
        else:
            moved = _onto_server(old, target, told)
        with suppress(OSError):
            audit_anchor.renew(moved.database, force=True)
        note(moved.database, "import", "database", fields=f"rows={moved.copied.total}", clock=clock)
        return moved
    finally:
        old.dispose()


def _source(location: DatabaseLocation, ask: keys.AskPassphrase | None) -> Database:
    """The practice that is read: not upgraded, not tidied, nothing about it is changed."""
    key = None
    if isinstance(location, Path):
        if not exists(location):
            raise NotFound(f"there is no calendar at {location}", "name the database to copy from")
        key = keys.load_key(location, ask=ask) if is_encrypted(location) else None
    database = database_at(location, key)
    if database.server:
        paths.private_directory(database.path.parent)
    with database_errors(database.path), closing(database.connect()) as connection:
        revision = schema_revision(connection)
        if revision is None or connection.execute("SELECT 1 FROM practice LIMIT 1").fetchone() is None:
            raise NotFound(f"there is no practice at {database}", "name the database to copy from")
        refuse_newer(connection, database)
        if revision != SCHEMA_HEAD:
            raise DatabaseProblem(
                f"{database} was made by an older couchcal",
                "open it once, which brings it up to date",
                code="older",
            )
    return database


def _copied(old: Database, new: Database, told: Told | None) -> Copied:
    with (
        database_errors(new.path),
        closing(old.connect()) as source,
        closing(new.connect()) as target,
    ):
        return copy_rows(source, target, still=True, told=told)


def _onto_server(old: Database, target: DatabaseLocation, told: Told | None) -> Moved:
    from couchcal.practice.server_opening import empty_on_server

    assert not isinstance(target, Path)  # noqa: S101  who calls has looked
    database = empty_on_server(target)
    copied = _copied(old, database, told)
    with suppress(Exception), closing(database.connect()) as connection:
        connection.execute("ANALYZE")  # the server finds out by itself, within minutes: the first screen is before
    return Moved(copied, database, "")


def _into_file(
    old: Database, path: Path, *, encrypt: bool, choose: keys.AskPassphrase | None, told: Told | None
) -> Moved:
    """Made beside `path` and put there whole, as a new practice is."""
    from couchcal.store import schema

    with backup.file_errors(path.parent):
        paths.private_directory(path.parent)
        with alone(path):
            if path.exists() and (not path.is_file() or exists(path)):
                raise DatabaseProblem(
                    f"{path} is already there", "name a file that is not there yet", code="exists"
                )
            new, key, place = recrypt.beside(path), None, ""
            try:
                key_changes.settle(path)  # of one who was killed
                recrypt.remove_beside(path)
                if encrypt:
                    key, place = key_changes.create_key(path, ask=choose)
                made = schema.create(new, key)
                copied = _copied(old, made, told)
                made.dispose()
                backup.check(Database(new, key))
                backup.sync_file(new)
                os.replace(new, path)
                with suppress(OSError):
                    os.replace(audit_anchor.place(new), audit_anchor.place(path))
                key_changes.sync_folder(path.parent)
            finally:
                recrypt.remove_beside(path)
                key_changes.settle(path)
    return Moved(copied, Database(path, key), place)
