"""Every revision leads to today's schema on PostgreSQL, with the data that was in it, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from couchcal.store import records
from tests.store.test_migrations import REVISIONS, _value
from tests.support.postgresql import as_admin, migrate

assert records.EPOCH

_OWN = ("entry_search", "client_search", "store_change", "audit_counter")
"""Tables that no record describes."""


@pytest.fixture
def bare(bare_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(bare_url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def admin(bare_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(as_admin(bare_url), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def current(server_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(server_url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def _words(connection: sa.Connection, table: str) -> dict[str, str]:
    """A permitted word for each column that a CHECK limits to some."""
    found = {}
    for check in sa.inspect(connection).get_check_constraints(table):
        word = re.search(r"(\w+)(?:::text)? = '([^']*)'", str(check["sqltext"]))
        if word:
            found[word[1]] = word[2]
    return found


def _fill_every_table(connection: sa.Connection) -> dict[str, int]:
    """Two rows in each table of the schema as it is, whatever revision that has."""
    tables = sa.MetaData()
    tables.reflect(connection, only=lambda name, _: not name.startswith((*_OWN, "alembic")))
    connection.exec_driver_sql("SET session_replication_role = replica")  # no references, no triggers
    special: dict[str, dict[str, Any]] = {
        "appointment": {"kind": "other_event", "end_utc": 9, "client_id": None, "all_day": False},
        "availability_block": {"start_time": "09:00:00", "end_time": "10:00:00"},
        "booking_request": {"end_utc": 9, "status": "withdrawn"},
        "time_off": {"end_utc": 9},
        "event_type": {"minutes": 50},
        "series": {"start_local": "2026-01-01 09:00:00"},
    }
    for table in tables.tables.values():
        words = _words(connection, table.name)
        for row in (1, 2):
            values = {c.name: _value(c, row, words) for c in table.columns} | special.get(table.name, {})
            names = ", ".join(values)
            placeholders = ", ".join("%s" for _ in values)
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({names}) VALUES ({placeholders})", tuple(values.values())
            )
    connection.commit()
    return dict.fromkeys(tables.tables, 2)


def _counts(connection: sa.Connection, names: dict[str, int]) -> dict[str, int]:
    return {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in names}


@pytest.mark.parametrize(
    "revision", [REVISIONS[0], *(pytest.param(each, marks=pytest.mark.long) for each in REVISIONS[1:-1])]
)
def test_upgrading_from_any_revision_keeps_every_row(bare: sa.Engine, admin: sa.Engine, revision: str) -> None:
    url = bare.url.render_as_string()
    migrate(url, revision)
    with admin.connect() as connection:
        counts = _fill_every_table(connection)
    migrate(url)
    with bare.connect() as connection:
        assert _counts(connection, counts) == counts
        if revision < "0003":  # later the rows would have been put in by triggers
            found = connection.exec_driver_sql("SELECT count(*) FROM entry_search").scalar_one()
            assert found == counts["appointment"] + counts["external_event"]
        if revision < "0004":
            new = connection.exec_driver_sql(
                "INSERT INTO event_map"
                " (link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs)"
                " SELECT link_id, 9, 'new', 0, '', 'live', '', '' FROM event_map LIMIT 1 RETURNING id"
            )
            assert new.scalar_one() == 3  # counted on from the rows that were kept


def _schema(connection: sa.Connection) -> list[tuple[Any, ...]]:
    """Everything a schema has, as the catalogue tells it."""
    found: list[tuple[Any, ...]] = []
    for query in (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT p.oid::regprocedure::text, prosrc, coalesce(pg_get_function_sqlbody(p.oid), '') FROM pg_proc p"
        " WHERE pronamespace = 'public'::regnamespace",
        "SELECT sequencename FROM pg_sequences",
    ):
        found += [tuple(row) for row in connection.exec_driver_sql(query)]
    return sorted(found, key=repr)


def test_going_down_and_up_again_gives_the_same_schema(bare: sa.Engine, admin: sa.Engine) -> None:
    url = bare.url.render_as_string()
    there: dict[str, list[tuple[Any, ...]]] = {}
    for revision in REVISIONS:
        migrate(url, revision)
        with bare.connect() as connection:
            there[revision] = _schema(connection)
    with admin.connect() as connection:
        counts = _fill_every_table(connection)
    for revision in reversed(REVISIONS[:-1]):
        migrate(url, revision)
        with bare.connect() as connection:
            now = _schema(connection)
            columns_at_another_place = [row for row in now if row not in there[revision]]
            assert columns_at_another_place == []
            assert len(now) == len(there[revision])
    migrate(url)
    with bare.connect() as connection:
        kept = ("appointment", "client", "audit_entry", "event_map", "reminder")
        assert _counts(connection, dict.fromkeys(kept, 0)) == {name: counts[name] for name in kept}
        assert _schema(connection) == there[REVISIONS[-1]]


@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
def test_autogenerate_finds_nothing_to_do(current: sa.Engine) -> None:
    with current.connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith(_OWN),
        }
        context = MigrationContext.configure(connection, opts=options)
        found = [change for change in compare_metadata(context, SQLModel.metadata) if not _only_deferrable(change)]
        assert found == []


def _only_deferrable(change: Any) -> bool:
    """References can wait for the end of a transaction here, which no record says."""
    return isinstance(change, tuple) and change[0] in ("add_fk", "remove_fk")


def test_references_are_those_of_the_records(current: sa.Engine) -> None:
    with current.connect() as connection:
        inspector = sa.inspect(connection)
        for table in SQLModel.metadata.sorted_tables:
            there = {
                (
                    tuple(key["constrained_columns"]),
                    key["referred_table"],
                    tuple(key["referred_columns"]),
                    key["options"].get("ondelete"),
                )
                for key in inspector.get_foreign_keys(table.name)
            }
            wanted = {
                (
                    tuple(key.column_keys),
                    key.referred_table.name,
                    tuple(e.column.name for e in key.elements),
                    key.ondelete,
                )
                for key in table.foreign_key_constraints
            }
            assert there == wanted, table.name
            assert all(key["options"].get("deferrable") for key in inspector.get_foreign_keys(table.name))


def test_checks_are_those_of_the_records(current: sa.Engine) -> None:
    with current.connect() as connection:
        inspector = sa.inspect(connection)
        for table in SQLModel.metadata.sorted_tables:
            there = {str(check["name"]) for check in inspector.get_check_constraints(table.name)}
            wanted = {str(c.name) for c in table.constraints if isinstance(c, sa.CheckConstraint)}
            assert there == wanted, table.name


def test_text_sorts_by_its_bytes(current: sa.Engine) -> None:
    """As in SQLite, whatever language the database speaks."""
    with current.connect() as connection:
        other = connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type = 'character varying' AND collation_name IS DISTINCT FROM 'C'"
            " AND table_name <> 'alembic_version' AND is_updatable = 'YES'"
        ).all()
        assert other == []


def test_an_id_is_not_given_again(current: sa.Engine) -> None:
    """AUTOINCREMENT: neither after a row with an id of its own, nor after the last one is deleted."""
    insert = "INSERT INTO calendar ({}created_at, updated_at, version, name, color, visible)"
    with current.connect() as connection:
        connection.exec_driver_sql(insert.format("id, ") + " VALUES (7, 0, 0, 1, 'a', '', true)")
        connection.exec_driver_sql("DELETE FROM calendar WHERE id = 7")
        new = connection.exec_driver_sql(insert.format("") + " VALUES (0, 0, 1, 'b', '', true) RETURNING id")
        assert new.scalar_one() == 8
        sequence = "SELECT seq FROM sqlite_sequence WHERE name = 'calendar'"
        assert connection.exec_driver_sql(sequence).scalar_one() == 8
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'calendar'")
        assert connection.exec_driver_sql(sequence).first() is None
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('calendar', 40)")
        new = connection.exec_driver_sql(insert.format("") + " VALUES (0, 0, 1, 'c', '', true) RETURNING id")
        assert new.scalar_one() == 41


def test_the_counter_of_the_trail_goes_back_with_its_transaction(current: sa.Engine) -> None:
    entry = (
        "INSERT INTO audit_entry (id, at, actor, action, entity, entity_id, fields, prev_hash, hash)"
        " VALUES (%s, 0, 'user', 'view', '', '', '', '', '')"
    )
    counted = "SELECT seq FROM sqlite_sequence WHERE name = 'audit_entry'"
    with current.connect() as connection:
        assert connection.exec_driver_sql(counted).first() is None
        connection.exec_driver_sql(entry, (1,))
        connection.commit()
        connection.exec_driver_sql(entry, (2,))
        assert connection.exec_driver_sql(counted).scalar_one() == 2
        connection.rollback()
        assert connection.exec_driver_sql(counted).scalar_one() == 1
