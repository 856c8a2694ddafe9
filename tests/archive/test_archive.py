"""Everything out, and back in exactly."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.archive.reading import import_all
from couchcal.archive.writing import KEPT_APART, LEFT_OUT, export_all, tables_of
from couchcal.errors import CouchcalError, NotFound, Refused
from couchcal.practice import appointments, client_changes
from couchcal.practice.cadence import Repeat
from couchcal.practice.draft import Draft
from couchcal.store import audit_check
from couchcal.store.connection import Database
from couchcal.store.search_index import entry_count
from tests.support.demo import demo_practice
from tests.support.on_server import chosen
from tests.support.practice import make_practice

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def _clock() -> datetime:
    return NOW


def _all(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with closing(database.connect()) as connection:
        names = [name for name in tables_of(connection) if name not in KEPT_APART]
        found = {name: connection.execute(f"SELECT * FROM {name} ORDER BY id").fetchall() for name in names}
        found["last ids"] = connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
        found["last ids"] = [row for row in found["last ids"] if row[0] in names and row[1]]
        if not chosen():
            found["schema"] = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        return found


def _there_and_back(database: Database, folder: Path) -> Database:
    export_all(database, folder / "out", clock=_clock)
    back = make_practice(folder / "back")
    import_all(back, folder / "out", clock=_clock)
    return back


def test_a_whole_practice_comes_back_exactly(tmp_path: Path) -> None:
    database = demo_practice(tmp_path / "demo")
    back = _there_and_back(database, tmp_path)
    before, after = _all(database), _all(back)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert len(before["appointment"]) > 50
    with closing(back.connect()) as connection, closing(database.connect()) as original:
        assert audit_check.verify(connection, None).intact
        last = connection.execute("SELECT actor, action FROM audit_entry ORDER BY id DESC LIMIT 1").fetchone()
        assert last == ("import", "import")
        assert entry_count(connection) == entry_count(original) > 0
        query = "SELECT count(*) FROM entry_search WHERE entry_search MATCH 'maria'"
        if not chosen():
            assert connection.execute(query).fetchone() == original.execute(query).fetchone() != (0,)


@settings(max_examples=10)
@given(people=st.lists(st.tuples(TEXTS.filter(str.strip), TEXTS, TEXTS), min_size=1, max_size=4))
def test_whatever_is_in_the_fields_comes_back(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("p")
    database = make_practice(folder / "from")
    with closing(database.connect()) as connection:
        for number, (first, last, notes) in enumerate(people):
            connection.execute(
                "INSERT INTO client (created_at, updated_at, version, internal_id, first, last, preferred, email,"
                " phone, tz, state, portal_state, remind_email, remind_text, remind_phone, self_scheduling,"
                " notes_admin)"
                " VALUES (?, 0, 1, ?, ?, ?, '', '', '', '', 'active', 'none', true, false, false, 'inherit', ?)",
                (-number, f"C-{number}", first, last, notes),
            )
        connection.execute("DELETE FROM client WHERE id = (SELECT max(id) FROM client)")
    back = _there_and_back(database, folder)
    assert _all(back) == _all(database)


def test_files_are_private_and_say_what_they_hold(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    client_changes.add(database, "=cmd|calc", email="a@b.example", clock=_clock)
    start = NOW + timedelta(days=1)
    draft = Draft("other_event", start, start + timedelta(hours=1), "UTC", title="walk")
    appointments.book(database, draft, repeat=Repeat("weekly"), clock=_clock)
    out = tmp_path / "out"
    export_all(database, out, clock=_clock)
    for path in (out, *out.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path  # P1
    described = json.loads((out / "schema.json").read_text("utf-8"))
    assert described["tables"]["appointment"]["columns"]["start_utc"]["type"] == "instant"
    assert described["tables"]["appointment"]["columns"]["client_id"]["refers_to"] == "client.id"
    assert set(described["tables"]) & LEFT_OUT == set()
    with (out / "csv" / "client.csv").open(encoding="utf-8", newline="") as sheet:
        (row,) = csv.DictReader(sheet)
    assert row["first"].startswith("'=cmd")
    assert row["created_at"] == "2026-03-02T12:00:00+00:00"
    assert (out / "calendar.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert "couchcal import --all" in (out / "README.md").read_text("utf-8")
    with pytest.raises(Refused, match="not empty"):
        export_all(database, out, clock=_clock)


def _damage(out: Path, how: str) -> None:
    lines = out / "json" / "service_code.jsonl"
    text = lines.read_text("utf-8")
    if how == "line":
        lines.write_text(text.replace("}", "", 1), "utf-8")
    elif how == "row":
        lines.write_text("".join(text.splitlines(keepends=True)[1:]), "utf-8")
    elif how == "column":
        lines.write_text(text.replace('"label"', '"x); DROP TABLE client; --"', 1), "utf-8")
    elif how == "value":
        lines.write_text(text.replace('"typical_min": ', '"typical_min": null, "zz": ', 1), "utf-8")
    elif how in ("no number", "no text", "no yes or no"):
        column, value = {"no number": ("updated_at", " "), "no text": ("label", 7), "no yes or no": ("active", 2)}[
            how
        ]
        rows = [json.loads(line) for line in text.splitlines()]
        rows[0][column] = value
        lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    elif how == "newer":
        (out / "schema.json").write_text((out / "schema.json").read_text().replace('"format": 1', '"format": 9'))
    elif how in ("zone", "no practice"):
        practice = out / "json" / "practice.jsonl"
        text = practice.read_text("utf-8").replace("America/New_York", "America/Nowhere")
        practice.write_text(text if how == "zone" else "", "utf-8")
    elif how == "none":
        (out / "schema.json").unlink()


_KINDS = ("line", "row", "column", "value", "no number", "no text", "no yes or no")


@pytest.mark.parametrize("how", [*_KINDS, "newer", "zone", "no practice", "none"])
def test_a_damaged_export_changes_nothing(tmp_path: Path, how: str) -> None:
    out = tmp_path / "out"
    export_all(make_practice(tmp_path / "from"), out, clock=_clock)
    _damage(out, how)
    back = make_practice(tmp_path / "back")
    before = _all(back)
    with pytest.raises((Refused, NotFound)):
        import_all(back, out, clock=_clock)
    assert _all(back) == before


def test_a_calendar_in_use_is_not_overwritten(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    export_all(database, tmp_path / "out", clock=_clock)
    client_changes.add(database, "Ann", clock=_clock)
    with pytest.raises(CouchcalError, match="already"):
        import_all(database, tmp_path / "out", clock=_clock)
