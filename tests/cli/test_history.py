from __future__ import annotations

import re

from tests.cli.conftest import Cli


def test_undo_and_redo_put_entries_back(cli: Cli) -> None:
    ident = cli.json("add", "wed 9am bob 90834")["id"]
    cli("move", ident, "+1d")
    moved = cli.json("show", ident)
    assert f"now {ident}  C-0003 Wed 4 Mar 9:00-9:45" in cli("undo").out
    assert cli.json("show", ident)["start"][:10] == "2026-03-04"
    assert cli.json("redo") == {"done": "redid", "rows": 1, "ids": [ident]}
    assert cli.json("show", ident)["start"] == moved["start"]
    cli("undo")
    cli("undo")
    assert cli.json("agenda") == []


def test_the_names_in_the_journal_are_shown_only_where_names_are_wanted(cli: Cli) -> None:
    cli("add", "wed 9am jane doe 90834")
    assert "Jane" not in cli("undo").out
    assert cli("redo", "--names", "full").out.startswith("Redid: Booked Jane D.")


def test_nothing_to_undo_or_redo(bare: Cli) -> None:
    assert bare.json("undo", code=1)["error"]["message"] == "there is nothing to undo"
    assert bare.json("redo", code=1)["error"]["message"] == "there is nothing to redo"


def test_many_entries_are_counted(cli: Cli) -> None:
    cli("add", "wed 9am bob 90834 weekly")
    cli("undo")
    out = cli("redo").out
    assert re.findall(r"Wed (\d+ \w+)", out) == ["4 Mar", "11 Mar", "18 Mar", "25 Mar", "1 Apr"]
    assert re.search(r"and \d+ more\n$", out)
