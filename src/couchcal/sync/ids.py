"""Under which id an appointment is at the remote: known before the first request, so that it can be repeated."""

from __future__ import annotations

from base64 import b32hexencode
from hashlib import sha256


def event_id(calendar_id: str, uid: str, attempt: int) -> str:
    """26 characters of `a-v0-9`, the same for the same appointment, calendar and attempt.

    A remote never takes an id twice, so that an event which is gone for good needs the next attempt. The private
    mark of an event is its own id: copies that are made at the remote have the mark of another.
    """
    digest = sha256(f"{calendar_id}|{uid}|{attempt}".encode()).digest()[:16]
    return b32hexencode(digest).decode().rstrip("=").lower()
