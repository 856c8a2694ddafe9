"""Mail among the jobs of the worker: when it is due, where mail is not set up, and the agenda of the day."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from couchcal.errors import Refused
from couchcal.mail.transport import Unreachable
from couchcal.paths import config_file, write_private
from couchcal.sync.waiter import RealWaiter, Stopped
from couchcal.worker import Worker
from couchcal.worker.jobs import Job
from couchcal.worker.mail_job import LOOK_S, NOT_SET_UP_S, AgendaJob, MailJob, ReminderJob
from couchcal.worker.watch import Watch
from tests.mail.desk import Desk
from tests.mail.post import Post, running

MAIL = '[mail]\nfrom = "office@practice.example"\npublic_url = "https://book.example.org"\n'


class Bench:
    """The jobs of mail on a practice, their clocks turned by hand."""

    def __init__(self, directory: Path) -> None:
        self.desk = Desk(directory)
        self.ticks = 0.0
        self.stop = threading.Event()
        self.watch = Watch(self.desk.database)
        waiter = RealWaiter(self.stop)
        self.mail = MailJob(self.desk.database, self.watch, clock=self.desk.now, waiter=waiter)
        self.reminders = ReminderJob(self.desk.database, self.watch, clock=self.desk.now, waiter=waiter)
        self.agenda = AgendaJob(self.desk.database, self.watch, clock=self.desk.now)

    def wait(self, seconds: float) -> None:
        """Turn both clocks on."""
        self.ticks += seconds
        self.desk.wait(seconds=seconds)

    def due(self, job: Job, *, asked: bool = False) -> bool:
        """Whether a job has something to do."""
        return job.due(self.ticks, moved=self.watch.moved(), asked=asked)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    write_private(config_file(), MAIL.encode())
    made = Bench(tmp_path)
    yield made
    made.watch.close()


def test_a_letter_is_sent_when_its_time_has_come(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post()
    with running(post) as port:
        monkeypatch.setenv("COUCHCAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
        assert not bench.due(bench.mail)
        bench.desk.queue("booking_confirmed", bench.desk.book())
        assert not bench.due(bench.mail)
        bench.wait(14)
        assert not bench.due(bench.mail)
        bench.wait(1)
        assert bench.due(bench.mail)
        assert bench.mail.run(bench.ticks)
        assert not bench.due(bench.mail)
    assert len(post.messages) == 1


def test_without_a_mail_server_letters_wait(bench: Bench) -> None:
    bench.desk.queue("booking_confirmed", bench.desk.book())
    bench.wait(15)
    assert bench.due(bench.mail)
    assert not bench.mail.run(bench.ticks)
    assert not bench.due(bench.mail)
    bench.wait(NOT_SET_UP_S)
    assert bench.due(bench.mail)
    assert bench.desk.states() == ["queued"]


@pytest.mark.parametrize(
    ("url", "problem", "words"),
    [
        ("smtp://127.0.0.1:1", Unreachable, "the mail server does not answer (ConnectionRefusedError)"),
        ("http://x", Refused, "COUCHCAL_SMTP_URL is no mail server; write smtp://user:password@host:port"),
    ],
)
def test_why_nothing_goes_out_is_written_down(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, url: str, problem: type[Exception], words: str
) -> None:
    monkeypatch.setenv("COUCHCAL_SMTP_URL", url)
    bench.desk.queue("booking_confirmed", bench.desk.book())
    bench.wait(15)
    with pytest.raises(problem):
        bench.mail.run(bench.ticks)
    assert bench.desk.rows("SELECT state, error, attempts FROM outbox_email") == [("queued", words, 0)]
    assert bench.due(bench.mail, asked=True)


def test_a_stop_ends_it_between_two_letters(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post(before=bench.stop.set)
    with running(post) as port:
        monkeypatch.setenv("COUCHCAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
        bench.desk.queue("booking_confirmed", bench.desk.book())
        bench.desk.queue("booking_confirmed", bench.desk.book(hours=60))
        bench.wait(15)
        with pytest.raises(Stopped):
            bench.mail.run(bench.ticks)
    assert bench.desk.states() == ["sent", "queued"]


def test_reminders_are_looked_for_only_where_they_are_wanted(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post()
    with running(post) as port:
        monkeypatch.setenv("COUCHCAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
        bench.desk.book(hours=2)
        assert not bench.due(bench.reminders)
        bench.desk.reminders_on()
        assert bench.due(bench.reminders)
        assert bench.reminders.run(bench.ticks)
        bench.wait(LOOK_S)
        assert not bench.due(bench.reminders)
        bench.wait(90 * 60 - LOOK_S)
        assert bench.due(bench.reminders)
        post.data = "451 later"
        bench.reminders.run(bench.ticks)
        assert not bench.due(bench.reminders, asked=True)  # it was asked to come back later
        post.data = None
        bench.wait(LOOK_S)
        assert bench.due(bench.reminders)
        bench.reminders.run(bench.ticks)
        bench.wait(LOOK_S)
        assert not bench.due(bench.reminders)
    assert len(post.messages) == 1


def test_the_agenda_goes_out_once_a_day_with_ids_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post()
    assert not bench.due(bench.agenda)
    write_private(config_file(), f'{MAIL}agenda = "12:30"\n'.encode())
    bench.desk.book(hours=2)
    bench.desk.write("UPDATE practice SET identifier_mode = 'full'")
    bench.wait(1799)
    assert not bench.due(bench.agenda)
    bench.wait(LOOK_S)
    assert bench.due(bench.agenda)
    assert bench.agenda.run(bench.ticks)
    assert not bench.agenda.run(bench.ticks)
    bench.wait(LOOK_S)
    assert not bench.due(bench.agenda)
    with running(post) as port:
        monkeypatch.setenv("COUCHCAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
        bench.mail.run(bench.ticks)
        bench.wait(24 * 3600)
        assert bench.due(bench.agenda)
        bench.agenda.run(bench.ticks)
        bench.mail.run(bench.ticks)
    today, tomorrow = (str(message.get_body(("plain",))) for message in post.messages)
    assert "2:00=E2=80=932:50pm: C-0001" in today
    assert "Zanzibar" not in today
    assert "Nothing is on the calendar today." in tomorrow


def test_an_agenda_of_the_morning_is_no_news_at_night(bench: Bench) -> None:
    write_private(config_file(), f'{MAIL}agenda = "05:00"\n'.encode())
    assert not bench.due(bench.agenda)


@pytest.mark.sqlite_only("backups of a server want a place for their key")
def test_the_worker_sends_what_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_private(config_file(), MAIL.encode())
    post = Post()
    lines: list[str] = []
    with running(post) as port:
        monkeypatch.setenv("COUCHCAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
        desk = Desk(tmp_path)
        desk.queue("booking_confirmed", desk.book())
        desk.wait(seconds=15)
        worker = Worker(desk.database, clock=desk.now, log=lines.append, polite=False)
        worker.start(once=True)
        end = time.monotonic() + 30
        while worker.running and time.monotonic() < end:
            time.sleep(0.01)
    assert len(post.messages) == 1
    assert lines == []
