"""Who may be one person."""

from __future__ import annotations

from contextlib import closing
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.practice import client_changes, client_duplicates
from couchcal.practice.client_duplicates import fold, like, reasons
from couchcal.practice.clients import ClientRow
from tests.practice.conftest import Desk


def row(
    first: str = "", last: str = "", *, preferred: str = "", email: str = "", phone: str = "", id: int = 1
) -> ClientRow:
    return ClientRow(id, f"C-{id}", first, last, preferred, email, phone, "", "active", None, None, 1)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (row(email="Jane@Example.org"), row(email="jane@example.ORG"), ("same e-mail",)),
        (row(phone="+1 (212) 555-0100"), row(phone="212.555.0100"), ("same telephone",)),
        (row(phone="555-0100"), row(phone="555-0101"), ()),
        (row(phone="12"), row(phone="12"), ()),
        (row("Jane", "Doe"), row("JANE", "doe"), ("same name",)),
        (row("Zoë", "Łukasz"), row("Zoe", "Lukasz"), ("same name",)),
        (row("Doe", "Jane"), row("Jane", "Doe"), ("same name",)),
        (row("Elizabeth", "Roe", preferred="Liz"), row("Liz", "Roe"), ("same name",)),
        (row("Jon", "Roe"), row("Jonathan", "Roe"), ("similar name",)),
        (row("Katy", "Roe"), row("Kathy", "Roe"), ("similar name",)),
        (row("Brain", "Roe"), row("Brian", "Roe"), ("similar name",)),
        (row("Jane", "Dow"), row("Jane", "Down"), ("similar name",)),
        (row("Jane", "Doe"), row("Jane", "Roe"), ()),
        (row("Jane", "Doe"), row("Maria", "Doe"), ()),
        (row("", "Doe"), row("", "Doe"), ()),
        (row(), row(), ()),
    ],
)
def test_what_speaks_for_one_person(one: ClientRow, other: ClientRow, expected: tuple[str, ...]) -> None:  # INT-04
    assert reasons(one, other) == reasons(other, one) == expected


def test_the_likeliest_come_first_and_nobody_is_like_oneself() -> None:
    me = row("Jane", "Doe", email="j@x.org", phone="5550100", id=1)
    others = [row("Jane", "Doe", id=2), row("Jo", "Roe", email="j@x.org", id=3), row("Bo", "Fig", id=4)]
    best = row("Jane", "Doe", email="j@x.org", phone="555 0100", id=5)
    assert [found.client.id for found in like(me, [me, *others, best])] == [5, 3, 2]


@given(st.text(), st.text())
def test_folding_is_stable(one: str, other: str) -> None:
    assert fold(fold(one)) == fold(one)
    assert fold(one.upper()) == fold(one.lower()) or one.upper().lower() != one.lower()


NAMES = st.sampled_from(["Jane", "Jayne", "Jan", "Zoë", "Zoe", "Doe", "Dow", "Down", ""])
PEOPLE = st.builds(
    row,
    NAMES,
    NAMES,
    preferred=NAMES,
    email=st.sampled_from(["", "a@x.org", "A@x.org", "b@x.org"]),
    phone=st.sampled_from(["", "555-0100", "(1) 555 0100", "12"]),
)


@given(st.lists(PEOPLE, max_size=12))
def test_pairs_are_all_that_comparing_everybody_finds(people: list[ClientRow]) -> None:
    people = [person._replace(id=number) for number, person in enumerate(people, start=1)]
    by_id = {person.id: person for person in people}
    naive = {(a.id, b.id) for a, b in combinations(people, 2) if reasons(a, b)}
    keys = client_duplicates._by_key(people)
    offered = {pair for holders in keys.values() for pair in combinations(holders, 2)}
    assert {(a, b) for a, b in offered if reasons(by_id[a], by_id[b])} == naive


def test_pairs_and_suggestions_in_a_database(desk: Desk) -> None:
    twin = client_changes.add(desk.database, "Anne Sample", email="ANN@example.org")
    with closing(desk.database.connect()) as connection:
        assert [found.id for found in client_duplicates.duplicates(connection, twin.id)] == [desk.ann]
        ((newer, older),) = client_duplicates.pairs(connection)
    assert (newer.id, older.client.id) == (twin.id, desk.ann)
    assert older.reasons == ("same e-mail", "similar name")
