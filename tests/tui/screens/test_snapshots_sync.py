"""How the sync's screens look, in both themes, on a small and on a usual terminal; one in ASCII."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from couchcal.errors import Refused
from couchcal.practice import disclosure
from couchcal.store.connection import Database
from couchcal.sync.google.signin import Granted
from couchcal.tui.forms.connect import ConnectForm
from couchcal.tui.forms.connect_start import StartForm
from couchcal.tui.screens.sync import SyncScreen
from couchcal.tui.screens.sync_gate import Gate
from couchcal.tui.screens.sync_progress import SyncProgress
from couchcal.tui.screens.sync_review import ReviewScreen
from couchcal.tui.screens.sync_review_item import ReviewDialog
from tests.support.practice import furnished_practice
from tests.tui.forms.host import NOW, Host, at, clock, people, saved, session
from tests.tui.screens.sync_steps import NEW_YORK

NOW_S = int(NOW.timestamp())
SCOPES = " ".join(
    f"https://www.googleapis.com/auth/calendar.{name}"
    for name in ("app.created", "calendarlist.readonly", "events.readonly")
)
CALENDARS = (
    ("target", "couchcal", "owned_target", "owner", 0, 1),
    ("ada@example.com", "ada@example.com", "inbound", "owner", 1, 1),
    ("fam", "Family", "inbound", "owner", 0, 0),
    ("odd", "[red]Long[/] name \x1b[31m with escapes, 名前 and no end of words", "inbound", "owner", 0, 1),
    ("h#holiday@group.v.calendar.google.com", "Holidays in United States", "inbound", "reader", 0, 0),
    ("rooms", "Clinic rooms", "inbound", "writer", 0, 0),
)
ADDRESS = (
    "https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=123456789-abcdefghijklmnop.apps."
    "googleusercontent.com&redirect_uri=http%3A%2F%2F127.0.0.1%3A43021%2F&scope=https%3A%2F%2Fwww.googleapis.com"
    "%2Fauth%2Fcalendar.app.created+https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcalendar.calendarlist.readonly+https"
    "%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcalendar.events.readonly&state=qkq3SjYQb0rX2c2uTt7U4k1Hh8wq9wN4&code_"
    "challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&access_type=offline"
)


class Waiting:
    """A sign-in to which nobody comes."""

    url = ADDRESS

    def wait(self, stop: Event) -> Granted:
        stop.wait()
        raise AssertionError("nobody came")

    def close(self) -> None:
        """Nothing is open."""


def furnish(database: Database) -> None:
    """A practice with an account, calendars of all sorts, things to review, and a log."""
    client = people(database)["Jane Doe"]
    ids = [session(database, client, at(3, hour)) for hour in range(8, 20)]
    with closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO calendar_account (id, created_at, updated_at, version, provider, email, scopes, state,"
            " secret_ref, last_ok) VALUES (1, 0, 0, 1, 'google', 'ada@example.com', ?, 'ok', '', ?)",
            (SCOPES, NOW_S - 60),
        )
        connection.executemany(
            "INSERT INTO calendar_link (created_at, updated_at, version, account_id, remote_calendar_id, name,"
            " role, access_role, is_primary, enabled, direction, state, last_ok, last_error)"
            " VALUES (0, 0, 1, 1, ?, ?, ?, ?, ?, ?, 'two_way', '', ?, '')",
            [(*calendar, NOW_S - 60) for calendar in CALENDARS],
        )
        ours = {"when": ["2026-03-03T20:00:00+00:00", "2026-03-03T20:50:00+00:00", "America/New_York"]}
        theirs = {"when": ["2026-03-03T21:00:00+00:00", "2026-03-03T21:50:00+00:00", "America/New_York"]}
        loss = {"appointments": ids, "events": 2, "live": 40}
        connection.executemany(
            "INSERT INTO sync_review (link_id, appointment_id, remote_event_id, kind, detail, ours, theirs, at,"
            " resolution) VALUES (1, ?, '', ?, ?, ?, ?, ?, '')",
            [
                (ids[7], "conflict", "session Tue 3 Mar 15:00 was changed here, and in Google to Tue 3 Mar"
                 " 16:00; it stays as it is here", json.dumps(ours), json.dumps(theirs), NOW_S - 7200),
                (ids[0], "remote_deleted", "session Tue 3 Mar 8:00 was deleted in Google", "", "", NOW_S - 3600),
                (None, "mass_delete", "14 of 40 entries of the calendar are said to be deleted at Google;"
                 " nothing was changed here", '{"direction":"pull"}', json.dumps(loss), NOW_S - 60),
            ],
        )  # fmt: skip
        connection.execute("DELETE FROM sync_outbox WHERE id > 3")
        connection.executemany(
            "INSERT INTO sync_log (at, level, text) VALUES (?, ?, ?)",
            [
                (NOW_S - 90000, "info", "the calendar is made; everything is sent to it"),
                (NOW_S - 7200, "error", "Google does not answer; trying again later"),
                (NOW_S - 3600, "warning", "session Tue 3 Mar 8:00 was deleted in Google"),
                (NOW_S - 60, "info", "taken over 3, sent 12, removed 1"),
            ],
        )


Made = Callable[[Database], ModalScreen[Any]]


def screen(database: Database, *, account: bool = True, **values: object) -> SyncScreen:
    """The screen over the account with these values."""
    with closing(database.connect()) as connection:
        for name, value in values.items():
            connection.execute(f"UPDATE calendar_account SET {name} = ?", (value,))
        if not account:
            connection.execute("DELETE FROM calendar_account")
    return SyncScreen(Gate(database, wake=lambda: None, clock=clock), NEW_YORK)


def progress(database: Database) -> SyncProgress:
    with closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO worker_lease (name, owner, host, pid, asked, answered, progress)"
            " VALUES ('sync', 'me', 'here', 1, 0, 0, '[\"sending\", 1200, 2000]')"
        )
        connection.execute(
            "WITH RECURSIVE n(id) AS (SELECT 1000 UNION ALL SELECT id + 1 FROM n WHERE id < 1749)"
            " INSERT INTO sync_outbox (appointment_id, revision, state, attempts, error)"
            " SELECT id, 1, 'pending', 0, '' FROM n"
        )
    gate = Gate(database, wake=lambda: None, clock=clock)
    return SyncProgress(gate.status, lambda: None, NEW_YORK, clock=clock)


def connecting(_database: Database) -> ConnectForm:
    return ConnectForm(Waiting, open_browser=lambda _url: True)  # type: ignore[arg-type]  # waits as one does


def starting(database: Database) -> StartForm:
    with closing(database.connect()) as connection:
        return StartForm(disclosure.facts(connection), lambda _start: None)


def reviewed(kind: str, database: Database) -> ReviewDialog:
    """The dialog over the item of this kind."""
    gate = Gate(database, wake=lambda: None, clock=clock)
    (item,) = [item for item in gate.reviews() if item.kind == kind]
    return ReviewDialog(gate, item, gate.about(item.id), NEW_YORK)


def unsent(database: Database) -> ReviewScreen:
    """The list with two changes that Google does not take."""
    with closing(database.connect()) as connection:
        connection.execute(
            "INSERT INTO sync_outbox (appointment_id, revision, state, attempts, error)"
            " SELECT id, 1, 'blocked', 1, 'Google refused it (400): invalid' FROM appointment ORDER BY id LIMIT 2"
        )
    return ReviewScreen(Gate(database, wake=lambda: None, clock=clock), NEW_YORK)


def refused(_database: Database) -> ConnectForm:
    """A sign-in to which somebody said no."""

    def begin() -> Waiting:
        raise Refused("not everything was allowed that is needed", "connect again and tick 'See the list'")

    return ConnectForm(begin)  # type: ignore[arg-type]  # ends before it waits


SCREENS: dict[str, tuple[Made, tuple[str, ...]]] = {
    "missing_file": (partial(screen, account=False), ()),
    "connected": (screen, ("j", "j")),
    "sign_in_again": (partial(screen, state="needs_auth"), ()),
    "offline": (partial(screen, failures=3, next_try=NOW_S + 120, last_error="Google does not answer"), ()),
    "connecting": (connecting, ()),
    "starting": (starting, ("tab", "right", "right", "right")),
    "progress": (progress, ()),
    "modes": (screen, (*"jjjjj", "enter")),
    "reviews": (screen, ("v",)),
    "stopped": (partial(screen, paused="mass_delete"), ()),
    "conflict": (partial(reviewed, "conflict"), ()),
    "unsent": (unsent, ()),
    "unsent_one": (unsent, ("end", "enter")),
    "refused": (refused, ()),
    "guard": (partial(reviewed, "mass_delete"), ()),
    "log": (screen, ("l",)),
    "start_over": (screen, ("R",)),
}
CASES = [
    *((name, "couchcal-dark", (80, 24)) for name in SCREENS),
    *((name, "couchcal-light", (120, 36)) for name in SCREENS),
    ("connected", "couchcal-ansi", (80, 24)),
]


@pytest.fixture
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr("couchcal.tui.forms.connect._SPIN_S", 3600)
    monkeypatch.setattr(
        "couchcal.tui.screens.sync_gate._client_file", lambda: (Path("/ada/couchcal/client_secret.json"), "no")
    )
    return furnished_practice(tmp_path, furnish)


def pressed(keys: tuple[str, ...], *, ascii_only: bool) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        if ascii_only:
            pilot.app.add_class("-ascii")
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return run


async def settled(pilot: Pilot[None]) -> None:
    """Everything is read; a sign-in that waits for somebody goes on waiting."""
    if isinstance(pilot.app.screen, ConnectForm):
        while not (pilot.app.screen.address or pilot.app.screen.query_one("#again").display):
            await pilot.pause(0.01)
        await pilot.pause()
    else:
        await saved(pilot)


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, keys = SCREENS[name]
    run = pressed(keys, ascii_only=theme == "couchcal-ansi")
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
