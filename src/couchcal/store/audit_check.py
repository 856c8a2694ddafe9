"""Whether the audit trail is whole: `couchcal audit verify`. Imports no ORM."""

from __future__ import annotations

import re
from typing import NamedTuple

from couchcal.store.audit import COLUMNS, digest
from couchcal.store.audit_anchor import Anchor, contradicts
from couchcal.store.connection import Connection

_PRUNED = re.compile(r"through=(\d+) hash=([0-9a-f]{64})")


class Verdict(NamedTuple):
    """What the check found.

    `first_bad` is the number of the first entry that is not as it was written or not there, None if all are;
    `reason` says in words what is wrong with it. `pruned` is the number of the last entry that was pruned.
    """

    entries: int
    newest: int
    pruned: int
    first_bad: int | None = None
    reason: str = ""

    @property
    def intact(self) -> bool:
        return self.first_bad is None


def verify(connection: Connection, anchor: Anchor | None) -> Verdict:
    """Read the whole trail once and follow its chain, to the counter of the table and to the anchor.

    `connection` is read in one snapshot; the anchor should have been read before.
    """
    entries = newest = pruned = 0
    hash_ = ""
    rows = connection.execute(f"SELECT {COLUMNS} FROM audit_entry ORDER BY id")  # noqa: S608  our own names
    for row in rows:
        number = row[0]
        if entries == 0 and number != 1:
            found = _pruned(connection)
            if found is None or found[0] != number - 1:
                return Verdict(entries, newest, pruned, 1, _missing(1, number - 1))
            pruned, hash_ = found
            newest = pruned
        if number != newest + 1:
            return Verdict(entries, newest, pruned, newest + 1, _missing(newest + 1, number - 1))
        if row[7] != hash_:
            return Verdict(entries, newest, pruned, number, f"entry {number} does not follow the one before it")
        if row[8] != digest(hash_, *row[:7]):
            return Verdict(entries, newest, pruned, number, f"entry {number} was changed")
        entries, newest, hash_ = entries + 1, number, row[8]
    counted = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit_entry'").fetchone()
    count = counted[0] if counted is not None else 0
    if count != newest:
        reason = _missing(newest + 1, count) if _number(count) > newest else "the counter of entries was changed"
        return Verdict(entries, newest, pruned, newest + 1, reason)
    if anchor is not None and contradicts(connection, anchor):
        if anchor.entries > newest:
            reason = f"{_missing(newest + 1, anchor.entries)}, or an older copy of the database was put in place"
            return Verdict(entries, newest, pruned, newest + 1, reason)
        reason = f"entry {anchor.entries} is another than the one written down beside the database"
        return Verdict(entries, newest, pruned, anchor.entries, reason)
    return Verdict(entries, newest, pruned)


def _pruned(connection: Connection) -> tuple[int, str] | None:
    """The last entry that the newest pruning has removed, and its hash."""
    row = connection.execute(
        "SELECT fields FROM audit_entry WHERE action = 'prune' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    found = _PRUNED.fullmatch(str(row[0])) if row is not None else None
    return (int(found[1]), found[2]) if found else None


def _missing(first: int, last: object) -> str:
    count = _number(last)
    return f"entry {first} is missing" if count <= first else f"entries {first} to {count} are missing"


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
