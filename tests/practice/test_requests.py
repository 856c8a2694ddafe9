"""Requests as the practitioner answers them, what clients are told, and that an answer is final."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from couchcal.errors import Invalid, NotFound, Refused, Stale
from couchcal.practice import client_reject, request_answers, requests, undo
from couchcal.practice.cadence import Repeat
from couchcal.practice.door import Applicant, LinkOver
from couchcal.practice.requests import RequestRow
from tests.practice.conftest import Desk
from tests.practice.door import DEE, Door, facts

TUESDAY = "2026-03-03 10:00"


@pytest.fixture
def at(desk: Desk) -> Door:
    return Door(desk)


def listed(at: Door, *, past: bool = False) -> list[RequestRow]:
    with closing(at.database.connect()) as connection:
        return requests.requests(connection, past=past)


def asked(at: Door, local: str = TUESDAY, **values: Any) -> int:
    """The id of a request of Ann's."""
    at.book(local, at.known(), **values)
    return listed(at)[-1].id


def test_a_request_says_what_when_and_where(at: Door) -> None:  # REQ-06, REQ-10
    asked(at, note="Could we?", visit_type="telehealth")
    (row,) = listed(at)
    assert (row.event_type, row.service, row.visit_type, row.message, row.internal_id, row.status) == (
        "Session", "90834", "telehealth", "Could we?", "C-0001", "pending",
    )  # fmt: skip
    assert (row.start, row.public_id[0], row.asked_at) == (at.desk.at(TUESDAY), "r", at.desk.now)
    assert listed(at, past=True) == []


def test_unconfirmed_holds_are_no_requests(at: Door) -> None:
    at.book(TUESDAY)
    assert (listed(at), listed(at, past=True)) == ([], [])
    at.desk.now += timedelta(hours=1)
    request_answers.expire(at.database, clock=at.desk.clock)
    assert listed(at, past=True) == []


def test_looking_at_what_would_be_booked_changes_nothing(at: Door) -> None:  # REQ-07, INV-B4
    number = asked(at, visit_type="telehealth")
    changes = len(at.desk.rows("change"))
    draft = request_answers.draft_of(at.database, number)
    assert (draft.client_id, draft.service, draft.location_id, draft.start) == (
        at.desk.ann, "90834", at.desk.places["10"], at.desk.at(TUESDAY),
    )  # fmt: skip
    assert (at.statuses(), at.desk.rows(), len(at.desk.rows("change"))) == (["pending"], {}, changes)


def test_accepting_books_it_as_adjusted_and_tells_the_client(at: Door) -> None:  # REQ-07, REQ-09, REQ-12
    number = asked(at)
    draft = request_answers.draft_of(at.database, number)
    later = timedelta(minutes=30)
    draft = replace(draft, start=draft.start + later, end=draft.end + later, service="90837")
    done = request_answers.accept(at.database, number, draft, clock=at.desk.clock)
    assert done.label == "Accepted Ann S. Tue 3 Mar 10:30"
    row = at.desk.row(done.appointment_id or 0)
    assert (at.desk.local(row["id"]), row["service"], row["origin"], row["event_type_id"]) == (
        "2026-03-03 10:30", "90837", "couchcal", at.kind,
    )  # fmt: skip
    assert at.told()[2:] == [("request_accepted", "ann@example.org")]
    (past,) = listed(at, past=True)
    assert (past.status, past.appointment_id, past.decided_at) == ("accepted", row["id"], at.desk.now)
    at.desk.move(row["id"], "2026-03-04 10:00")  # it is like any other
    at.desk.cancel(row["id"])


def test_an_overlap_warns_and_stops_nothing(at: Door) -> None:  # REQ-04, INV-A7
    number = asked(at)
    at.desk.book("2026-03-03 10:20")
    assert request_answers.accept(at.database, number, clock=at.desk.clock).conflicts == 1


def test_declining_frees_the_time_and_tells_why(at: Door) -> None:  # REQ-08, REQ-09, REQ-13
    number = asked(at)
    request_answers.decline(at.database, number, "I am away\x07 then", clock=at.desk.clock)
    assert "10:00" in at.slots("2026-03-03")
    (past,) = listed(at, past=True)
    assert (past.status, past.decline_message) == ("declined", "I am away then")
    assert at.told()[2:] == [("request_declined", "ann@example.org")]
    assert facts(at.mails("request_declined")[0])["request"] == number
    at.book(TUESDAY, at.known())  # they may ask again
    with pytest.raises(Invalid):
        request_answers.decline(at.database, listed(at)[0].id, "x" * 501, clock=at.desk.clock)


@pytest.mark.parametrize("first", ["accept", "decline", "withdraw", "expire"])
def test_an_answer_is_final(at: Door, first: str) -> None:  # INV-B3, REQ-13
    from couchcal.practice import door

    number = asked(at)
    if first == "withdraw":
        door.withdraw(at.database, at.known(), listed(at)[0].public_id, clock=at.desk.clock)
    elif first == "expire":
        at.desk.now = at.desk.at(TUESDAY)
        assert request_answers.expire(at.database, clock=at.desk.clock) == 1
        assert at.told()[-1] == ("request_expired", "ann@example.org")
    else:
        getattr(request_answers, first)(at.database, number, clock=at.desk.clock)
    before = at.requests()
    for answer in (request_answers.accept, request_answers.decline):
        with pytest.raises(Stale, match="already"):
            answer(at.database, number, clock=at.desk.clock)
    with pytest.raises(Refused):
        door.withdraw(at.database, at.known(), listed(at, past=True)[0].public_id, clock=at.desk.clock)
    assert request_answers.expire(at.database, clock=at.desk.clock) == 0
    if first in ("accept", "decline"):
        with pytest.raises(Refused, match="final"):
            undo.undo(at.database, clock=at.desk.clock)
    assert at.requests() == before


def test_undo_works_again_after_the_next_change(at: Door) -> None:
    number = asked(at)
    request_answers.accept(at.database, number, clock=at.desk.clock)
    row_id = at.desk.book("2026-03-05 10:00")
    undo.undo(at.database, clock=at.desk.clock)
    assert row_id not in at.desk.rows()
    with pytest.raises(Refused, match="final"):
        undo.undo(at.database, clock=at.desk.clock)


def test_somebody_changed_it_meanwhile(at: Door) -> None:
    number = asked(at)
    with pytest.raises(Stale):
        request_answers.accept(at.database, number, expected_version=7, clock=at.desk.clock)
    with pytest.raises(NotFound):
        request_answers.accept(at.database, 99, clock=at.desk.clock)
    at.book("2026-03-03 12:00")
    with pytest.raises(Refused, match="not confirmed"):
        request_answers.decline(at.database, number + 1, clock=at.desk.clock)


def test_a_stranger_joins_the_intake_when_accepted(at: Door) -> None:  # INT-01
    at.book(TUESDAY, Applicant("Dee New", "dee@example.org", "555"), mail=False)
    (row,) = listed(at)
    assert (row.client_id, row.first, row.last, row.email, row.phone) == (None, "Dee", "New", DEE.email, "555")
    assert request_answers.draft_of(at.database, row.id).client_id is None
    done = request_answers.accept(at.database, row.id, clock=at.desk.clock)
    client = at.desk.rows("client")[at.desk.row(done.appointment_id or 0)["client_id"]]
    assert (client["first"], client["state"], listed(at, past=True)[0].client_id) == ("Dee", "intake", client["id"])


def test_a_stranger_can_be_given_to_a_client(at: Door) -> None:  # INT-04
    at.book(TUESDAY, mail=False)
    draft = replace(request_answers.draft_of(at.database, listed(at)[0].id), client_id=at.desk.bob)
    done = request_answers.accept(at.database, listed(at)[0].id, draft, clock=at.desk.clock)
    assert at.desk.row(done.appointment_id or 0)["client_id"] == at.desk.bob
    assert done.advice == ("no e-mail address on file: the client is not told",)
    assert len(at.desk.rows("client")) == 2


def test_a_stranger_who_is_declined_is_told_and_forgotten(at: Door) -> None:
    at.book(TUESDAY, mail=False)
    request_answers.decline(at.database, listed(at)[0].id, clock=at.desk.clock)
    assert at.told()[-1] == ("request_declined", DEE.email)
    assert len(at.desk.rows("client")) == 2


def test_rejecting_tells_of_every_session_and_leaves_nothing(at: Door) -> None:  # INT-03, INV-B7
    for local in (TUESDAY, "2026-03-04 10:00"):
        at.book(local)
        at.verify(at.secrets("request_verify").token)
    at.practice(confirm_public="request")
    at.book("2026-03-05 10:00")
    at.verify(at.secrets("request_verify").token)
    client = at.requests()[0]["client_id"]
    manage = at.secrets("booking_confirmed").token
    uids = [row["uid"] for row in at.desk.rows().values()]
    client_reject.reject(at.database, client, clock=at.desk.clock)
    assert (at.desk.rows(), at.requests(), client in at.desk.rows("client")) == ({}, [], False)
    mails = at.mails("cancelled_by_practitioner")
    assert [(m["recipient"], m["client_id"], m["appointment_id"], m["state"]) for m in mails] == [
        (DEE.email, None, None, "queued")
    ] * 2
    assert [(facts(m)["uid"], facts(m)["sequence"]) for m in mails] == [(uid, 1) for uid in uids]
    from couchcal.practice import door

    assert door.managed(at.database, manage, clock=at.desk.clock) is None
    at.book("2026-03-05 10:00", Applicant("Eve", "eve@example.org"))
    with pytest.raises(Refused, match="another client"):  # their request cannot come back
        undo.undo(at.database, clock=at.desk.clock)
    assert at.desk.rows() == {}


def test_undo_of_a_rejection_sends_nothing(at: Door) -> None:  # INT-03
    at.book(TUESDAY)
    at.verify(at.secrets("request_verify").token)
    client_reject.reject(at.database, at.requests()[0]["client_id"], clock=at.desk.clock)
    undo.undo(at.database, clock=at.desk.clock)
    assert (len(at.desk.rows()), at.mails("cancelled_by_practitioner")) == (1, [])


def test_what_ran_out_is_swept(at: Door) -> None:
    at.book(TUESDAY)
    token = at.secrets("request_verify").token
    with closing(at.database.connect()) as connection:
        assert not requests.anything_over(connection, at.desk.now)
        at.desk.now += timedelta(minutes=20)
        assert requests.anything_over(connection, at.desk.now)
        assert request_answers.expire(at.database, clock=at.desk.clock) == 1
        assert not requests.anything_over(connection, at.desk.now)
        at.desk.now += timedelta(days=3)
        assert requests.anything_over(connection, at.desk.now)
        request_answers.expire(at.database, clock=at.desk.clock)
        assert not requests.anything_over(connection, at.desk.now)
    assert at.desk.rows("portal_token") == {}
    with pytest.raises(LinkOver):
        at.verify(token)


def test_accepting_as_the_first_of_a_series(at: Door) -> None:  # REQ-07, REC-02
    number = asked(at)
    done = request_answers.accept(at.database, number, repeat=Repeat("weekly"), clock=at.desk.clock)
    series = at.desk.series_ids(done.appointment_id or 0)
    assert [at.desk.local(row_id) for row_id in series[:2]] == [TUESDAY, "2026-03-10 10:00"]
    assert listed(at, past=True)[0].appointment_id == series[0]


def test_a_stranger_gets_the_name_that_the_practice_gives(at: Door) -> None:  # INT-01
    at.book(TUESDAY, mail=False)
    (row,) = listed(at)
    assert (row.newcomer, row.client_state) == (True, None)
    request_answers.accept(at.database, row.id, name="Deirdre New", clock=at.desk.clock)
    (past,) = listed(at, past=True)
    assert (past.first, past.last, past.email, past.client_state) == ("Deirdre", "New", DEE.email, "intake")
