"""Reminders: when they are due, who gets them, that each goes out at most once and says nothing of anybody."""

from __future__ import annotations

import email
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from couchcal.mail import outbox, reminders
from couchcal.mail.reminder_plan import next_due, plan, wanted, work_left
from couchcal.mail.transport import Unreachable
from couchcal.practice import appointments
from tests.mail.desk import EMAIL, NOON, SECRET_WORDS, SITE, Desk
from tests.mail.post import Post, running
from tests.mail.test_messages import leaves, text_of


def move(desk: Desk, session: int, start: datetime) -> None:
    times = {"start": start, "end": start + timedelta(minutes=50)}
    appointments.edit(desk.database, session, times, clock=desk.now)


def rows(desk: Desk) -> list[tuple[str, str, str]]:
    return desk.rows("SELECT kind, state, reason FROM reminder ORDER BY id")


def test_a_reminder_goes_out_when_it_is_due_and_says_nothing(tmp_path: Path) -> None:
    # REM-01, REM-02, REM-04, REM-05, INV-M1, INV-M3, NOTIF-04
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on(day=True)
        desk.book(hours=30, pos="10", telehealth_url="https://video.example/r/1")
        desk.remind()
        desk.wait(hours=6, seconds=-1)
        desk.remind()
        assert post.messages == []
        desk.wait(seconds=1)
        desk.remind()
        desk.remind()
        assert len(post.messages) == 1
        desk.wait(hours=23, minutes=29, seconds=59)
        desk.remind()
        assert len(post.messages) == 1
        desk.wait(seconds=1)
        for _ in range(3):
            desk.remind()
            desk.wait(minutes=1)
    assert post.recipients == [EMAIL] * 2
    assert {state for _, state, _ in rows(desk)} == {"sent"}
    for message in post.messages:
        assert message["Subject"] == "Appointment reminder"
        (url,) = str(message["List-Unsubscribe"]).strip("<>").split()
        assert url.startswith(f"{SITE}/unsubscribe?token=")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert [part.get_content_type() for part in leaves(message)] == ["text/plain", "text/html"]
        text = text_of(message, "text/plain")
        assert url in text
        assert f"{SITE}/portal\r\n" in text
    first, second = (_body(content) for content in post.raw)
    assert first == second  # whatever it is about
    for word in (*SECRET_WORDS, "video", "2026", ":00", "tomorrow", "minutes", "Elmsbrook"):
        assert word not in first


def _body(content: bytes) -> str:
    """Everything a reader sees, without what is random."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    shown = text_of(message, "text/plain") + text_of(message, "text/html") + str(message["Subject"])
    token = str(message["List-Unsubscribe"]).partition("token=")[2].rstrip(">")
    return shown.replace(token, "").replace(SITE, "")


CONDITIONS: dict[str, Callable[[Desk], None]] = {
    "the practice": lambda desk: desk.write("UPDATE practice SET reminders_on = false"),
    "portal": lambda desk: desk.write("UPDATE client SET portal_state = 'revoked'"),
    "unsubscribed": lambda desk: desk.write("UPDATE client SET unsubscribed_at = 1"),
    "no address": lambda desk: desk.write("UPDATE client SET email = ''"),
    "bad address": lambda desk: desk.write("UPDATE client SET email = 'a b@c'"),
    "the client": lambda desk: desk.write("UPDATE client SET remind_email = false"),
    "the appointment": lambda desk: desk.write("UPDATE appointment SET remind_email = false"),
    "cancelled": lambda desk: desk.write("UPDATE appointment SET status = 'cancelled'"),
    "deleted": lambda desk: desk.write("DELETE FROM appointment"),
    "no site": lambda desk: setattr(desk, "config", desk.config._replace(public_url="")),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_no_reminder_when_a_condition_is_false_at_send_time(tmp_path: Path, name: str) -> None:  # INV-M2, C-04
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        desk.book(hours=2)
        desk.remind()
        assert [state for _, state, _ in rows(desk)] == ["pending"]
        desk.wait(hours=1, minutes=30)
        CONDITIONS[name](desk)
        desk.remind()
        desk.wait(minutes=5)
        desk.remind()
    assert post.messages == []
    assert [(state, bool(reason)) for _, state, reason in rows(desk)] == (
        [("skipped", True)] if name != "deleted" else []
    )


@pytest.mark.parametrize("name", ["portal", "cancelled", "the appointment"])
def test_what_changes_between_the_claim_and_the_sending_counts(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # INV-M2
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        desk.book(hours=0.5)
        desk.wait(seconds=1)
        desk.write("UPDATE appointment SET created_at = created_at - 9999")
        claim = reminders._claim

        def claimed(*values: object, **options: object) -> bool:
            taken = claim(*values, **options)  # type: ignore[arg-type]
            CONDITIONS[name](desk)
            return taken

        monkeypatch.setattr(reminders, "_claim", claimed)
        desk.remind()
    assert post.messages == []
    assert [state for _, state, _ in rows(desk)] == ["skipped"]


@pytest.mark.parametrize(("late", "state"), [(15 * 60, "sent"), (15 * 60 + 1, "missed"), (60 * 60, "missed")])
def test_a_worker_that_was_away_sends_late_for_half_the_lead(tmp_path: Path, late: int, state: str) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        desk.book(hours=2)
        desk.remind()
        desk.wait(minutes=90, seconds=late)
        desk.remind()
    assert [found for _, found, _ in rows(desk)] == [state]
    assert len(post.messages) == (state == "sent")


def test_a_session_made_after_it_was_due_has_no_reminder(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on(day=True)
        desk.book(hours=0.4)
        desk.remind()
    assert post.messages == []
    assert {state for _, state, _ in rows(desk)} == {"skipped"}


def test_moving_plans_what_was_not_sent_anew(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        session = desk.book(hours=2)
        desk.remind()
        move(desk, session, NOON + timedelta(hours=5))
        desk.wait(hours=1, minutes=30)
        desk.remind()
        assert post.messages == []
        desk.wait(hours=3)
        desk.remind()
        assert len(post.messages) == 1
        move(desk, session, NOON + timedelta(hours=9))
        desk.wait(hours=4)
        desk.remind()
    assert len(post.messages) == 1  # INV-M1: a reminder for it went out already


def test_a_server_that_is_away_costs_no_reminder(tmp_path: Path) -> None:
    post = Post(data="451 later")
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        desk.book(hours=2)
        desk.wait(hours=1, minutes=30)
        right, desk.config = desk.config, desk.config._replace(port=1)
        with pytest.raises(Unreachable):
            desk.remind()
        assert [state for _, state, _ in rows(desk)] == ["pending"]
        desk.config = right
        desk.remind()
        assert [state for _, state, _ in rows(desk)] == ["pending"]
        post.data = "550 never"
        desk.remind()
    ((_, state, reason),) = rows(desk)
    assert (state, reason) == ("missed", "the mail server refuses the message (550)")


def test_what_may_have_arrived_is_never_sent_again(tmp_path: Path) -> None:
    post = Post(hang_up=True)
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.reminders_on()
        desk.book(hours=2)
        desk.wait(hours=1, minutes=30)
        desk.remind()
        post.hang_up = False
        desk.wait(minutes=1)
        desk.remind()
    ((_, state, reason),) = rows(desk)
    assert (state, len(post.messages)) == ("claimed", 1)
    assert reason.endswith("it may have arrived")


def test_a_claim_that_was_left_is_unknown(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.reminders_on()
    desk.book(hours=2)
    desk.wait(hours=1, minutes=30)
    plan(desk.database, clock=desk.now)
    assert reminders._claim(desk.database, 1, clock=desk.now)
    assert not reminders._claim(desk.database, 1, clock=desk.now)
    reminders.leave_unknown(desk.database, clock=desk.now)
    assert rows(desk) == [("lead", "claimed", outbox.UNKNOWN)]


def test_planning_is_idempotent_and_cheap_to_ask_about(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with closing(desk.database.connect()) as connection:
        assert not wanted(connection)
        desk.reminders_on()
        assert wanted(connection)
        desk.book(hours=30)
        desk.book(hours=24 * 30)
        assert work_left(connection, desk.clock)
        assert plan(desk.database, clock=desk.now) == 1
        assert plan(desk.database, clock=desk.now) == 0
        assert not work_left(connection, desk.clock)
        assert next_due(connection) == NOON + timedelta(hours=29, minutes=30)
        assert work_left(connection, NOON + timedelta(hours=29, minutes=30))


SWITCHES = {
    "unsubscribe": "UPDATE client SET unsubscribed_at = 1",
    "subscribe": "UPDATE client SET unsubscribed_at = NULL",
    "revoke": "UPDATE client SET portal_state = 'revoked'",
    "accept": "UPDATE client SET portal_state = 'accepted'",
    "lead": "UPDATE practice SET reminder_lead = 75 - reminder_lead",
    "off": "UPDATE practice SET reminders_on = false",
    "on": "UPDATE practice SET reminders_on = true",
}
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 900)),
    st.tuples(st.just("move"), st.integers(1, 3000)),
    st.tuples(st.sampled_from(["cancel", "restore", *SWITCHES]), st.just(0)),
)


@given(st.lists(STEPS, max_size=14), st.booleans())
@settings(max_examples=8)
def test_whatever_happens_each_reminder_goes_out_once_at_most_and_only_when_it_may(
    steps: list[tuple[str, int]], day: bool
) -> None:  # INV-M1, INV-M2, REM-03
    post = Post()
    with running(post) as port, tempfile.TemporaryDirectory() as directory:
        desk = Desk(Path(directory), port)
        desk.reminders_on(day=day)
        session = desk.book(hours=26)
        sent: Counter[str] = Counter()
        for step, amount in [*steps, ("wait", 900), ("wait", 900)]:
            cancelled = desk.value("SELECT status FROM appointment") == "cancelled"
            if step == "wait":
                desk.wait(minutes=amount)
            elif step == "move" and not cancelled:
                move(desk, session, desk.clock + timedelta(minutes=amount))
            elif step == "cancel" and not cancelled:
                appointments.cancel(desk.database, session, "other", clock=desk.now)
            elif step == "restore" and cancelled:
                appointments.restore(desk.database, session, clock=desk.now)
            elif step in SWITCHES:
                desk.write(SWITCHES[step])
            before = len(post.messages)
            desk.remind()
            after = Counter(kind for kind, state, _ in rows(desk) if state == "sent")
            assert len(post.messages) - before == (after - sent).total()
            if len(post.messages) > before:
                ((start, status, portal, unsubscribed, on),) = desk.rows(
                    "SELECT a.start_utc, a.status, c.portal_state, c.unsubscribed_at, p.reminders_on"
                    " FROM appointment a, client c, practice p"
                )
                assert (status, portal, unsubscribed, on) == ("scheduled", "accepted", None, 1)
                assert start > desk.seconds()
            sent = after
        assert len(post.messages) <= 2
        assert max(sent.values(), default=0) <= 1
