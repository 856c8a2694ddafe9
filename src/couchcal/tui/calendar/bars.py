"""What header and status line say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couchcal.tui.calendar.layout import local_span
from couchcal.tui.calendar.lines import Run, runs_width
from couchcal.tui.calendar.period import day_label
from couchcal.tui.calendar.sync_badge import badge
from couchcal.tui.calendar.words import longest, name_of, time_text, zone_label
from couchcal.tui.command import Command
from couchcal.tui.commands import COMMANDS

if TYPE_CHECKING:
    from couchcal.tui.calendar.state import CalendarState

_WIDE, _ROOM_FOR_ZONE = 100, 70
Bar = tuple[list[Run], list[Run]]
_IN_FOOTER = sorted((command for command in COMMANDS if command.footer), key=lambda command: command.footer)


def header_runs(screen: CalendarState) -> Bar:
    """Title, period, view; conflicts, requests, mail that did not go out, the sync, zone, clock."""
    palette, glyphs = screen.palette, screen.glyphs
    if screen.has_class("-too-small"):
        return [(" Too small, enlarge the window", palette.header)], []
    wide = screen.app.size.width >= _WIDE
    left: list[Run] = [(" ", palette.header)]
    if wide:
        left.append(("couchcal   ", palette.header_accent))
    left += [
        (f"{glyphs.previous} ", palette.header),
        (screen.period_title, palette.header_title),
        (f" {glyphs.following}   ", palette.header),
        (screen.calendar_view.label, palette.header),
    ]
    if screen.private:
        left.append(("   private", palette.header_accent))
    right: list[Run] = []
    conflicts = sum(entry.conflict for entry in screen.scene.entries)
    if conflicts:
        right.append((f"{glyphs.conflict} {conflicts}   ", palette.header_warning))
    if screen.loaded.requests:
        right.append((f"Requests {screen.loaded.requests}   ", palette.header_accent))
    if screen.loaded.letters:
        right.append((f"{glyphs.failed} Mail {screen.loaded.letters}   ", palette.header_warning))
    before_sync = len(right)
    now = screen.now_local
    if wide:
        right.append((f"{screen.tz_name}   ", palette.header))
    elif screen.app.size.width >= _ROOM_FOR_ZONE:
        right.append((f"{zone_label(screen.tz, now)}   ", palette.header))
    clock = time_text(now, hour24=screen.settings.clock_24h)
    right.append((f"{day_label(now.date())} {clock} " if wide else f"{clock} ", palette.header_title))
    right[before_sync:before_sync] = _sync_runs(screen, runs_width(left) + runs_width(right))
    return left, right


def _sync_runs(screen: CalendarState, taken: int) -> list[Run]:
    """The badge of the sync in the longest wording that what is there already leaves room for, or none."""
    palette = screen.palette
    found = badge(screen.sync_status, screen.clock(), screen.tz, screen.glyphs, hour24=screen.settings.clock_24h)
    if found is None:
        return []
    room = screen.app.size.width - taken
    words = longest((f"{wording}   " for wording in found.wordings), room)
    tones = {"quiet": palette.header, "working": palette.header_accent, "warning": palette.header_warning}
    return [(words, tones[found.tone])] if words else []


def status_runs(screen: CalendarState) -> Bar:
    """The few keys that matter, or where the entry in the hand would land."""
    palette = screen.palette
    if screen.ghost is not None:
        return _moving_runs(screen)
    if screen.labels:
        letters = len(next(iter(screen.labels.values())))
        left = [
            (" JUMP ", palette.ghost),
            (f"  press {'the letter' if letters == 1 else f'the {letters} letters'} of an entry", palette.header),
        ]
        return left, [("Esc", palette.header_accent), (" stay ", palette.header)]
    *shown, last = _IN_FOOTER
    right = _hint(screen, last)
    left = [(" ", palette.header)]
    for command in shown:
        hint = _hint(screen, command)
        if runs_width(left) + runs_width(hint) + runs_width(right) <= screen.app.size.width:
            left += hint
    return left, right


def _hint(screen: CalendarState, command: type[Command]) -> list[Run]:
    key = screen.keymap.shown_first(command.id())
    return [(key, screen.palette.header_accent), (f" {command.label.lower()}   ", screen.palette.header)]


def _moving_runs(screen: CalendarState) -> Bar:
    ghost, palette, glyphs = screen.ghost, screen.palette, screen.glyphs
    if ghost is None:
        return [], []
    from couchcal.scheduling.drag import describe

    where = describe(ghost.grab, hour24=screen.settings.clock_24h).replace("–", glyphs.dash)
    name = name_of(ghost.entry, screen.names)
    left: list[Run] = [
        (" MOVING ", palette.ghost_warning if ghost.warning else palette.ghost),
        (f" {name}  ", palette.header_title),
        (where, palette.header_accent),
    ]
    if screen.lifted_in_agenda:
        left.append(("  in Week", palette.header))
    if ghost.warning:
        left.append((f"  {glyphs.conflict} {ghost.warning}", palette.header_warning))
    start, end = local_span(ghost.grab.start, ghost.grab.end, screen.tz)
    if end - start != ghost.entry.end - ghost.entry.start and not ghost.entry.all_day:
        left.append((f"  {(end - start).seconds // 60} min", palette.header))
    keys = [("Enter", "drop"), ("Esc", "put back")]
    if ghost.grab.in_series:
        scope = "this and future" if ghost.grab.scope == "future" else "this"
        left.append((f"  {scope}" if ghost.grab.scope == "future" else "", palette.header_warning))
        keys.insert(0, ("s", f"scope: {scope}"))
    room = screen.app.size.width - runs_width(left) - 1
    while keys and sum(len(key) + len(label) + 3 for key, label in keys) > room:
        keys.pop(0)  # where it lands is never cut for a hint
    right: list[Run] = []
    for key, label in keys:
        right += [(f"  {key}", palette.header_accent), (f" {label}", palette.header)]
    right.append((" ", palette.header))
    return left, right


def empty_lines(screen: CalendarState) -> list[list[Run]]:
    """What to do with an empty calendar."""
    palette, keys = screen.palette, screen.keymap
    if screen.loaded.window.days == 0:
        return []
    return [
        [("Nothing booked yet", palette.bright)],
        [(keys.shown_first("new"), palette.accent), (" books at the cursor", palette.chrome)],
        [(keys.shown_first("quick-add"), palette.accent), (" books with one line", palette.chrome)],
    ]
