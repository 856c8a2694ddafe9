"""What may leave: every string is one of a few, whatever else is written anywhere (SYNC-27, INV-Y4, INV-P2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.practice import client_changes, disclosure, practice_settings, undo
from couchcal.practice.disclosure import BUSY, DESCRIPTION, FREE, LOCKED, OFFICE, TELEHEALTH, Disclosed, Facts
from couchcal.practice.names import client_label
from couchcal.store.connection import Connection, Database
from couchcal.store.vocabulary import IDENTIFIER_MODES, AppointmentKind
from tests.practice.conftest import Desk
from tests.support.database import is_constraint
from tests.support.entries import insert, insert_link
from tests.support.practice import make_practice

CANARY = "canary"
NAMES = st.sampled_from(["", " ", "Ann", "Jean-Luc", "Ж", "\x1b[31mMallory", "{name}", "Ann\u202ednA", "x" * 3000])
KINDS = st.sampled_from(get_args(AppointmentKind))
ZONES = st.sampled_from(
    ["America/New_York", "Asia/Kathmandu", "VTIMEZONE:canary", "EST", "posix/Asia/Tokyo", "Nowhere/Land", "", "UTC"]
)
CLIENT_ID = 1


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A practice with one client and every text column of whatever belongs to it set to a canary."""
    database = make_practice(tmp_path_factory.mktemp("disclosure"))
    client_changes.add(database, "Ann Sample")
    with closing(database.connect()) as made:
        _poison(made)
        yield made
    database.dispose()


def _poison(connection: Connection) -> None:
    """Put a canary into every free text of practice, practitioner, clients, places, rooms, services, calendars."""
    kept = {"tz", "pos", "internal_id", "first", "last", "preferred", "code", "google_title", "identifier_mode"}
    for table in ("practice", "practitioner", "client", "location", "service_code", "calendar"):
        for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
            if kind == "VARCHAR" and name not in kept:
                try:
                    connection.execute(f"UPDATE {table} SET {name} = ?", (f"{CANARY} {table} {name}",))
                except Exception as error:
                    if not is_constraint(error):  # one of a few words, one of its kind, or a reference
                        raise


@st.composite
def practices(draw: st.DrawFn) -> Facts:
    title = draw(st.sampled_from(["{name}", "Session", "Visit {name}", "{name}{name}", "\t{name}\n"]))
    return Facts(
        draw(st.sampled_from(IDENTIFIER_MODES)), title, draw(st.booleans()), draw(st.booleans()), draw(ZONES)
    )


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """An appointment with a canary in every text that must stay here."""
    kind = draw(KINDS)
    other = kind == "other_event"
    all_day = other and draw(st.booleans())
    origin = draw(st.sampled_from(["couchcal", "portal", "booking_page", "google", "ics"]))
    start = draw(st.sampled_from([0, 1772496000, 1772496000 + 61, -10_000_000_000])) // (86_400 if all_day else 1)
    start *= 86_400 if all_day else 1
    length = draw(st.sampled_from([0, 3000, 86_400, 40 * 366 * 86_400] if origin == "ics" else [86_400, 172_800]))
    return {
        "kind": kind, "origin": origin, "all_day": all_day, "start_utc": start, "end_utc": start + length,
        "tz": draw(ZONES), "busy": draw(st.booleans()) or not other,
        "client_id": None if other else CLIENT_ID, "service": "90834" if kind == "client_session" else None,
        "title": draw(st.sampled_from(["", "canary-title", "canary-title\x00\x1b\n", "canary-title" * 200])),
        "location_id": draw(st.sampled_from([None, 1, 2])),
        "status": draw(st.sampled_from(["scheduled", "completed", "tentative", "cancelled"])),
        "uid": draw(st.sampled_from(["u1", "abc@google.com", "ABC@Google.Com ", "canary@google.com.example"])),
        "instructions": "canary instructions", "place": "canary place", "telehealth_url": "https://canary.example",
        "collateral_name": "canary collateral", "diagnoses": "canary diagnosis", "group_key": "canary-group",
        "series_key": "canary",
    }  # fmt: skip


@settings(max_examples=60)
@given(rows(), practices(), NAMES, NAMES, NAMES, st.sampled_from(["11", "02", "10", "12", "99"]))
def test_every_string_is_on_the_list(
    connection: Connection,
    row: dict[str, Any],
    known: Facts,
    first: str,
    last: str,
    preferred: str,
    pos: str,
) -> None:  # SYNC-03, SYNC-27, INV-Y4
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("UPDATE client SET first = ?, last = ?, preferred = ?", (first, last, preferred))
        connection.execute("UPDATE location SET pos = ? WHERE id = 1", (pos,))
        connection.execute("UPDATE location SET pos = '10' WHERE id = 2")
        insert(connection, "appointment", [row])
        found = disclosure.disclosed(connection, [1, 2], known)
    finally:
        connection.execute("ROLLBACK")
    assert list(found) == [1]
    shown = found[1]
    name = _squeezed(client_label("C-0001", _squeezed(first), _squeezed(last), known.identifier_mode))
    if preferred.strip():
        name = _squeezed(client_label("C-0001", _squeezed(preferred), _squeezed(last), known.identifier_mode))
    if row["client_id"] is not None:
        whole = _squeezed(f"{LOCKED} {known.title.replace('{name}', name)}")
        assert shown.title == whole or (shown.title.endswith("…") and whole.startswith(shown.title[:-1]))
        assert known.identifier_mode != "id" or shown.title == _squeezed(
            f"{LOCKED} {known.title.replace('{name}', 'C-0001')}"
        )
    elif known.event_titles and row["title"]:
        assert shown.title.startswith("canary-title")
    else:
        assert shown.title == (BUSY if row["busy"] else FREE)
    assert len(shown.title) <= 1024
    assert shown.title.isprintable()
    place = {None: "", 1: {"11": OFFICE, "02": TELEHEALTH, "10": TELEHEALTH}.get(pos, ""), 2: TELEHEALTH}
    assert shown.place == (place[row["location_id"]] if known.place else "")
    own_title = known.event_titles and row["client_id"] is None
    leaving = f"{'' if own_title else shown.title} {shown.place} {DESCRIPTION} {shown.tz} {shown.words}"
    assert CANARY not in leaving
    _check_times(shown, row, known)
    ends_at_google = row["origin"] == "ics" and row["uid"].strip().lower().endswith("@google.com")
    assert shown.wanted == (row["status"] != "cancelled" and row["origin"] != "google" and not ends_at_google)


def _squeezed(text: str) -> str:
    """As one line: the characters that make another are blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _check_times(shown: Disclosed, row: dict[str, Any], known: Facts) -> None:
    if row["all_day"]:
        assert shown.tz == ""
        assert isinstance(shown.start, date)
        assert not isinstance(shown.start, datetime)
        assert shown.end > shown.start
        return
    assert shown.start == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=row["start_utc"])
    assert shown.end == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=row["end_utc"])
    assert ZoneInfo(shown.tz)
    good = ("America/New_York", "Asia/Kathmandu", "UTC")
    assert shown.tz == next((name for name in (row["tz"], known.tz, "UTC") if name in good), None)


def shown_of(database: Database, *ids: int) -> list[Disclosed]:
    with closing(database.connect()) as connection:
        found = disclosure.disclosed(connection, ids)
    return [found[row_id] for row_id in ids]


def test_a_client_without_the_name_asked_for_is_called_by_id(desk: Desk) -> None:  # SYNC-03
    row_id = desk.book("2026-03-03 15:00")
    cases = {"id": "C-0001", "initials": "A.S.", "first": "Ann", "full": "Ann Sample"}
    for mode, name in cases.items():
        practice_settings.change(desk.database, {"identifier_mode": mode}, clock=desk.clock)
        assert shown_of(desk.database, row_id)[0].title == f"{LOCKED} {name}"
    client_changes.edit(desk.database, desk.ann, {"first": "", "preferred": ""}, clock=desk.clock)
    for mode, name in {"id": "C-0001", "initials": "S.", "first": "C-0001", "full": "Sample"}.items():
        practice_settings.change(desk.database, {"identifier_mode": mode}, clock=desk.clock)
        assert shown_of(desk.database, row_id)[0].title == f"{LOCKED} {name}"


def test_a_cancelled_session_leaves_and_a_restored_one_comes_back(desk: Desk) -> None:  # SYNC-17, SYNC-18
    row_id = desk.book("2026-03-03 15:00")
    assert shown_of(desk.database, row_id)[0].wanted
    desk.cancel(row_id)
    assert not shown_of(desk.database, row_id)[0].wanted
    undo.undo(desk.database, clock=desk.clock)
    assert shown_of(desk.database, row_id)[0].wanted
    desk.delete(row_id)
    with closing(desk.database.connect()) as connection:
        assert disclosure.disclosed(connection, [row_id]) == {}


def test_occurrences_of_an_imported_series_are_told_apart(desk: Desk) -> None:
    with closing(desk.database.connect()) as connection:
        occurrences = [
            {"id": n, "uid": "same@ics", "origin": "ics", "start_utc": n * 86_400, "end_utc": n * 86_400 + 60}
            for n in range(1, 4)
        ]
        insert(connection, "appointment", occurrences)
        found = disclosure.disclosed(connection, [1, 2, 3])
    assert len({shown.uid for shown in found.values()}) == 3
    assert all(shown.uid.startswith("same@ics") for shown in found.values())


def test_an_own_appointment_keeps_its_uid(desk: Desk) -> None:
    row_id = desk.book("2026-03-03 15:00")
    assert shown_of(desk.database, row_id)[0].uid == desk.row(row_id)["uid"]


def test_words_name_nobody(desk: Desk) -> None:  # INV-P2
    session = desk.book("2026-03-03 15:00")
    event = desk.book("2026-03-04 09:05", kind="other_event", title="Lunch with Ann", client_id=None, service=None)
    assert [shown.words for shown in shown_of(desk.database, session, event)] == [
        "session Tue 3 Mar 15:00", "event Wed 4 Mar 9:05",
    ]  # fmt: skip
    assert disclosure.words("collateral_contact", date(2026, 3, 5)) == "contact Thu 5 Mar"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("identifier_mode", "full"),
        ("google_title", "Session"),
        ("google_event_titles", True),
        ("google_place", False),
    ],
)
def test_whatever_is_there_is_called_anew(desk: Desk, setting: str, value: object) -> None:  # SYNC-21
    ids = [desk.book(f"2026-03-0{day} 15:00") for day in (3, 4, 5)]
    with closing(desk.database.connect()) as connection:
        insert_link(connection)
        connection.execute("UPDATE calendar_link SET role = 'owned_target'")
        for row_id, state in zip(ids, ("live", "live", "deleted"), strict=True):
            connection.execute(
                "INSERT INTO event_map"
                " (link_id, appointment_id, remote_event_id, attempt, etag, state, ours, theirs)"
                " VALUES (1, ?, ?, 0, '', ?, '', '')",
                (row_id, f"r{row_id}", state),
            )
        practice_settings.change(desk.database, {"city": "Ithaca"}, clock=desk.clock)
        assert connection.execute("SELECT count(*) FROM sync_outbox").fetchone() == (0,)
        practice_settings.change(desk.database, {setting: value}, clock=desk.clock)
        queued = {row_id for (row_id,) in connection.execute("SELECT appointment_id FROM sync_outbox")}
    assert queued == set(ids[:2])
