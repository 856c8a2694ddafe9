"""Reading the audit trail for people: by days, actor, record and client, with records called by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from couchcal.practice.names import client_label
from couchcal.store.audit import COLUMNS, Entry, covers
from couchcal.store.connection import Connection
from couchcal.store.public_id import PREFIXES, encode

ACTIONS = {
    "create": "added", "update": "changed", "delete": "deleted", "undo": "took back", "redo": "did again",
    "view": "looked at", "export": "exported", "import": "imported", "open": "opened", "unlock": "unlocked",
    "unlock-failed": "failed to unlock", "lock": "locked", "sync": "synced", "mail": "sent mail",
    "sign-in": "signed in", "backup": "backed up", "restore": "restored", "key": "changed keys", "forget": "forgot",
    "prune": "pruned", "accept": "accepted",
}  # fmt: skip
"""What is said of each action; one that is not here is said as it is."""
_TOPICS = {"change": "a change", "booking_request": "request", "outbox_email": "letter", "event_type": "event type"}


class Wanted(NamedTuple):
    """Which entries: `start` included, `end` not; `entity` a table or topic, `row_id` of it; `actor` as stored.

    `client_id` stands for all of a client: their record, their sessions and requests, and what they did.
    """

    start: datetime | None = None
    end: datetime | None = None
    entity: str | None = None
    row_id: str | None = None
    actor: str | None = None
    client_id: int | None = None


def entries(
    connection: Connection, wanted: Wanted, *, newest_first: bool = False, before: int | None = None
) -> Iterator[Entry]:
    """The entries that fit, one by one as they are read; with `before` those of lower numbers only."""
    conditions, values = ["true"], []
    for condition, value in (
        ("at >= ?", None if wanted.start is None else int(wanted.start.timestamp())),
        ("at < ?", None if wanted.end is None else int(wanted.end.timestamp())),
        ("entity = ?", wanted.entity),
        ("(actor = ? OR actor LIKE ? || ':%')", wanted.actor),
        ("id < ?", before),
    ):
        if value is not None:
            conditions.append(condition)
            values += [value] * condition.count("?")
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM audit_entry WHERE {' AND '.join(conditions)}"  # noqa: S608  our own conditions
        f" ORDER BY id {'DESC' if newest_first else ''}",
        values,
    )
    theirs = _Theirs(connection, wanted.client_id) if wanted.client_id is not None else None
    for row in rows:
        entry = Entry(*row)
        if wanted.row_id is not None and not covers(entry.entity_id, wanted.row_id):
            continue
        if theirs is None or theirs.has(entry):
            yield entry


class _Theirs:
    """What belongs to a client."""

    def __init__(self, connection: Connection, client_id: int) -> None:
        self._actor = f"client:{client_id}"
        self._ids: dict[str, tuple[str, ...]] = {"client": (str(client_id),)}
        for table in ("appointment", "booking_request", "series"):
            found = connection.execute(f"SELECT id FROM {table} WHERE client_id = ?", (client_id,))  # noqa: S608  ours
            self._ids[table] = tuple(str(row_id) for (row_id,) in found)

    def has(self, entry: Entry) -> bool:
        if entry.actor == self._actor:
            return True
        ids = self._ids.get(entry.entity, ())
        if entry.entity_id.isdecimal():
            return entry.entity_id in ids
        return any(covers(entry.entity_id, row_id) for row_id in ids)


class Called:
    """What records are called: public ids, clients by their internal ids and, where `names` (the mode) wants that,
    their names."""

    def __init__(self, connection: Connection, names: str = "id") -> None:
        self._clients = {}
        for row_id, internal_id, first, last in connection.execute(
            "SELECT id, internal_id, coalesce(nullif(preferred, ''), first), last FROM client"
        ):
            label = client_label(internal_id, first, last, names)
            self._clients[str(row_id)] = internal_id if label == internal_id else f"{internal_id} {label}"

    def record(self, entry: Entry) -> str:
        """The record an entry is of: `client C-0001`, `appointment 9e3779b1`, `appointments 13 to 64`."""
        kind = _TOPICS.get(entry.entity, entry.entity.replace("_", " "))
        name = entry.entity_id
        if not name.isdecimal() and name.replace("-", "").replace(",", "").isdecimal():
            count = sum(_size(part) for part in name.split(","))
            return f"{count:,} {kind if kind.endswith('s') else kind + 's'}"
        if entry.entity == "client":
            name = self._clients.get(name, name)
        elif entry.entity in PREFIXES and name.isdecimal():
            name = encode(entry.entity, int(name))
        return f"{kind} {name}".strip()

    def actor(self, entry: Entry) -> str:
        """Who it was: `user`, `worker`, or `client C-0001`; `client` alone before it was known which."""
        who, _, row_id = entry.actor.partition(":")
        return who if row_id in ("", "0") else f"{who} {self._clients.get(row_id, row_id)}"


def _size(part: str) -> int:
    first, _, last = part.partition("-")
    return int(last or first) - int(first) + 1
