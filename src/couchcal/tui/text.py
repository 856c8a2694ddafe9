"""Text that fits in cells: cleaning, measuring, cutting, and the glyphs with their ASCII stand-ins."""

from __future__ import annotations

import locale
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len, chop_cells

if TYPE_CHECKING:
    from textual.dom import DOMNode

_UNSAFE = r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]+"
"""Control characters, line breaks and direction overrides: nothing of them may reach a terminal. None of them is
printable, and a person seldom writes anything else that is not."""


def clean(text: str) -> str:
    """Text of a person as one inert line: control and direction characters are blanks."""
    if text.isprintable():
        return text
    return re.sub(_UNSAFE, " ", text).strip() if re.search(_UNSAFE, text) else text


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells; what is cut ends in `ellipsis`, a wide character is never halved."""
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    room = width - cell_len(ellipsis)
    if room <= 0:
        return ellipsis if room == 0 else ""
    return chop_cells(text, room)[0].rstrip() + ellipsis


def pad(text: str, width: int) -> str:
    """`text` cut or filled with blanks to exactly `width` cells."""
    text = fit(text, width)
    return text + " " * (width - cell_len(text))


_ARROWS = {"←": "left", "→": "right", "↑": "up", "↓": "down"}


def spelled(keys: str) -> str:
    """`keys` with their arrows as words, `up/down` for `↑↓`: the ASCII that stands for an arrow is a key, too."""
    return re.sub("[←→↑↓]+", lambda found: "/".join(_ARROWS[arrow] for arrow in found[0]), keys)


def toast_cells(width: int) -> int:
    """Cells of a line in a toast on a terminal of `width`: what the style sheet gives it, less its edges."""
    return min(72, width * 9 // 10) - 3


def packed(text: str, separator: str, width: int) -> str:
    """`text` with its parts, which `separator` is between, kept whole where lines of `width` cells break it."""
    lines: list[str] = []
    for line in text.split("\n"):
        first, *parts = line.split(separator)
        lines.append(first)
        for part in parts:
            joined = f"{lines[-1]}{separator}{part}"
            if cell_len(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(part)
    return "\n".join(lines)


class Glyphs(NamedTuple):
    """The marks on the calendar. Each set says the same, so that nothing hangs on colour or on a font."""

    repeats: str
    conflict: str
    locked: str
    bar: str
    bar_hollow: str
    bar_selected: str
    hatch: str
    hairline: str
    now: str
    now_elsewhere: str
    rule: str
    dot: str
    previous: str
    following: str
    ellipsis: str
    dash: str
    separator: str
    synced: str
    syncing: str
    paused: str
    failed: str
    done: str
    to_remote: str
    full_bar: str
    empty_bar: str
    """How far something is: what is done, what is not."""
    outline: str
    """Corners and sides of a dashed box: top left, top, top right, side, bottom left, bottom right."""
    lower: str
    """Eighth blocks from 0/8 to 8/8, growing from the bottom; empty when edges cannot be drawn."""


UNICODE = Glyphs(
    repeats="↻",
    conflict="⚠",
    locked="🔒",
    bar="▌",
    bar_hollow="│",
    bar_selected="█",
    hatch="╱",
    hairline="▔",
    now="━",
    now_elsewhere="┄",
    rule="─",
    dot="·",
    previous="‹",
    following="›",
    ellipsis="…",
    dash="–",
    separator=" · ",
    synced="↑",
    syncing="⟳",
    paused="⏸",
    failed="✕",
    done="✓",
    to_remote="→",
    full_bar="━",
    empty_bar="─",
    outline="╭╌╮┊╰╯",
    lower=" ▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    repeats="@",
    conflict="!",
    locked="#",
    bar="|",
    bar_hollow=":",
    bar_selected="|",
    hatch="/",
    hairline=" ",
    now="=",
    now_elsewhere="-",
    rule="-",
    dot=".",
    previous="<",
    following=">",
    ellipsis="~",
    dash="-",
    separator=" - ",
    synced="^",
    syncing="~",
    paused="=",
    failed="x",
    done="*",
    to_remote=">",
    full_bar="#",
    empty_bar="-",
    outline="+-+:++",
    lower="",
)


def locale_is_utf8() -> bool:
    """Whether the environment asks for UTF-8 output."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = os.environ.get(name)
        if value:
            return "utf-8" in value.lower() or "utf8" in value.lower()
    return "utf" in locale.getpreferredencoding(False).lower()


def glyphs_on(app: DOMNode) -> Glyphs:
    """The set in use on the screens of `app`."""
    return ASCII if app.has_class("-ascii") else UNICODE


def glyphs_for(ascii_only: bool | None) -> Glyphs:
    """The set of the setting; None lets the locale decide."""
    if ascii_only is None:
        ascii_only = not locale_is_utf8()
    return ASCII if ascii_only else UNICODE
