"""The link that the practitioner shares with clients (BOOK-01)."""

from __future__ import annotations

from sqlite3 import Connection
from urllib.parse import quote


def slug(connection: Connection) -> str:
    """The practice's own part of the link, empty while it has none."""
    row = connection.execute("SELECT slug FROM practice ORDER BY id LIMIT 1").fetchone()
    return str(row[0]) if row else ""


def booking_link(origin: str, own_slug: str) -> str:
    """The address of the booking page on a server, such as `https://book.example.org/book/quiet-room`."""
    return f"{origin.rstrip('/')}/book/{quote(own_slug)}"
