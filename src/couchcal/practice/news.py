"""What clients did by themselves since somebody looked last: asked, booked, moved, cancelled, took back (REQ-03).

Read from the journal, where every change says who made it; plain statements on the DB-API connection, no ORM.
"""

from __future__ import annotations

from itertools import groupby
from typing import Literal, NamedTuple

from couchcal.store.connection import Connection

What = Literal["booked", "moved", "cancelled", "asked", "withdrawn"]
_WEIGHT: tuple[What, ...] = ("booked", "moved", "cancelled", "asked", "withdrawn")
"""What a change is called that does several of these: who moves or cancels takes back what they asked for."""
_BY_CLIENTS = """
SELECT c.id, r.table_name, r.row_id, r.operation, r.after
FROM change c JOIN change_row r ON r.change_id = c.id
WHERE c.id > ? AND c.actor LIKE 'client:%' AND r.table_name IN ('appointment', 'booking_request')
ORDER BY c.id, r.id
"""


class Item(NamedTuple):
    """One thing that a client did. `row_id` is of the request (`asked`, `withdrawn`), else of the appointment."""

    what: What
    row_id: int


def latest(connection: Connection) -> int:
    """The number of the latest change of anybody, for `since`."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM change").fetchone()[0])


def news(connection: Connection, since: int) -> list[Item]:
    """What clients did after the change of that number, in order; a hold without a proven address is nothing yet.

    O(changes since), by the primary key.
    """
    found = []
    for _, rows in groupby(connection.execute(_BY_CLIENTS, (since,)).fetchall(), key=lambda row: row[0]):
        items = [item for row in rows if (item := _item(*row[1:])) is not None]
        if items:
            found.append(min(items, key=lambda item: _WEIGHT.index(item.what)))
    return found


def _item(table: str, row_id: int, operation: str, after: str | None) -> Item | None:
    import json

    values = json.loads(after or "{}")
    if table == "appointment":
        if operation == "insert":
            return Item("booked", row_id)
        if values.get("status") == "cancelled":
            return Item("cancelled", row_id)
        return Item("moved", row_id) if operation == "update" and "start_utc" in values else None
    if values.get("status") == "pending" and operation != "delete":
        return Item("asked", row_id)
    return Item("withdrawn", row_id) if values.get("status") == "withdrawn" else None
