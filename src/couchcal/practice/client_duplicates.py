"""Clients who may be one person: the same e-mail address, telephone number or name (INT-04)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

from couchcal.practice.clients import ClientRow, get, list_clients
from couchcal.store.connection import Connection

_NUMBER_DIGITS = 7
"""Two telephone numbers are the same if this many last digits are: country and area codes come and go."""
_SHORTEST_NUMBER = 6
_ORDER = ("same e-mail", "same telephone", "same name", "similar name")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


class Duplicate(NamedTuple):
    """Another record that may be the same person, and what speaks for it, the strongest reason first."""

    client: ClientRow
    reasons: tuple[str, ...]


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Text as it is compared and searched: lower case, without accents; `Łukasz Élodie` is `lukasz elodie`."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    # Folded letters may come apart once more, and what they come apart into may have a case.
    plain = unicodedata.normalize("NFKD", plain).casefold().translate(_LETTERS)
    return "".join(character for character in plain if not unicodedata.combining(character))


def duplicates(connection: Connection, client_id: int) -> list[ClientRow]:
    """Records that may be the same person as this client, the likeliest first.

    Raises:
        NotFound: there is no such client.
    """
    return [found.client for found in suggestions(connection, client_id)]


def suggestions(connection: Connection, client_id: int) -> list[Duplicate]:
    """`duplicates` with what speaks for each.

    Raises:
        NotFound: there is no such client.
    """
    return like(get(connection, client_id), list_clients(connection, archived=True))


def like(client: ClientRow, others: Iterable[ClientRow]) -> list[Duplicate]:
    """Those of `others` who may be `client`, the likeliest first; the record itself is none of them. Pure."""
    found = [Duplicate(row, reasons(client, row)) for row in others if row.id != client.id]
    found = [duplicate for duplicate in found if duplicate.reasons]
    return sorted(found, key=lambda duplicate: (-len(duplicate.reasons), _ORDER.index(duplicate.reasons[0])))


def pairs(connection: Connection) -> list[tuple[ClientRow, Duplicate]]:
    """Every two records that may be one person, each pair once, the newer record first."""
    clients = {row.id: row for row in list_clients(connection, archived=True)}
    candidates = {
        pair for key_holders in _by_key(clients.values()).values() for pair in combinations(key_holders, 2)
    }
    found = []
    for older, newer in sorted(candidates):
        why = reasons(clients[newer], clients[older])
        if why:
            found.append((clients[newer], Duplicate(clients[older], why)))
    return found


def _by_key(clients: Iterable[ClientRow]) -> dict[str, list[int]]:
    """Ids by what two of them must share to be alike at all, ascending."""
    keys: dict[str, list[int]] = {}
    for row in sorted(clients, key=lambda row: row.id):
        for key in set(_keys(row)):
            keys.setdefault(key, []).append(row.id)
    return keys


def _keys(row: ClientRow) -> Iterator[str]:
    if row.email:
        yield f"@{row.email.casefold()}"
    if digits := _digits(row.phone):
        yield f"#{digits}"
    for name in (*_firsts(row), fold(row.last)):
        if name:
            yield name


def reasons(one: ClientRow, other: ClientRow) -> tuple[str, ...]:
    """What speaks for two records being one person, in the order of its weight; empty if nothing does. Pure."""
    found = []
    if one.email and one.email.casefold() == other.email.casefold():
        found.append("same e-mail")
    if _digits(one.phone) and _digits(one.phone) == _digits(other.phone):
        found.append("same telephone")
    alike = _names_alike(one, other)
    return (*found, alike) if alike else tuple(found)


def _names_alike(one: ClientRow, other: ClientRow) -> str:
    last, other_last = fold(one.last), fold(other.last)
    firsts, other_firsts = _firsts(one), _firsts(other)
    if firsts & other_firsts and last == other_last:
        return "same name"
    if last and other_last and last in other_firsts and other_last in firsts:
        return "same name"
    if last and last == other_last and any(_nearly(a, b) for a in firsts for b in other_firsts):
        return "similar name"
    if firsts & other_firsts and _one_edit(last, other_last):
        return "similar name"
    return ""


def _firsts(row: ClientRow) -> set[str]:
    return {name for name in (fold(row.first), fold(row.preferred)) if name}


def _nearly(one: str, other: str) -> bool:
    """`Jon` and `Jonathan`, `J` and `Jane`, `Ann` and `Anne`, `Katy` and `Kathy`."""
    return one.startswith(other) or other.startswith(one) or _one_edit(one, other)


def _one_edit(one: str, other: str) -> bool:
    """Whether names of four letters and more differ by one letter put in, left out, changed or swapped."""
    if min(len(one), len(other)) < 3 or max(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, other_rest = one[same:], other[same:]
    swapped = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
    return rest[1:] == other_rest[1:] or rest[1:] == other_rest or rest == other_rest[1:] or swapped


def _digits(phone: str) -> str:
    digits = "".join(character for character in phone if character.isdecimal())
    return digits[-_NUMBER_DIGITS:] if len(digits) >= _SHORTEST_NUMBER else ""
