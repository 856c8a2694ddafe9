"""Text of people and of the database, made harmless for a terminal.

Widgets get `Content` or plain `str` values that went through here, never markup: a client called
`[red]` or a title with an escape sequence shows as the characters it is made of.
"""

from __future__ import annotations

import re

from textual.content import Content

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def inert(text: str) -> str:
    """`text` on one line, control and direction-changing characters replaced by `U+FFFD`."""
    return _CONTROL.sub(_REPLACEMENT, text.replace("\t", " ").replace("\n", " "))


def inert_lines(text: str) -> str:
    """Like `inert`, line feeds kept."""
    return "\n".join(inert(line) for line in text.replace("\r\n", "\n").split("\n"))


def plain(text: str, style: str = "") -> Content:
    """`text` as content in one style; no markup is read."""
    return Content.styled(inert_lines(text), style) if style else Content(inert_lines(text))


def cut(text: str, width: int) -> str:
    """`text`, made inert and cut to `width` characters with an ellipsis."""
    text = inert(text)
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"
