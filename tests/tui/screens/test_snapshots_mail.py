"""How the mail screen and its dialogs look, in both themes, on a small and on a usual terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from couchcal.paths import config_file, write_private
from couchcal.store.connection import Database
from couchcal.tui.forms.mail_letter import LetterWays
from couchcal.tui.forms.mail_password import PasswordForm
from couchcal.tui.forms.mail_test import Sent, TestMail
from couchcal.tui.screens.mail import MailScreen
from couchcal.tui.screens.mail_data import listed
from couchcal.tui.screens.mail_examples import ExamplesScreen
from tests.support.practice import furnished_practice
from tests.tui.forms.host import Host, at, clock, people, saved, session
from tests.tui.screens.test_mail import REFUSED, TZ, UNKNOWN, letter, reminder

Run = Callable[[Pilot[None]], Awaitable[None]]
CONFIG = b"""[mail]
host = "smtp.example.org"
from = "office@example.org"
to = "me@example.org"
public_url = "https://book.example.org"
"""


def furnish(database: Database) -> None:
    clients = people(database)
    jane, bob = clients["Jane Doe"], clients["Bob Reed"]
    letter(database, "rescheduled", "failed", REFUSED, client=jane)
    letter(database, "request_accepted", "claimed", UNKNOWN, client=bob, hours=2)
    letter(database, "booking_confirmed", "sent", client=None, hours=30)
    reminder(database, session(database, jane, at(3, 15)), "missed", REFUSED)
    with closing(database.connect()) as connection:
        connection.execute("UPDATE practice SET public_label = 'Quiet Room'")


@pytest.fixture
def practice(tmp_path: Path) -> Database:
    write_private(config_file(), CONFIG)
    return furnished_practice(tmp_path, furnish)


def pressed(*keys: str) -> Run:
    async def run(pilot: Pilot[None]) -> None:
        await saved(pilot)
        while isinstance(pilot.app.screen, MailScreen) and not str(
            pilot.app.screen.query_one("#standing", Static).content
        ):
            await pilot.pause(0.01)
        await pilot.press(*keys)
        await saved(pilot)

    return run


async def refused(pilot: Pilot[None]) -> None:
    """The server's answer to a test."""
    await saved(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, TestMail)
    answer = "The mail server does not accept the user name and password."
    advice = "Check user and password; many providers want a password made for one program (an app password)."
    screen._show(screen._words(Sent(False, answer, "535 5.7.8 Authentication credentials invalid", advice)))
    await pilot.pause()


SCREENS: dict[str, tuple[Callable[[Database], ModalScreen[Any]], Run]] = {
    "mail": (lambda db: MailScreen(db, TZ, clock=clock), pressed("j")),
    "mail_all": (lambda db: MailScreen(db, TZ, names="id", clock=clock), pressed("full_stop", "end")),
    "mail_examples": (lambda db: ExamplesScreen(db, clock=clock), pressed("down", "down")),
    "mail_test": (lambda db: TestMail(db, "me@example.org", clock=clock), refused),
    "mail_password": (lambda _: _password(), pressed("a", "b")),
    "mail_letter": (lambda db: LetterWays(listed(db, "full", troubled=True).rows[1], TZ), pressed()),
}
CASES = [
    *((name, "couchcal-dark", (80, 24)) for name in SCREENS),
    *((name, "couchcal-light", (120, 36)) for name in SCREENS),
]


def _password() -> PasswordForm:
    write_private(config_file(), b'[mail]\nhost = "smtp.example.org"\nuser = "office@example.org"\n')
    return PasswordForm()


@pytest.mark.parametrize(
    ("name", "theme", "size"), CASES, ids=[f"{name}-{theme[9:]}-{size[0]}x{size[1]}" for name, theme, size in CASES]
)
def test_a_screen(
    snap_compare: Callable[..., bool], practice: Database, name: str, theme: str, size: tuple[int, int]
) -> None:
    make, run = SCREENS[name]
    assert snap_compare(Host(make(practice), theme), terminal_size=size, run_before=run)
