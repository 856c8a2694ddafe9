"""Render the README's pictures from the demo practice: `make screenshots`. The same day gives the same pictures."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

_NOW = datetime(2026, 3, 3, 14, 42, tzinfo=UTC)
_ZONE = "America/New_York"
_SIZE = (120, 36)
SCENES: dict[str, tuple[str, tuple[str, ...]]] = {
    "week": ("week", ("tab",)),
    "month": ("month", ()),
    "day": ("day", ("tab", "Z", '"Lond', "enter")),
    "agenda": ("agenda", ()),
    "quick-add": ("week", ("a", '"thu 11:30 wren 50m 90834 biweekly')),
    "grab": ("week", ("tab", "tab", "m", "j", "l")),
    "form": ("week", ("tab", "e")),
    "overlap": ("week", ("c", "w")),
    "clients": ("week", ("C",)),
    "record": ("week", ("C", "down", "down", "down", "enter")),
    "hours": ("week", ("A",)),
    "find-a-time": ("week", ("F", '"50 min tue or thu afternoon in the next 3 weeks')),
    "search": ("week", ("/", '"lin is:cancelled')),
    "waitlist": ("week", ("W",)),
    "requests": ("week", ("r",)),
    "accept": ("week", ("r", "enter")),
    "link": ("week", ("B",)),
    "reports": ("week", ("R",)),
    "sync-connect": ("week", ("S",)),
    "sync": ("week", ("S", "j", "j")),
    "sync-review": ("week", ("S", "v", "enter")),
}
"""Picture -> the view and the keys that lead to it; what begins with a quotation mark is typed."""


async def _picture(database_path: Path, scene: str, theme: str, target: Path) -> None:
    from couchcal.practice.opening import open_database
    from couchcal.settings import Settings
    from couchcal.settings_mail import MailTable
    from couchcal.tui.app import CouchcalApp
    from couchcal.tui.calendar.period import View

    view, keys = SCENES[scene]
    site = MailTable(public_url="https://book.example.org")
    app = CouchcalApp(
        open_database(database_path), clock=lambda: _NOW, settings=Settings(theme=theme, mail=site), view=View(view)
    )
    app.background.end()  # nothing is to be synced for a picture
    async with app.run_test(size=_SIZE) as pilot:
        for key in ("", *keys):
            if key.startswith('"'):
                await pilot.press(*(_key_name(character) for character in key[1:]))
            elif key:
                await pilot.press(key)
            await app.workers.wait_for_complete()
            await pilot.pause(0.3)
        target.write_text(app.export_screenshot(title="couchcal", simplify=True), encoding="utf-8")


def _connect(path: Path) -> None:
    """Give the practice an account that has synced a minute ago; nothing talks to Google."""
    import sqlite3

    scopes = " ".join(
        f"https://www.googleapis.com/auth/calendar.{name}"
        for name in ("app.created", "calendarlist.readonly", "events.readonly")
    )
    now = int(_NOW.timestamp()) - 60
    calendars = (
        ("1", "couchcal", "owned_target", "owner", 0, 1),
        ("2", "robin@example.com", "inbound", "owner", 1, 1),
        ("3", "Family", "inbound", "owner", 0, 1),
        ("4", "Choir", "inbound", "owner", 0, 0),
        ("5#holiday@group.v.calendar.google.com", "Holidays in United States", "inbound", "reader", 0, 0),
        ("6", "Clinic rooms", "inbound", "writer", 0, 0),
    )
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO calendar_account (id, created_at, updated_at, version, provider, email, scopes, state,"
            " secret_ref, paused, last_ok) VALUES (1, 0, 0, 1, 'google', 'robin@example.com', ?, 'ok', '', '', ?)",
            (scopes, now),
        )
        connection.executemany(
            "INSERT INTO calendar_link (created_at, updated_at, version, account_id, remote_calendar_id, name,"
            " role, access_role, is_primary, enabled, direction, state, last_ok, last_error)"
            " VALUES (0, 0, 1, 1, ?, ?, ?, ?, ?, ?, 'two_way', '', ?, '')",
            [(*calendar, now) for calendar in calendars],
        )
    connection.close()


def _client_file(home: Path) -> None:
    """What Google gives to a program, so that the way to Google is open."""
    client = {
        "client_id": "1.apps.googleusercontent.com", "client_secret": "none",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
    }  # fmt: skip
    where = home / "client_secret.json"
    where.write_text(json.dumps({"installed": client}), encoding="utf-8")
    where.chmod(0o600)


def _delete_in_google(path: Path) -> None:
    """Let a session of Thursday be deleted in Google, for somebody to decide on."""
    import sqlite3

    now = int(_NOW.timestamp()) - 60
    with sqlite3.connect(path) as connection:
        connection.execute(
            "INSERT INTO sync_review (link_id, appointment_id, remote_event_id, kind, detail, ours, theirs, at,"
            " resolution) SELECT min(id), (SELECT min(id) FROM appointment), '', 'remote_deleted',"
            " 'session Thu 5 Mar 9:00 was deleted in Google', '', '', ?, '' FROM calendar_link",
            (now,),
        )
    connection.close()


def _key_name(character: str) -> str:
    from textual.keys import _character_to_key

    return _character_to_key(character)


def main() -> None:
    """Write `<scene>-<dark|light>.svg`, and the pages of the web, into the folder given, or beside this file."""
    import pages

    from couchcal.practice import demo

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    with tempfile.TemporaryDirectory(prefix="couchcal-screenshots-") as home:
        os.environ.update(COUCHCAL_HOME=home, TZ=_ZONE, TEXTUAL_ANIMATIONS="none", COLORTERM="truecolor")
        path = Path(home) / "demo.db"
        demo.build(path, tz=_ZONE, clock=lambda: _NOW).dispose()
        for scene in SCENES:
            if scene == "sync-connect":
                _client_file(Path(home))
            elif scene == "sync":
                _connect(path)
            elif scene == "sync-review":
                _delete_in_google(path)
            for name in ("dark", "light"):
                asyncio.run(_picture(path, scene, f"couchcal-{name}", folder / f"{scene}-{name}.svg"))
        if not pages.render(path, folder, _NOW, _ZONE):
            sys.stderr.write("no Chromium here: the pages of the web are left as they are\n")


if __name__ == "__main__":
    main()
