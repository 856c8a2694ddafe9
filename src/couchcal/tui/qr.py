"""A QR code in cells of a terminal: two modules a cell, or two characters a module where there are no half blocks.

Dark modules are drawn black on white whatever the theme is, with a quiet zone around them (ISO/IEC 18004, 6.3.8):
some readers take no inverted code.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from textual.content import Content

QUIET = 4
"""Light modules around the code, as the standard wants them."""
LEAST_QUIET = 2
"""What readers still take, for a terminal that has no more room."""
_STYLE = "#000000 on #ffffff"
_SOLID = "#000000 on #000000"
"""Of a dark module that no half block fills: a reader wants it solid, `##` shows where there is no colour."""
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
Modules = Sequence[Sequence[bool]]


def modules(text: str) -> list[list[bool]]:
    """The dark modules of the code for `text`, row by row, without a quiet zone: as small as it can be, and with
    as much correction of errors as that size has room for. Imports the encoder."""
    import segno

    return [[bool(module) for module in row] for row in segno.make_qr(text, error="l").matrix]


def framed(code: Modules, quiet: int) -> list[list[bool]]:
    """The code with `quiet` light modules around it."""
    width = len(code[0]) + 2 * quiet
    side, light = [False] * quiet, [[False] * width for _ in range(quiet)]
    return [*light, *([*side, *row, *side] for row in code), *light]


def lines(code: Modules, *, ascii_only: bool) -> list[str]:
    """The rows of cells: half blocks, or `##` for a dark module and two blanks for a light one."""
    if ascii_only:
        return ["".join("##" if module else "  " for module in row) for row in code]
    even = [*code, [False] * len(code[0])] if len(code) % 2 else code
    pairs = zip(even[::2], even[1::2], strict=True)
    return ["".join(_HALVES[cell] for cell in zip(top, bottom, strict=True)) for top, bottom in pairs]


def drawn(code: Modules, height: int, *, ascii_only: bool) -> Content | None:
    """The code in at most `height` rows of cells, with as much of a quiet zone as fits; None where it does not."""
    for quiet in (QUIET, LEAST_QUIET):
        rows = lines(framed(code, quiet), ascii_only=ascii_only)
        if len(rows) <= height:
            return Content("\n").join(_styled(row) for row in rows)
    return None


def _styled(row: str) -> Content:
    runs = (("".join(run), _SOLID if cell == "#" else _STYLE) for cell, run in groupby(row))
    return Content.assemble(*runs) if "#" in row else Content.styled(row, _STYLE)
