"""What a cycle of the sync leaves in the audit trail: how much went each way, and nothing of what it was."""

from __future__ import annotations

from datetime import datetime

from couchcal.store.audit import Deed, append
from couchcal.store.connection import Connection
from couchcal.sync.lease import transaction
from couchcal.sync.ledger import epoch
from couchcal.sync.report import Report


def note(connection: Connection, report: Report, now: datetime) -> None:
    """Write down a cycle that sent or took over anything."""
    if not report.changed:
        return
    counts = {
        "pushed": sum(each.pushed for each in report.calendars),
        "pulled": sum(each.pulled for each in report.calendars),
        "deleted": sum(each.deleted for each in report.calendars),
    }
    words = " ".join(f"{name}={count}" for name, count in counts.items())
    with transaction(connection):
        append(connection, epoch(now), "worker", (Deed("sync", "calendar", "", words),))
