"""The details of an entry as lines of styled text (CAL-02)."""

from __future__ import annotations

from datetime import timedelta

from rich.cells import cell_len, chop_cells
from rich.style import Style

from couchcal.practice.agenda import Entry
from couchcal.practice.cadence import repeat_words
from couchcal.practice.fields import KIND_LABELS
from couchcal.practice.glance import Particulars
from couchcal.practice.locks import lock_reasons
from couchcal.scheduling.interval import overlaps
from couchcal.tui.calendar.layout import key_of
from couchcal.tui.calendar.lines import Run
from couchcal.tui.calendar.scene import Scene
from couchcal.tui.calendar.words import CANCEL_TAGS, full_name, name_of, place_text, service_text, when_text
from couchcal.tui.text import clean
from couchcal.tui.theme import Palette

_BILLING = {"started": "bill started", "paid": "paid"}
_CLAIM = {"draft": "claim drafted", "submitted": "claim submitted", "processed": "claim processed"}


def detail_lines(entry: Entry, scene: Scene, palette: Palette, extra: Particulars, width: int) -> list[list[Run]]:
    """Client, type, time, service, link, payment, locks and who it overlaps."""
    dim, plain, bright = palette.chrome, palette.base, palette.bright
    glyphs = scene.glyphs
    lines: list[list[Run]] = []

    def add(text: str, style: Style = plain) -> None:
        lines.extend([(part, style)] for part in _wrap(text, width))

    styles = palette.cancelled if entry.cancelled else palette.kinds.get(entry.kind, palette.kinds["other_event"])
    name = full_name(entry, scene.names)
    lines.append(
        [(f"{glyphs.bar} ", styles.outline), (chop_cells(name, max(width - 2, 1))[0] if name else "", bright)]
    )
    minutes = (entry.end - entry.start) // timedelta(minutes=1)
    length = "" if entry.all_day else f"{glyphs.separator}{minutes} min"
    add(f"{KIND_LABELS.get(entry.kind, 'Event')}{length}", dim)
    add(when_text(entry, scene.tz, glyphs.dash, hour24=scene.hour24))
    place = glyphs.separator.join(part for part in (service_text(entry), place_text(entry, scene.names)) if part)
    if place:
        add(place)
    if entry.internal_id is not None and scene.names == "full":
        add(entry.internal_id, dim)
    cadence = repeat_words(entry.rrule) if entry.rrule and entry.rrule != "EXTERNAL" else None
    if entry.rrule:
        add(f"{glyphs.repeats} {cadence or 'repeats'}", dim)
    if entry.calendar:
        add(f"from {clean(entry.calendar)}", dim)
    if not entry.busy and entry.kind not in ("request", "time_off"):
        add("shown as free", dim)
    if entry.cancelled:
        tag = CANCEL_TAGS.get(entry.cancel_type or "other", "cancelled")
        fee = f"{glyphs.separator}fee {entry.cancel_fee_cents / 100:.2f}" if entry.cancel_fee_cents else ""
        add(f"{tag}{fee}", palette.error)
        if scene.names != "id":
            add(clean(entry.cancel_reason or ""), dim)
    for text in (_BILLING.get(entry.billing_status), _CLAIM.get(entry.claim_status)):
        if text:
            add(text, dim)
    if extra.telehealth_url:
        add(clean(extra.telehealth_url), palette.accent)
    if extra.instructions and scene.names != "id":
        add(clean(extra.instructions), dim)
    if entry.conflict:
        for other in scene.entries:
            if _clash(entry, other):
                add(f"{glyphs.conflict} overlaps {name_of(other, scene.names)}", palette.warning)
    for lock in lock_reasons(entry):
        if lock.name != "cancelled":
            add(f"{glyphs.locked} {lock.reason}", palette.warning if lock.name == "claim" else dim)
    return lines


def _clash(entry: Entry, other: Entry) -> bool:
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
