"""Rows put straight into the tables, many at once and of any shape, for tests of the one read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from couchcal.scheduling.span import span_class
from couchcal.store.connection import Connection, on_server
from couchcal.store.records import Appointment, BookingRequest, ExternalEvent, Record, TimeOff, epoch_seconds

_TABLES: dict[str, type[Record]] = {
    "appointment": Appointment,
    "external_event": ExternalEvent,
    "time_off": TimeOff,
    "booking_request": BookingRequest,
}


def _defaults(table: str) -> dict[str, Any]:
    found = {}
    for name, field in _TABLES[table].model_fields.items():
        value = field.get_default(call_default_factory=True)
        found[name] = epoch_seconds(value) if name in ("created_at", "updated_at") else value
    return found


def insert(connection: Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows given by epoch seconds `start_utc`, `end_utc` and any other column, whatever they overlap."""
    drop_walls(connection)
    defaults = _defaults(table)
    complete = []
    for number, row in enumerate(rows, start=1):
        values = {**defaults, "uid": f"u{number}", "title": f"e{number}", "kind": "other_event", **row}
        values["span"] = span_class(values["end_utc"] - values["start_utc"])
        values |= {"idempotency_key": f"k{number}", "remote_event_id": f"x{number}", "link_id": 1}
        values["id"] = row.get("id", number)
        complete.append({name: values[name] for name in defaults})
    names = list(defaults)
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})", complete
    )


def drop_walls(connection: Connection) -> None:
    """Take away what keeps two clients from the same time, for good."""
    if on_server(connection):
        asked = (
            "SELECT t.tgname, ' ON ' || c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgname LIKE '%wall%'"
        )
    else:
        asked = "SELECT name, '' FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '%wall%'"
    for wall, place in connection.execute(asked).fetchall():
        connection.execute(f"DROP TRIGGER {wall}{place}")


def insert_link(connection: Connection) -> None:
    """The remote calendar (id 1) that external events need."""
    connection.execute(
        "INSERT INTO calendar_account (id, created_at, updated_at, version, provider, email, scopes, state,"
        " secret_ref) VALUES (1, 0, 0, 1, 'google', '', '', 'ok', '')"
    )
    connection.execute(
        "INSERT INTO calendar_link (id, created_at, updated_at, version, account_id, remote_calendar_id, name,"
        " role, direction, access_role, enabled, state, last_error)"
        " VALUES (1, 0, 0, 1, 1, 'c', 'Private', 'inbound', 'two_way', '', true, '', '')"
    )


def spread(connection: Connection, table: str, count: int, around: int) -> None:
    """Copies of row 1 of up to a day, none of them within nine days of `around` (epoch seconds)."""
    columns = list(_defaults(table))
    changed = {
        "id": "1000 + n",
        "uid": "'v' || n",
        "remote_event_id": "'y' || n",
        "start_utc": f"{around} + (10 + n % 2800) * 86400 * (1 - n % 2 * 2) + n % 700 * 60",
        "end_utc": f"{around} + (10 + n % 2800) * 86400 * (1 - n % 2 * 2) + n % 700 * 60 + 3000 + n % 5 * 9000",
    }
    connection.execute(
        f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
        f" INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT {', '.join(changed.get(name, name) for name in columns)} FROM numbers, {table} WHERE id = 1"
    )
