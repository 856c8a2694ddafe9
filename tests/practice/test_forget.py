"""Forgetting a client: nothing of them is left in the file, and the reports are as they were."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from couchcal.errors import NotFound, Refused
from couchcal.practice import appointments, client_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.practice.forget import NOBODY, forget, look
from couchcal.practice.reports import report
from couchcal.practice.undo import undo
from couchcal.store import audit_anchor, audit_check
from couchcal.store.connection import Database
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
THEN = NOW - timedelta(days=60)
LATER = NOW.replace(year=2033)
TZ = ZoneInfo("America/New_York")
CANARIES = ("Zebulon", "Quuxley", "Zebbie", "zq@canary", "5550142", "canarynote", "canaryroom", "canarywords")


def _draft(client_id: int, start: datetime, words: str) -> Draft:
    return Draft(
        "client_session", start, start + timedelta(minutes=50), "America/New_York", client_id=client_id,
        service="90834", instructions=words,
    )  # fmt: skip


def _history(database: Database) -> tuple[int, int]:
    """A client with all that can hang on one, and another one; their ids."""
    one = client_changes.add(
        database, "Zebulon Quuxley", email="zq@canary.example", phone="5550142", clock=lambda: THEN
    ).id
    client_changes.edit(database, one, {"preferred": "Zebbie", "notes_admin": "canarynote"}, clock=lambda: THEN)
    other = client_changes.add(database, "Ann Other", clock=lambda: THEN).id
    for client_id, words in ((one, "canaryroom"), (other, "")):
        draft = _draft(client_id, THEN + timedelta(days=client_id), words)
        appointments.book(database, draft, repeat=Repeat("weekly"), clock=lambda: THEN)
    with closing(database.connect()) as connection:
        rows = connection.execute("SELECT id FROM appointment WHERE client_id = ? ORDER BY id", (one,)).fetchall()
        connection.execute(
            "INSERT INTO feedback (created_at, updated_at, version, appointment_id, rating, heard, text, at)"
            " VALUES (0, 0, 1, ?, 5, 5, 'canarywords', 0)",
            rows[0],
        )
        connection.execute(
            "INSERT INTO outbox_email (created_at, updated_at, version, kind, to_practitioner, sequence, recipient,"
            " not_before, state, attempts, message_id, error, payload, client_id)"
            " VALUES (0, 0, 1, 'invite', false, 0, 'zq@canary.example', 0, 'sent', 1, '', '', 'canarywords', ?)",
            (one,),
        )
        connection.execute(
            "INSERT INTO booking_request (created_at, updated_at, version, uid, start_utc, end_utc, client_tz,"
            " message, status, decline_message, idempotency_key, ip_hash, first, last, email, phone)"
            " VALUES (0, 0, 1, 'u', 1, 2, 'UTC', 'canarywords', 'expired', '', 'k', '', 'Zebulon', 'Quuxley',"
            " 'ZQ@canary.example', '5550142')"
        )
        connection.execute(
            "INSERT INTO waitlist (created_at, updated_at, version, client_id, days, note, state)"
            " VALUES (0, 0, 1, ?, '', 'canarynote', 'waiting')",
            (one,),
        )
    return one, other


def _bytes(database: Database) -> bytes:
    database.dispose()
    found = [file.read_bytes() for file in database.path.parent.iterdir() if file.name.startswith("couchcal.db")]
    return b"".join(found).lower()


def _left(database: Database) -> list[str]:
    content = _bytes(database)
    return [word for word in CANARIES if word.lower().encode() in content]


@pytest.mark.sqlite_only("the bytes of the file")
def test_nothing_of_a_forgotten_client_is_left_in_the_file(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    one, other = _history(database)
    assert _left(database) == list(CANARIES)
    forget(database, one, early=True, clock=lambda: NOW)
    assert _left(database) == []
    with closing(database.connect()) as connection:
        names = connection.execute("SELECT internal_id, first FROM client ORDER BY id").fetchall()
        assert names == [("C-0002", "Ann"), (NOBODY, "")]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("INSERT INTO entry_search(entry_search) VALUES ('integrity-check')")
        mine = connection.execute("SELECT count(*) FROM appointment WHERE client_id = ?", (other,)).fetchone()
        assert mine[0] > 9
        verdict = audit_check.verify(connection, audit_anchor.read(database.path))
        assert verdict.intact
        last = connection.execute("SELECT action, entity_id FROM audit_entry ORDER BY id DESC LIMIT 1").fetchone()
        assert last == ("forget", str(one))
    with pytest.raises(Refused, match="nothing to undo"):
        undo(database, clock=lambda: NOW)


def test_reports_add_up_as_before(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    one, _other = _history(database)
    with closing(database.connect()) as connection:
        (past,) = connection.execute(
            "SELECT id FROM appointment WHERE client_id = ? ORDER BY start_utc LIMIT 1", (one,)
        ).fetchone()
    appointments.cancel(database, past, "no_show", clock=lambda: THEN + timedelta(days=20))

    def figures() -> object:
        with closing(database.connect()) as connection:
            found = report(connection, date(2025, 12, 1), date(2026, 3, 2), TZ, NOW, week_start=0)
            return found.hours, found.utilisation, found.weeks, len(found.cancellations)

    before = figures()
    forget(database, one, early=True, clock=lambda: NOW)
    assert figures() == before


def test_records_are_kept_as_long_as_they_must_be(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    one, _other = _history(database)
    with pytest.raises(Refused, match="kept until 2032"):
        forget(database, one, clock=lambda: NOW)
    with closing(database.connect()) as connection:
        assert look(connection, one, NOW).coming > 0
        assert connection.execute("SELECT count(*) FROM client").fetchone() == (2,)
    done = forget(database, one, clock=lambda: LATER)
    assert done.coming == 0
    with closing(database.connect()) as connection, pytest.raises(NotFound):
        look(connection, one, NOW)


def test_what_other_calendars_have_of_them_is_removed_there(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    one, _other = _history(database)
    with closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO calendar_account (created_at, updated_at, version, provider, email, scopes, state,"
            " secret_ref)"
            " VALUES (0, 0, 1, 'google', 'me@example.org', '', 'ok', '')"
        )
        connection.execute(
            "INSERT INTO calendar_link (created_at, updated_at, version, account_id, remote_calendar_id, name,"
            " role, direction, access_role, enabled, state, last_error)"
            " VALUES (0, 0, 1, 1, 'c', 'c', 'owned_target', 'two_way', 'owner', true, '', '')"
        )
        ids = {row for (row,) in connection.execute("SELECT id FROM appointment WHERE client_id = ?", (one,))}
        for row in ids:
            connection.execute(
                "INSERT INTO event_map (link_id, appointment_id, remote_event_id, attempt, etag, state, ours,"
                " theirs)"
                " VALUES (1, ?, ?, 0, '', 'live', ?, ?)",
                (row, f"e{row}", '{"title": "Zebulon", "busy": true}', '{"title": "Zebulon"}'),
            )
    forget(database, one, early=True, clock=lambda: NOW)
    with closing(database.connect()) as connection:
        queued = {row for (row,) in connection.execute("SELECT appointment_id FROM sync_outbox")}
        assert queued == ids
        assert not connection.execute(
            "SELECT 1 FROM appointment WHERE id IN (SELECT appointment_id FROM sync_outbox)"
        ).fetchall()
        assert connection.execute("SELECT DISTINCT ours, theirs FROM event_map").fetchall() == [
            ('{"busy":true}', "{}")
        ]
    assert _left(database) == []
