"""Clients at the door: a wall against double bookings, who asks before there is a client, feedback, text reminders.

The wall is the second one: a booking looks for itself first, in its write transaction. It stops clients alone: what
the practitioner puts on the calendar may overlap anything, and so may what undo brings back (`version` is above 1).
Whole days, whose midnights need a zone, and buffers are left to the first wall.
"""

from __future__ import annotations

from alembic import op

from couchcal.store.migrations.postgresql import drop_trigger, on_server, refuse, remake, settle, spoken, trigger

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NEW_COLUMNS = (
    ("booking_request", "first", "VARCHAR NOT NULL DEFAULT ''"),
    ("booking_request", "last", "VARCHAR NOT NULL DEFAULT ''"),
    ("booking_request", "email", "VARCHAR NOT NULL DEFAULT ''"),
    ("booking_request", "phone", "VARCHAR NOT NULL DEFAULT ''"),
    ("booking_request", "confirm", "VARCHAR NOT NULL DEFAULT 'request'"),
    ("portal_token", "tries", "INTEGER NOT NULL DEFAULT 0"),
)
_REMINDER = """
CREATE TABLE reminder (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    {channel}due_at BIGINT NOT NULL,
    state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    CONSTRAINT kind_word CHECK (kind = '24h' OR kind = 'lead'),
    {channel_word}CONSTRAINT state_word CHECK (
        state = 'pending' OR state = 'claimed' OR state = 'sent' OR state = 'skipped' OR state = 'missed'),
    UNIQUE (appointment_id, kind{unique}),
    FOREIGN KEY (appointment_id) REFERENCES appointment (id) ON DELETE CASCADE
)
"""
_FEEDBACK = """
CREATE TABLE feedback (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL UNIQUE,
    rating INTEGER NOT NULL,
    heard INTEGER NOT NULL,
    text VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT rating_range CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT heard_range CHECK (heard BETWEEN 1 AND 5),
    FOREIGN KEY (appointment_id) REFERENCES appointment (id) ON DELETE CASCADE
)
"""
_INDEXES = {
    "ix_outbox_email_due": "outbox_email (state, not_before)",
    "ix_reminder_due": "reminder (state, due_at)",
    "ix_booking_request_client_id": "booking_request (client_id)",
    "ix_booking_request_appointment_id": "booking_request (appointment_id)",
    "ix_booking_request_replaces_appointment_id": "booking_request (replaces_appointment_id)",
    "ix_portal_token_subject": "portal_token (purpose, subject)",
}
_REACHES = tuple((k, 86_400 << k) for k in range(23))
"""Span classes and their longest durations in seconds, as they were at this revision."""
_WINDOW = "a.span = span.class AND a.start_utc > NEW.start_utc - span.reach AND a.start_utc < NEW.end_utc"
_SPAN = " UNION ALL ".join(f"SELECT {k} AS class, {reach} AS reach" for k, reach in _REACHES)
_BUSY = f"""
    SELECT 1 FROM ({_SPAN}) span CROSS JOIN appointment a ON {_WINDOW}
    WHERE a.end_utc > NEW.start_utc AND a.end_utc > a.start_utc AND a.busy AND NOT a.all_day
      AND a.status <> 'cancelled' AND {{other}}
    UNION ALL
    SELECT 1 FROM ({_SPAN}) span CROSS JOIN external_event a ON {_WINDOW}
    WHERE a.end_utc > NEW.start_utc AND a.end_utc > a.start_utc AND NOT a.transparent AND NOT a.all_day
      AND a.rrule = '' AND a.status NOT IN ('cancelled', 'declined')
    UNION ALL
    SELECT 1 FROM time_off o
    WHERE o.start_utc < NEW.end_utc AND o.end_utc > NEW.start_utc AND NOT o.all_day
    UNION ALL
    {{held}}
"""  # noqa: S608  our own fragments
_HELD = """SELECT 1 FROM booking_request r
    WHERE r.status IN ('pending', 'unverified') AND r.start_utc < NEW.end_utc AND r.end_utc > NEW.start_utc
      AND (r.status = 'pending' OR r.hold_until > NEW.updated_at){other}"""
_LIVE = "NEW.status IN ('pending', 'unverified')"
_OTHER_HELD = _HELD.format(other=" AND r.id <> NEW.id")
_NOT_REPLACED = "a.id IS NOT NEW.replaces_appointment_id"
_TRIGGERS = {
    "booking_request_wall_insert": (
        "INSERT ON booking_request",
        f"{_LIVE} AND NEW.version = 1",
        _BUSY.format(other=_NOT_REPLACED, held=_HELD.format(other="")),
    ),
    "booking_request_wall_return": (
        "INSERT ON booking_request",
        f"{_LIVE} AND NEW.version > 1",
        _HELD.format(other=""),
    ),
    "booking_request_wall_update": (
        "UPDATE OF status, start_utc, end_utc ON booking_request",
        f"{_LIVE} AND (NEW.status, NEW.start_utc, NEW.end_utc) IS NOT (OLD.status, OLD.start_utc, OLD.end_utc)",
        _BUSY.format(other=_NOT_REPLACED, held=_OTHER_HELD),
    ),
    "appointment_wall_insert": (
        "INSERT ON appointment",
        "NEW.origin IN ('booking_page', 'portal') AND NEW.version = 1 AND NEW.busy AND NEW.status <> 'cancelled'",
        _BUSY.format(other="1", held=_HELD.format(other="")),
    ),
}
_ON_SERVER = ((" IS NOT ", " IS DISTINCT FROM "), (" CROSS JOIN ", " JOIN "), (" AND 1\n", " AND true\n"))
"""What the wall says in SQLite's words, and the same in PostgreSQL's."""


def upgrade() -> None:
    for table, column, kind in _NEW_COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {spoken(kind)}")
    words = {
        "channel": "channel VARCHAR NOT NULL,\n    ",
        "channel_word": "CONSTRAINT channel_word CHECK (channel = 'email' OR channel = 'text'),\n    ",
        "unique": ", channel",
    }
    _remake_reminder(words, "channel, ", "'email', ")
    op.execute(spoken(_FEEDBACK))
    op.execute("DROP INDEX ix_outbox_email_not_before")
    for name, columns in _INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")
    if on_server():
        settle()
        _build_wall_on_server()
        return
    for name, (event, condition, blocking) in _TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} WHEN {condition} AND EXISTS ({blocking})"
            " BEGIN SELECT RAISE(ABORT, 'slot_taken'); END"
        )


def _build_wall_on_server() -> None:
    for name, (event, condition, blocking) in _TRIGGERS.items():
        wall = f"IF {condition} THEN IF EXISTS ({blocking}) THEN {refuse('slot_taken')} END IF; END IF;"
        for sqlite, server in _ON_SERVER:
            wall = wall.replace(sqlite, server)
        trigger(name, f"BEFORE {event}", wall, gives="NEW")


def _remake_reminder(words: dict[str, str], column: str, value: str) -> None:
    """Give the table, to which nothing refers, another definition; of a reminder in two ways one stays."""
    common = "id, created_at, updated_at, version, appointment_id, kind, due_at, state, reason"
    if on_server():
        remake("reminder", _REMINDER.format(**words), f"{column}{common}", f"{value}{common}")
        return
    op.execute("ALTER TABLE reminder RENAME TO reminder_before")
    op.execute(_REMINDER.format(**words))
    op.execute(
        f"INSERT OR IGNORE INTO reminder ({column}{common}) SELECT {value}{common} FROM reminder_before"  # noqa: S608  ours
    )
    op.execute("DROP TABLE reminder_before")


def downgrade() -> None:
    for name in _TRIGGERS:
        drop_trigger(name)
    for name in _INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute("CREATE INDEX ix_outbox_email_not_before ON outbox_email (not_before)")
    op.execute("DROP TABLE feedback")
    _remake_reminder({"channel": "", "channel_word": "", "unique": ""}, "", "")
    op.execute("CREATE INDEX ix_reminder_due_at ON reminder (due_at)")
    for table, column, _kind in _NEW_COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    if on_server():
        settle()
