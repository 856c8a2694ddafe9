"""The mail screen: how mail is set up, a real test, letters to look at, and what did not go out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from couchcal.mail import ledger
from couchcal.mail.preview import KINDS
from couchcal.paths import config_file, write_private
from couchcal.practice import practice_settings
from couchcal.practice.glance import undelivered
from couchcal.store.connection import Database
from couchcal.tui.app import make_app
from couchcal.tui.forms.confirm import Confirm
from couchcal.tui.forms.mail_letter import LetterWays
from couchcal.tui.forms.mail_password import PasswordForm
from couchcal.tui.forms.mail_test import TestMail
from couchcal.tui.screens.mail import MailScreen
from couchcal.tui.screens.mail_data import kind_words, standing
from couchcal.tui.screens.mail_examples import ExamplesScreen
from couchcal.tui.screens.preferences import PreferencesScreen
from tests.mail.post import Post, running
from tests.tui.forms.host import NOW, ZONE, Host, at, clock, people, saved, screen_of, session, settle, shown

TZ = ZoneInfo(ZONE)
REFUSED = "the mail server refuses the recipient's address (550)"
UNKNOWN = "the program ended while it was being sent; it may have arrived"


def write(database: Database, statement: str, *values: Any) -> None:
    with closing(database.connect()) as connection:
        connection.execute(statement, values)


def letter(
    database: Database, kind: str, state: str, error: str = "", *, client: int | None = 1, hours: int = 1
) -> None:
    """A letter of some hours ago."""
    write(
        database,
        "INSERT INTO outbox_email (created_at, updated_at, version, kind, recipient, client_id, to_practitioner,"
        " sequence, payload, not_before, state, attempts, message_id, error)"
        " VALUES (0, 0, 1, ?, 'jane@example.org', ?, ?, 0, '', ?, ?, 1, '', ?)",
        kind, client, client is None, int(NOW.timestamp()) - 3600 * hours, state, error,
    )  # fmt: skip


def reminder(database: Database, appointment_id: int, state: str, reason: str) -> None:
    write(
        database,
        "INSERT INTO reminder"
        " (created_at, updated_at, version, appointment_id, kind, channel, due_at, state, reason)"
        " VALUES (0, 0, 1, ?, 'lead', 'email', ?, ?, ?)",
        appointment_id, int(NOW.timestamp()) - 60, state, reason,
    )  # fmt: skip


def states(database: Database) -> list[tuple[str, str]]:
    """State and error of letters, then of reminders."""
    with closing(database.connect()) as connection:
        return connection.execute(
            "SELECT state, error FROM (SELECT state, error, 0 AS t, id FROM outbox_email UNION ALL"
            " SELECT state, reason, 1, id FROM reminder) ORDER BY t, id"
        ).fetchall()


def attention(database: Database, **later: float) -> int:
    with closing(database.connect()) as connection:
        return undelivered(connection, NOW + timedelta(**later))


def lines(screen: MailScreen | ExamplesScreen, name: str = "letters") -> str:
    found = screen.query_one(f"#{name}", OptionList)
    return "\n".join(str(option.prompt) for option in found.options)


def words(app: Host, name: str) -> str:
    return str(app.screen.query_one(f"#{name}", Static).content)


def config(text: str) -> None:
    write_private(config_file(), f"[mail]\n{text}".encode())


@contextmanager
def server(**answers: Any) -> Iterator[Post]:
    """A mail server that the settings name."""
    post = Post(**answers)
    with running(post) as port:
        config(
            f'host = "localhost"\nport = {port}\nfrom = "office@practice.example"\nto = "me@practice.example"\n'
            'public_url = "https://book.example.org"\n'
        )
        yield post


async def until(pilot: Pilot[None], name: str, text: str) -> str:
    """What is said once `text` is in it."""
    app = pilot.app
    assert isinstance(app, Host)
    for _ in range(400):
        if text in words(app, name):
            return words(app, name)
        await asyncio.sleep(0.02)
    raise AssertionError(words(app, name))


def mail(database: Database, names: str = "full") -> MailScreen:
    return MailScreen(database, TZ, names=names, clock=clock)


# What did not go out


@pytest.fixture
def troubled(database: Database) -> Database:
    """Two letters that did not arrive, and a reminder; one letter that did."""
    jane = people(database)["Jane Doe"]
    letter(database, "rescheduled", "failed", REFUSED, client=jane)
    letter(database, "request_accepted", "claimed", UNKNOWN, client=jane, hours=2)
    letter(database, "booking_confirmed", "sent", client=None, hours=3)
    reminder(database, session(database, jane, at(3, 15)), "missed", REFUSED)
    return database


@pytest.mark.parametrize(("names", "who"), [("full", "Jane Doe"), ("id", "C-0001"), ("initials", "J.D.")])
async def test_what_did_not_go_out_is_listed_with_its_reason(
    troubled: Database, names: str, who: str
) -> None:  # NOTIF-01, NOTIF-02, NOTIF-04, NOTIF-05
    screen = mail(troubled, names)
    async with shown(screen) as (_, pilot):
        said = lines(screen)
        assert said.count(who) == 3
        assert names == "full" or "Jane" not in said
        assert "jane@" not in said
        for part in ("refused", "unknown", "missed", REFUSED, UNKNOWN, "Your appointment was moved", "reminder"):
            assert part in said
        assert "sent" not in said.replace("being sent", "")
        await pilot.press("full_stop")
        await settle(pilot)
        assert "New booking" in lines(screen)
        assert "you" in lines(screen)


async def test_a_letter_is_sent_again_and_one_that_may_have_arrived_after_a_question(troubled: Database) -> None:
    screen = mail(troubled)
    async with shown(screen) as (app, pilot):
        await pilot.press("r")  # the reminder: never twice
        assert "once at most" in words(app, "problem")
        await pilot.press("j", "r")
        await saved(pilot)
        assert states(troubled)[0] == ("queued", "")
        await pilot.press("end", "enter")
        await screen_of(app, LetterWays)
        assert "may have arrived" in words(app, "body")
        await pilot.press("enter")
        await screen_of(app, Confirm)
        await pilot.press("n")
        assert states(troubled)[1] == ("claimed", UNKNOWN)
        await pilot.press("r", "y")
        await saved(pilot)
        assert states(troubled)[1] == ("queued", "")
        assert states(troubled)[3] == ("missed", REFUSED)


async def test_what_is_dismissed_leaves_the_list_and_the_header_and_its_reason_stays(troubled: Database) -> None:
    assert attention(troubled) == 3
    assert attention(troubled, days=5) == 2  # the session is over: nobody can make up for its reminder
    screen = mail(troubled)
    async with shown(screen) as (app, pilot):
        await pilot.press("d")
        await saved(pilot)
        assert states(troubled)[3] == ("skipped", REFUSED)
        assert attention(troubled) == 2
        await pilot.press("D")
        await screen_of(app, Confirm)
        await pilot.press("y")
        await saved(pilot)
        await settle(pilot)
        assert states(troubled)[:2] == [("cancelled", REFUSED), ("cancelled", UNKNOWN)]
        assert attention(troubled) == 0
        assert "No letter needs you" in words(app, "count")
        await pilot.press("full_stop")
        await settle(pilot)
        assert "dismissed" in lines(screen)


async def test_an_empty_list_says_what_there_is_to_do(database: Database) -> None:
    screen = mail(database)
    async with shown(screen) as (app, pilot):
        assert "No letter needs you" in words(app, "count")
        await pilot.press("full_stop", "r", "d", "D", "enter")
        await settle(pilot)
        assert app.screen is screen
        assert "t sends a test" in words(app, "count")


async def test_the_header_counts_what_did_not_go_out(troubled: Database) -> None:  # NOTIF-01, NOTIF-05
    app = make_app(troubled, clock=clock)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        header = "".join(text for text, _ in _header(app.screen))
        assert "✕ Mail 3" in header
        await pilot.press("at")
        await pilot.pause()
        assert isinstance(app.screen, MailScreen)
        await app.workers.wait_for_complete()
        await pilot.press("D", "y")
        await app.workers.wait_for_complete()
        await pilot.press("escape")
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Mail" not in "".join(text for text, _ in _header(app.screen))


def _header(screen: Any) -> list[Any]:
    from couchcal.tui.calendar.bars import header_runs

    return list(header_runs(screen)[1])


# A test


async def test_a_test_goes_to_oneself_and_shows_what_the_server_says(database: Database) -> None:
    with server() as post:
        screen = mail(database)
        async with shown(screen) as (app, pilot):
            await until(pilot, "standing", "office@practice.example")
            await pilot.press("t")
            await screen_of(app, TestMail)
            assert app.screen.query_one("#address", Input).value == "me@practice.example"
            await pilot.press("enter")
            said = await until(pilot, "outcome", "has taken it")
            assert "It says: 250 OK" in said
            assert "Look whether it arrived" in said
    (message,) = post.messages
    assert (post.senders, post.recipients) == (["office@practice.example"], ["me@practice.example"])
    assert message["Subject"] == "A test of couchcal"


@pytest.mark.parametrize(
    ("answers", "says", "next_"),
    [
        ({"rcpt": "550 5.1.1 no such user"}, "refuses the recipient's address (550)", "check the address"),
        ({"data": "451 4.7.1 come back later"}, "refuses the message (451)", "by themselves"),
        ({"hang_up": True}, "may have arrived", "another test"),
    ],
)
async def test_a_refusal_is_told_with_its_reason_and_what_to_do(
    database: Database, answers: dict[str, Any], says: str, next_: str
) -> None:  # NOTIF-01
    with server(**answers):
        async with shown(TestMail(database, "me@practice.example", clock=clock)) as (_, pilot):
            await pilot.press("enter")
            said = await until(pilot, "outcome", "Next:")
            assert says in said
            assert next_ in said.casefold()
            for answer in answers.values():
                assert answer is True or f"It says: {answer}" in said


async def test_where_nothing_is_set_up_the_test_says_where_to(database: Database) -> None:
    async with shown(TestMail(database, clock=clock)) as (app, pilot):
        await pilot.press(*"nobody", "enter")
        assert "Asking" not in words(app, "outcome")
        app.screen.query_one("#address", Input).value = "me@example.org"
        await pilot.press("enter")
        assert "settings" in await until(pilot, "outcome", "not set up")
        write_private(config_file(), b'[mail]\nhost = "h.example"\n')
        await pilot.press("enter")
        assert "no sender address" in await until(pilot, "problem", "no sender")


async def test_the_waiting_can_be_ended_and_holds_up_no_key(database: Database) -> None:
    asked, answer = Event(), Event()

    def wait() -> None:
        asked.set()
        answer.wait(10)

    with server(before=wait):
        try:
            async with shown(TestMail(database, "me@practice.example", clock=clock)) as (app, pilot):
                await pilot.press("enter")
                await asyncio.to_thread(asked.wait, 10)
                await pilot.press("end", "x")
                assert app.screen.query_one("#address", Input).value == "me@practice.examplex"
                await pilot.press("enter", "escape")
                assert "may still arrive" in words(app, "outcome")
                await pilot.press("escape")
                assert app.answer is None
        finally:
            answer.set()


# Letters to look at


@pytest.mark.parametrize(("mode", "called"), [("id", "C-0000"), ("initials", "A.S."), ("full", "Ada Sample")])
async def test_every_kind_of_letter_can_be_looked_at(database: Database, mode: str, called: str) -> None:
    practice_settings.change(database, {"identifier_mode": mode, "public_label": "Quiet Room"}, clock=clock)
    people(database)
    screen = ExamplesScreen(database, clock=clock)
    async with shown(screen) as (app, pilot):
        kinds = screen.query_one("#kinds", OptionList)
        assert kinds.option_count == len(KINDS)
        for number, kind in enumerate(KINDS):
            kinds.highlighted = number
            await pilot.pause()
            text = words(app, "letter-text")
            assert "Subject: " in text
            assert "Quiet Room" in text
            assert "Jane" not in text
            to_you = kind.endswith("_to_you") and kind != "agenda_to_you"
            assert (called in text) == to_you, kind
            assert ("Ada" in text.replace("ada@", "")) == (to_you and mode == "full")
            assert ("Attached: " in text) == (
                kind.removesuffix("_to_you")
                in ("booking_confirmed", "request_accepted", "rescheduled", "cancelled_by_practitioner")
            )


# Setting it up


@pytest.mark.parametrize(
    ("text", "said", "tone"),
    [
        ("", "not set up", "warning"),
        ('host = "h.example"\n', "no sender address", "warning"),
        ('host = "h.example"\nuser = "me@h.example"\n', "w asks for it", "warning"),
        ('host = "h.example"\nfrom = "me@h.example"\n', "no reminders", "warning"),
        ('host = "h.example"\nfrom = "me@h.example"\npublic_url = "https://b.example"\n', "STARTTLS", "good"),
    ],
)
def test_how_mail_is_set_up_is_said_in_words(
    database: Database, monkeypatch: pytest.MonkeyPatch, text: str, said: str, tone: str
) -> None:
    monkeypatch.setattr("couchcal.store.keys.usable_keyring", lambda: None)
    config(text)
    found = standing(database)
    assert said in "\n".join(found.lines)
    assert found.tone == tone
    assert "Reminders are off" in "\n".join(found.lines)
    practice_settings.change(database, {"reminders_on": True, "reminder_24h": True}, clock=clock)
    assert "30 minutes and 24 hours before" in "\n".join(standing(database).lines)


async def test_the_password_goes_into_the_keyring_and_is_never_shown(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[tuple[str, str], str] = {}

    class Ring:
        def set_password(self, service: str, entry: str, secret: str) -> None:
            kept[service, entry] = secret

    monkeypatch.setattr("couchcal.store.keys.usable_keyring", Ring)
    config('host = "h.example"\nuser = "me"\n')
    screen = PasswordForm()
    async with shown(screen) as (app, pilot):
        screen.query_one("#secret", Input).focus()
        await pilot.press(*"geheim")
        assert "geheim" not in app.export_screenshot()
        await pilot.press("escape")
        await screen_of(app, Confirm)
        await pilot.press("n", "enter")
        await saved(pilot)
        assert app.answer is True
    assert kept == {("couchcal", "smtp:me@h.example"): "geheim"}
    assert "geheim" not in config_file().read_text("utf-8")


async def test_a_keyring_that_is_not_there_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("couchcal.store.keys.usable_keyring", lambda: None)
    async with shown(PasswordForm()) as (app, _):
        assert "Set server and user" in words(app, "body")
    config('host = "h.example"\nuser = "me"\n')
    screen = PasswordForm()
    async with shown(screen) as (app, pilot):
        screen.query_one("#secret", Input).value = "x"
        screen.query_one("#secret", Input).focus()
        await pilot.press("enter")
        await saved(pilot)
        assert "COUCHCAL_SMTP_URL" in words(app, "problem")
        assert app.screen is screen


async def test_mail_can_be_set_up_on_the_settings_screen_alone(database: Database) -> None:  # REM-01, BOOK-01
    screen = PreferencesScreen(database, clock=clock)
    typed = {
        "here-mail-host": "smtp.example.org", "here-mail-port": "2525", "here-mail-user": "me",
        "here-mail-from": "office@example.org", "here-mail-public_url": "https://book.example.org",
        "here-mail-agenda": "07:00", "here-mail-wait": "60", "ours-slug": "quiet-room",
    }  # fmt: skip
    async with shown(screen) as (app, pilot):
        for name, text in typed.items():
            screen.query_one(f"#{name}", Input).value = text
        screen.query_one("#here-mail-from", Input).value = "nobody"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert "plain address" in words(app, "problem")
        screen.query_one("#here-mail-from", Input).value = "office@example.org"
        await pilot.press("ctrl+s")
        await saved(pilot)
        assert "@ keeps passwords and sends a test" in app.answer.advice[0]
    from couchcal.settings import load

    table = load().mail
    assert (table.host, table.port, table.user, table.sender) == (
        "smtp.example.org",
        2525,
        "me",
        "office@example.org",
    )
    assert (table.public_url, table.agenda, table.wait) == ("https://book.example.org", "07:00", 60)


def test_every_kind_has_words() -> None:
    for kind in KINDS:
        to = "you" if kind.endswith("_to_you") else "C-0001"
        item = ledger.Item("letter", 1, kind.removesuffix("_to_you"), to, NOW, "failed", 1, "", None)
        assert "_" not in kind_words(item) or kind == "reminder"
    for kind in ("reminder_lead", "reminder_24h", "reminder_24h_text"):
        item = ledger.Item("reminder", 1, kind, "C-0001", NOW, "missed", 0, "", None)
        assert kind_words(item).startswith("Appointment reminder")
