"""`couchcal mail`, and what the doctor says of mail."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from couchcal.mail import config
from couchcal.mail.preview import KINDS
from couchcal.paths import config_file, write_private
from couchcal.settings import load
from tests.cli.conftest import Cli
from tests.mail.post import PASSWORD, USER, Post, certificate, guarded, running

MAIL = '[mail]\nfrom = "office@practice.example"\npublic_url = "https://book.example.org"\n'
ROW = (
    "INSERT INTO outbox_email (created_at, updated_at, version, kind, recipient, client_id, to_practitioner,"
    " sequence, payload, not_before, state, attempts, message_id, error)"
    " VALUES (0, 0, 1, ?, 'jane@example.org', 1, false, 0, '', ?, ?, 1, '', ?)"
)


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, entry: str) -> str | None:
        """What is kept."""
        return self.kept.get((service, entry))

    def set_password(self, service: str, entry: str, secret: str) -> None:
        """Keep it."""
        self.kept[service, entry] = secret

    def delete_password(self, service: str, entry: str) -> None:
        """Forget it."""
        from keyring.errors import PasswordDeleteError

        if self.kept.pop((service, entry), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setattr("couchcal.store.keys.usable_keyring", lambda: made)
    return made


def put(cli: Cli, kind: str, state: str, error: str = "", at: int = 1_772_550_000) -> None:
    with closing(cli.database.connect()) as connection:
        connection.execute(ROW, (kind, at, state, error))


def test_a_test_mail_goes_over_starttls_with_the_password_of_the_keyring(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ring: Ring
) -> None:
    own = certificate(tmp_path)
    post = Post()
    with running(post, **guarded(own)) as port:
        write_private(
            config_file(),
            f'{MAIL}host = "localhost"\nport = {port}\nuser = "{USER}"\nsecurity = "starttls"\n'.encode(),
        )
        assert "couchcal mail password" in cli("mail", "test", "me@example.org", code=1).err
        read, write = os.pipe()
        os.write(write, f"{PASSWORD}\n".encode())
        os.close(write)
        monkeypatch.setattr("sys.stdin", os.fdopen(read, encoding="utf-8"))
        assert "in the keyring" in cli("mail", "password").out
        assert "not to be trusted" in cli("mail", "test", "me@example.org", code=4).err
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert "has taken the mail" in cli("mail", "test", "me@example.org").out
        ring.kept = dict.fromkeys(ring.kept, "wrong")
        assert "does not accept the user name" in cli("mail", "test", "me@example.org", code=4).err
    (message,) = post.messages
    assert message["Subject"] == "A test of couchcal"
    assert stat.S_IMODE(config_file().stat().st_mode) == 0o600


def test_a_test_mail_without_a_server(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "mail is not set up" in cli("mail", "test", "me@example.org", code=1).err
    assert cli.json("mail", "test", "me@example", "--json", code=1)["error"]["code"] in ("refused", "invalid")
    assert cli.json("mail", "test", "no address", code=1)["error"]["code"] == "invalid"
    write_private(config_file(), MAIL.encode())
    monkeypatch.setenv("COUCHCAL_SMTP_URL", "smtp://127.0.0.1:1")
    assert "does not answer" in cli("mail", "test", "me@example.org", code=4).err


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_looked_at(cli: Cli, kind: str) -> None:
    plain = cli("mail", "preview", kind).out
    assert plain.startswith("Subject: ")
    assert "Jane" not in plain
    assert cli.json("mail", "preview", kind)["text"] in plain
    assert "MIME-Version: 1.0" in cli("mail", "preview", kind, "--eml").out


def test_a_kind_that_is_none_names_those_there_are(cli: Cli) -> None:
    assert "booking_confirmed" in cli("mail", "preview", "zzz", code=1).err


def test_lists_name_nobody_and_say_what_failed(cli: Cli) -> None:
    assert cli("mail", "list").out == "No mail yet.\n"
    assert cli("mail", "list", "--failed").out == "Nothing has failed.\n"
    put(cli, "booking_confirmed", "sent")
    put(cli, "rescheduled", "failed", "the mail server refuses the message (550)")
    put(cli, "request_accepted", "claimed", "it may have arrived")
    put(cli, "request_declined", "claimed")
    out = cli("mail", "list").out
    assert "Jane" not in out
    assert "jane@" not in out
    assert [row["state"] for row in cli.json("mail", "list")] == ["sending", "unknown", "failed", "sent"]
    failed = cli.json("mail", "list", "--failed")
    assert [(row["kind"], row["to"]) for row in failed] == [
        ("request_accepted", "C-0001"),
        ("rescheduled", "C-0001"),
    ]
    assert failed[1]["error"] == "the mail server refuses the message (550)"


def test_only_what_failed_or_is_unknown_is_sent_again(cli: Cli) -> None:
    put(cli, "booking_confirmed", "sent")
    put(cli, "rescheduled", "failed", "no")
    put(cli, "request_accepted", "claimed", "it may have arrived")
    unknown, failed, sent = (row["id"] for row in cli.json("mail", "list"))
    assert "it is sent" in cli("mail", "retry", sent, code=1).err
    assert "queued again" in cli("mail", "retry", failed[:6]).out
    assert cli.json("mail", "retry", unknown)["state"] == "queued"
    assert cli.rows("SELECT state, attempts, error FROM outbox_email ORDER BY id")[1:] == [("queued", 0, "")] * 2
    for wrong in ("m", "", "zzz"):
        cli("mail", "retry", wrong, code=1)


def test_what_is_dismissed_is_on_the_list_no_more(cli: Cli) -> None:  # NOTIF-01
    put(cli, "booking_confirmed", "sent")
    put(cli, "rescheduled", "failed", "the mail server refuses the message (550)")
    ids = {row["state"]: row["id"] for row in cli.json("mail", "list")}
    sent, failed = ids["sent"], ids["failed"]
    assert "it is sent" in cli("mail", "dismiss", sent, code=1).err
    assert cli.json("mail", "dismiss", failed)["state"] == "dismissed"
    assert cli("mail", "list", "--failed").out == "Nothing has failed.\n"
    assert "it is dismissed" in cli("mail", "retry", failed, code=1).err
    assert cli.rows("SELECT state, error FROM outbox_email ORDER BY id")[1] == (
        "cancelled",
        "the mail server refuses the message (550)",
    )


def test_a_refused_test_says_what_the_server_said_and_what_to_do(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    write_private(config_file(), MAIL.encode())
    with running(Post(rcpt="550 5.7.1 relaying denied")) as port:
        monkeypatch.setenv("COUCHCAL_SMTP_URL", f"smtp://127.0.0.1:{port}")
        said = cli("mail", "test", "me@example.org", code=4).err
    assert "refuses the recipient's address (550): 550 5.7.1 relaying denied" in said
    assert "check the address" in said


@pytest.mark.parametrize(("mode", "called"), [("id", "C-0000"), ("full", "Ada Sample")])
def test_the_example_is_called_as_clients_are(cli: Cli, mode: str, called: str) -> None:
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE practice SET identifier_mode = ?", (mode,))
    assert called in cli("mail", "preview", "booking_confirmed_to_you").out
    assert "Ada" not in cli("mail", "preview", "booking_confirmed").out


def test_a_secret_can_be_taken_out(cli: Cli, monkeypatch: pytest.MonkeyPatch, ring: Ring) -> None:
    assert "no host and user" in cli("mail", "password", code=1).err
    assert "no url and account" in cli("mail", "password", "--text", code=1).err
    write_private(config_file(), b'[text]\nurl = "https://t.example/send"\naccount = "a"\n')
    config.keep(config.text_entry(load().text), "s")
    assert len(ring.kept) == 1
    for _ in range(2):
        with open(os.devnull, encoding="utf-8") as nothing:
            monkeypatch.setattr("sys.stdin", nothing)
            assert "taken out" in cli("mail", "password", "--text").out
    assert ring.kept == {}


def test_the_doctor_says_how_mail_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(check: str) -> list[tuple[str, str]]:
        found = cli.json("doctor", code=code)
        return [(row["state"], row["detail"]) for row in found if row["check"] == check]

    code = 0
    assert said("mail") == [("ok", "not set up: nothing is sent")]
    with closing(cli.database.connect()) as connection:
        connection.execute("UPDATE practice SET reminders_on = true")
    assert said("reminders") == [("warn", "reminders are on, but mail is not set up")]
    put(cli, "rescheduled", "queued", "the mail server does not answer", at=1_772_000_000)
    put(cli, "rescheduled", "failed", "no")
    monkeypatch.setenv("COUCHCAL_SMTP_URL", "smtp://mail.example.org?security=none")
    write_private(config_file(), b'[mail]\nfrom = "a@example.org"\n')
    assert said("mail") == [("warn", "mail travels in the clear")]
    assert said("outbox") == [
        ("warn", "1 letters wait too long: the mail server does not answer"),
        ("warn", "1 letters failed, 0 unknown"),
    ]
    monkeypatch.setenv("COUCHCAL_SMTP_URL", "smtp://u:p@mail.example.org?security=none")
    code = 1
    assert said("mail")[0][0] == "fail"
