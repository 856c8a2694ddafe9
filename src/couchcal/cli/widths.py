"""Columns of a terminal: how wide text is, cut, filled and broken to fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PAGE = 80
"""Columns of a page, on paper and on the smallest terminal."""


def width(text: str) -> int:
    """Columns of a terminal that `text` takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(bool(unicodedata.combining(character)) for character in text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """`text` filled with blanks to `columns`, on the left with `right`; longer text stays as it is."""
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows of cells as lines, each column as wide as what is in it; one with nothing in it is left out."""
    rows = list(rows)
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        shown = (padded(cell, widths[at]) for at, cell in enumerate(row) if widths[at])
        yield "  ".join(shown).rstrip()


def cut(text: str, columns: int) -> str:
    """`text` in at most `columns`; what is cut ends in two dots, which every locale can print."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 2:
        text = text[:-1]
    return f"{text.rstrip()}.."


def wrapped(text: str, columns: int) -> Iterator[str]:
    """`text` in lines of at most `columns`, broken between words; a longer word is broken, too."""
    line = ""
    for word in text.split():
        if line and width(line) + 1 + width(word) > columns:
            yield line
            line = ""
        while width(word) > columns:
            fits = next(n for n in range(len(word), 0, -1) if n == 1 or width(word[:n]) <= columns)
            yield word[:fits]
            word = word[fits:]
        line = f"{line} {word}" if line and word else line or word
    if line:
        yield line
