"""Where a practice is: in a file, plain or encrypted, or on a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from couchcal.errors import DatabaseProblem, UsageProblem
from couchcal.store.connection import Database

if TYPE_CHECKING:
    from couchcal.store.postgresql.address import Address

DatabaseLocation: TypeAlias = "Path | Address"
"""Where a practice is: a file, or a database on a server."""
PLAIN_HEADER = b"SQLite format 3\x00"


def is_encrypted(path: Path) -> bool:
    """Whether an existing, non-empty file is not a plain SQLite database."""
    with path.open("rb") as handle:
        header = handle.read(16)
    return bool(header) and header != PLAIN_HEADER


def exists(path: Path) -> bool:
    """Whether there is a database: a file that is not empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def parse_location(text: str) -> DatabaseLocation:
    """What `--db` or `COUCHCAL_DATABASE_URL` names: a path, `sqlite:///path` or `postgresql+psycopg://…`.

    Raises:
        UsageProblem: for a URL of another database, or an address that is none.
    """
    if text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///")).expanduser()
    if "://" not in text:
        return Path(text).expanduser()
    scheme = text.partition("://")[0]
    if scheme in ("postgresql", "postgresql+psycopg"):
        from couchcal.store.postgresql import address

        return address.read(text)
    raise UsageProblem(
        f"couchcal keeps its data in SQLite or PostgreSQL, not {scheme}",
        "give a path, sqlite:///path or postgresql+psycopg://user@host/database",
    )


def database_at(location: DatabaseLocation, key: bytes | None = None) -> Database:
    """The database at a place; it is not looked at yet. A server needs no key.

    Raises:
        DatabaseProblem: the driver of the server is not installed (code `no_driver`).
    """
    if isinstance(location, Path):
        return Database(location, key)
    try:
        from couchcal.store.postgresql.database import ServerDatabase
    except ImportError:
        raise DatabaseProblem(
            "the driver for PostgreSQL is not installed", "pip install 'couchcal[postgresql]'", code="no_driver"
        ) from None
    return ServerDatabase(location)
