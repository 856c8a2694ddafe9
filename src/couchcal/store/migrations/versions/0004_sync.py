"""The sync: an outbox that triggers fill, what both sides knew last, what waits for a decision.

Whatever writes an appointment (a form, an undo, an import) queues it in the same transaction. Nothing is queued
before there is a calendar to send to. What an appointment is called outside follows the client, the place and the
practice, so their changes queue it too; sending finds out whether anything differs.
"""

from __future__ import annotations

from alembic import op

from couchcal.store.migrations.postgresql import on_server, remake, settle, spoken
from couchcal.store.migrations.postgresql_sync import create_sync_triggers, drop_sync_triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REVIEWS = ("remote_deleted", "conflict", "calendar_lost", "mass_delete", "put_back", "unknown_event")
_EVENT_MAP = """
CREATE TABLE event_map (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    link_id INTEGER NOT NULL,
    appointment_id INTEGER NOT NULL,
    remote_event_id VARCHAR NOT NULL,
    attempt INTEGER NOT NULL,
    etag VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    ours VARCHAR NOT NULL,
    theirs VARCHAR NOT NULL,
    UNIQUE (link_id, remote_event_id),
    UNIQUE (link_id, appointment_id),
    CONSTRAINT state_word CHECK (
        state = 'creating' OR state = 'live' OR state = 'deleted' OR state = 'missing' OR state = 'unlinked'),
    FOREIGN KEY (link_id) REFERENCES calendar_link (id) ON DELETE CASCADE
)
"""
_SYNC_STATE = """
CREATE TABLE sync_state (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    link_id INTEGER NOT NULL UNIQUE,
    sync_token VARCHAR NOT NULL,
    generation INTEGER NOT NULL,
    full_sync_at BIGINT,
    live INTEGER NOT NULL,
    FOREIGN KEY (link_id) REFERENCES calendar_link (id) ON DELETE CASCADE
)
"""
_EVENT_MAP_BEFORE = """
CREATE TABLE event_map (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version INTEGER NOT NULL,
    appointment_id INTEGER REFERENCES appointment (id) ON DELETE SET NULL,
    link_id INTEGER NOT NULL REFERENCES calendar_link (id) ON DELETE CASCADE,
    remote_event_id VARCHAR NOT NULL,
    etag VARCHAR NOT NULL,
    pushed_hash VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    CONSTRAINT state_word CHECK (state = 'synced' OR state = 'dirty' OR state = 'deleted'),
    UNIQUE (link_id, appointment_id),
    UNIQUE (link_id, remote_event_id)
)
"""
_SYNC_STATE_BEFORE = """
CREATE TABLE sync_state (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version INTEGER NOT NULL,
    link_id INTEGER NOT NULL UNIQUE REFERENCES calendar_link (id) ON DELETE CASCADE,
    sync_token VARCHAR NOT NULL,
    full_sync_at BIGINT,
    backoff_until BIGINT
)
"""
_NEW_TABLES = (
    """
CREATE TABLE account_secret (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL UNIQUE,
    secret VARCHAR NOT NULL,
    FOREIGN KEY (account_id) REFERENCES calendar_account (id) ON DELETE CASCADE
)
""",
    """
CREATE TABLE sync_outbox (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    appointment_id INTEGER NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    next_at BIGINT,
    error VARCHAR NOT NULL,
    CONSTRAINT state_word CHECK (state = 'pending' OR state = 'inflight' OR state = 'blocked')
)
""",
    """
CREATE TABLE sync_stage (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    link_id INTEGER NOT NULL,
    remote_event_id VARCHAR NOT NULL,
    event VARCHAR NOT NULL,
    UNIQUE (link_id, remote_event_id),
    FOREIGN KEY (link_id) REFERENCES calendar_link (id) ON DELETE CASCADE
)
""",
    f"""
CREATE TABLE sync_review (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    link_id INTEGER,
    appointment_id INTEGER,
    remote_event_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    detail VARCHAR NOT NULL,
    ours VARCHAR NOT NULL,
    theirs VARCHAR NOT NULL,
    at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolution VARCHAR NOT NULL,
    CONSTRAINT kind_word CHECK ({" OR ".join(f"kind = '{word}'" for word in _REVIEWS)}),
    FOREIGN KEY (link_id) REFERENCES calendar_link (id) ON DELETE CASCADE
)
""",
    """
CREATE TABLE sync_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    level VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    CONSTRAINT level_word CHECK (level = 'info' OR level = 'warning' OR level = 'error')
)
""",
    """
CREATE TABLE worker_lease (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name VARCHAR NOT NULL UNIQUE,
    owner VARCHAR NOT NULL,
    host VARCHAR NOT NULL,
    pid INTEGER NOT NULL,
    expires_at BIGINT,
    asked INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    progress VARCHAR NOT NULL
)
""",
)
_INDEXES = (
    "CREATE INDEX ix_sync_review_appointment ON sync_review (appointment_id)",
    "CREATE INDEX ix_sync_review_resolved_at ON sync_review (resolved_at)",
    "CREATE INDEX ix_external_event_master ON external_event (link_id, recurring_id)",
)
_NEW_COLUMNS = (
    ("calendar_account", "paused", "VARCHAR NOT NULL DEFAULT ''"),
    ("calendar_account", "failures", "INTEGER NOT NULL DEFAULT 0"),
    ("calendar_account", "next_try", "BIGINT"),
    ("calendar_account", "last_ok", "BIGINT"),
    ("calendar_account", "last_error", "VARCHAR NOT NULL DEFAULT ''"),
    ("calendar_account", "calendars_read_at", "BIGINT"),
    ("calendar_link", "is_primary", "BOOLEAN NOT NULL DEFAULT 0"),
    ("calendar_link", "time_zone", "VARCHAR NOT NULL DEFAULT ''"),
    ("external_event", "event_type", "VARCHAR NOT NULL DEFAULT 'default'"),
    ("external_event", "place", "VARCHAR NOT NULL DEFAULT ''"),
    ("external_event", "original_start", "BIGINT"),
    ("external_event", "exception", "BOOLEAN NOT NULL DEFAULT 0"),
    ("external_event", "expanded_from", "BIGINT"),
    ("external_event", "expanded_to", "BIGINT"),
    ("practice", "google_title", "VARCHAR NOT NULL DEFAULT '{name}'"),
    ("practice", "google_event_titles", "BOOLEAN NOT NULL DEFAULT 0"),
    ("practice", "google_place", "BOOLEAN NOT NULL DEFAULT 1"),
)
_DISCLOSED = (
    "uid", "start_utc", "end_utc", "tz", "all_day", "status", "kind", "client_id", "title", "busy", "location_id",
)  # fmt: skip
_QUEUE = """
    INSERT INTO sync_outbox (appointment_id, revision, state, attempts, next_at, error)
    {rows}
    ON CONFLICT (appointment_id) DO UPDATE SET
        revision = revision + 1, attempts = 0, next_at = NULL, error = '',
        state = CASE state WHEN 'inflight' THEN 'inflight' ELSE 'pending' END;
"""
_TARGET = "EXISTS (SELECT 1 FROM calendar_link WHERE role = 'owned_target')"
_TRIGGERS = {
    "appointment_sync_insert": ("INSERT ON appointment", "1", "VALUES (NEW.id, 1, 'pending', 0, NULL, '')"),
    "appointment_sync_update": (
        f"UPDATE OF {', '.join(_DISCLOSED)} ON appointment",
        "1",
        "VALUES (NEW.id, 1, 'pending', 0, NULL, '')",
    ),
    "appointment_sync_delete": ("DELETE ON appointment", "1", "VALUES (OLD.id, 1, 'pending', 0, NULL, '')"),
    "client_sync_update": (
        "UPDATE OF internal_id, first, last, preferred ON client",
        "1",
        "SELECT a.id, 1, 'pending', 0, NULL, '' FROM appointment a WHERE a.client_id = NEW.id",
    ),
    "location_sync_update": (
        "UPDATE OF pos ON location",
        "NEW.pos IS NOT OLD.pos",
        "SELECT a.id, 1, 'pending', 0, NULL, '' FROM appointment a WHERE a.location_id = NEW.id",
    ),
    "practice_sync_update": (
        "UPDATE OF identifier_mode, google_title, google_event_titles, google_place ON practice",
        "(NEW.identifier_mode, NEW.google_title, NEW.google_event_titles, NEW.google_place)"
        " IS NOT (OLD.identifier_mode, OLD.google_title, OLD.google_event_titles, OLD.google_place)",
        "SELECT m.appointment_id, 1, 'pending', 0, NULL, '' FROM event_map m WHERE m.state = 'live'",
    ),
}


def upgrade() -> None:
    _remake(
        "event_map",
        _EVENT_MAP,
        "id, link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs",
        "id, link_id, coalesce(appointment_id, -id), remote_event_id, 0, etag,"
        " CASE state WHEN 'deleted' THEN 'deleted' ELSE 'creating' END, '', ''",
    )
    _remake(
        "sync_state",
        _SYNC_STATE,
        "id, link_id, sync_token, generation, full_sync_at, live",
        "id, link_id, '', 0, NULL, 0",
    )
    for statement in _NEW_TABLES:
        op.execute(spoken(statement))
    for table, column, kind in _NEW_COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {spoken(kind)}")
    for statement in _INDEXES:
        op.execute(statement)
    if on_server():
        settle()
        create_sync_triggers()
        return
    for name, (event, condition, rows) in _TRIGGERS.items():
        where = " WHERE true" if rows.startswith("SELECT") and "WHERE" not in rows else ""
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} WHEN {_TARGET} AND {condition}"
            f" BEGIN {_QUEUE.format(rows=rows + where)} END"
        )


def _remake(table: str, definition: str, columns: str, values: str) -> None:
    """Give a table, to which nothing refers, another definition; its rows stay as far as they mean anything."""
    if on_server():
        remake(table, definition, columns, values)
        return
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    op.execute(definition)
    op.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}_before")  # noqa: S608  our own names
    op.execute(f"DROP TABLE {table}_before")


def downgrade() -> None:
    if on_server():
        drop_sync_triggers()
    else:
        for name in _TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
    op.execute("DROP INDEX ix_external_event_master")
    for table, column, _kind in _NEW_COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    for table in ("account_secret", "sync_outbox", "sync_stage", "sync_review", "sync_log", "worker_lease"):
        op.execute(f"DROP TABLE {table}")
    _remake(
        "event_map",
        _EVENT_MAP_BEFORE,
        "id, created_at, updated_at, version, link_id, appointment_id, remote_event_id, etag, pushed_hash, state",
        "id, 0, 0, 1, link_id, (SELECT a.id FROM appointment a WHERE a.id = appointment_id), remote_event_id,"
        " etag, '', CASE state WHEN 'deleted' THEN 'deleted' ELSE 'dirty' END",
    )
    _remake(
        "sync_state",
        _SYNC_STATE_BEFORE,
        "id, created_at, updated_at, version, link_id, sync_token",
        "id, 0, 0, 1, link_id, ''",
    )
    if on_server():
        settle()
