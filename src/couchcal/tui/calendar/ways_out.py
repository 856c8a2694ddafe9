"""Free times near an entry, to move it or one that it overlaps (CNF-03)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from couchcal.practice.agenda import Entry
from couchcal.practice.openings import free_starts
from couchcal.scheduling.wallclock import to_local
from couchcal.store.connection import Database, database_errors
from couchcal.tui.calendar.period import day_label, later
from couchcal.tui.calendar.words import name_of, time_text
from couchcal.tui.forms.modal import Modal, in_thread, problem_words
from couchcal.tui.forms.options import Ways
from couchcal.tui.forms.plain import plain

_DAYS_BACK, _DAYS_AHEAD = 7, 21
_SAME_DAY, _OTHER_DAYS = 5, 7
_APART = timedelta(minutes=30)
"""Two offers of one day are at least this far from each other: five ways, not one way five times."""
_NEAR = timedelta(hours=2)
"""How far from its own hour an entry may be put on another day."""
_MINUTE = timedelta(minutes=1)
_STEP_MINUTES = 15
_WHEN_CELLS = 22


class WayOut(NamedTuple):
    """Who moves, and to when."""

    entry: Entry
    start: datetime


def offers(starts: Iterable[datetime], wanted: datetime, tz: tzinfo) -> list[datetime]:
    """The few of `starts` nearest to `wanted`: on its day first, then on near days about the same hour, each
    day once. What lies on its day comes by distance, then the days do; all are aware instants."""
    day = to_local(wanted, tz).date()
    by_day: dict[date, list[datetime]] = {}
    for start in starts:
        by_day.setdefault(to_local(start, tz).date(), []).append(start)
    chosen: list[datetime] = []
    for start in sorted(by_day.pop(day, []), key=lambda start: (abs(start - wanted), start)):
        if start != wanted and all(abs(start - other) >= _APART for other in chosen):
            chosen.append(start)
        if len(chosen) == _SAME_DAY:
            break
    clock = to_local(wanted, tz)
    near: list[datetime] = []
    for other in sorted(by_day, key=lambda other: (abs(other - day), other)):
        same_hour = clock + (other - day)
        start = min(by_day[other], key=lambda start: (abs(to_local(start, tz) - same_hour), start))
        if abs(to_local(start, tz) - same_hour) <= _NEAR:
            near.append(start)
    return chosen + near[:_OTHER_DAYS]


def distance_words(start: datetime, wanted: datetime, tz: tzinfo) -> str:
    """`40 min later`, `2 days earlier, same hour`."""
    here, there = to_local(wanted, tz), to_local(start, tz)
    days = (there.date() - here.date()).days
    moved = there.replace(tzinfo=None) - here.replace(tzinfo=None) - timedelta(days=days)
    minutes = moved // _MINUTE
    side = "later" if (days or minutes) > 0 else "earlier"
    hours = _length(abs(minutes))
    if not days:
        return f"{hours} {side}"
    count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    hour = "same hour" if not minutes else f"{hours} {'later' if minutes > 0 else 'earlier'} in the day"
    return f"{count} {side}, {hour}"


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


class WaysOut(Modal[WayOut]):
    """Lists free starts; Enter takes one, tab lets another of the overlapping entries move.

    Args:
        subjects: who could move, the one under the cursor first; each may be given another time.
        others: what the first of them overlaps, for the words; empty where nothing does.
        now: nothing before it is offered.
    """

    SIZE = "-wide"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other(1)", "The other entry", show=False, priority=True),
        Binding("shift+tab", "other(-1)", show=False, priority=True),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    def __init__(
        self,
        database: Database,
        tz: tzinfo,
        subjects: Sequence[Entry],
        others: Sequence[Entry],
        *,
        now: datetime,
        names: str = "full",
        hour24: bool = True,
    ) -> None:
        title = "Ways out of the overlap" if others else "Next free times"
        keys = "enter move · tab the other entry · esc close" if len(subjects) > 1 else "enter move · esc close"
        super().__init__(title, keys)
        self._database, self._tz, self._now = database, tz, now
        self._subjects, self._others = list(subjects), list(others)
        self._names, self._hour24 = names, hour24
        self._at = 0
        self._starts: list[datetime] = []

    def compose_body(self) -> ComposeResult:
        yield Static(id="body")
        yield Ways([], id="results")

    def on_mount(self) -> None:
        self.query_one("#results").focus()
        self._show_subject()

    @property
    def subject(self) -> Entry:
        """Who moves."""
        return self._subjects[self._at]

    def _show_subject(self) -> None:
        self.query_one("#body", Static).update(plain(self._heading()))
        self.query_one("#results", OptionList).clear_options()
        self._starts = []
        self.run_worker(self._look(self.subject), group="free", exclusive=True, exit_on_error=False)

    def _heading(self) -> str:
        name, when = name_of(self.subject, self._names), self._when(self.subject.start)
        around = [entry for entry in (*self._subjects[:1], *self._others) if entry is not self.subject]
        overlap = ", ".join(dict.fromkeys(name_of(entry, self._names) for entry in around))
        why = f", overlaps {overlap}" if self._others else ""
        return f"{name}, {when}{why}\nMove {name} to:"

    async def _look(self, entry: Entry) -> None:
        try:
            found = await in_thread(self, "read", partial(self._offers, entry))
        except Exception as error:
            self.show_problem(problem_words(error))
            return
        self._starts = found
        results = self.query_one("#results", OptionList)
        results.add_options(self._offer(entry, start) for start in found)
        results.highlighted = 0 if found else None
        if not found:
            self.show_problem(
                f"No free time of this length within {_DAYS_AHEAD} days. Longer hours (A) or another length help."
            )

    def _offer(self, entry: Entry, start: datetime) -> Option:
        when = self._when(start)
        distance = distance_words(start, entry.start, self._tz)
        return Option(Content.assemble((f"{when:<{_WHEN_CELLS}}", "bold"), (distance, "dim")))

    def _offers(self, entry: Entry) -> list[datetime]:
        day = max(to_local(entry.start, self._tz).date(), to_local(self._now, self._tz).date())
        with database_errors(self._database.path):
            connection = self._database.connect()
            try:
                starts = free_starts(
                    connection,
                    max((entry.end - entry.start) // _MINUTE, 1),
                    first=later(day, -_DAYS_BACK),
                    last=later(day, _DAYS_AHEAD),
                    now=self._now,
                    tz=self._tz,
                    step=_STEP_MINUTES,
                    ignoring=((entry.table, entry.row_id),),
                )
                return offers(starts, entry.start, self._tz)
            finally:
                connection.close()

    def _when(self, start: datetime) -> str:
        local = to_local(start, self._tz)
        return f"{day_label(local.date())} {time_text(local, hour24=self._hour24)}"

    def action_other(self, by: int) -> None:
        """Let another one of the overlapping entries move."""
        if len(self._subjects) > 1:
            self._at = (self._at + by) % len(self._subjects)
            self.show_problem("")
            self._show_subject()

    def action_move(self, by: int) -> None:
        """Move the highlight."""
        results = self.query_one("#results", OptionList)
        if self._starts:
            results.highlighted = min(max((results.highlighted or 0) + by, 0), len(self._starts) - 1)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(WayOut(self.subject, self._starts[event.option_index]))
