"""The anchor: how many entries the audit trail had and the hash of the last, in a file beside the database.

Whoever cuts off the end of the trail, counter and all, leaves a chain that is whole; the anchor remembers that it
was longer. It is written when a program ends its work and once a minute in between, and never over an anchor that
the trail contradicts. What it speaks of is on the disk by then, as every commit is.
"""

from __future__ import annotations

import json
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from couchcal.paths import replacing
from couchcal.store.audit import head
from couchcal.store.connection import Connection, Database

EVERY_S = 60.0
"""How often a program that goes on writing renews the anchor."""


class Anchor(NamedTuple):
    """Entry number `entries` of the trail has the hash `hash`."""

    entries: int
    hash: str


def place(database: Path) -> Path:
    """The file of the anchor of `database`."""
    return database.with_name(f"{database.name}.audit")


def read(database: Path) -> Anchor | None:
    """The anchor of `database`, None if there is none or the file is damaged."""
    try:
        found = json.loads(place(database).read_bytes())
        return Anchor(int(found["entries"]), str(found["hash"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def contradicts(connection: Connection, anchor: Anchor) -> bool:
    """Whether the trail is not the one the anchor was taken of; entries that were pruned contradict nothing."""
    if anchor.entries <= 0:
        return False
    row = connection.execute("SELECT hash FROM audit_entry WHERE id = ?", (anchor.entries,)).fetchone()
    if row is not None:
        return bool(row[0] != anchor.hash)
    first = connection.execute("SELECT min(id) FROM audit_entry").fetchone()[0]
    return first is None or anchor.entries > first


def renew(database: Database, *, force: bool = False) -> bool:
    """Write down the newest entry; False where the anchor stays because the trail contradicts it.

    Args:
        force: write over any anchor: after a restore, or when a person accepts what is there.

    Raises:
        OSError: the file cannot be written.
        Exception: of the driver.
    """
    with closing(database.connect()) as connection:
        before = read(database.path)
        if before is not None and not force and contradicts(connection, before):
            return False
        entries, hash_ = head(connection)
        if entries == 0 or (before is not None and not force and entries <= before.entries):
            return True
    with replacing(place(database.path)) as out:
        out.write(json.dumps({"entries": entries, "hash": hash_}).encode())
    return True


def appended(database: Database) -> None:
    """Say that the trail has grown: the anchor is renewed once a minute, and when `database` is disposed of."""
    now = time.monotonic()
    if database.unanchored_since is None:
        database.unanchored_since = now
    elif now - database.unanchored_since >= EVERY_S:
        settle(database)


def settle(database: Database) -> None:
    """Renew the anchor if the trail has grown; a disk that refuses is left alone, the trail is in the database."""
    if database.unanchored_since is not None:
        database.unanchored_since = None
        with suppress(Exception):
            renew(database)
