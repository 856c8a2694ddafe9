"""The way to the mail server: its settings, encryption, and what is wrong in words that name nobody."""

from __future__ import annotations

import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from couchcal.errors import Refused
from couchcal.mail import config
from couchcal.mail.advice import advice
from couchcal.mail.config import MailConfig
from couchcal.mail.transport import Deferred, Rejected, Transport, Uncertain, Unreachable, Why
from couchcal.paths import config_file, write_private
from tests.mail.post import PASSWORD, USER, Post, certificate, guarded, running


def message() -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "o@p.example", "c@x.example", "S"
    made.set_content("Text")
    return made


def to(port: int, security: str, *, host: str = "localhost", user: str = "", password: str = "") -> Transport:
    found = MailConfig(host, port, security, user, password, "o@p.example", "", "", minimal=False)
    return Transport(found, timeout_s=10)


CONFIG = MailConfig("localhost", 587, "starttls", "", "", "o@p.example", "", "", minimal=False)


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_starttls_and_a_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    own = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    post = Post()
    with running(post, **guarded(own)) as port, to(port, "starttls", user=USER, password=password) as transport:
        if password == PASSWORD:
            transport.send(message(), "c@x.example")
            transport.send(message(), "d@x.example")
        else:
            with pytest.raises(Unreachable, match="does not accept the user name and password"):
                transport.send(message(), "c@x.example")
    assert post.recipients == (["c@x.example", "d@x.example"] if password == PASSWORD else [])


def test_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    post = Post()
    with running(post, ssl_context=context) as port, to(port, "tls") as transport:
        transport.send(message(), "c@x.example")
    assert post.recipients == ["c@x.example"]


def test_a_server_without_encryption_is_not_talked_to_by_mistake() -> None:
    post = Post()
    with running(post) as port:
        with to(port, "starttls") as transport, pytest.raises(Unreachable, match="does not know STARTTLS"):
            transport.send(message(), "c@x.example")
        with to(port, "tls") as transport, pytest.raises(Unreachable, match="does not speak TLS"):
            transport.send(message(), "c@x.example")
        with to(port, "none", user="u", password="p") as transport, pytest.raises(Unreachable):
            transport.send(message(), "c@x.example")
    assert post.messages == []


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "none", "", "")),
        ("smtp://mail.example.org", ("mail.example.org", 587, "starttls", "", "")),
        ("smtps://mail.example.org", ("mail.example.org", 465, "tls", "", "")),
        ("smtp://mail.example.org?security=none", ("mail.example.org", 25, "none", "", "")),
        ("smtp://a%40b:p%2Fw@[::1]:26", ("::1", 26, "none", "a@b", "p/w")),
    ],
)
def test_the_address_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, url: str, found: tuple[str, int, str, str, str]
) -> None:
    monkeypatch.setenv("COUCHCAL_SMTP_URL", url)
    write_private(config_file(), b'[mail]\nfrom = "office@practice.example"\n')
    read = config.load()
    assert read is not None
    assert read[:5] == found
    assert (read.sender, read.to) == ("office@practice.example", "office@practice.example")
    assert config.set_up()


@pytest.mark.parametrize(
    ("url", "table", "words"),
    [
        ("smtp://", "", "no mail server"),
        ("smtp://h:x", "", "no mail server"),
        ("smtp://h?security=ssl", "", "no mail server"),
        ("smtp://u:p@mail.example.org?security=none", "", "in the clear"),
        ("", 'host = "h"\nuser = "u"\n', "no password"),
        ("", 'host = "h"\nsecurity = "none"\n', ""),
    ],
)
def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch, url: str, table: str, words: str) -> None:
    monkeypatch.setattr("couchcal.store.keys.usable_keyring", lambda: None)
    monkeypatch.setenv("COUCHCAL_SMTP_URL", url)
    write_private(config_file(), f'[mail]\nfrom = "o@p.example"\n{table}'.encode())
    if words:
        with pytest.raises(Refused, match=words) as caught:
            config.load()
        assert "p@" not in str(caught.value)
    else:
        assert config.load() is not None


def test_nothing_is_set_up_at_first() -> None:
    assert config.load() is None
    assert config.load_text() is None
    assert not config.set_up()


def test_a_server_without_a_sender_is_half_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_SMTP_URL", "smtp://127.0.0.1")
    for line in ("", 'from = "jörg@example.org"'):
        write_private(config_file(), f"[mail]\n{line}\n".encode())
        assert not config.set_up()
        with pytest.raises(Refused, match="no sender address"):
            config.load()
    write_private(config_file(), '[mail]\nfrom = "office@bücher.example"\n'.encode())
    found = config.load()
    assert found is not None
    assert found.sender == "office@xn--bcher-kva.example"
    assert config.set_up()


def test_who_signs_in_with_an_address_writes_from_it(monkeypatch: pytest.MonkeyPatch) -> None:  # REQ-09, C-14
    monkeypatch.setenv("COUCHCAL_SMTP_URL", "smtps://me%40example.org:p@mail.example.org")
    found = config.load()
    assert found is not None
    assert (found.sender, found.to) == ("me@example.org", "me@example.org")
    assert config.set_up()
    write_private(config_file(), b'[mail]\nfrom = "office@example.org"\nto = "home@example.org"\n')
    found = config.load()
    assert found is not None
    assert (found.sender, found.to) == ("office@example.org", "home@example.org")
    for url in ("smtps://office:p@mail.example.org", "nonsense"):
        write_private(config_file(), b"")
        monkeypatch.setenv("COUCHCAL_SMTP_URL", url)
        assert not config.set_up()


ADVICE: dict[Why, str] = {
    "user": "app password", "no_starttls": "port 465", "no_tls": "port 465", "certificate": "name of the server",
    "unknown_host": "name of the server", "no_answer": "online", "slow": "blocked", "sender": "set from to",
    "recipient": "check the address", "message": "provider", "letters": "plain letters", "no_sign_in": "user",
    "answer": "provider", "": "config.toml",
}  # fmt: skip


@pytest.mark.parametrize("why", [*ADVICE])
def test_every_trouble_has_a_next_step(why: Why) -> None:
    words = advice(Unreachable("x", why=why), CONFIG)
    assert ADVICE[why] in words
    assert words not in (advice(Uncertain("x"), CONFIG), advice(Deferred("x"), CONFIG))


def test_what_the_server_said_is_beside_the_words_and_never_in_them() -> None:
    for answer, kind in (("550 5.1.1 zora@example.org unknown", Rejected), ("451 4.7.1 later \x1b]52;", Deferred)):
        post = Post(rcpt=answer)
        with running(post) as port, to(port, "none") as transport, pytest.raises(kind) as caught:
            transport.send(message(), "zora@example.org")
        assert "zora" not in str(caught.value)
        assert caught.value.why == "recipient"
        assert caught.value.answer == answer.replace(" \x1b]52;", " ]52;")


def test_a_gateway_wants_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("couchcal.store.keys.usable_keyring", lambda: None)
    write_private(config_file(), b'[text]\nurl = "https://t.example"\naccount = "a"\n')
    with pytest.raises(Refused, match="no token"):
        config.load_text()
    monkeypatch.setenv("COUCHCAL_TEXT_TOKEN", "secret")
    found = config.load_text()
    assert found is not None
    assert found.token == "secret"
