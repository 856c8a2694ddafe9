"""The log of the sync and its dry run as lines to read. SYNC-19."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from textual.content import Content

from couchcal.clock_words import in_chosen_clock
from couchcal.tui.forms.plain import QUIET, plain
from couchcal.tui.screens.sync_words import counted, moment
from couchcal.tui.text import Glyphs, clean, pad

if TYPE_CHECKING:
    from couchcal.sync.report import CalendarPlan, Plan

_WHEN_CELLS = 17
_VERBS = {"insert": "send", "change": "change", "delete": "remove"}
_FIELDS = {"when": "time", "busy": "busy or free"}
_TONES = {"warning": "$text-warning", "error": "$text-error"}


def log_lines(
    lines: Iterable[tuple[datetime, str, str]], now: datetime, tz: tzinfo, glyphs: Glyphs
) -> list[Content]:
    """`Tue 3 Mar 9:41   12 of 40 entries would go; nothing was applied`."""
    marks = {"warning": glyphs.conflict, "error": glyphs.failed}
    return [
        Content.assemble(
            (pad(moment(at, now, tz), _WHEN_CELLS), QUIET),
            (f"{marks.get(level, ' ')} ", _TONES.get(level, "")),
            (clean(in_chosen_clock(text)), _TONES.get(level, "")),
        )
        for at, level, text in lines
    ]


def plan_lines(plan: Plan, glyphs: Glyphs) -> list[Content]:
    """Each calendar with what was found there, then each entry that would be sent, without names."""
    lines = []
    if plan.reason:
        lines += [plain(f"{plan.reason[:1].upper()}{plan.reason[1:]}.", "$text-warning"), Content("")]
    for calendar in plan.calendars:
        lines += [plain(calendar.name, "bold"), plain(f"  {_calendar_words(calendar)}")]
    if plan.held:
        lines += [plain(f"{counted(plan.held, 'removal')} would wait for your decision.", "$text-warning")]
    if plan.sendings:
        lines += [Content(""), plain("Would be sent", "bold $accent")]
    for sending in plan.sendings:
        fields = ", ".join(_FIELDS.get(name, name) for name in sending.fields)
        more = f"  {fields}" if sending.what == "change" and fields else ""
        lines.append(
            Content.assemble(
                (f"  {glyphs.to_remote} {pad(_VERBS.get(sending.what, sending.what), 8)}", QUIET),
                clean(in_chosen_clock(sending.words)),
                (more, QUIET),
            )
        )
    return lines


def _calendar_words(calendar: CalendarPlan) -> str:
    if calendar.problem:
        return calendar.problem
    parts = []
    if calendar.found:
        parts.append(f"{counted(calendar.found, 'change')} found there")
    if calendar.gone:
        parts.append(f"{calendar.gone} gone there")
    if calendar.inserts:
        parts.append(f"{calendar.inserts:,} to send")
    if calendar.changes:
        parts.append(f"{calendar.changes:,} to change")
    if calendar.deletes:
        parts.append(f"{calendar.deletes:,} to remove")
    return ", ".join(parts) or "nothing new"
