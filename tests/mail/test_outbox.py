"""The outbox: what is sent when, what the server's answers do, and that nothing is ever sent twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from couchcal.mail import outbox
from couchcal.mail.outbox import MOST_ATTEMPTS, UNKNOWN
from couchcal.mail.transport import Transport, Unreachable
from couchcal.practice import appointments, undo
from tests.mail.desk import EMAIL, Desk
from tests.mail.post import Post, running


def test_a_letter_waits_fifteen_seconds_and_undo_drops_it(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        session = desk.book()
        appointments.cancel(desk.database, session, "therapist_cancel", notify=True, clock=desk.now)
        assert desk.send(wait=False) == 0
        desk.wait(seconds=14)
        assert desk.send(wait=False) == 0
        undo.undo(desk.database, clock=desk.now)
        desk.wait(seconds=60)
        assert desk.send() == 0
        appointments.cancel(desk.database, session, "therapist_cancel", notify=True, clock=desk.now)
        assert desk.send() == 1
        assert desk.send() == 0
    assert post.recipients == [EMAIL]
    assert post.senders == ["office@practice.example"]
    assert desk.states()[-1] == "sent"
    assert desk.value("SELECT message_id FROM outbox_email WHERE state = 'sent'") == post.messages[0]["Message-ID"]


def test_deliveries_are_no_part_of_the_journal(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        appointments.cancel(desk.database, desk.book(), "other", notify=True, clock=desk.now)
        before = desk.rows("SELECT * FROM change"), desk.rows("SELECT * FROM change_row")
        assert desk.send() == 1
    assert (desk.rows("SELECT * FROM change"), desk.rows("SELECT * FROM change_row")) == before
    undo.undo(desk.database, clock=desk.now)
    assert desk.states() == ["sent"]  # what went out cannot be taken back


@pytest.mark.parametrize(
    ("rcpt", "data", "what"),
    [("450 later", None, "the recipient's address (450)"), (None, "451 greylisted", "the message (451)")],
)
def test_what_is_to_be_tried_later_is_tried_later_and_later_and_given_up(
    tmp_path: Path, rcpt: str | None, data: str | None, what: str
) -> None:
    post = Post(rcpt=rcpt, data=data)
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book(hours=24 * 20))
        waits = []
        desk.wait(seconds=15)
        for _ in range(MOST_ATTEMPTS):
            assert desk.send(wait=False) == 1
            due = desk.value("SELECT not_before FROM outbox_email")
            waits.append(due - desk.seconds())
            desk.wait(seconds=max(0, waits[-1] - 1))
            assert desk.send(wait=False) == 0
            desk.wait(seconds=1)
        assert desk.rows("SELECT state, error, attempts FROM outbox_email") == [
            ("failed", f"the mail server refuses {what}", MOST_ATTEMPTS)
        ]
    assert waits[:4] == [60, 120, 240, 480]
    assert max(waits) == 6 * 3600
    assert timedelta(days=1) < timedelta(seconds=sum(waits[:-1])) < timedelta(days=4)
    assert post.messages == []


def test_a_refused_letter_has_failed_with_the_reason_and_the_next_goes_out(tmp_path: Path) -> None:
    post = Post(rcpt="550 no such user Zanzibar")
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book())
        desk.send()
        post.rcpt = None
        desk.queue("booking_confirmed", desk.book(hours=60))
        desk.send()
    assert desk.states() == ["failed", "sent"]
    assert desk.value("SELECT error FROM outbox_email") == "the mail server refuses the recipient's address (550)"


def test_one_bad_letter_does_not_spoil_the_connection(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book(), recipient="no address")
        desk.queue("no_such_kind", desk.book(hours=60))
        desk.queue("booking_confirmed", desk.book(hours=72))
        assert desk.send() == 3
    assert desk.states() == ["failed", "failed", "sent"]
    assert desk.value("SELECT error FROM outbox_email") == "there is no valid e-mail address"


@pytest.mark.parametrize(
    ("kind", "payload"),
    [("request_verify", "{}"), ("sign_in", ""), ("booking_confirmed", '{"start": "x"}'), ("rescheduled", "{")],
)
def test_a_letter_that_makes_no_sense_keeps_back_nobody(tmp_path: Path, kind: str, payload: str) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue(kind, desk.book())
        desk.write("UPDATE outbox_email SET payload = ?", payload)
        desk.queue("booking_confirmed", desk.book(hours=60))
        assert desk.send() == 2
    assert desk.states() == ["failed", "sent"]


def test_a_server_that_is_not_there_costs_no_attempt(tmp_path: Path) -> None:
    desk = Desk(tmp_path, port=1)
    desk.queue("booking_confirmed", desk.book())
    with pytest.raises(Unreachable, match=r"does not answer \(ConnectionRefusedError\)"):
        desk.send()
    outbox.note_trouble(desk.database, "no", clock=desk.now)
    assert desk.rows("SELECT state, attempts, error FROM outbox_email") == [("queued", 0, "no")]


def test_a_connection_that_breaks_before_the_message_costs_no_attempt(tmp_path: Path) -> None:
    post = Post(rcpt="421 closing down")
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book())
        with pytest.raises(Unreachable):
            desk.send()
        assert desk.rows("SELECT state, attempts FROM outbox_email") == [("queued", 0)]
        post.rcpt = None
        assert desk.send() == 1
    assert len(post.messages) == 1


def test_what_may_have_arrived_is_never_sent_again(tmp_path: Path) -> None:
    post = Post(hang_up=True)
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book())
        desk.send()
        post.hang_up = False
        desk.wait(days=1)
        assert desk.send() == 0
    ((state, error),) = desk.rows("SELECT state, error FROM outbox_email")
    assert state == "claimed"
    assert error.endswith("it may have arrived")
    assert len(post.messages) == 1


def test_letters_about_one_appointment_keep_their_order(tmp_path: Path) -> None:
    post = Post(data="451 later")
    with running(post) as port:
        desk = Desk(tmp_path, port)
        session = desk.book()
        desk.queue("booking_confirmed", session)
        desk.send()
        post.data = None
        desk.queue("rescheduled", session, facts={"was": desk.clock.isoformat()})
        desk.queue("booking_confirmed", desk.book(hours=72))
        assert desk.send() == 1  # the other appointment's
        desk.wait(minutes=2)
        assert desk.send() == 2
    subjects = [message["Subject"] for message in post.messages]
    assert subjects == [
        "Your appointment is confirmed",
        "Your appointment is confirmed",
        "Your appointment was moved",
    ]


@pytest.mark.parametrize("days", [5, 30])
def test_what_could_not_go_out_for_days_is_no_news_any_more(tmp_path: Path, days: int) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book(hours=24 * 60))
        desk.wait(days=days)
        desk.send()
    assert desk.rows("SELECT state, error FROM outbox_email") == [("failed", "it could not be sent in time")]
    assert post.messages == []


def test_news_of_an_appointment_that_is_over_comes_too_late(tmp_path: Path) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        session = desk.book(hours=3)
        desk.queue("booking_confirmed", session)
        desk.wait(hours=5)
        desk.send()
        appointments.cancel(desk.database, session, "no_show", notify=True, clock=desk.now)
        desk.send()
    assert desk.states() == ["failed", "sent"]  # of the past it is told what is told of it now
    assert [message["Subject"] for message in post.messages] == ["Your appointment was cancelled"]


_SENDER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from couchcal.mail import outbox
from couchcal.mail.config import MailConfig
from couchcal.mail.transport import Transport
from couchcal.store.connection import Database

path, port, dies, at = sys.argv[1:]
config = MailConfig("127.0.0.1", int(port), "none", "", "", "o@p.example", "m@p.example", "https://x", False)
clock = lambda: datetime.fromisoformat(at)
send = Transport.send
def dying(self, message, recipient):
    if dies == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    send(self, message, recipient)
    os.kill(os.getpid(), signal.SIGKILL)
Transport.send = dying
with Transport(config) as transport:
    list(outbox.send_due(Database(Path(path), None), config, transport, clock=clock))
"""


@pytest.mark.sqlite_only("a program that is given a path")
@pytest.mark.parametrize(("dies", "arrived"), [("before", 0), ("after", 1)])
def test_a_sender_that_is_killed_leaves_it_unknown_and_nobody_sends_it_again(
    tmp_path: Path, dies: str, arrived: int
) -> None:
    post = Post()
    with running(post) as port:
        desk = Desk(tmp_path, port)
        desk.queue("booking_confirmed", desk.book())
        desk.wait(seconds=15)
        done = subprocess.run(
            (sys.executable, "-c", _SENDER, str(desk.database.path), str(port), dies, desk.clock.isoformat()),
            env=dict(os.environ), check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL
        assert desk.rows("SELECT state, error FROM outbox_email") == [("claimed", "")]
        assert outbox.leave_unknown(desk.database, clock=desk.now) == 1
        assert outbox.leave_unknown(desk.database, clock=desk.now) == 0
        assert desk.send() == 0
    assert desk.rows("SELECT state, error FROM outbox_email") == [("claimed", UNKNOWN)]
    assert len(post.messages) == arrived


def test_of_two_senders_one_has_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.queue("booking_confirmed", desk.book())
    desk.wait(seconds=15)
    assert outbox.claim(desk.database, 1, desk.config, clock=desk.now) is not None
    assert outbox.claim(desk.database, 1, desk.config, clock=desk.now) is None
    with Transport(desk.config) as transport:
        assert list(outbox.send_due(desk.database, desk.config, transport, clock=desk.now)) == []
