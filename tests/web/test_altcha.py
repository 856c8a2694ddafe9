"""Proof of work on the booking page: solved for real, for one form, once."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.web.altcha import FIELD, Altcha, Work, WorkRefused
from couchcal.web.security import LATEST
from tests.web.conftest import NOW, SLUG, Visitor

LIGHT = Work(rounds=10, fewest=5, most=20)
"""The same work, less of it."""


def solve(challenge: dict[str, Any]) -> str:
    """What a browser sends."""
    asked = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(asked)
    assert solution is not None
    return str(altcha.Payload(asked, solution).to_base64())


def on_the_page(page: str) -> dict[str, Any]:
    """The challenge that the script of a page finds."""
    found = re.search(r'data-altcha="([^"]*)"', page)
    assert found is not None
    asked: dict[str, Any] = json.loads(unescape(found[1]))
    return asked


def why(guard: Altcha, field: str, form: str = "f", content: dict[str, str] | None = None, **later: float) -> str:
    """Why work does not count; empty if it does."""
    try:
        guard.check(field, form, content or {"name": "Dee"}, NOW + timedelta(**later))
    except WorkRefused as error:
        return error.why
    return ""


@pytest.fixture
def guarded(visitor: Visitor) -> Visitor:
    visitor.another_site(altcha=Altcha(work=LIGHT))
    return visitor


def test_a_wish_with_its_work_is_taken_and_a_double_click_is_one(guarded: Visitor) -> None:  # BOOK-03
    page = guarded.get(f"/book/{SLUG}/details", **{"for": "1", "how": "telehealth", "at": "2026-03-04T14:00Z"})
    assert 'src="/static/altcha.js?v=' in page.text
    assert "needs JavaScript" in page.text
    guarded.clock.later(seconds=20)
    form = {**guarded.fields(page.text), "name": "Dee New", "email": "dee@example.org", "phone": "", "note": ""}
    form[FIELD] = solve(on_the_page(page.text))
    assert [guarded.send(form).status_code for _ in range(2)] == [303, 303]
    assert len(guarded.rows("booking_request")) == 1


def test_without_the_work_the_form_comes_back_with_everything_in_it(guarded: Visitor) -> None:
    answer = guarded.send(guarded.form())
    assert answer.status_code == 400
    assert "The check of your browser is missing" in answer.text
    assert 'value="Dee New"' in answer.text
    assert on_the_page(answer.text)["signature"]
    assert guarded.rows("booking_request") == []


def test_work_counts_once_and_for_its_own_form(guarded: Visitor) -> None:
    shown = guarded.get(f"/book/{SLUG}/details", **{"for": "1", "how": "telehealth", "at": "2026-03-04T14:00Z"})
    guarded.clock.later(seconds=20)
    work = solve(on_the_page(shown.text))
    form = {**guarded.fields(shown.text), "name": "Dee New", "email": "dee@example.org", FIELD: work}
    assert guarded.send(form).status_code == 303
    again = guarded.send({**form, "email": "eve@example.org", "at": "2026-03-04T16:00Z"})
    assert again.status_code == 400
    assert "was sent before, with something else in it" in again.text
    elsewhere = guarded.send({**guarded.form("2026-03-05T16:00Z"), FIELD: work})
    assert elsewhere.status_code == 400
    assert "did not work" in elsewhere.text
    assert len(guarded.rows("booking_request")) == 1


def test_a_page_without_it_has_neither_script_nor_field(visitor: Visitor) -> None:
    page = visitor.get(f"/book/{SLUG}/details", **{"for": "1", "how": "telehealth", "at": "2026-03-04T14:00Z"})
    assert "altcha" not in page.text
    assert visitor.send(visitor.form()).status_code == 303


def test_what_is_tampered_with_is_wrong() -> None:
    guard = Altcha(work=LIGHT)
    good = solve(guard.challenge("f", NOW))

    def changed(*path: str, to: object) -> str:
        payload = json.loads(base64.b64decode(good))
        part = payload
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = to
        return base64.b64encode(json.dumps(payload).encode()).decode()

    for field in (
        changed("solution", "counter", to=0),
        changed("solution", "derivedKey", to="00"),
        changed("challenge", "parameters", "keyPrefix", to=""),
        changed("challenge", "parameters", "cost", to=1),
        changed("challenge", "parameters", "data", to={"form": "g", "made": 0}),
        changed("challenge", "signature", to=""),
        solve(Altcha(work=LIGHT).challenge("f", NOW)),  # of another site
        "x" * 5000,
        "é",
    ):
        assert why(guard, field) == "wrong"
    assert why(guard, "") == "missing"
    assert why(guard, good, "g") == "wrong"
    assert why(guard, good) == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["challenge", "solution", "parameters", "signature", "data", "nonce", "counter"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.text(max_size=40) | _JSON.map(lambda value: base64.b64encode(json.dumps(value).encode()).decode()))
def test_whatever_is_sent_is_refused_and_nothing_breaks(field: str) -> None:
    assert why(Altcha(work=LIGHT), field) == ("wrong" if field else "missing")


def test_work_expires_with_its_form() -> None:
    guard = Altcha(work=LIGHT)
    field = solve(guard.challenge("f", NOW))
    assert why(guard, field, hours=2, seconds=1) == "late"
    assert why(guard, field, hours=2) == ""


def test_what_is_remembered_is_bounded_and_nothing_counts_twice_for_that() -> None:
    guard = Altcha(work=LIGHT, most_kept=3)
    fields = {}
    for number in range(6):
        fields[number] = solve(guard.challenge(f"f{number}", NOW + timedelta(seconds=number)))
        assert why(guard, fields[number], f"f{number}", minutes=1) == ""
    assert len(guard._used) == 3
    for number, field in fields.items():
        other = why(guard, field, f"f{number}", {"name": "Eve"}, minutes=1)
        assert other == ("late" if number < 3 else "used")
        assert why(guard, field, f"f{number}", minutes=1) == ("late" if number < 3 else "")
    fresh = solve(guard.challenge("fresh", NOW + timedelta(seconds=30)))
    assert why(guard, fresh, "fresh", minutes=1) == ""
    late = NOW + LATEST + timedelta(minutes=5)
    guard.check(solve(guard.challenge("new", late)), "new", {}, late)
    assert len(guard._used) == 1  # what has expired is forgotten


def test_of_threads_that_send_the_same_work_for_different_wishes_one_wins() -> None:
    from concurrent.futures import ThreadPoolExecutor

    guard = Altcha(work=LIGHT)
    field = solve(guard.challenge("f", NOW))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: why(guard, field, content={"name": str(number)}), range(16)))
    assert sorted(found) == ["", *["used"] * 15]


def test_the_moment_is_that_of_the_practice() -> None:
    guard = Altcha(work=LIGHT)
    old = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    guard.check(solve(guard.challenge("f", old)), "f", {}, old)
