"""The merge loses nothing, is done when it is done, and knows no clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.sync.fields import NAMES, Base, Known, agreed, known, shown, with_value
from couchcal.sync.merge import ONE_WAY, OVER, RESTORED, Decision, Taken, merge
from couchcal.sync.port import EventFields, RemoteEvent, When

WHEN = frozenset({"when"})
T0 = datetime(2026, 3, 3, 15, tzinfo=UTC)
WHENS = st.sampled_from(
    [When(T0 + timedelta(hours=n), T0 + timedelta(hours=n + 1), "UTC") for n in range(3)]
    + [When(date(2026, 3, 3), date(2026, 3, 4))]
)
WORDS = st.sampled_from(["a", "b", "c"])
FIELDS = st.builds(EventFields, WHENS, WORDS, WORDS, WORDS, st.booleans())


def _event(fields: EventFields, etag: str) -> RemoteEvent:
    return RemoteEvent(
        "x", etag=etag, when=fields.when, title=fields.title, description=fields.description, place=fields.place,
        busy=fields.busy,
    )  # fmt: skip


LIVE = st.builds(_event, FIELDS, st.sampled_from(["1", "2"]))
GONE = st.sampled_from([None, RemoteEvent("x", cancelled=True), RemoteEvent("x", cancelled=True, etag="9")])
STATES = st.sampled_from(["creating", "live", "deleted", "missing"])
BASES = st.one_of(
    st.just(Base()),
    st.builds(lambda a: Base(known(a)), FIELDS),
    st.builds(lambda a, b: Base(known(a), known(b)), FIELDS, FIELDS),
)
SETTLED = FIELDS.map(lambda fields: Base(known(fields), known(fields)))


def _after(local: EventFields | None, decision: Decision) -> EventFields | None:
    """What is here when the decision is carried out."""
    if local is None:
        return None
    taken = {name: getattr(decision.take, name) for name in decision.take.names}
    return replace(local, **taken)


def _again(decision: Decision, local: EventFields | None, remote: RemoteEvent | None, has_client: bool) -> Decision:
    return merge(decision.base, local, remote, state=decision.state, etag=decision.etag, has_client=has_client)


@given(SETTLED, FIELDS, LIVE, st.booleans())
def test_every_change_of_either_side_is_in_the_result_or_told(
    base: Base, local: EventFields, remote: RemoteEvent, has_client: bool
) -> None:
    decision = merge(base, local, remote, has_client=has_client)
    after = _after(local, decision)
    assert after is not None
    for name in NAMES:
        here, there, before = getattr(local, name), getattr(remote, name), getattr(base.ours, name)
        if here != before:  # changed here: it is what both have in the end
            assert getattr(after, name) == here
            assert here == there or name in decision.send
        elif there != before and name not in ONE_WAY:
            taken = getattr(after, name) == there
            assert taken or name in decision.put_back
        if here != before and there not in (before, here) and name not in ONE_WAY:
            assert name in decision.conflict


@given(BASES, st.none() | FIELDS, LIVE | GONE, STATES, st.booleans(), st.booleans(), st.booleans())
def test_merging_the_result_again_is_nothing(
    base: Base,
    local: EventFields | None,
    remote: RemoteEvent | None,
    state: str,
    has_client: bool,
    refuse: bool,
    sure: bool,
) -> None:
    decision = merge(base, local, remote, state=state, etag="1", has_client=has_client, sure=sure)
    if refuse and decision.take.names:
        decision = decision.refused(base)
    again = _again(decision, _after(local, decision), remote, has_client)
    assert (again.state, again.base, again.etag) == (decision.state, decision.base, decision.etag)
    assert (again.take, again.conflict, again.gone) == (Taken(), frozenset(), False)
    assert again.put_back <= decision.put_back
    assert again.send == decision.send
    assert (again.delete, again.revive) == (decision.delete, decision.revive)


@given(FIELDS, st.sampled_from(["1", "2"]), st.booleans())
def test_the_echo_of_what_was_sent_is_nothing(fields: EventFields, etag: str, has_client: bool) -> None:  # INV-Y1
    remote = _event(fields, etag)
    base = Base(known(fields), shown(remote))
    assert merge(base, fields, remote, etag=etag, has_client=has_client) == Decision("live", base, etag)


@given(FIELDS, LIVE, LIVE, st.booleans())
def test_drift_of_what_goes_one_way_is_noted_and_left_alone(
    fields: EventFields, remote: RemoteEvent, later: RemoteEvent, has_client: bool
) -> None:
    remote = replace(remote, when=fields.when, busy=fields.busy)
    decision = merge(Base(known(fields), known(fields)), fields, remote, has_client=has_client)
    assert not decision.sends
    assert decision.base.theirs == shown(remote)
    # A change here is sent then.
    local = replace(fields, title=fields.title + "!")
    assert _again(decision, local, remote, has_client).send == {"title"}


@given(SETTLED, LIVE)
def test_without_a_client_everything_of_when_and_busy_is_taken(base: Base, remote: RemoteEvent) -> None:
    assert base.ours.when is not None
    local = EventFields(base.ours.when, "a", "a", "a", bool(base.ours.busy))
    decision = merge(base, local, remote, has_client=False)
    assert (decision.put_back, decision.conflict) == (frozenset(), frozenset())
    after = _after(local, decision)
    assert after is not None
    assert (after.when, after.busy) == (remote.when, remote.busy)


@given(SETTLED, LIVE)
def test_sessions_stay_busy_and_timed(base: Base, remote: RemoteEvent) -> None:
    assert base.ours.when is not None
    local = EventFields(base.ours.when, "a", "a", "a", bool(base.ours.busy))
    decision = merge(base, local, remote, has_client=True)
    assert decision.take.busy is None
    assert decision.take.when is None or decision.take.when.all_day == local.when.all_day


@given(FIELDS, FIELDS, LIVE, st.booleans())
def test_what_was_sent_and_not_answered_tells_whose_a_change_is(
    sent: EventFields, local: EventFields, remote: RemoteEvent, has_client: bool
) -> None:
    alone = merge(Base(known(sent)), local, remote, state="creating", has_client=has_client)
    answered = merge(Base(known(sent), known(sent)), local, remote, has_client=has_client)
    assert alone == answered


@given(FIELDS, FIELDS, FIELDS)
def test_what_was_sent_in_two_ways_is_not_known(one: EventFields, other: EventFields, third: EventFields) -> None:
    twice = agreed(known(one), other)
    for name in NAMES:
        same = getattr(one, name) == getattr(other, name)
        assert getattr(twice, name) == (getattr(one, name) if same else None)
        assert same or getattr(agreed(twice, third), name) is None


@given(FIELDS, LIVE, st.booleans())
def test_without_a_base_what_differs_is_ours(fields: EventFields, remote: RemoteEvent, has_client: bool) -> None:
    decision = merge(Base(), fields, remote, state="creating", has_client=has_client)
    assert decision.send == {name for name in NAMES if getattr(fields, name) != getattr(remote, name)}
    assert (decision.state, decision.take, decision.conflict) == ("live", Taken(), frozenset())


def _base(fields: EventFields) -> Base:
    return Base(known(fields), known(fields))


HERE = EventFields(When(T0, T0 + timedelta(hours=1), "UTC"), "t", "d", "p", True)
EDITED = replace(HERE, title="other")
TOMBSTONE = RemoteEvent("x", cancelled=True)


@pytest.mark.parametrize("remote", [TOMBSTONE, None])
def test_a_deletion_there_is_asked_about_once(remote: RemoteEvent | None) -> None:
    first = merge(_base(HERE), HERE, remote)
    assert (first.state, first.gone, first.sends) == ("missing", True, False)
    second = _again(first, HERE, remote, True)
    assert (second.state, second.gone, second.sends) == ("missing", False, False)


@pytest.mark.parametrize("state", ["live", "missing"])
@pytest.mark.parametrize("remote", [TOMBSTONE, None])
def test_what_was_edited_here_comes_back_there(remote: RemoteEvent | None, state: str) -> None:
    decision = merge(_base(HERE), EDITED, remote, state=state)
    assert (decision.state, decision.revive, decision.settled) == ("deleted", True, RESTORED)


def test_what_only_waited_to_be_put_back_is_no_edit() -> None:
    base = Base(replace(known(HERE), again=frozenset({"when"})), known(HERE))
    assert merge(base, HERE, TOMBSTONE).state == "missing"


@pytest.mark.parametrize("state", ["creating", "live", "missing", "deleted"])
def test_gone_on_both_sides_is_over(state: str) -> None:
    decision = merge(_base(HERE), None, TOMBSTONE, state=state)
    assert (decision.state, decision.sends, decision.settled) == ("deleted", False, OVER)


def test_a_deletion_taken_back_there_settles_itself() -> None:
    decision = merge(_base(HERE), HERE, _event(HERE, "2"), state="missing")
    assert (decision.state, decision.settled, decision.sends) == ("live", RESTORED, False)


def test_cancelled_here_beats_moved_there_and_says_so() -> None:  # SYNC-17
    moved = replace(_event(HERE, "2"), when=When(T0 + timedelta(hours=5), T0 + timedelta(hours=6), "UTC"))
    decision = merge(_base(HERE), None, moved)
    assert (decision.delete, decision.conflict, decision.etag) == (True, WHEN, "2")
    assert _again(decision, None, moved, True).conflict == frozenset()


def test_a_late_answer_does_not_undo_a_deletion() -> None:
    as_it_was = _event(HERE, "1")
    assert merge(_base(HERE), None, as_it_was, state="deleted", etag="1") == Decision("deleted", _base(HERE), "1")
    restored = merge(_base(HERE), None, replace(as_it_was, etag="3"), state="deleted", etag="1")
    assert (restored.delete, restored.put_back) == (True, WHEN)


def test_a_refused_move_is_put_back_and_a_later_edit_here_is_not_lost() -> None:
    later = When(T0 + timedelta(hours=5), T0 + timedelta(hours=6), "UTC")
    moved = replace(_event(HERE, "2"), when=later)
    refused = merge(_base(HERE), HERE, moved).refused(_base(HERE))
    assert (refused.take, refused.send, refused.put_back) == (Taken(), WHEN, WHEN)
    assert refused.base.due(HERE) == {"when"}
    # Moved there once more while it waits: again refused or taken, but an edit here wins.
    third = replace(moved, when=later._replace(end=later.end + timedelta(hours=1)), etag="3")
    assert _again(refused, HERE, third, True).take.when == third.when
    here = replace(HERE, when=HERE.when._replace(end=T0 + timedelta(hours=2)))
    decided = _again(refused, here, third, True)
    assert (decided.conflict, decided.send, decided.take) == (WHEN, WHEN, Taken())


def test_moved_back_by_the_person_there_nothing_is_left_to_put_back() -> None:
    waiting = replace(known(HERE), again=frozenset({"when"}))
    moved = with_value(known(HERE), "when", When(T0 + timedelta(hours=5), T0 + timedelta(hours=6), "UTC"))
    decision = merge(Base(waiting, moved), HERE, _event(HERE, "4"))
    assert (decision.sends, decision.base.ours.again) == (False, frozenset())


@pytest.mark.parametrize(("local", "state"), [(HERE, "creating"), (None, "deleted")])
def test_made_recurring_there_it_is_let_go(local: EventFields | None, state: str) -> None:
    remote = replace(_event(HERE, "2"), recurrence=("RRULE:FREQ=WEEKLY",))
    decision = merge(_base(HERE), local, remote)
    assert (decision.let_go, decision.state, decision.base) == (True, state, Base())


def test_an_unreadable_event_changes_nothing() -> None:
    decision = merge(_base(HERE), HERE, RemoteEvent("x", etag="5", unreadable="it has no time"))
    assert decision == Decision("live", _base(HERE), "5")


def test_an_unlinked_event_is_none_of_ours() -> None:
    assert merge(Base(Known(), Known()), HERE, TOMBSTONE, state="unlinked") == Decision("unlinked", Base(), "")
