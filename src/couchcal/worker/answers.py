"""What a cycle came to, for the process that asked another one for it.

The answer is kept in a row of its own beside the lease: whoever asked reads it once its question is answered.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any, NamedTuple

from couchcal.store.connection import Connection, Database, database_errors
from couchcal.sync.lease import Lease, transaction
from couchcal.sync.report import Report

_ROW = "sync answer"


class Answer(NamedTuple):
    """A cycle as `sync --json` prints it, and in words why it did not end well."""

    report: dict[str, Any]
    reason: str

    @property
    def status(self) -> str:
        """`ok`, `needs_auth`, `retry` or `paused`."""
        return str(self.report["status"])


def answer_of(report: Report) -> Answer:
    """The answer that a cycle's report is."""
    return Answer(report.as_json(), report.reason)


def give(database: Database, lease: Lease, question: int, report: Report) -> None:
    """Answer all who asked up to `question`."""
    with (
        database_errors(database.path),
        closing(database.connect()) as connection,
        transaction(connection),
    ):
        connection.execute(
            "INSERT INTO worker_lease (name, owner, host, pid, expires_at, asked, answered, progress)"
            " VALUES (?, '', '', 0, NULL, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
            " asked = excluded.asked, answered = excluded.answered, progress = excluded.progress",
            (_ROW, question, question, json.dumps(answer_of(report))),
        )
    lease.answered(question)


def given(connection: Connection, question: int) -> Answer | None:
    """The answer to `question`, None if there is none."""
    row = connection.execute(
        "SELECT progress FROM worker_lease WHERE name = ? AND answered >= ?", (_ROW, question)
    ).fetchone()
    return None if row is None else Answer(*json.loads(row[0]))
