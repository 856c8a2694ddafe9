"""A day of a practice tells nobody anything: SYNC-03, SYNC-04, MAIL-05, SEC-07.

Words that are nowhere else are in the practice; the day is done in real programs; then everything is searched that
somebody else could read. Everyday the commands are forks of one interpreter; in the long form each is a
start of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.leaks import breaking
from tests.leaks.canaries import dumps_core, forms, leaks
from tests.leaks.day import ANNA, BERT, CARL, OFFICE, PEOPLE, TITLES, WORDS, Day, stored
from tests.leaks.tmux import TMUX
from tests.mail.post import Post, running
from tests.sync.http.conftest import environment
from tests.sync.http.processes import Forks, Interpreters, Starter

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(
        sys.platform != "linux" or TMUX is None, reason="looks at processes as Linux shows them, in tmux"
    ),
]

SILENT = ("sync", "google", "worker", "serve", "doctor", "backup", "audit", "mail", "import", "settings", "link")
"""Commands that tell no title either; others show the calendar."""


@pytest.fixture(params=["forks", pytest.param("starts", marks=pytest.mark.long)])
def day(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Day]:
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join((str(breaking.written(tmp_path / "site")), env["PYTHONPATH"]))
    post = Post()
    real = request.param == "starts"
    directory = tmp_path / "day"
    directory.mkdir()
    starter: Starter = Interpreters() if real else Forks(env, "tests.faults.program")
    with running(post) as port:
        made = Day(directory, starter, env, post, port, whole=real, thinks_s=2.1 if real else 0)
        yield made
        made.close()
        starter.close()


def test_a_day_tells_nobody_anything(day: Day) -> None:
    day.begin()
    day.furnish()
    day.work()
    day.visits()
    day.answer()
    day.screen()
    day.ask_everything()
    assert not any(dumps_core(each.pid) for each in day.live if each.poll() is None)
    day.break_everything()
    day.end()

    wanted = set(WORDS) - {BERT.note} - (set() if day.whole else {TITLES[3]})
    people = [word for one in PEOPLE for word in one.words]
    assert leaks(day.everywhere(), (*WORDS, *day.secrets)) == []
    assert leaks(day.said(), (*people, *day.secrets)) == []
    assert leaks(day.said(*SILENT), TITLES) == []
    assert not any("Traceback" in done.out + done.err for _, done in day.place.said)
    assert leaks(day.to_google(), (*people, *day.secrets)) == []
    assert [each for each in day.place.lint() if each["rule"] == "canary"] == []
    owners = {one.email: one for one in PEOPLE}
    to = set()
    for recipient, subject, text in day.letters():
        to.add(recipient)
        assert leaks([(subject, subject.encode())], WORDS) == []
        others = [one for one in PEOPLE if one is not owners.get(recipient) and recipient != OFFICE]
        assert leaks([(subject, text.encode())], [word for one in others for word in one.words]) == []
        assert leaks([(subject, text.encode())], (ANNA.note, *TITLES, *day.secrets)) == [], recipient
    assert to >= {ANNA.email, CARL.email}
    assert stored(day, wanted) == wanted, "else this would prove nothing"


@pytest.mark.parametrize(
    "written",
    [
        b"dear Wilhelmina,", b"WILHELMINA", b"x?name=wilhelmina", "Wilhelmina".encode("utf-16-le"),
        b"T3VyIFdpbGhlbG1pbmEhIQ==", b"eFdpbGhlbG1pbmEgQXNo", b"YWJXaWxoZWxtaW5hIEFzaA==",
    ],
)  # fmt: skip
def test_a_word_is_found_however_it_is_written(written: bytes) -> None:
    assert leaks([("here", written)], [ANNA.first]) == [("here", ANNA.first)]
    assert leaks([("here", written)], [BERT.first]) == []
    assert b"%2B1%20212%20555%200143" in forms("+1 212 555 0143")
