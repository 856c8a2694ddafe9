"""Write sessions: one at a time, all or nothing, journalled."""

from __future__ import annotations

import json
import multiprocessing
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from couchcal.errors import DatabaseProblem
from couchcal.practice import agenda, rows
from couchcal.store import connection as connection_module
from couchcal.store.connection import Database
from couchcal.store.records import Appointment, Change, ChangeRow, Client
from couchcal.store.session import read_session, write_session
from tests.support.database import everything
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RACERS = 8


def _event(title: str) -> Appointment:
    return Appointment(
        uid=rows.new_uid(), kind="other_event", title=title, start_utc=NOW, end_utc=NOW + timedelta(hours=1)
    )


def _check_then_book(database: Database, start: Barrier, name: str) -> None:
    start.wait(20)
    with write_session(database, f"Booked {name}") as session:
        taken = agenda.between(rows.raw_connection(session), NOW, NOW + timedelta(hours=1), ZoneInfo("UTC"))
        if not taken:
            session.add(_event(name))


@pytest.mark.parametrize("encrypt", [False, True])
def test_racing_processes_store_one_booking(tmp_path: Path, encrypt: bool) -> None:  # INV-B1
    database = make_practice(tmp_path, encrypt)
    context = multiprocessing.get_context("fork")
    start = context.Barrier(RACERS)
    racers = [context.Process(target=_check_then_book, args=(database, start, f"r{n}")) for n in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    assert [racer.exitcode for racer in racers] == [0] * RACERS
    with read_session(database) as session:
        assert len(session.exec(select(Appointment)).all()) == 1
        booked = [label for label in session.exec(select(Change.label)) if label.startswith("Booked")]
        assert len(booked) == 1


def test_a_writer_that_waits_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "BUSY_TIMEOUT_MS", 60)
    database = make_practice(tmp_path)
    with closing(database.connect()) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseProblem, match="busy") as error, write_session(database, "x"):
            pass
        assert error.value.exit_code == 75
        with read_session(database) as session:  # readers do not wait for a writer
            assert session.exec(select(Client)).all() == []
        other.execute("ROLLBACK")
    with write_session(database, "x") as session:
        session.add(_event("after all"))


def test_a_failing_change_leaves_no_trace(tmp_path: Path) -> None:
    database = make_practice(tmp_path)

    def fail() -> None:
        with write_session(database, "half done") as session:
            session.add(_event("never"))
            session.flush()
            raise ValueError

    with closing(database.connect()) as connection:
        before = everything(connection)
        with pytest.raises(ValueError):  # noqa: PT011  nothing else can raise it
            fail()
        assert everything(connection) == before


def test_the_journal_has_each_row_before_and_after(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with write_session(database, "made", clock=lambda: NOW) as session:
        row = _event("first")
        session.add(row)
    with write_session(database, "renamed", clock=lambda: NOW + timedelta(days=1)) as session:
        row = session.exec(select(Appointment)).one()
        row.title = "second"
        session.relabel("renamed it")
    with write_session(database, "gone", actor="worker") as session:
        session.delete(session.exec(select(Appointment)).one())
    with write_session(database, "nothing at all"):
        pass
    with read_session(database) as session:
        changes = session.exec(select(Change).order_by(Change.id)).all()[-3:]  # type: ignore[arg-type]  # a column
        assert [(change.label, change.actor) for change in changes] == [
            ("made", "user"), ("renamed it", "user"), ("gone", "worker"),
        ]  # fmt: skip
        entries = session.exec(select(ChangeRow).where(ChangeRow.table_name == "appointment")).all()
    assert [entry.operation for entry in entries] == ["insert", "update", "delete"]
    made, renamed, gone = ((json.loads(e.before or "null"), json.loads(e.after or "null")) for e in entries)
    assert made[1]["title"] == "first"
    assert made[1]["start_utc"] == int(NOW.timestamp())
    assert renamed[0]["title"] == "first"
    assert renamed[1] == {"title": "second", "updated_at": int(NOW.timestamp()) + 86400, "version": 2}
    assert gone[0]["title"] == "second"
    assert gone[0]["version"] == 2


def test_setting_what_is_there_already_changes_nothing(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with write_session(database, "made") as session:
        session.add(_event("same"))
    with closing(database.connect()) as connection:
        before = everything(connection)
        with write_session(database, "no change") as session:
            row = session.exec(select(Appointment)).one()
            row.title = "same"
        assert everything(connection) == before


def test_an_open_program_writes_nothing_into_a_newer_schema(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    with write_session(database, "Booked") as session:
        session.add(_event("before"))
    with closing(database.connect()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        before = everything(connection)
        with (
            pytest.raises(DatabaseProblem, match="newer couchcal") as error,
            write_session(database, "No") as session,
        ):
            session.add(_event("after"))
        assert error.value.code == "newer_schema"
        assert everything(connection) == before
