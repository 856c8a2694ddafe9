"""Addresses and names in headers: nothing that a person typed can begin a header of its own."""

from __future__ import annotations

import re
from email.headerregistry import Address

from couchcal.settings_mail import is_address

_BREAKING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+"
)
LONGEST_NAME = 100


def one_line(text: str) -> str:
    """Text as one line, without control characters, direction marks and what is no character."""
    return " ".join(_BREAKING.sub(" ", text).split())


def on_the_wire(address: str) -> str:
    """An address as mail servers know it: the domain in ASCII (IDNA), the rest as it is. Empty if it is none."""
    address = address.strip()
    if not is_address(address):
        return ""
    local, _, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    if not all(re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)", label) for label in ascii_domain.split(".")):
        return ""
    return f"{local}@{ascii_domain}"


def header(name: str, address: str) -> Address:
    """An address with its display name, for a header."""
    local, _, domain = address.rpartition("@")
    return Address(one_line(name)[:LONGEST_NAME], local, domain)
