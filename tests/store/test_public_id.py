"""Public ids: eight digits, one for each row id, and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.store.public_id import PREFIXES, decode, encode, scramble, split

ROW_IDS = st.integers(min_value=0, max_value=2**32 - 1)


@given(row_id=ROW_IDS, table=st.sampled_from(sorted(PREFIXES)))
def test_there_and_back(row_id: int, table: str) -> None:
    public = encode(table, row_id)
    assert split(public) == (table, public[len(PREFIXES[table]) :])
    assert decode(split(public)[1]) == row_id
    assert split(f" {public.upper()} ") == split(public)


@given(first=ROW_IDS, second=ROW_IDS)
def test_different_rows_have_different_ids(first: int, second: int) -> None:
    assert (scramble(first) == scramble(second)) == (first == second)


@pytest.mark.parametrize("text", ["", "q123", "r", "123456789", "x-1", "12 34", "é"])
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        split(text)
