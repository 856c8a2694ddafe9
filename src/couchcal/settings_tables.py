"""The keys in tables of `config.toml` that can be set one by one, as those at its top are: `mail.host`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from couchcal.errors import Invalid
from couchcal.settings_keys import KEYS, Key, nearest
from couchcal.settings_mail import SECURITY, TABLES

if TYPE_CHECKING:
    from couchcal.settings import Settings

_YES_NO = ("true", "false")
_ABOUT: dict[str, tuple[str, str]] = {
    "mail.host": ("the server that takes your mail", "no mail is sent"),
    "mail.port": ("its port", "587; with tls 465, with none 25"),
    "mail.security": ("how the way there is encrypted", "starttls; none on this computer"),
    "mail.user": ("the name to sign in with", "no sign-in"),
    "mail.from": ("your address, which clients see", "the user, where that is an address"),
    "mail.to": ("where mail for you goes", "the same address"),
    "mail.public_url": ("https://, without /book", "no links, and no reminders"),
    "mail.minimal": ("to clients a link, nothing else", "false"),
    "mail.agenda": ("your day by mail, at 07:00", "never"),
    "mail.wait": ("seconds in which undo drops mail", "15"),
    "text.url": ("takes To, From and Body", "no text messages"),
    "text.account": ("the name to sign in with", "no sign-in"),
    "text.from": ("the number they come from", "the gateway's own"),
    "text.reminder": ("with {practice} and {link}", "a line with both"),
    "booking.altcha": ("browsers work a moment first", "false"),
    "backup.copy_to": ("a folder for the newest one, too", "nowhere else"),
}
"""What each is for, and what holds while it is not set; short enough to stand beside a field."""
_WORDS = {"mail.security": SECURITY, "mail.minimal": _YES_NO, "booking.altcha": _YES_NO}
_WHOLE = ("mail.port", "mail.wait")


def _reader(name: str) -> Callable[[Any], Any]:
    table, _, key = name.partition(".")
    return TABLES[table][0][key][1]


TABLE_KEYS = {
    name: Key(name, about, _reader(name), _WORDS.get(name, ()), unset, name in _WHOLE)
    for name, (about, unset) in _ABOUT.items()
}
"""Every such key, in the order of the documentation."""


def known() -> dict[str, Key]:
    """Every setting of this computer that has one value, by its name."""
    return KEYS | TABLE_KEYS


def key_of(name: str) -> Key:
    """A setting of this computer.

    Raises:
        Invalid: there is none of that name.
    """
    found = known().get(name)
    if found is None:
        raise Invalid(f"there is no setting '{name}'{nearest(name, known())}", "couchcal settings list", field=name)
    return found


def value_of(settings: Settings, name: str) -> Any:
    """What is set, or what holds by itself."""
    table, _, key = name.rpartition(".")
    if not table:
        return getattr(settings, key)
    return getattr(getattr(settings, table), TABLES[table][0][key][0])
