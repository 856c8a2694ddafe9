"""Opening a practice's database, and setting up a new one. Loads the ORM only to create or upgrade."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from couchcal import paths
from couchcal.clock import Clock, system_clock
from couchcal.errors import DatabaseProblem, Invalid, NotFound, Refused
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store import failed_tries, key_changes, keys, recrypt
from couchcal.store.connection import SCHEMA_HEAD, Database, database_errors, schema_revision
from couchcal.store.exclusive import alone
from couchcal.store.locations import DatabaseLocation, exists, is_encrypted, parse_location

_PAGE = 4096
"""SQLCipher writes whole pages of this size, nothing else."""


class Created(NamedTuple):
    """A new practice, and in words where its key is kept."""

    database: Database
    key_place: str


def locate(option: str | None = None) -> DatabaseLocation:
    """Where the database is: `--db`, else `COUCHCAL_DATABASE_URL`, else the platform's place.

    Raises:
        UsageProblem: for a URL of another database.
    """
    text = option or os.environ.get("COUCHCAL_DATABASE_URL")
    return parse_location(text) if text else paths.database_file()


def locate_file(option: str | None, instead: str) -> Path:
    """The database file, for what only a file has.

    Args:
        instead: what to do about a practice on a server.

    Raises:
        Refused: the practice is on a server (code `server`).
    """
    found = locate(option)
    if not isinstance(found, Path):
        raise Refused("the practice is on a server, not in a file", instead, code="server")
    return found


def open_database(location: DatabaseLocation, *, ask: Callable[[str], str] | None = None) -> Database:
    """An existing database, key found and schema up to date.

    Raises:
        NotFound: there is none yet (code `no_database`).
        DatabaseProblem: wrong key, newer version, no couchcal database, unreadable; the server is away.
    """
    if not isinstance(location, Path):
        from couchcal.practice.server_opening import open_on_server

        return open_on_server(location)
    path = location
    try:
        _refuse_special(path)
        cut_short = recrypt.tidy(path) and exists(path)
        if not exists(path):
            raise NotFound(f"there is no calendar at {path} yet", "couchcal init makes one", code="no_database")
        encrypted = is_encrypted(path)
        if encrypted and path.stat().st_size % _PAGE:
            raise DatabaseProblem(f"{path} is no couchcal database", "choose another with --db")
        key = keys.load_key(path, ask=ask) if encrypted else None
    except OSError as error:
        raise DatabaseProblem(f"{path} cannot be read: {error.strerror}", "check its permissions") from None
    database = Database(path, key, keeps=True)
    with database_errors(path):
        connection = database.connect()
        try:
            revision = schema_revision(connection)
            if cut_short:
                connection.execute("PRAGMA journal_mode=WAL")
            if revision is not None:  # not before: a --db mistaken for another file leaves that as it is
                _make_private(path)
            if revision == SCHEMA_HEAD and connection.execute("SELECT 1 FROM custom_zone LIMIT 1").fetchone():
                from couchcal.practice.custom_zones import register_stored

                register_stored(connection)
        finally:
            connection.close()
    if revision != SCHEMA_HEAD:
        from couchcal.store import schema

        schema.ensure_current(database)
    if encrypted and failed_tries.place(path).exists():
        with suppress(DatabaseProblem, OSError):  # busy: whoever opens it next tells of them
            failed_tries.note_failed(database, "database")
    return database


def new_recovery_code(database: Database) -> str:
    """A new recovery code of an open, encrypted database, to be shown this once.

    Raises:
        DatabaseProblem: another program changes the key, or the folder cannot be written.
    """
    with alone(database.path):
        return key_changes.set_recovery_code(database)


def unlocking_key(path: Path, typed: str) -> bytes:
    """The key of a database whose screen is locked, which opens it: by a passphrase or the recovery code; with
    nothing typed from where it is kept, if that does not ask.

    A passphrase of the environment does not count: whoever unlocks is to know it.

    Raises:
        DatabaseProblem: wrong passphrase (code `wrong_passphrase`), or no key.
    """
    if typed:
        key = keys.unlocked(path, keys.read_record(path), typed)
    elif keys.asks_for(path):
        raise DatabaseProblem("the calendar is locked", "type the passphrase", code="locked")
    else:
        key = keys.load_key(path)
    Database(path, key).connect_file().close()
    return key


def _refuse_special(path: Path) -> None:
    """Raise DatabaseProblem for a folder, a device or a pipe: nothing may be written there, and least removed."""
    if path.exists() and not path.is_file():
        raise DatabaseProblem(f"{path} is no file", "choose another place with --db")


def _make_private(path: Path) -> None:
    """Take back permissions that others have on the files (P1), where they are ours to change."""
    beside = (path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm", ".audit"))
    for file in (*beside, keys.sidecar(path)):
        with suppress(OSError):
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)


def create_practice(
    location: DatabaseLocation,
    *,
    name: str = "",
    tz: str,
    encrypt: bool = True,
    ask: Callable[[str], str] | None = None,
    key_store: keys.KeyStore | None = None,
    clock: Clock = system_clock,
) -> Created:
    """A new practice: key, schema, practice row, starter services, modifiers and places.

    It is built beside `path` and put there whole, one process at a time: nobody opens half a practice, and
    of two that set one up at once the second finds the first one's.

    On a server `encrypt`, `ask` and `key_store` mean nothing: the server's disk has to be encrypted.

    Raises:
        Invalid: `tz` is no IANA zone.
        DatabaseProblem: a database is there already, no place for the key, not writable.
    """
    try:
        zone(tz)
    except UnknownZone:
        raise Invalid(f"'{tz}' is no time zone", "use an IANA name such as America/New_York", field="tz") from None
    if not isinstance(location, Path):
        from couchcal.practice.server_opening import create_on_server

        return Created(
            create_on_server(location, name=name, tz=tz, clock=clock), "nowhere: the server keeps the data"
        )
    path = location
    _refuse_special(path)
    try:
        paths.private_directory(path.parent)
        with alone(path):
            if exists(path):
                raise DatabaseProblem(
                    f"{path} is already there", "open it with couchcal, or choose another with --db", code="exists"
                )
            return _made(path, name, tz, encrypt=encrypt, ask=ask, key_store=key_store, clock=clock)
    except OSError as error:
        raise DatabaseProblem(
            f"{path} cannot be written: {error.strerror}", "choose another place with --db"
        ) from None


def _made(
    path: Path,
    name: str,
    tz: str,
    *,
    encrypt: bool,
    ask: Callable[[str], str] | None,
    key_store: keys.KeyStore | None,
    clock: Clock,
) -> Created:
    from couchcal.store import audit_anchor, schema

    key, place = None, "nowhere: the file is not encrypted"
    new = recrypt.beside(path)
    try:
        key_changes.settle(path)  # of one who was killed
        recrypt.remove_beside(path)
        if encrypt:
            key, place = key_changes.create_key(path, ask=ask, store=key_store)
        database = schema.create(new, key)
        fill(database, name, tz, clock)
        database.dispose()  # the last one out writes all into the one file
        os.replace(new, path)
        with suppress(OSError):
            os.replace(audit_anchor.place(new), audit_anchor.place(path))
    finally:
        recrypt.remove_beside(path)
        key_changes.settle(path)
    return Created(Database(path, key), place)


def fill(database: Database, name: str, tz: str, clock: Clock) -> None:
    """Put the rows every practice begins with into an empty database.

    Raises:
        DatabaseProblem: somebody has done so meanwhile (code `exists`).
    """
    import json

    from sqlmodel import select

    from couchcal.store.records import Location, Modifier, Practice, Practitioner, ServiceCode
    from couchcal.store.session import write_session

    data = json.loads(Path(__file__).with_name("starter.json").read_text("utf-8"))
    slug = "-".join("".join(c.lower() if c.isalnum() else " " for c in name).split())
    with write_session(database, "Set up the practice", actor="setup", clock=clock) as session:
        if session.exec(select(Practice.id)).first() is not None:
            raise DatabaseProblem("a practice is there already", "open it with couchcal", code="exists")
        session.add(Practice(name=name, tz=tz, slug=slug))
        session.add(Practitioner(name=name))
        session.add_all(ServiceCode(**row) for row in data["services"])
        session.add_all(Modifier(**row) for row in data["modifiers"])
        session.add_all(Location(**row) for row in data["locations"])
