"""The details of an entry as lines of styled text (CAL-02)."""

from __future__ import annotations

from datetime import timedelta

from rich.cells import cell_len, chop_cells
from rich.style import Style

from couchcal.practice.agenda import Entry
from couchcal.practice.fields import KIND_LABELS
from couchcal.practice.glance import Particulars
from couchcal.practice.locks import lock_reasons
from couchcal.scheduling.interval import overlaps
from couchcal.scheduling.wallclock import to_local, zone_or_utc
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.lines import Run
from couchcal.tui.calendar.period import WEEKDAYS
from couchcal.tui.calendar.scene import Scene
from couchcal.tui.calendar.words import (
    CANCEL_TAGS,
    full_name,
    name_of,
    place_text,
    service_text,
    time_text,
    when_text,
    zone_label,
)
from couchcal.tui.palette import Palette
from couchcal.tui.text import clean, fit

_BILLING = {"none": "not billed", "started": "bill started", "paid": "paid"}
_CLAIM = {"draft": "claim drafted", "submitted": "claim submitted", "processed": "claim processed"}


def detail_lines(entry: Entry, scene: Scene, palette: Palette, extra: Particulars, width: int) -> list[list[Run]]:
    """Client, type, time, service, link, payment, locks and who it overlaps."""
    dim, plain, bright = palette.chrome, palette.base, palette.bright
    glyphs = scene.glyphs
    lines: list[list[Run]] = []

    def add(text: str, style: Style = plain) -> None:
        lines.extend([(part, style)] for part in _wrap(text, width))

    styles = palette.cancelled if entry.off else palette.kinds.get(entry.kind, palette.kinds["other_event"])
    name = full_name(entry, scene.names)
    lines.append([(f"{glyphs.bar} ", styles.outline), (fit(name, width - 2, glyphs.ellipsis), bright)])
    minutes = (entry.end - entry.start) // timedelta(minutes=1)
    length = "" if entry.all_day else f"{glyphs.separator}{minutes} min"
    add(f"{KIND_LABELS.get(entry.kind, 'Event')}{length}", dim)
    add(when_text(entry, scene.tz, glyphs.dash, hour24=scene.hour24))
    there = _their_time(entry, scene, extra.client_tz)
    if there:
        add(there, dim)
    place = glyphs.separator.join(part for part in (service_text(entry), place_text(entry, scene.names)) if part)
    if place:
        add(place)
    if entry.internal_id is not None and scene.names == "full":
        add(entry.internal_id, dim)
    if entry.rrule:
        add(f"{glyphs.repeats} {_cadence(entry.rrule)}", dim)
    members = [name_of(other, scene.names) for other in scene.entries if _same_group(entry, other)]
    if members:
        add(f"group with {', '.join(members)}", dim)
    if entry.calendar:
        add(f"from {clean(entry.calendar)}", dim)
    if entry.status == "declined":
        add("declined", dim)
    elif not entry.busy and entry.kind not in ("request", "time_off"):
        add("shown as free", dim)
    if entry.cancelled:
        tag = CANCEL_TAGS.get(entry.cancel_type or "other", "cancelled")
        fee = f"{glyphs.separator}fee {entry.cancel_fee_cents / 100:.2f}" if entry.cancel_fee_cents else ""
        add(f"{tag}{fee}", palette.error)
        if scene.names != "id":
            add(clean(entry.cancel_reason or ""), dim)
    if entry.service:
        for text in (_BILLING.get(entry.billing_status), _CLAIM.get(entry.claim_status)):
            if text:
                add(text, dim)
    if extra.telehealth_url:
        add(clean(extra.telehealth_url), palette.accent)
    if extra.instructions and scene.names != "id":
        add(clean(extra.instructions), dim)
    if entry.conflict:
        for other in scene.entries:
            if clash(entry, other):
                add(f"{glyphs.conflict} overlaps {name_of(other, scene.names)}", palette.warning)
    for lock in lock_reasons(entry):
        if lock.name != "cancelled":
            add(f"{glyphs.locked} {lock.reason}", palette.warning if lock.name == "claim" else dim)
    return lines


def _cadence(rrule: str) -> str:
    from couchcal.practice.cadence import repeat_phrase

    return "repeats" if rrule == "EXTERNAL" else repeat_phrase(rrule)


def _their_time(entry: Entry, scene: Scene, client_tz: str) -> str:
    """`6:00 PST for them` where the client's clock shows another time."""
    if not client_tz or entry.all_day:
        return ""
    tz = zone_or_utc(client_tz)
    here, there = to_local(entry.start, scene.tz), to_local(entry.start, tz)
    if here == there:
        return ""
    day = f"{WEEKDAYS[there.weekday()]} " if there.date() != here.date() else ""
    return f"{day}{time_text(there, hour24=scene.hour24)} {zone_label(tz, there)} for them"


def _same_group(entry: Entry, other: Entry) -> bool:
    return entry.group_key is not None and entry.group_key == other.group_key and key_of(entry) != key_of(other)


def clash(entry: Entry, other: Entry) -> bool:
    """Whether `other` is one of those that `entry`, which is marked, overlaps (CNF-01)."""
    return (
        other.conflict
        and key_of(other) != key_of(entry)
        and overlaps(entry.start, entry.end, other.start, other.end)
        and (entry.group_key is None or entry.group_key != other.group_key)
    )


def _wrap(text: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        while cell_len(word) > width:
            head = chop_cells(word, width)[0]
            if line:
                lines.append(line)
                line = ""
            lines.append(head)
            word = word[len(head) :]
        joined = f"{line} {word}" if line else word
        if cell_len(joined) > width:
            lines.append(line)
            line = word
        else:
            line = joined
    return [*lines, line] if line else lines
