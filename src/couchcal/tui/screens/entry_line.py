"""An entry as one line of a list."""

from __future__ import annotations

from datetime import tzinfo

from textual.content import Content

from couchcal.practice.agenda import Entry
from couchcal.practice.fields import KIND_LABELS
from couchcal.practice.names import entry_title
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.text import clean


def entry_line(entry: Entry, tz: tzinfo, names: str | None) -> Content:
    """`Tue  3 Mar 2026  15:00    Jane Doe  90837 · Office`; without the client where `names` is None."""
    start = to_local(entry.start, tz)
    when = f"{start:%a} {start.day:>2} {start:%b} {start.year}"
    clock = "all day" if entry.all_day else f"{start:%H:%M}"
    details = [entry.service or KIND_LABELS[entry.kind], entry.location or entry.place]
    if entry.cancelled:
        details.append("cancelled")
    if names is None:
        title, details = clean(details[0]), details[1:]
    else:
        title = clean(entry_title(entry, names))
    return Content.assemble(
        (f"{when}  {clock:<7}  ", "dim"),
        (title, "strike" if entry.cancelled else "bold"),
        (f"  {' · '.join(clean(word) for word in details if word)}", "dim"),
    )
