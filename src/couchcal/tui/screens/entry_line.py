"""An entry as one line of a list."""

from __future__ import annotations

from datetime import tzinfo

from textual.content import Content

from couchcal.clock_words import clock_words
from couchcal.practice.agenda import Entry
from couchcal.practice.fields import KIND_LABELS
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.words import full_name, place_text, words_of
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import UNICODE, Glyphs, clean, fit

_MOST_NAME_CELLS = 36
"""So that service and place keep their room beside the longest name."""


def entry_line(entry: Entry, tz: tzinfo, names: str, *, client: bool = True, glyphs: Glyphs = UNICODE) -> Content:
    """`Tue  3 Mar 2026  15:00    Jane Doe  90837 · Office  [no show] 🔒`, or without the client.

    The time is on the chosen clock, aligned right.

    What is wrong with an entry (cancelled, locked, in conflict) is said by words and marks, not by colour.
    """
    start = to_local(entry.start, tz)
    when = f"{start:%a} {start.day:>2} {start:%b} {start.year}"
    clock = "all day" if entry.all_day else clock_words(start)
    details = [entry.service or KIND_LABELS[entry.kind], place_text(entry, names)]
    if not client:
        title, details = clean(details[0]), details[1:]
    else:
        title = fit(full_name(entry, names), _MOST_NAME_CELLS, glyphs.ellipsis)
    words = words_of(entry, glyphs, names)
    marks = " ".join(filter(None, (words.tag, *words.glyphs)))
    return Content.assemble(
        (f"{when}  {clock:>7}  ", QUIET),
        (title, "strike" if entry.off else "bold"),
        (f"  {glyphs.separator.join(clean(word) for word in details if word)}".rstrip(), QUIET),
        (f"  {marks}" if marks else "", "$text-warning"),
    )
