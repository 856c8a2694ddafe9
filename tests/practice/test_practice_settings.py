"""The practice's own settings: read, checked, changed as one step."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from couchcal.errors import Invalid, Stale
from couchcal.practice import undo
from couchcal.practice.event_type_values import SESSION_STEP
from couchcal.practice.outcome import Done
from couchcal.practice.practice_setting_values import (
    ABOUT,
    LABELS,
    UNLIMITED,
    from_text,
    is_npi,
    to_text,
)
from couchcal.practice.practice_settings import PracticeSettings, change, read
from couchcal.store import records
from couchcal.store.connection import Database
from tests.support.database import dump
from tests.support.practice import make_practice


def clock() -> datetime:
    return datetime(2026, 3, 1, 14, 0, tzinfo=UTC)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return make_practice(tmp_path)


def stored(db: Database) -> PracticeSettings:
    with closing(db.connect()) as connection:
        return read(connection)


CHANGES: dict[str, Any] = {
    "name": "Quiet Room", "public_label": "Therapy at the Quiet Room", "slug": "quiet-room", "tz": "Europe/Paris",
    "street": "1 High St", "city": "Ithaca", "region": "NY", "postal_code": "14850",
    "reveal_address": "after_accept",
    "use_rooms": True, "identifier_mode": "initials", "week_start": 6, "min_notice_min": 120,
    "window_days": UNLIMITED, "slot_step": 15, "max_per_day": 7, "confirm_public": "request",
    "confirm_portal": "instant", "self_scheduling": True, "allow_reschedule": False, "cancel_notice_h": 48,
    "reminders_on": True, "reminder_lead": 45, "reminder_24h": True, "notify_on_move": "always",
    "telehealth_template": "https://video.example/{token}", "telehealth_modifier": "GT",
    "google_title": "Session {name}", "google_event_titles": True, "google_place": False,
    "practitioner_name": "Ann Fig", "practitioner_credentials": "PhD", "practitioner_npi": "1234567893",
    "practitioner_license": "NY 1234",
}  # fmt: skip


def test_every_setting_is_changed_in_one_step_and_taken_back_in_one(db: Database) -> None:
    before, whole = stored(db), dump(db)
    done = change(db, CHANGES, expected_version=before.version, clock=clock)
    assert done.label == f"Changed {len(CHANGES)} settings of the practice"
    found = stored(db)
    assert found._replace(version=0) == PracticeSettings(**CHANGES, version=0)
    with pytest.raises(Stale):
        change(db, {"name": "Other"}, expected_version=before.version, clock=clock)
    undo.undo(db, clock=clock)
    assert dump(db) == whole


def test_all_columns_of_practice_and_practitioner_can_be_set() -> None:
    beside = {"id", "created_at", "updated_at", "version", "locale", "mail_from", "mail_minimal"}
    tables = SQLModel.metadata.tables
    assert records.Practice.__tablename__ in tables
    columns = {column.name for column in tables["practice"].columns} - beside
    theirs = {
        f"practitioner_{column.name}" for column in tables["practitioner"].columns if column.name not in beside
    }
    assert columns | theirs == set(LABELS) == set(ABOUT) == {*PracticeSettings._fields} - {"version"}


def test_one_setting_is_named(db: Database) -> None:
    assert change(db, {"tz": "Europe/Paris"}, clock=clock).label == "Changed the practice's setting Time zone"
    assert change(db, {"tz": "Europe/Paris"}, clock=clock) == Done("Nothing changed", changed=0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tz", "Paris"), ("tz", "VTIMEZONE:x"), ("slug", "Quiet Room"), ("slug", "-a"), ("slug", "a" * 61),
        ("identifier_mode", "nick"), ("week_start", 7), ("week_start", True), ("min_notice_min", -1),
        ("min_notice_min", "30"), ("window_days", 3651), ("window_days", None), ("slot_step", 7),
        ("slot_step", "session"),
        ("max_per_day", 0), ("confirm_public", "never"), ("use_rooms", 1), ("reminder_lead", 20),
        ("notify_on_move", ""), ("telehealth_template", "ftp://x"), ("telehealth_template", "https://x/{id}"),
        ("telehealth_template", "https://x/{token}{token}"), ("telehealth_modifier", "9"),
        ("practitioner_npi", "1234567890"), ("google_title", "{first}"),
        ("google_title", "x" * 61), ("google_title", "}"), ("google_place", "on"), ("name", "x" * 101),
        ("colour", "red"), ("version", 3),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_by_its_name(db: Database, name: str, value: Any) -> None:
    before = dump(db)
    with pytest.raises(Invalid) as refused:
        change(db, {"city": "Ithaca", name: value}, clock=clock)
    assert refused.value.field == name
    assert dump(db) == before


def test_escape_codes_and_line_breaks_are_inert(db: Database) -> None:
    change(db, {"street": "1\nHigh\x1b[31m St", "telehealth_modifier": ""}, clock=clock)
    assert stored(db).street == "1 High[31m St"
    assert stored(db).telehealth_modifier == ""


@pytest.mark.parametrize(
    ("typed", "title"), [("", "{name}"), (" Session ", "Session"), ("{name}/{name}", "{name}/{name}")]
)
def test_the_title_outside_has_the_client_or_not(db: Database, typed: str, title: str) -> None:  # SYNC-03
    change(db, {"google_title": "x"}, clock=clock)
    change(db, {"google_title": from_text("google_title", typed)}, clock=clock)
    assert stored(db).google_title == title


@pytest.mark.parametrize(
    ("text", "good"), [("1234567893", True), ("1234567890", False), ("123456789", False), ("123456789³", False)]
)
def test_npi(text: str, good: bool) -> None:  # APT-07
    assert is_npi(text) == good


def test_text_and_value_are_inverse(db: Database) -> None:
    for values in (stored(db), PracticeSettings(**CHANGES, version=0)):
        for name in LABELS:
            value = getattr(values, name)
            assert from_text(name, to_text(name, value)) == value
    assert from_text("window_days", "Unlimited") == UNLIMITED
    assert from_text("max_per_day", "none") is None
    assert from_text("week_start", "noday") == "noday"
    assert from_text("slot_step", "³") == "³"
    assert from_text("slot_step", "session") == SESSION_STEP == 0
    assert to_text("slot_step", SESSION_STEP) == "session"


def test_a_practice_without_a_practitioner_gets_one(db: Database) -> None:
    with closing(db.connect()) as connection:
        connection.execute("DELETE FROM practitioner")
    before = stored(db)
    assert before.practitioner_name == ""
    change(db, {"practitioner_name": "Ann Fig"}, clock=clock)
    assert stored(db).practitioner_name == "Ann Fig"
