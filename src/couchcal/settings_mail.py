"""The tables `[mail]`, `[text]` and `[booking]` of `config.toml`: what each key holds, what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

SECURITY = ("starttls", "tls", "none")
LONGEST_WAIT_S = 600
LONGEST_REMINDER = 200
PRACTICE_MARK, LINK_MARK = "{practice}", "{link}"
"""What a text of `[text] reminder` has where the name of the practice and the link to the portal belong."""
_ADDRESS = r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}"
_HOST = r"[A-Za-z0-9.\-:_\[\]]{1,253}"
_TIME = r"([01]?[0-9]|2[0-3]):[0-5][0-9]"
_NUMBER = r"\+?[0-9]{3,15}"


class MailTable(NamedTuple):
    """`[mail]`. `security` is one of `SECURITY`, empty where the server's address decides; `sender` is the key
    `from`; `to` is where mail for the practitioner goes, `agenda` the time of the daily agenda, `HH:MM`; `wait` is
    for how many seconds a letter can be dropped by undo."""

    host: str = ""
    port: int | None = None
    user: str = ""
    security: str = ""
    sender: str = ""
    to: str = ""
    public_url: str = ""
    minimal: bool = False
    agenda: str = ""
    wait: int = 15


class TextTable(NamedTuple):
    """`[text]`: a gateway for text messages that takes a form by POST; `sender` is the key `from`, `reminder` what
    a reminder says, with `{practice}` and `{link}` in it; empty is what the program says."""

    url: str = ""
    account: str = ""
    sender: str = ""
    reminder: str = ""


class BookingTable(NamedTuple):
    """`[booking]`: how this computer serves the booking page. `altcha`: a browser has to work for a moment before
    its form counts."""

    altcha: bool = False


class BackupTable(NamedTuple):
    """`[backup]`: `copy_to` is a folder that the newest backup is put into as well, as one file."""

    copy_to: str = ""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("give it as text in quotes")
    return value.strip()


def _matching(pattern: str, words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        found = _text(value)
        if found and re.fullmatch(pattern, found) is None:
            raise ValueError(words)
        return found

    return read


def _port(value: Any) -> int:
    if type(value) is not int or not 0 < value < 65536:
        raise ValueError("use a number from 1 to 65535")
    return value


def _wait(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LONGEST_WAIT_S:
        raise ValueError(f"use a number of seconds from 0 to {LONGEST_WAIT_S}")
    return value


def _folder(value: Any) -> str:
    found = _text(value)
    full = found.startswith(("/", "~/")) or re.match(r"[A-Za-z]:[\\/]", found)
    if found and (not full or not found.isprintable()):
        raise ValueError("use the full path of a folder, such as ~/Sync/couchcal")
    return found


def _reminder(value: Any) -> str:
    """What a reminder by text says: what is left without its two marks says nothing of anybody."""
    found = _text(value)
    rest = found.replace(PRACTICE_MARK, "").replace(LINK_MARK, "")
    if found and (LINK_MARK not in found or "{" in rest or "}" in rest):
        raise ValueError("use text with {link} in it, and {practice} where its name belongs")
    if len(found) > LONGEST_REMINDER or not found.isprintable():
        raise ValueError(f"use one line of at most {LONGEST_REMINDER} characters")
    return found


def _security(value: Any) -> str:
    if value not in SECURITY:
        raise ValueError(f"use one of {', '.join(SECURITY)}")
    return str(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("use true or false")
    return value


def _public(value: Any) -> str:
    return _safe_url(value).rstrip("/")


def _safe_url(value: Any) -> str:
    """An address that nothing can be read on the way to: https, or this computer."""
    found = _text(value)
    if found and not is_safe_url(found):
        raise ValueError("it must begin with https://")
    return found


def is_local(host: str) -> bool:
    """Whether a host is this computer."""
    return host in ("localhost", "::1") or re.fullmatch(r"127(?:\.[0-9]{1,3}){3}", host) is not None


def is_safe_url(url: str) -> bool:
    """Whether an address is https, or of this computer, and has no white space."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not host or any(letter.isspace() or not letter.isprintable() for letter in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_local(host))


def is_address(text: str) -> bool:
    """Whether this is a plain e-mail address, `local@domain`, of at most 254 characters."""
    return len(text) <= 254 and text.isprintable() and re.fullmatch(_ADDRESS, text) is not None


def _address(value: Any) -> str:
    found = _text(value)
    if found and not is_address(found):
        raise ValueError("use a plain address such as office@example.org")
    return found


MAIL: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "host": ("host", _matching(_HOST, "use the name of the mail server, such as smtp.example.org")),
    "port": ("port", _port),
    "user": ("user", _text),
    "security": ("security", _security),
    "from": ("sender", _address),
    "to": ("to", _address),
    "public_url": ("public_url", _public),
    "minimal": ("minimal", _boolean),
    "agenda": ("agenda", _matching(_TIME, "use a time such as 07:00")),
    "wait": ("wait", _wait),
}
"""The keys of `[mail]`: the field of `MailTable` each is, and what reads it."""
TEXT: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "url": ("url", _safe_url),
    "account": ("account", _text),
    "from": ("sender", _matching(_NUMBER, "use a number such as +15550100")),
    "reminder": ("reminder", _reminder),
}
"""The keys of `[text]`."""
BOOKING: dict[str, tuple[str, Callable[[Any], Any]]] = {"altcha": ("altcha", _boolean)}
"""The keys of `[booking]`."""
BACKUP: dict[str, tuple[str, Callable[[Any], Any]]] = {"copy_to": ("copy_to", _folder)}
"""The keys of `[backup]`."""
TABLES: dict[
    str,
    tuple[
        dict[str, tuple[str, Callable[[Any], Any]]], type[MailTable | TextTable | BookingTable | BackupTable], str
    ],
] = {
    "mail": (MAIL, MailTable, "host = 'smtp.example.org'"),
    "text": (TEXT, TextTable, "url = 'https://gateway.example.org/send'"),
    "booking": (BOOKING, BookingTable, "altcha = true"),
    "backup": (BACKUP, BackupTable, "copy_to = '~/Sync/couchcal'"),
}
"""Each table: its keys, what holds its values, and a line of it as an example."""


def take(name: str, table: Any, found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Put what is right in the table `name` (one of `TABLES`) into `found`; yields the path of what is wrong, and
    the words for it."""
    from couchcal.settings_keys import nearest

    keys, kind, example = TABLES[name]
    if not isinstance(table, dict):
        yield (name,), f"{name} is a table: [{name}], then lines such as {example}"
        return
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key == "password" and name in ("mail", "text"):
            command = "couchcal mail password" + (" --text" if name == "text" else "")
            yield (name, key), f"[{name}] keeps no password: {command} puts it into the keyring"
        elif key not in keys:
            yield (name, key), f"[{name}] has no '{key}'{nearest(key, keys)}"
        else:
            field, read = keys[key]
            try:
                values[field] = read(value)
            except ValueError as error:
                yield (name, key), f"{name}.{key}: {error}"
    found[name] = kind(**values)
