"""Render the booking page and the portal of the demo practice: a part of `make screenshots`, with Chromium."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

PHONE, DESK = (390, 844), (1100, 760)
_COOKIE = "portal"
SCENES: dict[str, tuple[str, tuple[int, int], str]] = {
    "booking": ("/book/{slug}?for={type}&how=telehealth", DESK, "dark"),
    "booking-phone": ("/book/{slug}?for={type}&how=telehealth", PHONE, "light"),
    "details-phone": ("/book/{slug}/details?for={type}&how=telehealth&at={free}", PHONE, "light"),
    "portal": ("/portal", DESK, "light"),
    "portal-phone": ("/portal", PHONE, "dark"),
}
"""Picture -> address, size of the window, colours."""


def _ready(path: Path, now: datetime) -> int:
    """Let clients schedule themselves; one with a few sessions ahead by video, who may sign in."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE practice SET self_scheduling = 1")
        found = connection.execute(
            "SELECT client_id FROM appointment JOIN location ON location.id = location_id"
            " WHERE start_utc > ? AND end_utc - start_utc = 3000 AND pos IN ('02', '10') AND status = 'scheduled'"
            " GROUP BY client_id HAVING count(*) > 1 ORDER BY count(*), client_id LIMIT 1",
            (int(now.timestamp()),),
        ).fetchone()
        connection.execute("UPDATE client SET portal_state = 'accepted' WHERE id = ?", found)
    return int(found[0])


@contextmanager
def _served(path: Path, now: datetime) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The address of a server of the practice, a session's cookie, and what addresses are made of."""
    import uvicorn

    from couchcal.practice import door, tokens
    from couchcal.practice.opening import open_database
    from couchcal.store.session import write_session
    from couchcal.web.app import create_app
    from couchcal.web.month import instant_text
    from couchcal.web.site import Site

    client = _ready(path, now)
    database = open_database(path)
    with write_session(database, "Signed in", actor=f"client:{client}", clock=lambda: now) as session:
        secret = tokens.issue(session, "session", client_id=client, expires_at=now + tokens.SESSION_LIFE)
    with closing(database.connect()) as connection:
        slug, kind = connection.execute(
            "SELECT (SELECT slug FROM practice), (SELECT id FROM event_type WHERE title = 'Session')"
        ).fetchone()
        free = door.slots(connection, kind, "telehealth", now.date(), now.date().replace(day=28), now=now)
    given = {"slug": slug, "type": str(kind), "free": instant_text(free[len(free) // 2])}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        site = Site(database, mail=True, clock=lambda: now, contact="hello@example.org")
        server = uvicorn.Server(uvicorn.Config(create_app(site), log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", secret, given
        finally:
            server.should_exit = True
            thread.join()
            database.dispose()


def render(path: Path, folder: Path, now: datetime, zone: str) -> bool:
    """Write a `.png` of each scene; whether there is a Chromium to do it with."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return False
    from playwright.sync_api import sync_playwright

    with _served(path, now) as (origin, secret, given), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-quic"])
        for scene, (address, (width, height), colours) in SCENES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, device_scale_factor=1.5, timezone_id=zone,
                locale="en-US", color_scheme="dark" if colours == "dark" else "light",
            )  # fmt: skip
            context.add_cookies([{"name": _COOKIE, "value": secret, "url": origin}])
            page = context.new_page()
            page.goto(origin + address.format(**given))
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{scene}.png")
            context.close()
        browser.close()
    return True
