"""What both sides knew, and events of a remote, come back from their text as they were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.sync.fields import (
    NAMES,
    Base,
    Known,
    changed,
    event_of,
    event_text,
    known,
    known_of,
    text_of,
    with_value,
)
from couchcal.sync.ids import event_id
from couchcal.sync.port import EventFields, RemoteEvent, When

TEXTS = st.text(max_size=8)
INSTANTS = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(seconds, zone),
    st.integers(0, 4_000_000_000),
    st.sampled_from([UTC, timezone(timedelta(hours=-5))]),
)
TIMED = st.builds(When, INSTANTS, INSTANTS, st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]))
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
WHENS = st.one_of(TIMED, st.builds(When, DAYS, DAYS))
KNOWN = st.builds(
    Known,
    when=st.none() | WHENS,
    title=st.none() | TEXTS,
    description=st.none() | TEXTS,
    place=st.none() | TEXTS,
    busy=st.none() | st.booleans(),
    again=st.frozensets(st.sampled_from(["when", "busy"])),
)
EVENTS = st.builds(
    RemoteEvent,
    id=st.text(min_size=1, max_size=8),
    cancelled=st.booleans(),
    etag=TEXTS,
    when=st.none() | WHENS,
    title=TEXTS,
    description=TEXTS,
    place=TEXTS,
    busy=st.booleans(),
    tentative=st.booleans(),
    declined=st.booleans(),
    event_type=TEXTS,
    recurrence=st.lists(TEXTS, max_size=2).map(tuple),
    recurring_id=TEXTS,
    original_start=st.none() | INSTANTS | DAYS,
    ours=TEXTS,
    unreadable=TEXTS,
)


@given(KNOWN)
def test_what_was_known_comes_back(known_fields: Known) -> None:
    text = text_of(known_fields)
    assert known_of(text) == known_fields
    assert text_of(known_of(text)) == text  # the same state is the same text


@given(EVENTS)
def test_an_event_comes_back(event: RemoteEvent) -> None:
    assert event_of(event_text(event)) == event


@pytest.mark.parametrize(
    ("event", "rank"),
    [
        (RemoteEvent("abc"), "0"),
        (RemoteEvent("abc", recurrence=("RRULE:FREQ=WEEKLY",)), "0"),
        (RemoteEvent("abc_20260303T150000Z", recurring_id="abc"), "1"),
        (RemoteEvent("abc_20260303T150000Z", cancelled=True), "1"),
        (RemoteEvent("abc_20260303", cancelled=True), "1"),
        (RemoteEvent("abc_R20260303T150000", cancelled=True), "0"),
    ],
)
def test_instances_of_series_are_told_by_the_beginning_of_their_text(event: RemoteEvent, rank: str) -> None:
    assert event_text(event)[1] == rank


def test_fields_that_changed_or_are_to_be_put_back_are_due_unless_the_remote_has_them() -> None:
    when = When(datetime(2026, 3, 3, 15, tzinfo=UTC), datetime(2026, 3, 3, 16, tzinfo=UTC), "UTC")
    later = when._replace(end=datetime(2026, 3, 3, 17, tzinfo=UTC))
    fields = EventFields(when, "t", "d", "p", True)
    settled = known(fields)
    assert Base(settled, settled).due(fields) == frozenset()
    assert Base(Known(), Known()).due(fields) == set(NAMES)
    assert Base(with_value(settled, "title", "old"), settled).due(fields) == frozenset()
    moved = with_value(settled, "when", later)
    assert Base(settled, moved).due(fields) == frozenset()
    waiting = Known(when, "t", "d", "p", True, frozenset({"when"}))
    assert Base(waiting, moved).due(fields) == {"when"}
    assert changed(fields, with_value(waiting, "when", when)) == frozenset()


def test_ids_are_what_a_remote_accepts_and_differ_by_calendar_appointment_and_attempt() -> None:
    ids = [event_id("c@g", "u1", 0), event_id("c@g", "u1", 1), event_id("c@g", "u2", 0), event_id("d@g", "u1", 0)]
    assert len(set(ids)) == 4
    assert all(len(name) == 26 and set(name) <= set("abcdefghijklmnopqrstuv0123456789") for name in ids)
