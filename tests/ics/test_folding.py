"""Content lines on the wire (RFC 5545 3.1, 3.3.11)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from couchcal.ics.folding import LINE_OCTETS, escape, escape_line, fold, inert, offset_stamp, parameter, utc_stamp
from couchcal.ics.values import unescape

_PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
_LINE = st.text(st.sampled_from(["a", "\\", "\\", ";", "ß", "日", "😀", " "]), max_size=400)


def _pieces(folded: str) -> list[bytes]:
    return folded.encode().split(b"\r\n")


@given(_LINE | _PRINTABLE)
def test_folding_and_unfolding_is_the_identity(line: str) -> None:
    assert fold(line).replace("\r\n ", "") == line


@given(_LINE | _PRINTABLE)
def test_no_piece_is_longer_than_75_octets(line: str) -> None:
    assert all(len(piece) <= LINE_OCTETS for piece in _pieces(fold(line)))


@given(_LINE)
def test_a_fold_splits_neither_a_character_nor_an_escape(line: str) -> None:
    escaped = escape(line)
    behind: list[str] = []
    for index, piece in enumerate(_pieces(fold(escaped))[:-1]):
        behind.append(piece.decode()[1 if index else 0 :])
        trailing = re.search(r"\\*$", "".join(behind))
        assert trailing is not None
        assert len(trailing[0]) % 2 == 0


def test_a_line_of_exactly_75_octets_is_not_folded() -> None:
    assert fold("x" * 75) == "x" * 75
    assert fold("x" * 76) == "x" * 75 + "\r\n x"
    assert fold("x" * 73 + "é") == "x" * 73 + "é"
    assert fold("x" * 74 + "é") == "x" * 74 + "\r\n é"


@given(_PRINTABLE)
def test_escaped_text_reads_back(text: str) -> None:
    assert unescape(escape(text)) == text


@given(st.text())
def test_escaped_text_has_no_bare_separator_and_no_control_character(text: str) -> None:
    escaped = escape(text)
    assert re.fullmatch(r"(?:\\[\\;,n]|[^\\;,\x00-\x1f\x7f-\x9f\u2028\u2029])*", escaped)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a;b,c\\d", "a\\;b\\,c\\\\d"),
        ("one\r\ntwo\rthree\nfour\u2028five", "one\\ntwo\\nthree\\nfour\\nfive"),
        ("bell\x07 and \x1b[31mred\x9b", "bell and [31mred"),
        ("tab\there", "tab here"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_line_value_has_no_line_break() -> None:
    assert escape_line("  two\r\n lines,\tone\u2028value ") == "two lines\\, one value"


def test_parameters_are_quoted_where_they_must_be() -> None:
    assert parameter("Europe/Dublin") == "Europe/Dublin"
    assert parameter("W. Europe: Berlin, Bern") == '"W. Europe: Berlin, Bern"'
    assert parameter('no "quotes"\r\nnor breaks') == "no quotesnor breaks"


def test_a_kept_line_cannot_become_two() -> None:
    assert inert("X-A:1\r\nATTENDEE:mailto:x\x00") == "X-A:1ATTENDEE:mailto:x"


def test_stamps() -> None:
    assert utc_stamp(0) == "19700101T000000Z"
    assert utc_stamp(-62_135_596_800) == "00010101T000000Z"
    assert [offset_stamp(seconds) for seconds in (0, -18_000, 19_800, -2_670)] == [
        "+0000",
        "-0500",
        "+0530",
        "-004430",
    ]
