"""Text messages: the form a gateway gets, its answers, and that a reminder by text says as little as by mail."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from couchcal.mail import sms
from couchcal.mail.config import TextConfig
from couchcal.mail.transport import Deferred, Rejected, Trouble, Uncertain, Unreachable
from tests.mail.desk import SECRET_WORDS, SITE, Desk


class Gateway:
    """Keeps the forms it gets, and answers with `status`; 0 breaks the connection."""

    def __init__(self) -> None:
        self.status = 201
        self.forms: list[dict[str, list[str]]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []


@contextmanager
def open_gateway(gateway: Gateway) -> Iterator[str]:
    """The gateway's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            gateway.forms.append(parse_qs(self.rfile.read(length).decode()))
            gateway.headers.append(dict(self.headers))
            gateway.paths.append(self.path)
            if gateway.status:
                self.send_response(gateway.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on standard error."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send?x=1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_form_is_what_gateways_take() -> None:
    gateway = Gateway()
    with open_gateway(gateway) as url:
        sms.send(TextConfig(url, "AC1", "s✓", "+15550100"), "+15550123", "hello & ü")
    assert gateway.forms == [{"To": ["+15550123"], "From": ["+15550100"], "Body": ["hello & ü"]}]
    assert gateway.paths == ["/send?x=1"]
    scheme, _, secret = gateway.headers[0]["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(secret).decode()) == ("Basic", "AC1:s✓")


@pytest.mark.parametrize(
    ("status", "problem"),
    [(400, Rejected), (302, Rejected), (401, Unreachable), (429, Deferred), (503, Deferred), (0, Uncertain)],
)
def test_what_the_answers_mean(status: int, problem: type[Trouble]) -> None:
    gateway = Gateway()
    gateway.status = status
    with open_gateway(gateway) as url, pytest.raises(problem):
        sms.send(TextConfig(url, "", "", ""), "+15550123", "x")


def test_a_gateway_that_is_not_there() -> None:
    with pytest.raises(Unreachable):
        sms.send(TextConfig("http://127.0.0.1:1/", "", "", ""), "+15550123", "x")


@pytest.mark.parametrize(
    ("phone", "tz", "number"),
    [
        ("+44 20 7946-0958", "America/New_York", "+442079460958"),
        ("(212) 555-0199", "America/New_York", "+12125550199"),
        ("1 212 555 0199", "America/New_York", "+12125550199"),
        ("555-0100", "America/New_York", ""),
        ("020 7946 0958", "Europe/London", ""),
        ("+0123456789", "Europe/London", ""),
        ("ask Bob", "America/New_York", ""),
        ("", "UTC", ""),
    ],
)
def test_numbers(phone: str, tz: str, number: str) -> None:
    assert sms.number(phone, tz) == number


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("", f"Quiet Room: you have an appointment coming up. Details: {SITE}/portal"),
        ("{practice}, bis bald: {link}", f"Quiet Room, bis bald: {SITE}/portal"),
    ],
)
def test_a_reminder_by_text_goes_out_once_and_says_nothing(
    tmp_path: Path, own: str, said: str
) -> None:  # APT-16, INV-M1, INV-M3
    gateway = Gateway()
    with open_gateway(gateway) as url:
        desk = Desk(tmp_path)
        desk.text = TextConfig(url, "", "", "", own)
        desk.reminders_on()
        desk.book(hours=2, remind_email=False, remind_text=True)
        desk.remind()
        desk.wait(minutes=90)
        for _ in range(3):
            desk.remind()
    assert gateway.forms == [{"To": ["+15550100199"], "Body": [said]}]
    assert all(word not in gateway.forms[0]["Body"][0] for word in SECRET_WORDS)
    assert desk.rows("SELECT channel, state FROM reminder") == [("text", "sent")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE client SET remind_text = false",
        "UPDATE client SET phone = '555'",
        "UPDATE client SET unsubscribed_at = 1",
        "UPDATE appointment SET remind_text = false",
        "",
    ],
)
def test_no_text_message_when_a_condition_is_false(tmp_path: Path, change: str) -> None:  # C-04, INV-M2
    gateway = Gateway()
    with open_gateway(gateway) as url:
        desk = Desk(tmp_path)
        desk.reminders_on()
        desk.book(hours=2, remind_email=False, remind_text=True)
        desk.remind()
        desk.wait(minutes=90)
        if change:
            desk.text = TextConfig(url, "", "", "")
            desk.write(change)
        desk.remind()
    assert gateway.forms == []
    assert desk.rows("SELECT state FROM reminder") == [("skipped",)]
