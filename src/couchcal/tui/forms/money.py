"""Amounts of money as people type them. CXL-03."""

from __future__ import annotations

import re

MAX_CENTS = 100_000_000
_AMOUNT = re.compile(r"[$€£]?\s*(\d{1,7})(?:[.,](\d{1,2}))?")


def parse_cents(text: str) -> int | None:
    """`25`, `25.5`, `25,00` or `$25` in cents, None for an empty text.

    Raises:
        ValueError: with words for the person, if it is no amount.
    """
    text = text.strip()
    if not text:
        return None
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("an amount like 25.00")
    cents = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if cents > MAX_CENTS:
        raise ValueError("that is more than 1000000.00")
    return cents


def format_cents(cents: int | None) -> str:
    """`25.00`, empty for None."""
    return "" if cents is None else f"{cents // 100}.{cents % 100:02d}"
