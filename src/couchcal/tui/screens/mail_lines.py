"""A letter as a line of the mail screen."""

from __future__ import annotations

from datetime import tzinfo

from textual.content import Content

from couchcal.clock_words import in_chosen_clock, moment_words
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.screens.mail_data import Row, kind_words
from couchcal.tui.text import Glyphs, clean, pad

_WHEN_CELLS, _WHO_CELLS, _STATE_CELLS = 18, 13, 12
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


def letter_line(row: Row, tz: tzinfo, glyphs: Glyphs) -> Content:
    """`✕ refused   Sun 1 Mar 09:42  Jane Doe   Your appointment was moved`, below it why it did not go out."""
    item = row.item
    word, style = STATES.get(item.state, (item.state, QUIET))
    marks = {"sent": glyphs.done, **dict.fromkeys(_MARKED, glyphs.failed)}
    mark = marks.get(item.state, " ")
    line = Content.assemble(
        (pad(f"{mark} {word}", _STATE_CELLS), style),
        (pad(in_chosen_clock(moment_words(to_local(item.at, tz))), _WHEN_CELLS), QUIET),
        " ",
        (pad(clean(row.who), _WHO_CELLS), "bold"),
        " ",
        clean(kind_words(item)),
    )
    if not item.error or item.state == "sent":
        return line
    return Content("\n").join([line, Content.styled(f"{' ' * _STATE_CELLS}{clean(item.error)}", QUIET)])
