"""The state of the sync in words: what it is, and what to do about it. SYNC-19, SYNC-25."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from couchcal.clock_words import clock_words, day_words
from couchcal.practice.disclosure import LOCKED, Facts, client_title
from couchcal.scheduling.wallclock import to_local
from couchcal.tui.forms.plain import QUIET
from couchcal.tui.text import Glyphs, clean

if TYPE_CHECKING:
    from couchcal.sync.status import Status

LOOK_S = 1.0
"""How often the screens look what a sync did meanwhile."""
_EXAMPLE = ("C-0001", "Jane", "Doe")
_BAR_CELLS = 30
_LOOKS = timedelta(minutes=1)
MODES = (
    ("id", "internal id", "Nothing that tells who comes: the safest."),
    ("initials", "initials", "Few know whom they mean; those who know your clients may guess."),
    ("first", "first name", "Everybody who sees the calendar reads the first names of your clients."),
    ("full", "full name", "Names of clients are health information: not advised, asked once more."),
)
"""The ways to call clients outside: the setting's word, what it is called here, what it means (SYNC-03)."""
MODE_WORDS = {word: label for word, label, _ in MODES}


class Headline(NamedTuple):
    """The state in a few words, whether somebody has to do something, and the lines below it."""

    words: str
    tone: str
    lines: tuple[str, ...]


def name_text() -> str:
    """The invented client of the examples: `Jane Doe, C-0001`."""
    internal_id, first, last = _EXAMPLE
    return f"{first} {last}, {internal_id}"


def example(facts: Facts, glyphs: Glyphs) -> str:
    """The title that the invented client's session would have in Google."""
    return client_title(*_EXAMPLE, facts).replace(LOCKED, glyphs.locked)


def headline(status: Status, now: datetime, tz: tzinfo, glyphs: Glyphs) -> Headline:
    """How the sync is, and what to do. The first of what stands in the way is said."""
    words, tone, *lines = _state(status, now, tz, glyphs)
    waiting = _waiting(status)
    return Headline(words, tone, tuple(line for line in (*lines, waiting) if line))


def _state(status: Status, now: datetime, tz: tzinfo, glyphs: Glyphs) -> tuple[str, ...]:
    """The words, their colour, and lines on what to do."""
    if status.state == "needs_auth":
        return (
            f"{glyphs.failed} Google asks you to sign in again",
            "$text-error",
            "Access ends when revoked, after six months without use, or after seven",
            "days while your Google project is in “Testing”. Nothing is lost.",
        )
    if status.paused == "user":
        return f"{glyphs.paused} Paused", "$text-warning", "p goes on."
    if status.paused == "mass_delete":
        return (
            f"{glyphs.conflict} Stopped: so many deletions at once",
            "$text-warning",
            "Nothing was deleted. Look at what would go, and decide.",
        )
    if status.paused:
        return (
            f"{glyphs.conflict} Your calendar is gone from Google",
            "$text-warning",
            "Everything is still here. Make the calendar anew, or stop syncing.",
        )
    if status.working:
        return f"{glyphs.syncing} {doing_words(status)}", "$text-accent", progress_bar(status, glyphs)
    if status.failures:
        since = f" since {moment(status.last_ok, now, tz)}" if status.last_ok else ""
        tries = f"It tries again {moment(status.next_try, now, tz)}, by itself." if status.next_try else ""
        reason = clean(status.last_error)
        said = f"{reason[:1].upper()}{reason[1:]}. " if reason else ""
        return f"Offline{since}", "$text-warning", f"{said}{tries}"
    if status.last_ok is None:
        return f"{glyphs.synced} Not synced yet", QUIET, "s syncs now."
    return (
        f"{glyphs.done} Synced {moment(status.last_ok, now, tz)}",
        "$text-success",
        "Changes go at once; nothing is read from Google."
        if status.one_way
        else f"Changes go at once; Google is asked every minute{_next_look(status, now, tz)}.",
    )


def _next_look(status: Status, now: datetime, tz: tzinfo) -> str:
    """`, next about 9:42`; empty where that is over: nobody was there to ask, and it happens at once."""
    at = status.last_ok + _LOOKS if status.last_ok else now
    return f", next about {moment(at, now, tz)}" if at > now else ""


def _waiting(status: Status) -> str:
    """What is not through, and what wants to be looked at: `3 changes wait · 2 to review`."""
    parts = []
    if status.pending:
        parts.append(f"{counted(status.pending, 'change')} {'waits' if status.pending == 1 else 'wait'} to be sent")
    if status.blocked:
        parts.append(f"{status.blocked} could not be sent: v says why")
    if status.review:
        parts.append(f"{status.review} to review")
    return " · ".join(parts)


def progress_bar(status: Status, glyphs: Glyphs, cells: int = _BAR_CELLS) -> str:
    """`━━━━━━────  120 of 2,000`, empty while nothing is counted."""
    if status.of <= 0:
        return ""
    done = min(max(status.done, 0), status.of)
    full = cells * done // status.of
    return f"{glyphs.full_bar * full}{glyphs.empty_bar * (cells - full)}  {done:,} of {status.of:,}"


def doing_words(status: Status) -> str:
    """`Sending`, or `Reading, 400 events so far` where the end is not known."""
    doing = clean(status.doing)
    words = f"{doing[:1].upper()}{doing[1:]}"
    return f"{words}, {counted(status.done, 'event')} so far" if status.done and not status.of else words


def moment(instant: datetime, now: datetime, tz: tzinfo) -> str:
    """`9:41` of today, `Tue 3 Mar 9:41` of another day."""
    local = to_local(instant, tz)
    clock = clock_words(local)
    return clock if local.date() == to_local(now, tz).date() else f"{day_words(local)} {clock}"


def counted(number: int, what: str) -> str:
    """`1 change`, `2,000 changes`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def folded(text: str, cells: int) -> list[str]:
    """An address without blanks in lines of at most `cells` cells, nothing added and nothing left out."""
    lines, line = [], ""
    for character in text:
        if cell_len(line + character) > cells:
            lines.append(line)
            line = ""
        line += character
    return [*lines, line] if line or not lines else lines
