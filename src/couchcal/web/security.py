"""What proves that a form was filled in here: one field for the visitor's browser, the time, and this very form.

The field is signed with a key that lives as long as the process. It holds when the page was made and a nonce, and
its signature also covers a random cookie of the browser: another site can neither make nor use one (double submit
bound to a cookie). The nonce is the idempotency key of what the form asks for, so a second click is no second wish.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

EARLIEST = timedelta(seconds=2)
"""Nobody fills in a form faster."""
LATEST = timedelta(hours=2)
"""How long an open form can be sent."""
_PROOF = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})", re.ASCII)
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Proof(NamedTuple):
    """What a form proved: its nonce, and when it was made."""

    nonce: str
    made_at: datetime


class FormRefused(Exception):
    """A form that proves nothing: `strange` (not of this browser, or of a server that was started anew), `soon`
    after it was made, or too `late`."""

    def __init__(self, why: Literal["strange", "soon", "late"]) -> None:
        super().__init__(why)
        self.why = why


class Signer:
    """Signs forms and small values for the browser that they were made for."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def form(self, browser: str, made_at: datetime) -> str:
        """The field of a form that is shown to `browser`."""
        body = f"{int(made_at.timestamp())}.{secrets.token_urlsafe(16)}"
        return f"{body}.{self._mac('form', browser, body)}"

    def check_form(self, browser: str, field: str, now: datetime, *, earliest: timedelta = EARLIEST) -> Proof:
        """What the field of a form proves.

        Raises:
            FormRefused: nothing.
        """
        found = _PROOF.fullmatch(field)
        if found is None or not hmac.compare_digest(found[3], self._mac("form", browser, f"{found[1]}.{found[2]}")):
            raise FormRefused("strange")
        made_at = datetime.fromtimestamp(int(found[1]), UTC)
        if now - made_at > LATEST:
            raise FormRefused("late")
        if now - made_at < earliest:
            raise FormRefused("soon")
        return Proof(found[2], made_at)

    def sealed(self, purpose: str, text: str) -> str:
        """`text`, which can be read but not made by others."""
        return f"{text}~{self._mac(purpose, text)}"

    def opened(self, purpose: str, sealed: str) -> str | None:
        """The text of `sealed`; None if it is not ours."""
        text, _, mac = sealed.rpartition("~")
        return text if mac.isascii() and hmac.compare_digest(mac, self._mac(purpose, text)) else None

    def digest(self, text: str) -> str:
        """What stands for an address while this process runs, and says nothing of it."""
        return self._mac("digest", text)

    def _mac(self, *parts: str) -> str:
        message = b"".join(len(data := part.encode()).to_bytes(4) + data for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()


def nonce_of(field: str) -> str:
    """The nonce that the field of a form claims, unchecked; empty if it is no such field."""
    found = _PROOF.fullmatch(field)
    return found[2] if found is not None else ""


def browser_of(cookie: str | None) -> str | None:
    """The value of the browser's cookie, None if it is none of ours."""
    return cookie if cookie is not None and _BROWSER.fullmatch(cookie) else None


def new_browser() -> str:
    """A value for the browser's cookie."""
    return secrets.token_urlsafe(32)
