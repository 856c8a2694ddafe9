"""Where a series has occurrences, and making rows of them (REC-08, INV-S3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sqlmodel import col, select

from couchcal.errors import Refused
from couchcal.practice import row_modifiers, rows, visit
from couchcal.practice.locks import worked_on
from couchcal.scheduling.recurrence import (
    RecurrenceError,
    Rule,
    TooManyOccurrences,
    parse_rule,
    recurrence_set,
    starts,
)
from couchcal.scheduling.span import span_class
from couchcal.scheduling.wallclock import to_instant, to_local, zone_or_utc
from couchcal.store.journal import JournalSession
from couchcal.store.records import Appointment, AppointmentModifier, Record, Series, SeriesExdate
from couchcal.store.records.template import OccurrenceFields

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""`materialised_from`/`materialised_to` of a series that has all its rows on that side."""
MAX_ROWS_AT_ONCE = 200_000
NEAR = timedelta(days=731)
"""Coverage grows without a hole to windows this near; a window farther away gets its own rows alone."""
FIRST_LOCAL, LAST_LOCAL = BEGINNING.replace(tzinfo=None), END_OF_TIME.replace(tzinfo=None)
_TEMPLATE_COLUMNS = (
    "client_id",
    *(name for name in OccurrenceFields.model_fields if name not in Record.model_fields and name != "sequence"),
)
"""Columns a series gives to each of its rows."""


class UnreadableRule(Refused):
    """The rule of a stored series means nothing to this version."""


def zone_of(series: Series) -> tzinfo:
    """The zone of a series; one that is unknown here (a zone definition that is gone) reads as UTC."""
    return zone_or_utc(series.tz)


def rules_of(series: Series) -> list[Rule]:
    """The parsed rules of a series, one a line of `rrule`."""
    return [parse_rule(line) for line in series.rrule.splitlines() if line]


def rdates_of(series: Series) -> list[datetime]:
    """The RDATEs as wall-clock starts."""
    return [datetime.fromisoformat(line) for line in series.rdates.splitlines() if line]  # naive by design


def key_of(series: Series, local: datetime) -> str:
    """The key of the occurrence that the rule puts at `local`: its date, or for imported timed series
    (which may have several a day) its whole wall-clock start."""
    if series.origin == "ics" and not series.all_day:
        return local.replace(microsecond=0).isoformat()
    return local.date().isoformat()


def key_start(series: Series, key: str) -> datetime:
    """The wall-clock start that a key stands for."""
    if "T" in key:
        return datetime.fromisoformat(key)
    start = series.start_local.time() if not series.all_day else time()
    return datetime.combine(date.fromisoformat(key), start)


def local_starts(series: Series, lo: datetime, hi: datetime, *, limit: int = MAX_ROWS_AT_ONCE) -> list[datetime]:
    """Wall-clock starts `lo <= s < hi` of the series by its rules, RDATEs and `until_date`; EXDATEs stay in.

    Raises:
        Refused: there are more than `limit`.
    """
    if series.until_date is not None and series.until_date < date.max:
        hi = min(hi, datetime.combine(series.until_date + timedelta(days=1), time()))
    try:
        return recurrence_set(
            series.start_local,
            rules_of(series),
            rdates_of(series),
            (),
            lo,
            hi,
            tz=zone_of(series),
            limit=limit,
        )
    except TooManyOccurrences:
        raise Refused("that window would take too many occurrences", "ask for a shorter one") from None
    except RecurrenceError as error:
        raise UnreadableRule(f"the rule of a series cannot be read: {error}", "stop it, start it anew") from None


def instants(series: Series, local: datetime) -> tuple[datetime, datetime]:
    """Start and end of the occurrence at `local`: wall clock to instant, then the elapsed duration (INV-S1)."""
    if series.all_day:
        start = local.replace(tzinfo=UTC)
        return start, start + timedelta(seconds=series.duration_s)
    start = to_instant(local, zone_of(series))
    return start, start + timedelta(seconds=series.duration_s)


def horizon(session: JournalSession) -> datetime:
    """How far ahead rows are kept: max(63 days, booking window + 14 days) from now (REC-08, INV-S6)."""
    days = max(63, rows.practice_of(session).window_days + 14)
    return session.now + timedelta(days=days + 1)


def fill(session: JournalSession, series: Series, lo: datetime, hi: datetime) -> list[Appointment]:
    """Make the rows the series lacks in `[lo, hi)`, extending its coverage without a hole.

    Idempotent; never revives a deleted occurrence nor doubles a moved one: an existing key or an EXDATE
    stops it (INV-S3). Returns the new rows.
    """
    first = min(lo, series.materialised_from)
    last = max(hi, series.materialised_to)
    made: list[Appointment] = []
    if last > series.materialised_to:
        made += _make(session, series, max(series.materialised_to, BEGINNING), last)
        series.materialised_to = END_OF_TIME if _ends_before(series, last) else last
    if first < series.materialised_from:
        made += _make(session, series, first, series.materialised_from)
        series.materialised_from = first
    if series.materialised_from <= to_instant(series.start_local, zone_of(series)):
        series.materialised_from = BEGINNING
    session.flush()
    return made


def cover(session: JournalSession, series: Series, lo: datetime, hi: datetime) -> int:
    """Give a series its rows up to the horizon and in the window `[lo, hi)`; returns how many were made.

    A window in the far future or past does not fill the years between: its rows stand alone until
    coverage reaches them, and their keys keep them from being doubled then.

    Raises:
        Refused: the window would take more than `MAX_ROWS_AT_ONCE`.
    """
    ahead = horizon(session)
    near = lo >= shifted_instant(series.materialised_from, -NEAR) and hi <= shifted_instant(
        max(series.materialised_to, ahead), NEAR
    )
    if near:
        return len(fill(session, series, lo, max(hi, ahead)))
    made = len(fill(session, series, series.materialised_from, ahead))
    return made + len(_make(session, series, lo, hi))


def shifted_instant(instant: datetime, delta: timedelta) -> datetime:
    """An instant moved by `delta`, kept within the years 1 to 9999."""
    try:
        return instant + delta
    except OverflowError:
        return END_OF_TIME if delta > timedelta(0) else BEGINNING


def drop_far_rows(session: JournalSession, series: Series) -> None:
    """Delete rows past the coverage that nobody touched: whoever looks there again gets them anew."""
    statement = select(Appointment).where(
        Appointment.series_id == series.id,
        col(Appointment.start_utc) >= series.materialised_to,
        Appointment.overridden == "",
        Appointment.sequence == 0,
    )
    far = [row for row in session.exec(statement) if not worked_on(row)]
    rows.remove(session, *far)
    session.flush()


def _ends_before(series: Series, instant: datetime) -> bool:
    tz = zone_of(series)
    if series.until_date is not None:
        return series.until_date < to_local(instant, tz).date()
    lo = to_local(instant, tz)
    if any(rdate >= lo for rdate in rdates_of(series)) or (not series.rrule and series.start_local >= lo):
        return False
    return not any(starts_after(rule, series, lo) for rule in rules_of(series))


def starts_after(rule: Rule, series: Series, lo: datetime) -> bool:
    """Whether the rule still has a start at or after `lo`; an endless rule always has."""
    if rule.count is None and rule.until is None:
        return True
    try:
        return bool(starts(rule, series.start_local, lo, LAST_LOCAL, tz=zone_of(series), limit=1))
    except TooManyOccurrences:
        return True


def _make(session: JournalSession, series: Series, lo: datetime, hi: datetime) -> list[Appointment]:
    tz = zone_of(series)
    local_lo = shifted(to_local(lo, tz), -timedelta(days=1))
    local_hi = shifted(to_local(hi, tz), timedelta(days=1))
    wanted = []
    for local in local_starts(series, local_lo, local_hi):
        start, end = instants(series, local)
        if lo <= start < hi:
            wanted.append((key_of(series, local), start, end))
    if not wanted:
        return []
    session.flush()
    taken = _taken_keys(session, series)
    fresh = [(key, start, end) for key, start, end in wanted if key not in taken]
    if not fresh:
        return []
    template = {name: getattr(series, name) for name in _TEMPLATE_COLUMNS}
    span = span_class(series.duration_s)
    made = [
        Appointment(
            uid=rows.new_uid(),
            series_id=series.id,
            series_key=key,
            start_utc=start,
            end_utc=end,
            span=span,
            **template,
        )
        for key, start, end in fresh
    ]
    visit.settle_links(session, made)
    session.add_all(made)
    session.flush()
    _add_modifiers(session, series, made)
    return made


def shifted(local: datetime, delta: timedelta) -> datetime:
    """A wall-clock moment moved by `delta`, kept within the years 1 to 9999."""
    try:
        return local + delta
    except OverflowError:
        return LAST_LOCAL if delta > timedelta(0) else FIRST_LOCAL


def _taken_keys(session: JournalSession, series: Series) -> set[str]:
    rows_ = session.exec(select(Appointment.series_key).where(Appointment.series_id == series.id))
    gone = session.exec(select(SeriesExdate.series_key).where(SeriesExdate.series_id == series.id))
    return {key for key in (*rows_, *gone) if key is not None}


def _add_modifiers(session: JournalSession, series: Series, made: Iterable[Appointment]) -> None:
    if series.kind != "client_session":
        return
    wanted = series.modifiers.split()
    first = next(iter(made), None)
    if first is None:
        return
    row_modifiers.write_modifiers(session, [first], wanted)
    session.flush()
    pattern = [
        (modifier.position, modifier.code, modifier.source)
        for modifier in row_modifiers.modifiers_of(session, first)
    ]
    for row in made:
        row.overridden = first.overridden
        if row is not first:
            session.add_all(
                AppointmentModifier(appointment_id=row.id or 0, position=position, code=code, source=source)
                for position, code, source in pattern
            )
    session.flush()
