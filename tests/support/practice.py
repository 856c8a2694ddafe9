"""A practice of its own for a test: a copy of a template that is made once a session."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

from couchcal.practice.opening import create_practice
from couchcal.store.connection import Database
from couchcal.store.keys import sidecar
from tests.support import on_server

PASSPHRASE = "correct horse battery staple"
"""What opens an encrypted practice of `make_practice`."""


def make_practice(
    directory: Path,
    encrypt: bool = False,
    *,
    tz: str = "America/New_York",
    filename: str = "couchcal.db",
    keeps: bool = False,
) -> Database:
    """A new practice in `directory` with starter services and places; encrypted ones open with `PASSPHRASE`.

    With `keeps` the file stays open between its uses, as in the program: not for tests that move or copy it.
    """
    if on_server.chosen() and not encrypt:
        return on_server.practice_on_server(tz)
    template = _template(encrypt, tz)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / filename
    shutil.copyfile(template.path, path)
    path.chmod(0o600)
    if encrypt:
        shutil.copyfile(sidecar(template.path), sidecar(path))
        sidecar(path).chmod(0o600)
    return Database(path, template.key, keeps=keeps)


def furnished_practice(directory: Path, furnish: Callable[[Database], object]) -> Database:
    """A practice of `make_practice` as `furnish` leaves it; `furnish` runs once a session."""
    if on_server.chosen():
        return on_server.furnished_on_server(furnish)
    path = directory / "furnished.db"
    shutil.copyfile(_furnished(furnish).path, path)
    path.chmod(0o600)
    return Database(path, None, keeps=True)


@cache
def _furnished(furnish: Callable[[Database], object]) -> Database:
    database = make_practice(_scratch())
    furnish(database)
    return _at_rest(database)


@cache
def _template(encrypt: bool, tz: str) -> Database:
    directory = _scratch()
    before = {name: os.environ.pop(name, None) for name in ("COUCHCAL_KEY_FILE", "COUCHCAL_PASSPHRASE")}
    try:
        if encrypt:
            os.environ["COUCHCAL_PASSPHRASE"] = PASSPHRASE
        database = create_practice(directory / "template.db", name="Test practice", tz=tz, encrypt=encrypt).database
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
    return _at_rest(database)


def _scratch() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="couchcal-test-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def _at_rest(database: Database) -> Database:
    """The database with all that was written in its one file."""
    database.dispose()
    with closing(database.connect()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database
