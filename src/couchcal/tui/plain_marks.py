"""Screens of plain ASCII, for terminals and fonts that have nothing else, whatever the text on them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App, ReturnType
from textual.color import Color
from textual.filter import LineFilter

from couchcal.tui.text import locale_is_utf8

_MARKS = str.maketrans(
    "·–—…•’‘“”«»←→↑↓▾‹›↻⚠✓✕▌▐█▉▊▋▍▎▏▀▔▁▂▃▄▅▆▇─━│┃╭╮╰╯┌┐└┘╌┊┄╱╸╺",
    '---~*\'\'""""<>^vv<>@!*x||####|||         -=||++++++++-:-/==',
)
"""What the program and Textual draw with; each of these takes one cell, as does what stands for it."""
_WIDE_MARKS = {"🔒": "# "}


class PlainMarks(LineFilter):
    """Puts ASCII in the place of marks. Letters of names stay, unless the locale has no place for them either."""

    def __init__(self, *, letters: bool) -> None:
        super().__init__()
        self._letters = letters

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [segment if segment.text.isascii() else self._plain(segment) for segment in segments]

    def _plain(self, segment: Segment) -> Segment:
        text = segment.text
        for mark, plain in _WIDE_MARKS.items():
            text = text.replace(mark, plain)
        text = text.translate(_MARKS)
        if not self._letters and not text.isascii():
            text = _without_accents(text)
        return Segment(text, segment.style, segment.control)


def _without_accents(text: str) -> str:
    """`text` in as many cells; letters that ASCII lacks are question marks."""
    shown, cells = "", 0
    for character in unicodedata.normalize("NFC", text):
        cells += cell_len(character)
        base = unicodedata.normalize("NFKD", character)[0]
        if cell_len(character):
            shown += base if base.isascii() and base.isprintable() else "?"
        shown += "?" * (cells - len(shown))
    return shown[: cell_len(text)].ljust(cell_len(text))


@lru_cache(maxsize=2)
def _filter(letters: bool) -> PlainMarks:
    return PlainMarks(letters=letters)


class WithPlainMarks(App[ReturnType]):
    """An application whose screens are plain while it has the class `-ascii`."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return [*filters, _filter(locale_is_utf8())] if self.has_class("-ascii") else filters
