"""Inputs made of inputs: bytes, lines and JSON trees are changed, repeated, cut, and mixed with others."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

from tests.fuzz.target import PART, Shape

_NUMBER = re.compile(rb"[0-9]+")
_NUMBERS = (
    b"0", b"-1", b"1", b"7", b"53", b"99", b"366", b"9999", b"10000", b"2147483648", b"9223372036854775808",
    b"99999999999999999999999", b"1e400", b"00", b"19700101", b"20261101", b"20260308T023000", b"00010101",
    b"99991231", b"99991231T235959Z",
)  # fmt: skip
_ODD = (
    b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n ", b"\x1b[31m", b"\\n",
    b"\\",
    b'"', b"'", b"%", b"%00", b";", b":", b"=", b",", b"{{", b"[", b"]", b"<x>", "‮".encode(), "\u2028".encode(),
    "İ".encode(), "ß".encode(), "ŉ".encode(), "١٢".encode(), "²".encode(), "Ⅷ".encode(), "👩‍👧".encode(),
    "−".encode(), "\u0345".encode(),
)  # fmt: skip
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, 1e308, "", " ", "x", "2026-13-45", "0001-01-01", "9999-12-31",
    "2026-03-08T02:30:00", "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00-23:59", "2026-03-03T10:00:00Z",
    "\ud800", "\x00", "a" * 3000, [], {}, [[]], [None], {"": None}, "America/New_York", "Nowhere/Land", "cancelled",
)  # fmt: skip
_LONGEST_RUN = 2_000
Change = Callable[[bytes, random.Random, Sequence[bytes], Sequence[bytes]], bytes]


def mutated(
    data: bytes, chance: random.Random, shape: Shape, words: Sequence[bytes], others: Sequence[bytes], longest: int
) -> bytes:
    """`data` after a few changes, at most `longest` bytes of it."""
    changes = _CHANGES[shape]
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        data = chance.choice(changes)(data, chance, words, others)
    return data[:longest]


def _place(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((0, 1, 1, 2, 4, 8, 32)))


def _flip(data: bytes, chance: random.Random, *_: Sequence[bytes]) -> bytes:
    if not data:
        return b"\x00"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random, *_: Sequence[bytes]) -> bytes:
    start, end = _place(data, chance)
    return data[:start] + data[end:]


def _insert(data: bytes, chance: random.Random, words: Sequence[bytes], _others: Sequence[bytes]) -> bytes:
    start, end = _place(data, chance)
    new = chance.choice(words) if words and chance.random() < 0.7 else chance.choice(_ODD)
    return data[:start] + new + data[end if chance.random() < 0.3 else start :]


def _repeat(data: bytes, chance: random.Random, *_: Sequence[bytes]) -> bytes:
    start, end = _place(data, chance)
    times = chance.choice((2, 2, 3, 10, 100, _LONGEST_RUN))
    return data[:start] + data[start:end] * times + data[end:]


def _number(data: bytes, chance: random.Random, *_: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return data + chance.choice(_NUMBERS)
    at = chance.choice(found)
    new = chance.choice(_NUMBERS)
    if chance.random() < 0.4:
        new = str(int(at[0][:18]) + chance.choice((-1, 1, 12, 60, 86_400))).encode()
    return data[: at.start()] + new + data[at.end() :]


def _splice(data: bytes, chance: random.Random, _words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    if not others:
        return data
    other = chance.choice(others)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _line(data: bytes, chance: random.Random, words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    match chance.randrange(7):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            other = chance.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        case 3 if others:
            lines.insert(at, chance.choice(chance.choice(others).split(b"\n")))
        case 4 if words:
            lines.insert(at, chance.choice(words))
        case 5:
            first = chance.randrange(len(lines))
            lines[at:at] = lines[first : first + chance.randrange(1, 12)] * chance.choice((1, 1, 2, 20))
        case _:
            half = chance.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:half] + chance.choice((b"\r\n ", b"\n\t", b"\n", b"")) + lines[at][half:]
    return b"\n".join(lines)


def _tree(data: bytes, chance: random.Random, _words: Sequence[bytes], others: Sequence[bytes]) -> bytes:
    parts = data.split(PART)
    at = chance.randrange(len(parts))
    if chance.random() < 0.15 and others:
        parts.insert(at, chance.choice(chance.choice(others).split(PART)))
    lines = parts[at].split(b"\n")
    here = chance.randrange(len(lines))
    head, brace, rest = lines[here].partition(b"{")
    try:
        lines[here] = head + json.dumps(_changed(json.loads(brace + rest), chance)).encode()
    except (ValueError, RecursionError):
        return PART.join(parts)
    parts[at] = b"\n".join(lines)
    return PART.join(parts)


def _changed(value: Any, chance: random.Random) -> Any:
    """A tree with one node of it changed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        match chance.randrange(12):
            case 0:
                return {key: found for key, found in value.items() if key != name}
            case 1:
                return value | {name: value[chance.choice(list(value))]}
            case 2:
                return {(key + "x" if key == name else key): found for key, found in value.items()}
            case _:
                return value | {name: _changed(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        at = chance.randrange(len(value))
        match chance.randrange(10):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return [*value, value[at]]
            case 2:
                return value * chance.choice((2, 2, 50))
            case _:
                return [*value[:at], _changed(value[at], chance), *value[at + 1 :]]
    if isinstance(value, str) and chance.random() < 0.6:
        changed = mutated(value.encode("utf-8", "surrogatepass"), chance, "text", (), (), 4_000)
        return changed.decode("utf-8", "replace")
    if chance.random() < 0.1:
        for _ in range(chance.choice((1, 3, 900))):
            value = [value] if chance.random() < 0.5 else {"a": value}
        return value
    return chance.choice(_ODD_VALUES)


_TEXT: tuple[Change, ...] = (_flip, _cut, _insert, _insert, _repeat, _number, _splice)
_CHANGES: dict[Shape, tuple[Change, ...]] = {
    "text": _TEXT,
    "lines": (*_TEXT, _line, _line, _line, _line, _line, _line),
    "json": (*_TEXT[:4], _number, *[_tree] * 12),
}
