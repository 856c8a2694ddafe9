"""The link that the practitioner shares with clients (BOOK-01), and whether there is a feed of their calendar."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from couchcal.store.connection import Connection

LOCAL_ORIGIN = "http://127.0.0.1:8080"
"""Where `couchcal serve` is reached on this computer, unless it is told otherwise."""


def slug(connection: Connection) -> str:
    """The practice's own part of the link, empty while it has none."""
    row = connection.execute("SELECT slug FROM practice ORDER BY id LIMIT 1").fetchone()
    return str(row[0]) if row else ""


def booking_link(origin: str, own_slug: str) -> str:
    """The address of the booking page on a server, such as `https://book.example.org/book/quiet-room`."""
    return f"{origin.rstrip('/')}/book/{quote(own_slug)}"


def feed_since(connection: Connection) -> datetime | None:
    """Since when the practitioner's calendar can be subscribed to; None if it cannot."""
    row = connection.execute(
        "SELECT created_at FROM portal_token WHERE purpose = 'feed' AND client_id IS NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return datetime.fromtimestamp(row[0], UTC) if row else None
