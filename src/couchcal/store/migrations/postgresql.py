"""What the revisions say differently on PostgreSQL: the base that every one of them stands on.

A server practice behaves as a file does, so that the rest of the program need not know which one it has:

- text compares and sorts by its bytes (collation "C"), as in SQLite, whatever the database's own language is;
- references can be checked at the end of a transaction (`PRAGMA defer_foreign_keys`), and are checked at once else;
- an id that was written is not given again, and `sqlite_sequence` says the highest one ever;
- the row of `store_change` is what every writer changes first, so that there is one writer at a time.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

_TEXT = """
SELECT table_name, string_agg(format('ALTER COLUMN %I TYPE varchar COLLATE "C"', column_name), ', ')
FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type = 'character varying' AND collation_name IS DISTINCT FROM 'C'
GROUP BY table_name
"""
_REFERENCES = """
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace
"""
_COUNTED = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
  AND to_regclass(format('%I', c.relname || '_id_seq')) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'keep_ids')
"""
_BASE = (
    "CREATE TABLE store_change (id integer PRIMARY KEY CHECK (id = 1), version bigint NOT NULL)",
    "INSERT INTO store_change (id, version) VALUES (1, 0)",
    # The trail's numbers have no gaps: what counts them must be taken back with the transaction, as no sequence is.
    "CREATE TABLE audit_counter (id integer PRIMARY KEY CHECK (id = 1), seq bigint)",
    "INSERT INTO audit_counter (id, seq) VALUES (1, NULL)",
    """
CREATE VIEW sqlite_sequence AS
SELECT left(sequencename, -7)::text AS name, last_value AS seq FROM pg_sequences
WHERE schemaname = current_schema() AND right(sequencename, 7) = '_id_seq' AND last_value IS NOT NULL
  AND sequencename <> 'audit_entry_id_seq'
UNION ALL SELECT 'audit_entry', seq FROM audit_counter WHERE seq IS NOT NULL
""",
    """
CREATE FUNCTION keep_ids() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    highest bigint;
    counter regclass;
BEGIN
    SELECT max(id) INTO highest FROM fresh;
    IF TG_TABLE_NAME = 'audit_entry' THEN
        UPDATE audit_counter SET seq = highest WHERE seq IS NULL OR seq < highest;
        RETURN NULL;
    END IF;
    counter := (TG_TABLE_NAME || '_id_seq')::regclass;
    IF highest > coalesce(pg_sequence_last_value(counter), 0) THEN
        PERFORM setval(counter, highest);
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION change_sqlite_sequence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text := CASE TG_OP WHEN 'DELETE' THEN OLD.name ELSE NEW.name END;
    wanted bigint := CASE TG_OP WHEN 'DELETE' THEN NULL ELSE NEW.seq END;
BEGIN
    IF named = 'audit_entry' THEN
        UPDATE audit_counter SET seq = wanted;
    ELSE
        PERFORM setval((named || '_id_seq')::regclass, greatest(wanted, 1), coalesce(wanted, 0) > 0);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
""",
    "CREATE TRIGGER change INSTEAD OF INSERT OR UPDATE OR DELETE ON sqlite_sequence"
    " FOR EACH ROW EXECUTE FUNCTION change_sqlite_sequence()",
)


def on_server() -> bool:
    """Whether this revision runs on PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


def lay_base() -> None:
    """What only a server has, once, after the first tables are there."""
    for statement in _BASE:
        op.execute(statement)


def settle() -> None:
    """Give new tables collation, references and counters as the module says; before triggers name their columns."""
    bind = op.get_bind()
    for table, changes in bind.execute(sa.text(_TEXT)).all():
        op.execute(f'ALTER TABLE "{table}" {changes}')
    for table, name in bind.execute(sa.text(_REFERENCES)).all():
        op.execute(f'ALTER TABLE {table} ALTER CONSTRAINT "{name}" DEFERRABLE')
    for (table,) in bind.execute(sa.text(_COUNTED)).all():
        op.execute(
            f"CREATE TRIGGER keep_ids AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
            " FOR EACH STATEMENT EXECUTE FUNCTION keep_ids()"
        )


def spoken(definition: str) -> str:
    """A definition in the words of the database it is for: SQLite's, with ids that are counted, or PostgreSQL's."""
    if not on_server():
        return definition
    return (
        definition.replace("INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT", "SERIAL PRIMARY KEY")
        .replace("BOOLEAN NOT NULL DEFAULT 0", "BOOLEAN NOT NULL DEFAULT false")
        .replace("BOOLEAN NOT NULL DEFAULT 1", "BOOLEAN NOT NULL DEFAULT true")
        .replace("VARCHAR", 'VARCHAR COLLATE "C"')
    )


def remake(table: str, definition: str, columns: str, values: str) -> None:
    """Give a table, to which nothing refers, another definition; its rows stay as far as they mean anything.

    The names of what belongs to it (its sequence, its indexes) have to be free before the new one is made.
    """
    last = op.get_bind().scalar(sa.text(f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'"))  # noqa: S608  ours
    op.execute(f"CREATE TEMPORARY TABLE {table}_before AS TABLE {table}")
    op.execute(f"DROP TABLE {table}")
    op.execute(spoken(definition))
    op.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}_before"  # noqa: S608
        f" ORDER BY {table}_before.id ON CONFLICT DO NOTHING"
    )
    op.execute(f"DROP TABLE {table}_before")
    op.execute(
        "INSERT INTO sqlite_sequence (name, seq)"  # noqa: S608
        f" SELECT '{table}', greatest({last or 0}, coalesce(max(id), 0)) FROM {table}"
    )


def trigger(name: str, event: str, body: str, *, gives: str = "NULL") -> None:
    """A trigger for each row with a function of its own; `gives` is what BEFORE triggers let through."""
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN {gives}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()")


def refuse(words: str) -> str:
    """The statement that refuses a change, as RAISE(ABORT, words) does."""
    return f"RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation';"


def drop_trigger(name: str) -> None:
    """Take a trigger of a revision away, with the function it has on PostgreSQL."""
    op.execute(f"DROP FUNCTION {name}() CASCADE" if on_server() else f"DROP TRIGGER {name}")
