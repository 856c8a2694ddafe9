"""SIGKILL of `couchcal serve` while strangers send the booking form.

The ledger has who was answered 303: their request is there, once. Who had no answer comes again, as people do, and
has one request then, whether the first came through or not.
"""

from __future__ import annotations

import http.client
import random
import re
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from html import unescape
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.faults.home import Home, size
from tests.faults.tally import Tally
from tests.sync.http.place import until
from tests.sync.http.processes import Running
from tests.web.conftest import SLUG, furnish

VISITORS = 4
"""How many send at the same time; each has a half of the day's hours between kill and coming again."""
_STARTS = tuple(f"2026-03-05T{hour}:00Z" for hour in range(14, 14 + VISITORS))
_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_DETAILS = f"/book/{SLUG}/details"
_PATIENCE_S = 30.0


class Form(NamedTuple):
    """A form that is filled in: who sends it, from where, for which start."""

    email: str
    network: str
    cookie: str
    fields: dict[str, str]


class Bookings:
    """Kills servers over one practice."""

    def __init__(self, home: Home, tally: Tally, chance: random.Random) -> None:
        self.home, self.tally, self.chance = home, tally, chance
        self.number = 0
        self.ledger: set[str] = set()
        furnish(home.database)
        home.database.dispose()

    def run(self, kills: int) -> None:
        """Until so many were killed."""
        again: list[tuple[str, str]] = []
        while self.tally.kills < kills:
            self.tally.rounds += 1
            again = self._life(again)
        self._life(again, kill=False)
        self.home.inspect(self.tally, "at the end")

    def _life(self, again: Sequence[tuple[str, str]], *, kill: bool = True) -> list[tuple[str, str]]:
        """One server: those of before come again, then new ones; who had no answer, and for which start."""
        where = f"round {self.tally.rounds}"
        running = self.home.start("serve", "--port", "0", *self.chance.choice([(), ("--no-worker",)]))
        until(lambda: running.out.read_text("utf-8").endswith("\n") or running.poll() is not None)
        said = running.out.read_text("utf-8")
        port = urlsplit(said.strip()).port if said else None
        if port is None:
            self.tally.damaged.append(f"{where}: the server does not start: {running.err.read_text('utf-8')}")
            running.kill()
            return []
        for email, at in again:
            self._come_again(port, email, at, where)
        self._everything_once(where)
        self._decline()
        forms = [self._form(port, self._anybody(), at) for at in _STARTS]
        answers = self._sent(port, [form for form in forms if form is not None], running if kill else None)
        if not kill:
            running.end(signal.SIGTERM)
        self.tally.kills += kill
        for email, status in answers.items():
            if status == 303:
                self.ledger.add(email)
                self.tally.acknowledged += 1
            elif status:
                self.tally.damaged.append(f"{where}: {email} was answered {status}")
        self._everything_once(where)
        self.home.inspect(self.tally, where)
        starts = {form.email: form.fields["at"] for form in forms if form is not None}
        return [(email, starts[email]) for email, status in answers.items() if not status]

    def _sent(self, port: int, forms: Sequence[Form], running: Running | None) -> dict[str, int]:
        """Send all at once, kill meanwhile; the statuses, 0 where there was no answer."""
        answers = {form.email: 0 for form in forms}

        def send(form: Form) -> None:
            answers[form.email] = _ask(port, form.network, _DETAILS, form.fields, form.cookie)[0]

        threads = [threading.Thread(target=send, args=(form,)) for form in forms]
        log = self.home.path.with_name(f"{self.home.path.name}-wal")
        before = size(log)
        for thread in threads:
            thread.start()
        if running is not None:
            if self.chance.random() < 0.5:
                end = time.monotonic() + 1
                while size(log) == before and time.monotonic() < end:
                    time.sleep(0.0002)
                time.sleep(self.chance.uniform(0, 0.01))
            else:
                time.sleep(self.chance.uniform(0, 0.15))
            running.end(signal.SIGKILL)
        for thread in threads:
            thread.join()
        return answers

    def _come_again(self, port: int, email: str, at: str, where: str) -> None:
        """Somebody without an answer fills in the form again: booked now, or what they booked has the time."""
        self.ledger.add(email)
        form = self._form(port, email, at)
        if form is None:
            return
        status, _, _ = _ask(port, form.network, _DETAILS, form.fields, form.cookie)
        if status not in (303, 409):
            self.tally.damaged.append(f"{where}: {email} comes again and is answered {status}")

    def _form(self, port: int, email: str, at: str) -> Form | None:
        """The form for a start, filled in; None if the time is taken."""
        network = f"10.{self.number >> 8 & 255}.{self.number & 255}.7"
        query = urlencode({"for": "1", "how": "telehealth", "at": at})
        status, cookie, page = _ask(port, network, f"{_DETAILS}?{query}")
        if status != 200 or '<form method="post"' not in page:
            return None
        shown = page[page.index('<form method="post"') :]
        fields = {name: unescape(value) for name, value in _FIELD.findall(shown[: shown.index("</form>")])}
        if "at" not in fields:
            return None
        entered = {"name": f"Dee {email.partition('@')[0]}", "email": email, "phone": "", "note": ""}
        return Form(email, network, cookie, {**fields, **entered})

    def _anybody(self) -> str:
        self.number += 1
        return f"dee{self.number}@example.org"

    def _everything_once(self, where: str) -> None:
        """Who was told so has one request, and nobody two."""
        with closing(self.home.database.connect()) as connection:
            rows = connection.execute("SELECT email, count(*) FROM booking_request GROUP BY email").fetchall()
        counts = dict(rows)
        self.tally.lost += [f"{where}: {email}" for email in sorted(self.ledger - counts.keys())]
        self.tally.doubled += [f"{where}: {email}" for email, count in counts.items() if count > 1]
        self.ledger &= counts.keys()

    def _decline(self) -> None:
        """The practitioner answers what waits: only so many strangers may wait at a time."""
        with closing(self.home.database.connect()) as connection:
            connection.execute("UPDATE booking_request SET status = 'declined' WHERE status = 'pending'")


def _ask(
    port: int, network: str, path: str, form: dict[str, str] | None = None, cookie: str = ""
) -> tuple[int, str, str]:
    """Status, cookie and page; status 0 if there was no whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    headers = {"X-Forwarded-For": network, "Accept-Language": "en-US"}
    if cookie:
        headers["Cookie"] = cookie
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        body = urlencode(form) if form is not None else None
        connection.request("GET" if form is None else "POST", path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode("utf-8")
    except (OSError, http.client.HTTPException):
        return 0, "", ""
    finally:
        connection.close()
    return answer.status, (answer.getheader("Set-Cookie") or "").partition(";")[0], page
