"""SQLite's words in PostgreSQL's: what raw statements of this program say that both do not understand alike.

Statements are written in words of both wherever there are such; what is left is here. Constants in quotes are never
touched. Functions of SQLite that have no counterpart are made by the migrations on the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_KEPT = re.compile("\x00(\\d+)\x00")
_PLACE = re.compile(r"\?(\d*)|(?<![:\w]):([A-Za-z_]\w*)")
_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|CREATE|DROP|ALTER)\b", re.IGNORECASE)
_ELEMENTS = "jsonb_array_elements_text(CAST({0} AS jsonb))"
_MEMBERS = rf"(SELECT CAST(member AS bigint) AS value FROM {_ELEMENTS.format(chr(92) + '1')} AS member)"  # noqa: S608
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        # the order in which SQLite is to join: what is on the left first, and for each of its rows by an index
        (
            r"\bCROSS JOIN (\w+) (\w+) ON ([^()]+?)(?= (?:WHERE|LEFT JOIN|JOIN|UNION|GROUP BY|ORDER BY)\b|\)|$)",
            r"CROSS JOIN LATERAL (SELECT * FROM \1 \2 WHERE \3 OFFSET 0) \2",
        ),
        (r"\bIS NOT (?!NULL\b|TRUE\b|FALSE\b|DISTINCT\b)", "IS DISTINCT FROM "),
        (r"\bIS (?!NOT\b|NULL\b|TRUE\b|FALSE\b|DISTINCT\b)", "IS NOT DISTINCT FROM "),
        # a value that is only asked whether it is there has no type of its own
        (r"(\?\d*|(?<![:\w]):[A-Za-z_]\w*) IS (NOT )?NULL\b", r"CAST(\1 AS text) IS \2NULL"),
        (r"\bAS INTEGER\)", "AS bigint)"),
        # lists of ids: `value` are numbers, `atom` are texts
        (
            r"([\w.]+) NOT IN \(SELECT value FROM json_each\((\?\d*)\)\)",
            rf"\1 <> ALL (ARRAY(SELECT CAST({_ELEMENTS.format(chr(92) + '2')} AS bigint)))",
        ),
        (
            r"([\w.]+) IN \(SELECT value FROM json_each\((\?\d*)\)\)",
            rf"\1 = ANY (ARRAY(SELECT CAST({_ELEMENTS.format(chr(92) + '2')} AS bigint)))",
        ),
        (
            r"([\w.]+) IN \(SELECT atom FROM json_each\((\?\d*)\)\)",
            rf"\1 = ANY (ARRAY(SELECT {_ELEMENTS.format(chr(92) + '2')}))",
        ),
        (
            r"SELECT json_extract\(value, \x00\d+\x00\), json_extract\(value, \x00\d+\x00\)"
            r" FROM json_each\((\?\d*)\)",
            r"SELECT CAST(pair ->> 0 AS bigint), CAST(pair ->> 1 AS bigint)"
            r" FROM jsonb_array_elements(CAST(\1 AS jsonb)) AS pair",
        ),
        (
            r"\bjson_each\((\?\d*)\)(?: (?!WHERE\b|CROSS\b|JOIN\b|ON\b|ORDER\b)(\w+))?",
            rf"{_MEMBERS} AS each_\2",
        ),
    )
)
_DATES = {"%Y": "YYYY", "%m": "MM", "%d": "DD"}


class Statement(NamedTuple):
    """A statement for the server; `places` say which value belongs to `$1`, `$2`, …: by number or by name."""

    text: str
    places: tuple[int | str, ...]
    verb: str
    """Its first word."""
    changes: bool
    """Whether it may write."""

    def values(self, given: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
        """The values in the order of `$1`, `$2`, …"""
        return [given[place] for place in self.places]  # type: ignore[index]  # numbers of a sequence, or names


@lru_cache(maxsize=1024)
def translate(sql: str) -> Statement:
    """A statement of SQLite as PostgreSQL says it."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\x00{len(kept) - 1}\x00"

    text = " ".join(_QUOTED.sub(keep, sql).split())
    for pattern, words in _RULES:
        text = pattern.sub(words, text)
    text = _of_two(text)
    text = _dates(text, kept)
    text = _globs(text, kept)
    text = re.sub(r"\beach_(\w*)", lambda found: found[1] or "each", text)
    places: list[int | str] = []

    def place(match: re.Match[str]) -> str:
        number, name = match.groups()
        if name is not None:
            places.append(name)
        else:
            places.append(int(number) - 1 if number else len(places))
        return f"${len(places)}"

    text = _PLACE.sub(place, text)
    verb = text.partition(" ")[0].upper()
    changes = verb not in ("SELECT", "VALUES") and _CHANGES.search(text) is not None
    return Statement(_KEPT.sub(lambda found: kept[int(found[1])], text), tuple(places), verb, changes)


def _of_two(text: str) -> str:
    """`max(a, b)` and `min(a, b)` of values, which are aggregates of one only here."""

    def said(inner: str, word: str) -> str | None:
        return f"{word}({inner})" if _commas(inner) else None

    return _rewritten(_rewritten(text, "max", partial(said, word="greatest")), "min", partial(said, word="least"))


def _dates(text: str, kept: list[str]) -> str:
    def said(inner: str) -> str:
        cuts = list(_commas(inner))
        form = kept[int(inner[: cuts[0]].strip("\x00 "))].strip("'")
        for ours, theirs in _DATES.items():
            form = form.replace(ours, theirs)
        return f"to_char(to_timestamp({inner[cuts[0] + 1 : cuts[1]]}), '{form}')"

    return _rewritten(text, "strftime", said)


def _globs(text: str, kept: list[str]) -> str:
    def said(match: re.Match[str]) -> str:
        kept[int(match[2])] = f"'^{kept[int(match[2])][1:-1].replace('*', '.*')}$'"
        return f"{'!~' if match[1] else '~'} \x00{match[2]}\x00"

    return re.sub("\\b(NOT )?GLOB \x00(\\d+)\x00", said, text)


def _rewritten(text: str, name: str, said: Callable[[str], str | None]) -> str:
    """Every call of a function in other words; None leaves it. Calls inside of calls are done first."""
    for found in reversed(list(re.finditer(rf"\b{name}\(", text))):
        begin, depth, at = found.end(), 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        words = said(text[begin : at - 1])
        if words is not None:
            text = text[: found.start()] + words + text[at:]
    return text


def _commas(inner: str) -> list[int]:
    """Where the arguments of a call are cut."""
    return list(_outside(inner))


def _outside(inner: str) -> Iterator[int]:
    depth = 0
    for at, letter in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield at
