"""Every revision leads to today's schema, with the data that was in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from couchcal.errors import DatabaseProblem
from couchcal.practice.opening import open_database
from couchcal.store import records, schema
from couchcal.store.connection import SCHEMA_HEAD, Database, schema_revision
from couchcal.store.session import engine_of
from tests.support.database import SEARCH_INDEXES
from tests.support.practice import make_practice

assert records.EPOCH


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


REVISIONS = sorted(script.revision for script in _scripts().walk_revisions())


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "c.db"
    path.touch(mode=0o600)
    database = Database(path, None)
    yield database
    database.dispose()


def _value(column: sa.Column[Any], row: int, words: dict[str, str]) -> Any:
    if column.name in words:
        return words[column.name]
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, (sa.Integer, sa.BigInteger)):
        return row
    if isinstance(column.type, sa.String):
        return f"text {row}"
    return None


def _words(connection: sa.Connection, table: sa.Table) -> dict[str, str]:
    """A permitted word for each column that a CHECK limits to some."""
    checks = sa.inspect(connection).get_check_constraints(table.name)
    found = {}
    for check in checks:
        word = re.match(r"(\w+) = '([^']*)'", str(check["sqltext"]))
        if word:
            found[word[1]] = word[2]
    return found


def _fill_every_table(connection: sa.Connection) -> dict[str, int]:
    """Two rows in each table of the schema as it is in the file, whatever revision that has."""
    tables = sa.MetaData()
    tables.reflect(connection, only=lambda name, _: not name.startswith(SEARCH_INDEXES))
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    special: dict[str, dict[str, Any]] = {
        "appointment": {"kind": "other_event", "end_utc": 9, "client_id": None, "all_day": False},
        "availability_block": {"start_time": "09:00:00", "end_time": "10:00:00"},
        "booking_request": {"end_utc": 9, "status": "withdrawn"},
        "time_off": {"end_utc": 9},
        "event_type": {"minutes": 50},
        "series": {"start_local": "2026-01-01 09:00:00"},
    }
    counts = {}
    for table in tables.sorted_tables:
        if table.name == "alembic_version":
            continue
        words = _words(connection, table)
        for row in (1, 2):
            values = {c.name: _value(c, row, words) for c in table.columns} | special.get(table.name, {})
            placeholders = ", ".join(f":{name}" for name in values)
            connection.execute(
                sa.text(f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({placeholders})"), values
            )
        counts[table.name] = 2
    connection.commit()
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    return counts


def test_head_is_what_the_connection_module_says() -> None:
    assert _scripts().get_current_head() == SCHEMA_HEAD
    assert REVISIONS[-1] == SCHEMA_HEAD


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
@pytest.mark.parametrize("revision", REVISIONS)
def test_upgrading_from_any_revision_keeps_every_row(empty: Database, revision: str) -> None:
    schema.upgrade(empty, revision)
    with engine_of(empty).connect() as connection:
        counts = _fill_every_table(connection)
    empty.dispose()
    schema.ensure_current(empty)
    with closing(empty.connect()) as connection:
        assert schema_revision(connection) == SCHEMA_HEAD
        for table, count in counts.items():
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")
def test_autogenerate_finds_nothing_to_do(empty: Database) -> None:
    schema.upgrade(empty)
    with engine_of(empty).connect() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith(SEARCH_INDEXES),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_checks_and_indexes_are_those_of_the_records(empty: Database) -> None:
    """Autogenerate looks at neither CHECK constraints nor indexes of expressions."""
    schema.upgrade(empty)
    made = sa.create_engine("sqlite://")
    SQLModel.metadata.create_all(made)

    def found(connection: sa.Connection) -> set[tuple[str, ...]]:
        inspector = sa.inspect(connection)
        checks = {
            (table, str(check["name"]), str(check["sqltext"]))
            for table in inspector.get_table_names()
            if not table.startswith(SEARCH_INDEXES)
            for check in inspector.get_check_constraints(table)
        }
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'")
        counted = {("autoincrement", name) for (name,) in tables}
        indexes = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql <> ''")
        return checks | counted | {(" ".join(sql.replace('"', "").split()),) for (sql,) in indexes}

    with engine_of(empty).connect() as migrated, made.connect() as fresh:
        assert found(migrated) == found(fresh)
        assert len(found(fresh)) > 40


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with closing(database.connect()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseProblem, match="made by a newer couchcal") as error:
        open_database(database.path)
    assert (error.value.code, error.value.exit_code) == ("newer_schema", 75)


def test_an_older_schema_is_upgraded_on_opening(empty: Database) -> None:
    schema.upgrade(empty, REVISIONS[0])
    empty.dispose()
    with closing(open_database(empty.path).connect()) as connection:
        assert schema_revision(connection) == SCHEMA_HEAD


def test_a_failing_upgrade_changes_nothing(empty: Database) -> None:
    with closing(empty.connect()) as connection:
        connection.execute("CREATE TABLE waitlist (name TEXT)")  # in the way of the first revision
        before = connection.execute("SELECT sql FROM sqlite_schema").fetchall()
    with pytest.raises(DatabaseProblem):
        schema.upgrade(empty)
    with closing(empty.connect()) as connection:
        assert connection.execute("SELECT sql FROM sqlite_schema").fetchall() == before
