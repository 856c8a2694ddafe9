"""What is removed for its age: entries of the trail after six years, by command alone; undo after one year."""

from __future__ import annotations

from datetime import datetime, timedelta

from couchcal.errors import Refused
from couchcal.store.audit import Deed, append
from couchcal.store.connection import Connection
from couchcal.store.rules import without_trigger

RETENTION = timedelta(days=6 * 366)
"""45 CFR 164.316(b)(2): documentation is kept for six years."""
UNDO_REACH = timedelta(days=365)
"""How long the journal keeps what rows were before: it holds clients' data."""


def prune_trail(connection: Connection, before: datetime, now: datetime) -> int:
    """Remove the oldest entries up to the first one from `before` on, inside the open transaction; how many.

    An entry stays behind that says which were removed and what the hash of the last one was.

    Raises:
        Refused: `before` is less than six years ago.
    """
    if before > now - RETENTION:
        raise Refused(
            "the audit trail is kept for six years",
            "give a day before " + f"{now - RETENTION:%Y-%m-%d}",
            code="kept",
        )
    limit = int(before.timestamp())
    row = (
        connection.execute("SELECT id - 1 FROM audit_entry WHERE at >= ? ORDER BY id LIMIT 1", (limit,)).fetchone()
        or connection.execute("SELECT max(id) FROM audit_entry").fetchone()
    )
    last = row[0]
    found = connection.execute("SELECT hash FROM audit_entry WHERE id = ?", (last,)).fetchone()
    if found is None:
        return 0
    append(
        connection, int(now.timestamp()), "user", (Deed("prune", "audit", "", f"through={last} hash={found[0]}"),)
    )
    with without_trigger(connection, "audit_entry_no_delete"):
        return connection.execute("DELETE FROM audit_entry WHERE id <= ?", (last,)).rowcount


def prune_journal(connection: Connection, now: datetime) -> int:
    """Forget what rows were before changes of more than a year ago; how many changes. Undo reaches no further."""
    limit = int((now - UNDO_REACH).timestamp())
    return connection.execute("DELETE FROM change WHERE at < ?", (limit,)).rowcount
