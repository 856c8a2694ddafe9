"""What the calendar's header says of the sync, and that a sync beside the calendar disturbs nobody."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from couchcal.scheduling.wallclock import zone
from couchcal.store.connection import Connection, Database
from couchcal.sync.status import Status
from couchcal.tui.app import CouchcalApp
from couchcal.tui.calendar.screen import CalendarScreen
from couchcal.tui.calendar.sync_badge import badge
from couchcal.tui.forms.appointment import AppointmentForm
from couchcal.tui.screens.sync import SyncScreen
from couchcal.tui.text import ASCII, UNICODE
from tests.support.demo import ZONE, clock
from tests.tui.conftest import AppFactory, settle

NEW_YORK = zone(ZONE)
NOW = datetime(2026, 3, 3, 14, 42, tzinfo=UTC)
"""Tuesday 3 March 2026, 9:42 in New York."""
QUIET = Status("ada@example.com", "ok", "", 0, NOW, None, "", 0, 0, 0, "", 0, 0, "couchcal", "", False)
STATES: dict[str, tuple[Status, str]] = {
    "synced": (QUIET, "↑ synced 9:42"),
    "synced on another day": (QUIET._replace(last_ok=NOW - timedelta(days=1)), "↑ synced Mon 2 Mar"),
    "never": (QUIET._replace(last_ok=None), "↑ not synced yet"),
    "counting": (QUIET._replace(doing="sending", done=120, of=2000), "⟳ 120/2000"),
    "a few": (QUIET._replace(doing="sending", done=1, of=2), "↑ synced 9:42"),
    "review": (QUIET._replace(review=2), "⚠ 2 to review"),
    "blocked": (QUIET._replace(blocked=1), "⚠ 1 not sent"),
    "sign in": (QUIET._replace(state="needs_auth", review=2, failures=1), "✕ sign in again"),
    "not signed in": (QUIET._replace(state="needs_auth", last_ok=None), "Google not connected"),
    "never signed in": (
        QUIET._replace(state="needs_auth", last_ok=None, last_error="access was refused"),
        "✕ sign in again",
    ),
    "paused": (QUIET._replace(paused="user", pending=3), "⏸ paused"),
    "guard": (QUIET._replace(paused="mass_delete", review=1), "⚠ sync waits for you"),
    "offline": (QUIET._replace(failures=2, last_ok=NOW - timedelta(minutes=30)), "offline since 9:12"),
    "never online": (QUIET._replace(failures=2, last_ok=None), "offline"),
}


@pytest.mark.parametrize("name", STATES)
def test_the_badge_says_what_matters_most(name: str) -> None:  # SYNC-19, SYNC-25
    status, words = STATES[name]
    found = badge(status, NOW, NEW_YORK, UNICODE, hour24=True)
    assert found is not None
    assert found.wordings[0] == words


def test_without_an_account_there_is_none() -> None:
    assert badge(None, NOW, NEW_YORK, UNICODE, hour24=True) is None


@given(st.sampled_from(sorted(STATES)))
def test_each_wording_is_shorter_than_the_one_before_and_ascii_stays_ascii(name: str) -> None:
    status, _ = STATES[name]
    for glyphs in (UNICODE, ASCII):
        found = badge(status, NOW, NEW_YORK, glyphs, hour24=False)
        assert found is not None
        widths = [cell_len(words) for words in found.wordings]
        assert widths == sorted(widths, reverse=True)
        assert len(set(widths)) == len(widths)
        assert glyphs is UNICODE or all(words.isascii() for words in found.wordings)


def account(database: Database, **values: object) -> None:
    """An account that synced a minute ago."""
    row: dict[str, object] = {
        "created_at": 0, "updated_at": 0, "version": 1, "provider": "google", "email": "ada@example.com",
        "scopes": "", "state": "ok", "secret_ref": "", "last_ok": int(clock().timestamp()) - 60,
    }  # fmt: skip
    row |= values
    with closing(database.connect()) as connection:
        names = ", ".join(row)
        connection.execute(
            f"INSERT INTO calendar_account ({names}) VALUES ({', '.join(f':{name}' for name in row)})",
            row,
        )


def change(database: Database, statement: str, *values: object) -> None:
    with closing(database.connect()) as connection:
        connection.execute(statement, values)


@pytest.fixture
def without_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker stays away: what it would write is written by hand."""
    monkeypatch.setattr("couchcal.tui.app.AFTER_S", 3600)


def header(app: CouchcalApp) -> str:
    screen = app.screen_stack[0]
    assert isinstance(screen, CalendarScreen)
    return screen.query_one("#header").render_line(0).text


@pytest.mark.usefixtures("without_worker")
@pytest.mark.parametrize(
    ("width", "shown"), [(120, "↑ synced"), (80, "↑ synced"), (64, "↑ "), (44, "")], ids=["120", "80", "64", "44"]
)
async def test_a_narrow_header_shortens_the_badge_then_drops_it(
    make: AppFactory, demo: Database, width: int, shown: str
) -> None:  # SYNC-19
    account(demo)
    app = make()
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        text = header(app)
        assert cell_len(text) == width
        assert (shown in text) if shown else ("↑" not in text)


@pytest.mark.usefixtures("without_worker")
async def test_the_badge_follows_what_others_write(make: AppFactory, demo: Database) -> None:  # SYNC-19
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        assert "synced" not in header(app)
        account(demo)
        screen._tick()
        await settle(pilot)
        assert "↑ synced" in header(app)
        change(demo, "UPDATE calendar_account SET state = 'needs_auth'")
        screen._tick()
        await settle(pilot)
        assert "✕ sign in again" in header(app)


@pytest.mark.usefixtures("without_worker")
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_s_opens_the_sync_screen_and_esc_returns(make: AppFactory, demo: Database, ascii_only: bool) -> None:
    account(demo, paused="user")  # SYNC-02
    app = make(ascii=ascii_only)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("S")
        await settle(pilot)
        assert isinstance(app.screen, SyncScreen)
        words = str(app.screen.query_one("#headline").render())
        assert words.startswith("= Paused" if ascii_only else "⏸ Paused")
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.screen_stack) == 1


def external(database: Database, title: str, hour: int) -> None:
    """An event of Google on Tuesday 3 March, as a sync in the background writes it."""
    start = int(datetime(2026, 3, 3, hour + 5, tzinfo=UTC).timestamp())
    row = {
        "created_at": 0, "updated_at": 0, "version": 1, "link_id": 1, "remote_event_id": title, "recurring_id": "",
        "rrule": "", "start_utc": start, "end_utc": start + 3000, "span": 0, "tz": ZONE, "all_day": 0,
        "title": title, "transparent": 0, "status": "confirmed", "etag": "", "raw_hash": "",
    }  # fmt: skip
    with closing(database.connect()) as connection:
        insert(connection, row)


def insert(connection: Connection, row: dict[str, object]) -> None:
    names = ", ".join(row)
    connection.execute(
        f"INSERT INTO external_event ({names}) VALUES ({', '.join(f':{name}' for name in row)})",
        row,
    )


def linked(database: Database) -> None:
    account(database)
    change(
        database,
        "INSERT INTO calendar_link (id, created_at, updated_at, version, account_id, remote_calendar_id, name,"
        " role, direction, access_role, is_primary, time_zone, enabled, state, last_error)"
        " VALUES (1, 0, 0, 1, 1, 'x', 'Family', 'inbound', 'two_way', 'owner', false, '', true, '', '')",
    )


@pytest.mark.usefixtures("without_worker")
async def test_events_of_google_appear_by_themselves_locked(make: AppFactory, demo: Database) -> None:  # SYNC-23
    linked(demo)
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        cursor = screen.cursor
        external(demo, "Dentist", 18)
        screen._tick()
        await settle(pilot)
        found = next(entry for entry in screen.scene.entries if entry.title == "Dentist")
        assert screen.cursor == cursor
        screen.go_to(found)
        for key in ("m", "e", "x", "D"):
            await pilot.press(key)
            await settle(pilot)
            assert app.screen is screen
            assert screen.ghost is None
        assert any("Google" in note.message for note in app._notifications)


@pytest.mark.usefixtures("without_worker")
async def test_a_sync_beside_a_grab_leaves_the_ghost_where_it_is(make: AppFactory, demo: Database) -> None:
    linked(demo)
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        await pilot.press("tab", "m", "j")
        before = screen.ghost
        assert before is not None
        external(demo, "Dentist", 18)
        screen._tick()
        await settle(pilot)
        assert any(entry.title == "Dentist" for entry in screen.scene.entries)
        assert screen.ghost is not None
        assert screen.ghost.grab == before.grab
        await pilot.press("escape")


@pytest.mark.usefixtures("without_worker")
async def test_a_sync_beside_a_form_keeps_what_is_typed_and_the_focus(make: AppFactory, demo: Database) -> None:
    linked(demo)
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await settle(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert isinstance(app.screen, AppointmentForm)
        await pilot.press(*"Jane")
        focused = app.focused
        text = getattr(focused, "value", None)
        assert text == "Jane"
        external(demo, "Dentist", 18)
        change(demo, "UPDATE calendar_account SET state = 'needs_auth'")
        screen._tick()
        await settle(pilot)
        assert any(entry.title == "Dentist" for entry in screen.loaded.entries)
        assert app.focused is focused
        assert getattr(focused, "value", None) == "Jane"
