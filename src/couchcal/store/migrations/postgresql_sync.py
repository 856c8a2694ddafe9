"""The triggers of revision 0004 on PostgreSQL: what changes an entry outside queues it for the sync."""

from __future__ import annotations

from alembic import op

from couchcal.store.migrations.postgresql import drop_trigger, trigger

_QUEUE = """
CREATE FUNCTION queue_for_sync(one integer) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO sync_outbox (appointment_id, revision, state, attempts, next_at, error)
    VALUES (one, 1, 'pending', 0, NULL, '')
    ON CONFLICT (appointment_id) DO UPDATE SET
        revision = sync_outbox.revision + 1, attempts = 0, next_at = NULL, error = '',
        state = CASE sync_outbox.state WHEN 'inflight' THEN 'inflight' ELSE 'pending' END;
END $$
"""
_TARGET = "EXISTS (SELECT 1 FROM calendar_link WHERE role = 'owned_target')"
_DISCLOSED = "uid, start_utc, end_utc, tz, all_day, status, kind, client_id, title, busy, location_id"
_TRIGGERS = {
    "appointment_sync_insert": ("INSERT ON appointment", "true", "queue_for_sync(NEW.id)"),
    "appointment_sync_update": (f"UPDATE OF {_DISCLOSED} ON appointment", "true", "queue_for_sync(NEW.id)"),
    "appointment_sync_delete": ("DELETE ON appointment", "true", "queue_for_sync(OLD.id)"),
    "client_sync_update": (
        "UPDATE OF internal_id, first, last, preferred ON client",
        "true",
        "queue_for_sync(a.id) FROM appointment a WHERE a.client_id = NEW.id",
    ),
    "location_sync_update": (
        "UPDATE OF pos ON location",
        "NEW.pos <> OLD.pos",
        "queue_for_sync(a.id) FROM appointment a WHERE a.location_id = NEW.id",
    ),
    "practice_sync_update": (
        "UPDATE OF identifier_mode, google_title, google_event_titles, google_place ON practice",
        "(NEW.identifier_mode, NEW.google_title, NEW.google_event_titles, NEW.google_place)"
        " <> (OLD.identifier_mode, OLD.google_title, OLD.google_event_titles, OLD.google_place)",
        "queue_for_sync(m.appointment_id) FROM event_map m WHERE m.state = 'live'",
    ),
}


def create_sync_triggers() -> None:
    """Queue in the same transaction; nothing before there is a calendar to send to."""
    op.execute(_QUEUE)
    for name, (event, condition, queued) in _TRIGGERS.items():
        trigger(
            name,
            f"AFTER {event}",
            f"IF {condition} AND {_TARGET} THEN PERFORM {queued}; END IF;",
        )


def drop_sync_triggers() -> None:
    """Queue nothing any more."""
    for name in _TRIGGERS:
        drop_trigger(name)
    op.execute("DROP FUNCTION queue_for_sync(integer)")
