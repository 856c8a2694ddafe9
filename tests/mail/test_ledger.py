"""What the practitioner sees of mail: refusals for good, dismissing, the wait for undo, a text of one's own."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from couchcal.mail import ledger, words
from couchcal.mail.ledger import Item
from couchcal.paths import config_file, write_private
from couchcal.practice import letters
from couchcal.practice.glance import undelivered
from couchcal.store.records import Appointment
from couchcal.store.session import write_session
from tests.mail.desk import SITE, Desk
from tests.mail.post import Post, running

REFUSED = "the mail server refuses the recipient's address (550)"


def attention(desk: Desk) -> int:
    with closing(desk.database.connect()) as connection:
        return undelivered(connection, desk.clock)


def troubled(desk: Desk) -> list[Item]:
    with closing(desk.database.connect()) as connection:
        return ledger.items(connection, troubled=True)


def dismiss(desk: Desk, item: Item) -> bool:
    with closing(desk.database.connect()) as connection:
        return ledger.dismiss(connection, item, desk.clock)


def test_a_letter_that_is_refused_for_good_wants_attention_until_it_went_or_is_dismissed(
    tmp_path: Path,
) -> None:  # NOTIF-01, NOTIF-02, NOTIF-05
    post = Post(rcpt="550 5.1.1 no such user")
    with running(post) as port:
        desk = Desk(tmp_path, port)
        for kind in ("booking_confirmed", "rescheduled"):
            desk.queue(kind, desk.book())
        assert attention(desk) == 0
        desk.send()
        assert attention(desk) == 2
        assert [(item.state, item.error, item.client_id) for item in troubled(desk)] == [
            ("failed", REFUSED, desk.client)
        ] * 2
        post.rcpt = None
        first, second = troubled(desk)
        with closing(desk.database.connect()) as connection:
            assert ledger.retry(connection, first, desk.clock)
            assert not ledger.retry(connection, first, desk.clock)
        assert attention(desk) == 1
        desk.send()
        assert dismiss(desk, second)
        assert not dismiss(desk, second)
        assert not dismiss(desk, first)
        assert attention(desk) == 0
        assert desk.send() == 0
    assert sorted(desk.states()) == ["cancelled", "sent"]
    assert len(post.messages) == 1


def test_a_temporary_no_wants_no_attention(tmp_path: Path) -> None:
    with running(Post(rcpt="451 4.7.1 later")) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book())
        desk.send()
    assert desk.states() == ["queued"]
    assert attention(desk) == 0


def test_a_reminder_that_is_refused_wants_attention_while_the_session_is_ahead(
    tmp_path: Path,
) -> None:  # REM-03, NOTIF-04
    with running(Post(rcpt="550 5.1.1 no such user")) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        desk.book(hours=1)
        desk.remind()
        desk.wait(minutes=31)
        desk.remind()
    (item,) = troubled(desk)
    assert (item.table, item.state, item.error) == ("reminder", "missed", REFUSED)
    assert attention(desk) == 1
    with closing(desk.database.connect()) as connection:
        assert not ledger.retry(connection, item, desk.clock)  # once at most (INV-M1)
    desk.remind()
    assert desk.rows("SELECT state FROM reminder") == [("missed",)]
    desk.wait(hours=1)
    assert attention(desk) == 0
    assert dismiss(desk, item)
    assert desk.rows("SELECT state, reason FROM reminder") == [("skipped", REFUSED)]


@pytest.mark.parametrize(("error", "told"), [("it may have arrived", 1), ("", 0)])
def test_a_cancellation_that_may_have_arrived_is_corrected_though_it_was_dismissed(
    tmp_path: Path, error: str, told: int
) -> None:  # NOTIF-02
    desk = Desk(tmp_path)
    appointment = desk.book()
    desk.queue("cancelled_by_practitioner", appointment)
    desk.write("UPDATE outbox_email SET state = 'claimed', error = ?", error)
    if error:
        assert dismiss(desk, troubled(desk)[0])
    else:
        desk.write("UPDATE outbox_email SET state = 'cancelled'")
    with write_session(desk.database, "Test", clock=desk.now) as session:
        row = session.get(Appointment, appointment)
        assert row is not None
        letters.take_back_cancellation(session, row)
    assert desk.value("SELECT count(*) FROM outbox_email WHERE kind = 'booking_confirmed'") == told


@pytest.mark.parametrize(("setting", "seconds"), [("", 15), ("wait = 0", 0), ("wait = 120", 120)])
def test_a_letter_waits_as_long_as_the_settings_say(tmp_path: Path, setting: str, seconds: int) -> None:
    write_private(config_file(), f"[mail]\n{setting}\n".encode())
    desk = Desk(tmp_path)
    desk.queue("booking_confirmed", desk.book())
    desk.queue("sign_in")
    due = desk.rows("SELECT not_before - ? FROM outbox_email ORDER BY id", desk.seconds())
    assert due == [(seconds,), (0,)]  # who waits at a screen waits no longer


def test_a_text_of_ones_own_has_the_practice_and_the_link_and_nothing_else() -> None:  # REM-04, INV-M3
    assert words.text_reminder("Quiet Room", SITE) == (
        f"Quiet Room: you have an appointment coming up. Details: {SITE}"
    )
    assert (
        words.text_reminder("Quiet Room", SITE, "{practice} – bis bald: {link}") == f"Quiet Room – bis bald: {SITE}"
    )
    assert words.text_reminder("{link}", "u", "{practice} {link}") == "u u"
