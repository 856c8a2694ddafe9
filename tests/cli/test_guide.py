"""`couchcal guide`: the documentation, wherever the program is installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from couchcal.cli import guide
from couchcal.cli.guide import PAGES, for_terminal, page_text
from tests.cli.conftest import NOW, Cli
from tests.support.terminal import Terminal, environment

DOCS = Path(__file__).parents[2] / "docs"


def test_without_a_page_it_lists_them_with_their_titles(cli: Cli) -> None:
    rows = [line.split(maxsplit=1) for line in cli("guide").out.splitlines()]
    assert [name for name, _ in rows] == list(PAGES)
    assert dict(rows)["google"] == "Google Calendar"
    assert all(title and not title.startswith("#") for _, title in rows)


def test_a_pipe_gets_the_page_as_it_is(cli: Cli) -> None:
    assert cli("guide", "mail").out == (DOCS / "mail.md").read_text("utf-8")


def test_an_unknown_page_is_told_with_the_nearest(cli: Cli) -> None:
    assert cli("guide", "gogle", code=2).err == "couchcal: error: there is no page 'gogle'; did you mean google?\n"
    assert "see couchcal guide" in cli("guide", "../../etc/passwd", code=2).err


def test_an_installed_program_has_its_own_pages(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "google.md").write_text("# From the wheel\n", "utf-8")
    monkeypatch.setattr(guide, "SHIPPED", tmp_path)
    assert cli("guide", "google").out == "# From the wheel\n"
    monkeypatch.setattr(guide, "_SOURCES", tmp_path / "nowhere")
    assert "install it anew" in cli("guide", "mail", code=1).err


def test_every_page_of_the_guide_is_there() -> None:
    pages = {path.relative_to(DOCS).as_posix() for path in (DOCS / "guide").glob("*.md")}
    pages |= {path.relative_to(DOCS).as_posix() for path in (DOCS / "reference").glob("*.md")}
    assert pages <= set(PAGES.values())


@pytest.mark.parametrize("name", PAGES)
def test_on_a_terminal_no_picture_and_no_link_to_a_file_is_left(name: str) -> None:
    shown = for_terminal(page_text(name))
    assert "![" not in shown
    assert not re.search(r"\]\((?!https?:)[^)\s]*\.(?:md|svg|py)[^)\s]*\)", shown)
    assert set(re.findall(r"`couchcal guide ([\w-]+)`", shown)) <= set(PAGES)


def test_links_name_the_page_to_ask_for() -> None:
    text = (
        "![A week](../screenshots/week.svg)\nSee [Mail](../mail.md#replies), [above](#top), [why](decisions/1.md)."
    )
    assert for_terminal(text) == "See Mail (`couchcal guide mail`), above, why."
    assert for_terminal("[all](reference/settings.md)") == "all (`couchcal guide all-settings`)"
    assert for_terminal("[few](settings.md)") == "few (`couchcal guide settings`)"
    assert for_terminal("[the console](https://example.org/a)") == "the console (https://example.org/a)"


@pytest.mark.terminal
def test_on_a_terminal_it_is_formatted_and_given_to_the_pager(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\necho paged\nexec cat\n", "ascii")
    pager.chmod(0o700)
    terminal = Terminal(environment(tmp_path, NOW, PAGER=str(pager)), "guide", "backups")
    assert terminal.finish() == 0
    shown = terminal.raw.decode()
    assert "paged" in shown
    assert "\x1b[1mEvery night\x1b[0m" in shown
    assert "## " not in shown
