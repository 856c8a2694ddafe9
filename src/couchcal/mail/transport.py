"""One message to one recipient over SMTP, and what became of it: taken, refused, to be tried again, or unknown."""

from __future__ import annotations

import base64
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from types import TracebackType

from couchcal.mail.config import MailConfig

TIMEOUT_S = 30.0
"""How long the server may take for an answer."""
_SIGNED_IN, _DONE, _DATA_BEGINS = 235, 250, 354


class Trouble(Exception):
    """Why a message did not go out. The text is for people and holds no address and no name."""


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
            except smtplib.SMTPAuthenticationError:
                raise Unreachable("the mail server does not accept the user name and password") from None
            except smtplib.SMTPNotSupportedError:
                what = "STARTTLS" if self._config.security == "starttls" else "signing in"
                raise Unreachable(f"the mail server does not know {what}") from None
            except ssl.SSLCertVerificationError:
                raise Unreachable("the certificate of the mail server is not to be trusted") from None
            except ssl.SSLError:
                raise Unreachable(f"the mail server does not speak TLS on port {self._config.port}") from None
            except smtplib.SMTPResponseException as error:
                raise Unreachable(f"the mail server answers {error.smtp_code}") from None
            except (OSError, smtplib.SMTPException, UnicodeError) as error:
                raise Unreachable(f"the mail server does not answer ({type(error).__name__})") from None

    def send(self, message: EmailMessage, recipient: str) -> None:
        """Hand over a message to one recipient.

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
            code, _words = server.getreply()
        except (OSError, smtplib.SMTPException):
            self.close()
            raise Uncertain("the connection broke while it was being sent; it may have arrived") from None
        if code != _DONE:
            self._refuse(code, "the message")

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
        code, _words = server.mail(self._config.sender, options)
        if code != _DONE:
            self._refuse(code, "your sender address")
        code, _words = server.rcpt(recipient)
        if code not in (_DONE, 251):
            self._refuse(code, "the recipient's address")
        code, _words = server.docmd("DATA")
        if code != _DATA_BEGINS:
            self._refuse(code, "the message")

    def _refuse(self, code: int, what: str) -> None:
        """Say what an answer other than yes means; the connection is as new afterwards."""
        if code == 421:
            self.close()
            raise Unreachable("the mail server is closing down")
        if self._server is not None:
            try:
                self._server.rset()
            except (OSError, smtplib.SMTPException):
                self.close()
        words = f"the mail server refuses {what} ({code})"
        raise Deferred(words) if 400 <= code < 500 else Rejected(words)

    def close(self) -> None:
        """Say goodbye to the server."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()


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
        raise Rejected("the mail server cannot send to an address with such letters")
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
