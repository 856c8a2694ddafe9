"""Splitting bytes into components: folds, line ends, encodings, broken frames, line numbers, bounds."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from couchcal.ics import content_lines
from couchcal.ics.content_lines import Component, ContentLines
from tests.support.ics_files import calendar, vevent


def read(data: bytes) -> list[Component]:
    return list(ContentLines(io.BytesIO(data)).components())


def lines(data: bytes) -> list[list[str]]:
    return [component.lines for component in read(data)]


TWO = calendar("BEGIN:VEVENT\nSUMMARY:one\nEND:VEVENT", "BEGIN:VEVENT\nSUMMARY:two\nEND:VEVENT")


@pytest.mark.parametrize("ends", [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n"])
def test_line_ends(ends: bytes) -> None:
    assert lines(TWO.replace(b"\r\n", ends)) == [["SUMMARY:one"], ["SUMMARY:two"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding: str) -> None:
    assert lines(TWO.decode().replace("one", "früh 研").encode(encoding)) == [["SUMMARY:früh 研"], ["SUMMARY:two"]]


def test_a_line_of_another_encoding_is_read_as_windows_1252() -> None:
    data = calendar("BEGIN:VEVENT\nSUMMARY:Grüße\nLOCATION:Café\nEND:VEVENT")
    mixed = data.replace("Grüße".encode(), "Grüße".encode("cp1252"))
    (component,) = read(mixed)
    assert component.lines == ["SUMMARY:Grüße", "LOCATION:Café"]
    assert component.latin


def test_damaged_utf_8_stays_utf_8() -> None:
    (component,) = read(
        calendar("BEGIN:VEVENT\nSUMMARY:日本国際博覧会\nEND:VEVENT").replace("際".encode(), b"\x9a?")
    )
    assert component.lines == ["SUMMARY:日本国\ufffd?博覧会"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("BEGIN:VEVENT\nA:1\nBEGIN:VEVENT\nB:2\nEND:VEVENT", [["A:1"], ["B:2"]]),
        (
            "BEGIN:VEVENT\nA:1\nBEGIN:VALARM\nC:3\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT",
            [["A:1", "BEGIN:VALARM", "C:3"], []],
        ),
        ("BEGIN:VTODO\nBEGIN:VALARM\nEND:VALARM\nX:1\nEND:VTODO\nBEGIN:VEVENT\nA:1\nEND:VEVENT", [["A:1"]]),
        ("BEGIN:X-OTHER\nA:0\nBEGIN:VEVENT\nA:1\nEND:VEVENT\nEND:X-OTHER", [["A:1"]]),
        ("BEGIN:VEVENT\nA:1\nEND:VCALENDAR\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nB:2\nEND:VEVENT", [["A:1"], ["B:2"]]),
        ("END:VEVENT\nEND:VALARM\nBEGIN:VEVENT\nA:1\nEND:VEVENT", [["A:1"]]),
        ("begin:vevent\nA:1\nEnd:vEvent ", [["A:1"]]),
        ("BEGIN:VEV\r\n ENT\nA:1\nEND:VEVENT", [["A:1"]]),
    ],
)
def test_broken_frames(body: str, expected: list[list[str]]) -> None:
    assert lines(calendar(body)) == expected


def test_a_truncated_component_is_marked() -> None:
    first, second = read(TWO[:-40])
    assert (first.complete, second.complete) == (True, False)


def test_counts_and_header() -> None:
    reader = ContentLines(io.BytesIO(calendar("BEGIN:VTODO\nEND:VTODO", vevent(), head="X-WR-CALNAME:Wo\r\n rk")))
    assert len(list(reader.components())) == 1
    assert reader.counts == {"VTODO": 1, "VEVENT": 1}
    assert reader.header["X-WR-CALNAME"] == "Work"
    assert reader.header["VERSION"] == "2.0"


def test_huge_lines_are_dropped_and_the_rest_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_lines, "MAX_LINE_BYTES", 5_000)
    monkeypatch.setattr(content_lines, "CHUNK_BYTES", 1_000)
    for body in ("x" * 50_000, "\n ".join("y" * 60 for _ in range(1_000))):
        first, second = read(calendar(vevent(f"ATTACH:{body}", "SUMMARY:kept"), vevent("SUMMARY:next")))
        assert first.dropped_lines == 1
        assert first.lines[-1] == "SUMMARY:kept"
        assert second.lines[-1] == "SUMMARY:next"


def test_an_oversized_component_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_lines, "MAX_COMPONENT_BYTES", 2_000)
    first, second = read(calendar(vevent(*["X-A:" + "b" * 60] * 100), vevent()))
    assert (first.oversized, second.oversized) == (True, False)


text_lines = st.lists(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x85"), max_size=40),
    max_size=6,
)


@given(text_lines, st.integers(1, 20), st.integers(1, 400), st.sampled_from([b"\r\n", b"\n"]))
@example(["ä" * 20], 1, 7, b"\r\n")
def test_any_fold_and_any_chunking_give_the_same_lines_and_numbers(
    values: list[str], width: int, chunk: int, ends: bytes
) -> None:
    """Folding at any octet, reading in pieces of any size: the lines come out as they were."""
    wanted = [f"X-{index}:{value}" for index, value in enumerate(values)]
    folded: list[bytes] = []
    for line in wanted:
        data = line.encode()
        parts = [data[at : at + width] for at in range(0, len(data), width)]
        folded += [parts[0], *(b" " + part for part in parts[1:])]
    physical = [b"BEGIN:VCALENDAR", b"BEGIN:VEVENT", *folded, b"END:VEVENT", b"BEGIN:VEVENT", b"END:VEVENT"]
    before = content_lines.CHUNK_BYTES
    content_lines.CHUNK_BYTES = chunk  # type: ignore[misc]  # the property is that it does not matter
    try:
        first, second = read(ends.join(physical) + ends)
    finally:
        content_lines.CHUNK_BYTES = before  # type: ignore[misc]
    assert first.lines == wanted
    assert (first.line, second.line) == (2, len(folded) + 4)


@given(st.binary(max_size=400))
def test_no_bytes_raise(data: bytes) -> None:
    for component in read(b"BEGIN:VEVENT\n" + data):
        assert all("\n" not in line for line in component.lines)
