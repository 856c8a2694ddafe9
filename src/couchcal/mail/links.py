"""Where the links in mail lead: the pages of the booking site that a mail may name. Each one shows a page first;
only a button there changes anything, since programs follow the links of a mail, too."""

from __future__ import annotations

from urllib.parse import quote

PORTAL = "/portal"
OPEN = "/portal/open"
"""Takes tokens to sign in with, and those of an invitation."""
VERIFY = "/verify"
MANAGE = "/manage"
UNSUBSCRIBE = "/unsubscribe"
"""Takes a POST without anything else (RFC 8058), too."""
FEED = "/feed"
"""Calendars to subscribe to, at `/feed/<token>.ics`."""


def booking(public_url: str, slug: str) -> str:
    """The address of the booking page, empty where there is none."""
    return f"{public_url}/book/{quote(slug, safe='')}" if public_url and slug else ""


def link(public_url: str, path: str, token: str = "") -> str:
    """The address of a page, empty where there is no site."""
    if not public_url:
        return ""
    return f"{public_url}{path}" + (f"?token={quote(token, safe='')}" if token else "")


def feed(public_url: str, token: str) -> str:
    """The address of a calendar feed; where there is no site, its path alone."""
    return f"{public_url}{FEED}/{quote(token, safe='')}.ics"
