"""A letter as a line of the mail screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from textwrap import wrap

from rich.cells import cell_len
from textual.content import Content

from couchcal.clock_words import in_chosen_clock, moment_words
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.screens.mail_data import Row, kind_words
from couchcal.tui.text import Glyphs, clean, pad

_WHEN_CELLS, _STATE_CELLS, _KIND_CELLS, _GAP = 18, 12, 27, "  "
_LEAST_WHO_CELLS = 8
STATES = {
    "failed": ("refused", "$text-error"),
    "unknown": ("unknown", "$text-warning"),
    "missed": ("missed", "$text-warning"),
    "queued": ("waiting", QUIET),
    "pending": ("planned", QUIET),
    "sending": ("going out", QUIET),
    "sent": ("sent", "$text-success"),
    "dismissed": ("dismissed", QUIET),
    "cancelled": ("dropped", QUIET),
    "skipped": ("not sent", QUIET),
}
"""What each state is called here, and its colour beside the word."""
_MARKED = ("failed", "unknown", "missed")


def who_cells(rows: Sequence[Row], cells: int) -> int:
    """How wide the names of these letters are where a line has so many cells."""
    longest = max((cell_len(clean(row.who)) for row in rows), default=0)
    return max(min(longest, cells - _STATE_CELLS - _WHEN_CELLS - _KIND_CELLS - len(_GAP)), _LEAST_WHO_CELLS)


def letter_line(row: Row, tz: tzinfo, glyphs: Glyphs, who: int, cells: int) -> Content:
    """`✕ refused   Sun 1 Mar 09:42  Jane Doe   Your appointment was moved`, below it why it did not go out.

    Args:
        who: cells of the name.
        cells: those of a line.
    """
    item = row.item
    word, style = STATES.get(item.state, (item.state, QUIET))
    marks = {"sent": glyphs.done, **dict.fromkeys(_MARKED, glyphs.failed)}
    mark = marks.get(item.state, " ")
    line = Content.assemble(
        (pad(f"{mark} {word}", _STATE_CELLS), style),
        (pad(in_chosen_clock(moment_words(to_local(item.at, tz))), _WHEN_CELLS), QUIET),
        (pad(clean(row.who), who), "bold"),
        _GAP,
        clean(kind_words(item)),
    )
    if not item.error or item.state == "sent":
        return line
    reason = wrap(clean(item.error), max(cells - _STATE_CELLS, _LEAST_WHO_CELLS))
    return Content("\n").join([line, *(Content.styled(f"{' ' * _STATE_CELLS}{part}", QUIET) for part in reason)])
