"""The ids people and scripts see: short, stable, not guessable by counting, valid across kinds.

An appointment is eight hexadecimal digits; other kinds put a letter before them: `r` request,
`t` time off, `x` external event, `s` series. The digits are the row id scrambled by a bijection of 32-bit
integers, so nothing more is stored and a shortened id never quietly names a neighbour.
"""

from __future__ import annotations

_MULTIPLIER = 0x9E3779B1
_INVERSE = pow(_MULTIPLIER, -1, 1 << 32)
_MASK = 0xFFFFFFFF

PREFIXES = {"appointment": "", "booking_request": "r", "time_off": "t", "external_event": "x", "series": "s"}
_TABLES = {prefix: table for table, prefix in PREFIXES.items()}


def scramble(row_id: int) -> int:
    """The 32-bit number whose hexadecimal digits are the public id of `row_id`."""
    return (row_id * _MULTIPLIER) & _MASK


def encode(table: str, row_id: int) -> str:
    """The public id of a row of `table`."""
    return f"{PREFIXES[table]}{scramble(row_id):08x}"


def split(public_id: str) -> tuple[str, str]:
    """The table a (perhaps shortened) public id speaks of, and its hexadecimal digits.

    Raises:
        ValueError: if it has no digits or other characters than hexadecimal ones.
    """
    text = public_id.strip().lower()
    prefix = text[:1] if text[:1] in ("r", "t", "x", "s") else ""
    digits = text[len(prefix) :]
    if not digits or len(digits) > 8 or any(c not in "0123456789abcdef" for c in digits):
        raise ValueError(public_id)
    return _TABLES[prefix], digits


def decode(digits: str) -> int:
    """The row id of eight hexadecimal digits."""
    return (int(digits, 16) * _INVERSE) & _MASK
