"""What the sync does and what leaves, for those who are not connected yet. SYNC-06, SYNC-08, SYNC-27."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.text import clean

_DOES = (
    "Your appointments go to a new Google calendar of their own. Other calendars of yours, if you choose them, "
    "are shown here, so that no time is given twice."
)
_LEAVES = (
    "Leaves: the time, busy or free, and what is set below. Never: notes, diagnosis, service, fee, phone, e-mail, "
    "video link."
)
_BAA = (
    "A personal Gmail account has no agreement with Google on health data (BAA). A Workspace account can have one: "
    "sign it first."
)
_STEPS = (
    "Before the first time, get a file for this program from Google:",
    " 1  console.cloud.google.com: new project, enable “Google Calendar API”",
    " 2  “Google Auth Platform”: audience External, then “Publish app”",
    " 3  “Clients”: create one of the type “Desktop app”, download its JSON",
    " 4  Keep that file here, under this name:",
)
_GUIDE = "couchcal guide google has every click. Then r looks for the file again."


def about_lines(where: Path, problem: str) -> Content:
    """What it does, what leaves and, while there is no client file, how to get one."""
    lines = [plain(_DOES), Content("")]
    if problem:
        lines += missing_lines(where, problem)
    else:
        lines += [plain(_LEAVES), Content(""), plain(_BAA, QUIET)]
    return Content("\n").join(lines)


def missing_lines(where: Path, problem: str) -> list[Content]:
    """The way to a client file, and where it belongs."""
    return [
        *([plain(f"{problem[:1].upper()}{problem[1:]}.", "$text-warning")] if where.exists() else []),
        *(plain(step) for step in _STEPS),
        Content.assemble("    ", (clean(str(where)), "bold")),
        Content(""),
        plain(_GUIDE, QUIET),
    ]
