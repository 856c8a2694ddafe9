"""What `couchcal doctor` looks at, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from couchcal.cli.prompt import passphrase_prompt
from couchcal.store import keys
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.store.locations import exists, is_encrypted


class Finding(NamedTuple):
    """One line of the report: `state` is ok, warn or fail; `fix` is what to do about it."""

    check: str
    state: str
    detail: str
    fix: str | None = None


class Patient:
    """The database that is looked at, a file; opened once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        return exists(self.path)

    @cached_property
    def encrypted(self) -> bool:
        return is_encrypted(self.path)

    @property
    def copies_encrypted(self) -> bool:
        """Whether its backups are."""
        return self.encrypted

    @cached_property
    def database(self) -> Database:
        key = keys.load_key(self.path, ask=passphrase_prompt()) if self.encrypted else None
        return Database(self.path, key)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with database_errors(self.path), closing(self.database.connect()) as connection:
            yield connection
