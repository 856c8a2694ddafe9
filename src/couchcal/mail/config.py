"""The mail server and the text gateway of this computer: the settings, the environment, the keyring."""

from __future__ import annotations

import os
from typing import NamedTuple

from couchcal.errors import Refused
from couchcal.mail.addresses import on_the_wire
from couchcal.settings import load as load_settings
from couchcal.settings_mail import SECURITY, MailTable, TextTable, is_local

GUIDE = "couchcal guide mail tells how"
NO_PASSWORD = "no_password"  # noqa: S105  the code of an error
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_SCHEMES = {"smtp": "", "smtps": "tls"}


class MailConfig(NamedTuple):
    """The server, and what mail says of the practice's addresses. `sender` is the From and the ORGANIZER (C-14);
    `to` is where mail for the practitioner goes; `public_url` has no slash at its end and may be empty."""

    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    to: str
    public_url: str
    minimal: bool


class TextConfig(NamedTuple):
    """A gateway that takes a form by POST, with `account` and `token` as its basic sign-in; `reminder` is what a
    reminder says, empty for the program's own words."""

    url: str
    account: str
    token: str
    sender: str
    reminder: str = ""


def set_up() -> bool:
    """Whether mail can be sent as far as the settings go; asks no keyring and no server."""
    return bool(own_address())


def own_address() -> str:
    """The address that mail comes from here, and that takes answers; empty where mail is not set up."""
    table = load_settings().mail
    url = os.environ.get("COUCHCAL_SMTP_URL")
    if not url:
        return _sender(table, table.user) if table.host else ""
    try:
        return _sender(table, _of_url(url, table)[3])
    except Refused:
        return ""


def _sender(table: MailTable, user: str) -> str:
    """The one address that mail comes from, on the wire: `[mail] from`, else the user where that is an address;
    empty if there is none that servers take."""
    found = on_the_wire(table.sender or user)
    return found if found.isascii() else ""


def load() -> MailConfig | None:
    """How mail goes out from here, None if it is not set up.

    Raises:
        Refused: something about it is wrong or missing, such as the password.
    """
    table = load_settings().mail
    url = os.environ.get("COUCHCAL_SMTP_URL")
    if not url and not table.host:
        return None
    if url:
        host, port, security, user, password = _of_url(url, table)
    else:
        host, user, password = table.host, table.user, ""
        security = table.security or ("none" if is_local(host) else "starttls")
        port = table.port or _PORTS[security]
    sender = _sender(table, user)
    if not sender:
        raise Refused("mail has no sender address", 'set from = "you@example.org" in [mail] of config.toml')
    if not url:
        password = _kept(mail_entry(host, user)) if user else ""
        if user and not password:
            raise Refused(
                "there is no password for the mail server", "couchcal mail password, or COUCHCAL_SMTP_URL",
                code=NO_PASSWORD,
            )  # fmt: skip
    if user and security == "none" and not is_local(host):
        raise Refused(
            "the password of the mail server would travel in the clear", "set security to starttls or tls"
        )
    return MailConfig(
        host, port, security, user, password, sender, table.to or sender, table.public_url, table.minimal
    )


def _of_url(url: str, table: MailTable) -> tuple[str, int, str, str, str]:
    from urllib.parse import parse_qs, unquote, urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    (asked,) = parse_qs(parts.query).get("security", [""])[:1]
    if not host or parts.scheme not in _SCHEMES or asked not in ("", *SECURITY):
        raise Refused("COUCHCAL_SMTP_URL is no mail server", "write smtp://user:password@host:port")
    security = asked or _SCHEMES[parts.scheme] or table.security or ("none" if is_local(host) else "starttls")
    return host, port or _PORTS[security], security, unquote(parts.username or ""), unquote(parts.password or "")


def load_text() -> TextConfig | None:
    """The gateway for text messages, None if none is set up.

    Raises:
        Refused: its token is missing.
    """
    table = load_settings().text
    if not table.url:
        return None
    token = os.environ.get("COUCHCAL_TEXT_TOKEN") or (_kept(text_entry(table)) if table.account else "")
    if table.account and not token:
        raise Refused(
            "there is no token for the text gateway", "couchcal mail password --text, or COUCHCAL_TEXT_TOKEN"
        )
    return TextConfig(table.url, table.account, token, table.sender, table.reminder)


def mail_entry(host: str, user: str) -> str:
    """The name of the keyring's entry for a mail server."""
    return f"smtp:{user}@{host}"


def text_entry(table: TextTable) -> str:
    """The name of the keyring's entry for a text gateway."""
    return f"text:{table.account}@{table.url}"


def keep(entry: str, secret: str) -> None:
    """Put a secret into the keyring; an empty one takes it out.

    Raises:
        Refused: there is no keyring, or it does not take it.
    """
    from keyring.errors import KeyringError, PasswordDeleteError

    from couchcal.store.keys import SERVICE, usable_keyring

    backend = usable_keyring()
    if backend is None:
        raise Refused("there is no keyring here", "set COUCHCAL_SMTP_URL or COUCHCAL_TEXT_TOKEN instead")
    try:
        if secret:
            backend.set_password(SERVICE, entry, secret)
        else:
            backend.delete_password(SERVICE, entry)
    except PasswordDeleteError:
        return  # there was none
    except (KeyringError, ValueError, OSError, RuntimeError):
        raise Refused("the keyring cannot be opened", "unlock it and try again") from None


def _kept(entry: str) -> str:
    from keyring.errors import KeyringError

    from couchcal.store.keys import SERVICE, usable_keyring

    backend = usable_keyring()
    if backend is None:
        return ""
    try:
        return backend.get_password(SERVICE, entry) or ""
    except (KeyringError, ValueError, OSError, RuntimeError):
        raise Refused("the keyring cannot be opened", "unlock it and try again") from None
