"""Page tokens and sync tokens: sealed, opaque, and awkward in a URL that is not encoded.

A token is base64url with `=` at its end and both `-` and `_` inside. What it seals is only readable here; a
changed, shortened or foreign one does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Literal

_MAC = 6
_NONCE = 4


@dataclass(frozen=True, slots=True)
class Token:
    """`rev` is the revision a list was frozen at. A page token names its walk, the place where the page begins
    in the scan, and the page's number (the first page is 1). `low` and `high` are the window of the first list.
    """

    kind: Literal["page", "sync"]
    user: str
    calendar: str
    fingerprint: str
    issued_us: int
    rev: int = 0
    generation: int = 0
    walk: int = 0
    position: int = 0
    page: int = 0
    low: int | None = None
    high: int | None = None


class Sealer:
    """Seals and opens tokens with the key of one emulator."""

    def __init__(self, seed: int) -> None:
        self._key = hashlib.blake2b(str(seed).encode(), digest_size=16).digest()
        self._made = 0

    def seal(self, token: Token) -> str:
        values = [getattr(token, name) for name in Token.__slots__]
        plain = json.dumps(values, separators=(",", ":")).encode()
        while (len(plain) + _MAC + _NONCE) % 3 == 0:
            plain += b" "
        while True:
            self._made += 1
            nonce = self._made.to_bytes(_NONCE, "big")
            sealed = nonce + self._mac(nonce, plain) + self._stream(nonce, plain)
            text = base64.urlsafe_b64encode(sealed).decode()
            if "-" in text and "_" in text:
                return text

    def open(self, text: str) -> Token | None:
        """The sealed token, None for anything that is not one in every character."""
        try:
            raw = base64.urlsafe_b64decode(text)
        except (binascii.Error, ValueError):
            return None
        if len(raw) <= _NONCE + _MAC or base64.urlsafe_b64encode(raw).decode() != text:
            return None
        nonce, mac, sealed = raw[:_NONCE], raw[_NONCE : _NONCE + _MAC], raw[_NONCE + _MAC :]
        plain = self._stream(nonce, sealed)
        if self._mac(nonce, plain) != mac:
            return None
        return Token(*json.loads(plain))

    def _mac(self, nonce: bytes, plain: bytes) -> bytes:
        return hashlib.blake2b(plain, key=self._key, salt=nonce, digest_size=_MAC).digest()

    def _stream(self, nonce: bytes, data: bytes) -> bytes:
        mask = hashlib.shake_128(self._key + nonce).digest(len(data))
        return (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(data), "big")
