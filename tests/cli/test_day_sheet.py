"""The day sheet: 80 columns, free time and sums in plain text, and the page for paper."""

from __future__ import annotations

import re
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from couchcal.cli.widths import cut, padded, width, wrapped
from couchcal.practice import client_changes
from tests.cli.conftest import Cli

EVIL = "<script>alert(1)</script>&\"'><img src=x onerror=y>\u202e\x1b[2J"


class Page(HTMLParser):
    """Tags with their attributes, and the text, of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def test_free_time_lies_between_what_takes_time(cli: Cli) -> None:
    cli("add", "wed 9am 45m bob 90834")
    cli("add", "wed 10:30 30m jane doe 90832")  # cancelled below: takes no time
    cli("add", "wed 11am 60m maria 90837")
    cli("add", "wed 12:10pm 50m maria 90834")  # ten minutes are a break, not free
    cli("cancel", cli.json("agenda")[1]["id"], "--type", "no_show")
    lines = cli("agenda", "--cancelled").out.splitlines()
    assert [line.split()[0] for line in lines] == ["Wed", "9:00-9:45", "1", "10:30-11:00", "11:00-12:00",
                                                   "12:10-13:00", "3"]  # fmt: skip
    assert lines[2].strip() == "1 h 15 min free"
    assert lines[-1].strip() == "3 sessions, 2 h 35 min; 1 cancelled"


def test_a_group_counts_its_time_once(cli: Cli) -> None:
    for name in ("bob", "maria"):
        cli("add", f"wed 4pm 90m {name} 90853")
    assert "2 sessions, 1 h 30 min" in cli("agenda").out


def test_no_line_is_wider_than_a_page_whatever_the_titles(cli: Cli) -> None:
    cli("client", "edit", "C-0001", f"first={'Wolfeschlegelstein' * 3}", f"last={'漢' * 20}")
    cli("add", "wed 9am 45m C-0001 90834-95-GT tele weekly")
    cli("add", "wed 9:30 45m bob 90834 tele weekly")
    cli("mark", cli.json("agenda")[0]["id"], "note-signed")
    out = cli("agenda", "--names", "full").out
    assert max(width(line) for line in out.splitlines()) <= 80
    assert "[conflict] [note signed]" in out


def test_find_lists_without_sums_of_days_it_does_not_show_whole(cli: Cli) -> None:
    cli("add", "wed 9am 45m bob 90834")
    cli("add", "wed 2pm 45m bob 90834")
    out = cli("find", "bob").out
    assert "free" not in out
    assert "session" not in out


def test_the_page_is_complete_in_itself_and_runs_nothing(cli: Cli) -> None:
    cli("add", "wed 9am 45m bob 90834 weekly")
    cli("add", "thu 9am 45m jane doe 90837 tele")
    out = cli("agenda", "--html").out
    page = Page(out)
    assert out.startswith("<!DOCTYPE html>")
    assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object", "a", "form"}
    assert not re.search(r"https?:|url\(|@import|src=|\bon\w+=", out)
    assert page.count("section") == 2
    for words in (
        "Wed 4 Mar 2026",
        "C-0003",
        "every week",
        "9:00-9:45",
        "90837-95",
        "Telehealth",
        "1 session, 45 min",
    ):
        assert words in page.text
    assert "Jane" not in out  # SYNC-03
    assert "Jane Doe" in cli("agenda", "--html", "--names", "full").out


def test_nothing_of_a_name_or_title_is_markup_on_the_page(cli: Cli) -> None:
    with closing(cli.database.connect()) as raw:
        raw.execute("UPDATE client SET first = ?, last = ? WHERE id = 1", (EVIL, EVIL))
        raw.execute("UPDATE practice SET name = ?", (EVIL,))
        raw.execute("UPDATE location SET name = ? WHERE is_default", (EVIL,))
    cli("add", "wed 9am 45m C-0001 90834")
    out = cli("agenda", "--html", "--names", "full").out
    page = Page(out)
    assert not {tag for tag, _ in page.tags} & {"script", "img"}
    assert {name for _, attributes in page.tags for name in attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "class", "scope", "colspan", "aria-hidden",
    }  # fmt: skip
    assert page.text.count("<script>alert(1)</script>&\"'>") >= 4
    assert not {"\x1b", "\u202e"} & set(out)


def test_a_page_goes_to_a_private_file(cli: Cli, tmp_path: Path) -> None:  # P1
    cli("add", "wed 9am 45m bob 90834")
    target = tmp_path / "sheet.html"
    assert cli("agenda", "--html", "--page-per-day", "-o", str(target)).out == f"Wrote {target}\n"
    assert target.stat().st_mode & 0o777 == 0o600
    assert '<body class="paged">' in target.read_text("utf-8")
    assert "Nothing on the calendar" in cli("agenda", "--html", "--from", "+8w", "--to", "+8w").out


def test_what_belongs_to_the_page_is_refused_without_it(cli: Cli) -> None:
    cli("agenda", "-o", "x", code=2)
    cli("agenda", "--page-per-day", code=2)
    cli("agenda", "--html", "--json", code=2)


def test_names_are_those_of_real_clients(cli: Cli) -> None:
    client_changes.add(cli.database, "Zoë 漢字")
    cli("add", "wed 9am 45m zoë 90834")
    assert "Zoë 漢字" in cli("agenda", "--html", "--names", "full").out


@given(st.text(max_size=60), st.integers(4, 40))
def test_text_is_cut_and_broken_to_its_columns(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= max(columns, 2)
    lines = list(wrapped(text, columns))
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    assert width(padded(cut(text, columns), columns)) == max(columns, 2)
