"""Whether a database is whole: its pages, its references, its journal and its audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress

from couchcal.errors import DatabaseProblem
from couchcal.store import audit_anchor, audit_check
from couchcal.store.connection import Connection, Database, database_errors

_UNJOURNALLED = """
    SELECT a.id FROM appointment a WHERE NOT EXISTS (
        SELECT 1 FROM change_row r WHERE r.table_name = 'appointment' AND r.operation = 'insert'
        AND a.id BETWEEN r.row_id AND coalesce(r.last_row_id, r.row_id))
"""
"""Appointments without an entry of the journal: halves of a change."""


def damage(database: Database) -> list[str]:
    """What is not as it must be; nothing where all is whole."""
    try:
        with database_errors(database.path), closing(database.connect()) as connection:
            return list(_damage(database, connection))
    except DatabaseProblem as error:
        return [f"it cannot be read: {error}"]


def _damage(database: Database, connection: Connection) -> Iterator[str]:
    anchor = audit_anchor.read(database.path)
    for (words,) in connection.execute("PRAGMA integrity_check"):
        if words != "ok":
            yield f"integrity_check: {words}"
    if database.encrypted:
        # It reads the file alone: a page torn in a checkpoint is whole in the log, which goes over it now.
        with suppress(Exception):  # of a disk without room; the pages in use were looked at above
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for (words,) in connection.execute("PRAGMA cipher_integrity_check"):
            yield f"cipher_integrity_check: {words}"
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {row}"
    verdict = audit_check.verify(connection, anchor)
    if not verdict.intact:
        yield f"audit: {verdict.reason}"
    for (row_id,) in connection.execute(_UNJOURNALLED):
        yield f"appointment {row_id} is not in the journal"
    half = connection.execute("SELECT count(*) FROM change_row WHERE change_id NOT IN (SELECT id FROM change)")
    if half.fetchone() != (0,):
        yield "the journal has rows of no change"
