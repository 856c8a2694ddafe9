"""One message to one recipient over SMTP, and what became of it: taken, refused, to be tried again, or unknown."""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from types import TracebackType
from typing import Literal

from couchcal.mail.addresses import one_line
from couchcal.mail.config import MailConfig

TIMEOUT_S = 30.0
"""How long the server may take for an answer."""
_SIGNED_IN, _DONE, _DATA_BEGINS = 235, 250, 354
_REFUSED = {"sender": "your sender address", "recipient": "the recipient's address", "message": "the message"}


Why = Literal[
    "", "user", "no_sign_in", "no_starttls", "certificate", "no_tls", "unknown_host", "no_answer", "slow", "answer",
    "sender", "recipient", "message", "letters",
]  # fmt: skip
"""What is in the way, for `advice`: signing in, TLS, finding the server, or what it refuses."""
_LONGEST_ANSWER = 200


class Trouble(Exception):
    """Why a message did not go out. The text is for people and holds no address and no name.

    `answer` is what the server said, code and words on one line. It may quote an address: it is shown to the person
    who sends a test, and neither stored nor logged.
    """

    def __init__(self, text: str, *, why: Why = "", answer: str = "") -> None:
        super().__init__(text)
        self.why, self.answer = why, answer


class Unreachable(Trouble):
    """The server is not to be had, or does not let us in: no message can be sent now."""


class Deferred(Trouble):
    """The server asks to try this message again later."""


class Rejected(Trouble):
    """The server will never take this message."""


class Uncertain(Trouble):
    """The connection broke after the message was handed over: it may have been taken. It must not be sent again."""


class Transport:
    """A connection to the mail server, opened by the first message and closed at the end of a `with`."""

    def __init__(self, config: MailConfig, *, timeout_s: float = TIMEOUT_S) -> None:
        self._config, self._timeout_s = config, timeout_s
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Connect and sign in, if that is not done.

        Raises:
            Unreachable: it cannot be done now.
        """
        if self._server is None:
            try:
                self._server = self._connected()
            except (OSError, smtplib.SMTPException, UnicodeError) as error:
                raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> Unreachable:
        """What a failure to connect or to sign in means."""
        if isinstance(error, smtplib.SMTPAuthenticationError):
            said = _answer(error.smtp_code, error.smtp_error)
            return Unreachable(
                "the mail server does not accept the user name and password", why="user", answer=said
            )
        if isinstance(error, smtplib.SMTPNotSupportedError):
            if self._config.security == "starttls":
                return Unreachable("the mail server does not know STARTTLS", why="no_starttls")
            return Unreachable("the mail server does not know signing in", why="no_sign_in")
        if isinstance(error, ssl.SSLCertVerificationError):
            said = error.verify_message
            return Unreachable(
                "the certificate of the mail server is not to be trusted", why="certificate", answer=said
            )
        if isinstance(error, ssl.SSLError):
            return Unreachable(f"the mail server does not speak TLS on port {self._config.port}", why="no_tls")
        if isinstance(error, smtplib.SMTPResponseException):
            said = _answer(error.smtp_code, error.smtp_error)
            return Unreachable(f"the mail server answers {error.smtp_code}", why="answer", answer=said)
        why: Why = "slow" if isinstance(error, TimeoutError) else "no_answer"
        if isinstance(error, (socket.gaierror, UnicodeError)):
            why = "unknown_host"
        return Unreachable(f"the mail server does not answer ({type(error).__name__})", why=why)

    def send(self, message: EmailMessage, recipient: str) -> str:
        """Hand over a message to one recipient; what the server answers to it.

        Args:
            recipient: an address as `addresses.on_the_wire` gives it.

        Raises:
            Unreachable, Deferred, Rejected: it was not sent. Uncertain: it may have been.
        """
        self.open()
        server = self._server
        if server is None:
            raise Unreachable("the mail server does not answer")
        try:
            content, options = _content(server, message, recipient)
            self._envelope(server, recipient, options)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(f"the mail server broke off ({type(error).__name__})") from None
        try:
            server.send(content + b".\r\n")
            code, words = server.getreply()
        except (OSError, smtplib.SMTPException):
            self.close()
            raise Uncertain("the connection broke while it was being sent; it may have arrived") from None
        if code != _DONE:
            self._refuse(code, words, "message")
        return _answer(code, words)

    def _connected(self) -> smtplib.SMTP:
        config = self._config
        server: smtplib.SMTP
        if config.security == "tls":
            server = smtplib.SMTP_SSL(
                config.host, config.port, timeout=self._timeout_s, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(config.host, config.port, timeout=self._timeout_s)
        try:
            if config.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            if config.user:
                _sign_in(server, config.user, config.password)
        except BaseException:
            server.close()
            raise
        return server

    def _envelope(self, server: smtplib.SMTP, recipient: str, options: list[str]) -> None:
        code, words = server.mail(self._config.sender, options)
        if code != _DONE:
            self._refuse(code, words, "sender")
        code, words = server.rcpt(recipient)
        if code not in (_DONE, 251):
            self._refuse(code, words, "recipient")
        code, words = server.docmd("DATA")
        if code != _DATA_BEGINS:
            self._refuse(code, words, "message")

    def _refuse(self, code: int, said: bytes, what: Literal["sender", "recipient", "message"]) -> None:
        """Say what an answer other than yes means; the connection is as new afterwards."""
        if code == 421:
            self.close()
            raise Unreachable("the mail server is closing down", why="answer", answer=_answer(code, said))
        if self._server is not None:
            try:
                self._server.rset()
            except (OSError, smtplib.SMTPException):
                self.close()
        words = f"the mail server refuses {_REFUSED[what]} ({code})"
        kind = Deferred if 400 <= code < 500 else Rejected
        raise kind(words, why=what, answer=_answer(code, said))

    def close(self) -> None:
        """Say goodbye to the server."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


def _answer(code: int, words: bytes | str) -> str:
    """What a server said, as one line that is safe to show."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"{code} {text}")[:_LONGEST_ANSWER]


def _sign_in(server: smtplib.SMTP, user: str, password: str) -> None:
    """Sign in, by PLAIN (RFC 4616) where the server knows it: the library's own way takes ASCII alone, and tries
    one way after the other, of which servers soon have enough."""
    if "PLAIN" not in server.esmtp_features.get("auth", "").split():
        server.login(user, password)
        return
    secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
    try:
        code, words = server.docmd("AUTH", f"PLAIN {secret}")
    except smtplib.SMTPServerDisconnected:
        code, words = 535, b""
    if code != _SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, words)


def _content(server: smtplib.SMTP, message: EmailMessage, recipient: str) -> tuple[bytes, list[str]]:
    """The message as it travels, dots doubled, and the options of MAIL; an address that is not ASCII needs a server
    that takes such (RFC 6531)."""
    international = not recipient.isascii()
    if international and not server.has_extn("smtputf8"):
        raise Rejected("the mail server cannot send to an address with such letters", why="letters")
    try:
        raw = message.as_bytes(policy=SMTPUTF8 if international else SMTP)
    except (ValueError, LookupError):
        raise Rejected("the mail cannot be written as a message") from None
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    dotted = raw.replace(b"\r\n.", b"\r\n..")
    if dotted.startswith(b"."):
        dotted = b"." + dotted
    if international:
        server.command_encoding = "utf-8"
        return dotted, ["SMTPUTF8", "BODY=8BITMIME"]
    server.command_encoding = "ascii"
    return dotted, []
