"""An entry as one line of a list."""

from __future__ import annotations

from datetime import tzinfo

from textual.content import Content

from couchcal.practice.agenda import Entry
from couchcal.practice.fields import KIND_LABELS
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.calendar.words import full_name, place_text
from couchcal.tui.text import clean


def entry_line(entry: Entry, tz: tzinfo, names: str, *, client: bool = True) -> Content:
    """`Tue  3 Mar 2026  15:00    Jane Doe  90837 · Office`, or without the client."""
    start = to_local(entry.start, tz)
    when = f"{start:%a} {start.day:>2} {start:%b} {start.year}"
    clock = "all day" if entry.all_day else f"{start:%H:%M}"
    details = [entry.service or KIND_LABELS[entry.kind], place_text(entry, names)]
    if entry.cancelled:
        details.append("cancelled")
    if not client:
        title, details = clean(details[0]), details[1:]
    else:
        title = full_name(entry, names)
    return Content.assemble(
        (f"{when}  {clock:<7}  ", "dim"),
        (title, "strike" if entry.cancelled else "bold"),
        (f"  {' · '.join(clean(word) for word in details if word)}", "dim"),
    )
