"""The index of search on PostgreSQL: the words of revision 0003 as `tsvector`, kept by triggers.

`entry_search` and `client_search` have the same keys as on SQLite. An entry leaves the index by its key and comes
in again with what is stored by then, so that nothing needs to be told what was there before.
"""

from __future__ import annotations

from alembic import op

from couchcal.store.migrations.postgresql import drop_trigger, refuse, trigger
from couchcal.store.migrations.postgresql_words import create_word_functions, drop_word_functions

_LATER = """
CREATE TABLE entry_search_later (
    id integer PRIMARY KEY CHECK (id = 1),
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    never integer NOT NULL DEFAULT 0 CHECK (never = 0)
        REFERENCES entry_search_later (id) DEFERRABLE INITIALLY DEFERRED
)
"""
_KEY = """
CREATE FUNCTION entry_key(start_utc bigint, id bigint, external integer) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (((start_utc + 62135596800) / 60) << 30) | (id << 1) | external
"""
_NAMES = """
CREATE FUNCTION name_words(internal_id text, first text, last text, preferred text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN concat_ws(' ', internal_id, first, last, preferred,
                 replace(replace(concat_ws(' ', first, last, preferred), '''', ''), chr(8217), ''))
"""
_MARKS = """
CREATE FUNCTION entry_marks(status text, kind text, note_signed_at bigint, cancelled text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN status = 'cancelled'
    THEN array_remove(
        ARRAY[chr(57344) || 'any', chr(57344) || 'cancelled', chr(57344) || replace(cancelled, '_', '')], NULL)
    WHEN kind = 'client_session' AND note_signed_at IS NULL
    THEN ARRAY[chr(57344) || 'any', chr(57344) || 'unsigned']
    ELSE ARRAY[chr(57344) || 'any']
END
"""
_INDEX = """
CREATE FUNCTION index_appointments({arguments}) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    {early}INSERT INTO entry_search (rowid, words)
    SELECT entry_key(a.start_utc, a.id, 0),
           array_to_tsvector(entry_marks(a.status, a.kind, a.note_signed_at, x.type) || search_words(concat_ws(
               ' ', a.title, a.place, a.instructions, a.service, a.collateral_name,
               name_words(c.internal_id, c.first, c.last, c.preferred))))
    FROM appointment a LEFT JOIN client c ON c.id = a.client_id
    LEFT JOIN cancellation x ON x.appointment_id = a.id
    WHERE {which}
      AND NOT EXISTS (SELECT 1 FROM entry_search_later l WHERE a.id BETWEEN l.first_id AND l.last_id)
    ORDER BY a.start_utc, a.id
    ON CONFLICT (rowid) DO UPDATE SET words = excluded.words;
END $$
"""
_EARLY = (
    "IF EXISTS (SELECT 1 FROM entry_search_later l WHERE one BETWEEN l.first_id AND l.last_id)"
    " THEN RETURN; END IF; "
)
_TABLES = (
    "CREATE TABLE entry_search (rowid bigint PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE TABLE client_search (rowid bigint PRIMARY KEY, words tsvector NOT NULL)",
    _LATER,
    _KEY,
    _NAMES,
    _MARKS,
    _INDEX.format(arguments="one integer", which="a.id = one", early=_EARLY),
    _INDEX.format(arguments="first_id bigint, last_id bigint", which="a.id BETWEEN first_id AND last_id", early=""),
    """
CREATE FUNCTION index_external_event(e external_event) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO entry_search (rowid, words)
    VALUES (entry_key(e.start_utc, e.id, 1), array_to_tsvector(ARRAY[chr(57344) || 'any'] || search_words(e.title)))
    ON CONFLICT (rowid) DO UPDATE SET words = excluded.words;
END $$
""",
    """
CREATE FUNCTION index_client(c client) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO client_search (rowid, words)
    VALUES (c.id, array_to_tsvector(search_words(concat_ws(
        ' ', name_words(c.internal_id, c.first, c.last, c.preferred), c.email, c.phone))))
    ON CONFLICT (rowid) DO UPDATE SET words = excluded.words;
END $$
""",
    "CREATE INDEX ix_entry_search_words ON entry_search USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX ix_client_search_words ON client_search USING gin (words) WITH (fastupdate = off)",
)
_GONE = "DELETE FROM entry_search WHERE rowid = entry_key(OLD.start_utc, OLD.id, {table});"
_RANGE_GONE = (
    "DELETE FROM entry_search e USING appointment a"
    " WHERE a.id BETWEEN NEW.first_id AND NEW.last_id AND e.rowid = entry_key(a.start_utc, a.id, 0);"
)
_CLIENT_ENTRIES = "PERFORM index_appointments(a.id) FROM appointment a WHERE a.client_id = {row}.id;"
_CLIENT_GONE = "DELETE FROM client_search WHERE rowid = OLD.id;"
_ENTRY_COLUMNS = (
    "id, start_utc, kind, status, title, place, instructions, service, collateral_name, client_id, note_signed_at"
)
_TRIGGERS = {
    "appointment_search_insert": ("INSERT ON appointment", "PERFORM index_appointments(NEW.id);"),
    "appointment_search_update": (
        f"UPDATE OF {_ENTRY_COLUMNS} ON appointment",
        _GONE.format(table=0) + "PERFORM index_appointments(NEW.id);",
    ),
    "appointment_search_delete": ("DELETE ON appointment", _GONE.format(table=0)),
    "external_event_search_insert": ("INSERT ON external_event", "PERFORM index_external_event(NEW);"),
    "external_event_search_update": (
        "UPDATE OF id, start_utc, title ON external_event",
        _GONE.format(table=1) + "PERFORM index_external_event(NEW);",
    ),
    "external_event_search_delete": ("DELETE ON external_event", _GONE.format(table=1)),
    "client_search_insert": ("INSERT ON client", "PERFORM index_client(NEW);" + _CLIENT_ENTRIES.format(row="NEW")),
    "client_search_update": (
        "UPDATE OF internal_id, first, last, preferred, email, phone ON client",
        _CLIENT_GONE + "PERFORM index_client(NEW);",
    ),
    "client_search_update_entries": (
        "UPDATE OF internal_id, first, last, preferred ON client",
        _CLIENT_ENTRIES.format(row="NEW"),
    ),
    "client_search_delete": ("DELETE ON client", _CLIENT_GONE + _CLIENT_ENTRIES.format(row="OLD")),
    "cancellation_search_insert": ("INSERT ON cancellation", "PERFORM index_appointments(NEW.appointment_id);"),
    "cancellation_search_update": (
        "UPDATE OF type, appointment_id ON cancellation",
        "PERFORM index_appointments(OLD.appointment_id); PERFORM index_appointments(NEW.appointment_id);",
    ),
    "cancellation_search_delete": ("DELETE ON cancellation", "PERFORM index_appointments(OLD.appointment_id);"),
}
_RANGE_TRIGGERS = {
    # Before the row is there and after it is gone, so that it does not hold back its own range.
    "entry_search_later_insert": (
        "BEFORE INSERT",
        f"IF EXISTS (SELECT 1 FROM entry_search_later) THEN {refuse('one range at a time')} END IF; {_RANGE_GONE}",  # noqa: S608  ours
        "NEW",
    ),
    "entry_search_later_delete": (
        "AFTER DELETE",
        "PERFORM index_appointments(OLD.first_id, OLD.last_id);",
        "NULL",
    ),
    "entry_search_later_update": ("BEFORE UPDATE", refuse("delete and insert"), "NEW"),
}


def create_search() -> None:
    """Tables, functions and triggers of the index, filled with what is there."""
    create_word_functions()
    for statement in _TABLES:
        op.execute(statement)
    for name, (event, body) in _TRIGGERS.items():
        trigger(name, f"AFTER {event}", body)
    for name, (when, body, gives) in _RANGE_TRIGGERS.items():
        trigger(name, f"{when} ON entry_search_later", body, gives=gives)
    op.execute("SELECT index_appointments(0, 9223372036854775807)")
    op.execute("SELECT index_external_event(e) FROM external_event e")
    op.execute("SELECT index_client(c) FROM client c")


def drop_search() -> None:
    """Take the index away."""
    for name in (*_TRIGGERS, *_RANGE_TRIGGERS):
        drop_trigger(name)
    for function in (
        "index_appointments(integer)", "index_appointments(bigint, bigint)", "index_external_event(external_event)",
        "index_client(client)", "entry_marks(text, text, bigint, text)", "name_words(text, text, text, text)",
        "entry_key(bigint, bigint, integer)",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    for table in ("entry_search_later", "entry_search", "client_search"):
        op.execute(f"DROP TABLE {table}")
    drop_word_functions()
