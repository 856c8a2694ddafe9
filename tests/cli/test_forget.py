"""`couchcal forget`."""

from __future__ import annotations

from tests.cli.conftest import Cli


def test_forgetting_asks_for_the_id_and_keeps_what_must_be_kept(cli: Cli) -> None:
    cli("add", "mon 9am jane doe 90834")
    assert "no terminal to ask" in cli("forget", "C-0001", code=2).err
    assert "is not the internal id" in cli("forget", "C-0001", "--confirm", "yes", code=2).err
    assert "are kept until 2032" in cli("forget", "C-0001", "--confirm", "C-0001", code=1).err
    done = cli.json("forget", "C-0001", "--now", "--confirm", "C-0001")
    assert done == {"client": "C-0001", "anonymous": 0, "removed": 1}
    assert "Doe" not in str(cli.json("client", "list", "--names", "full"))
    cli("audit", "verify")
    cli("forget", "C-0001", "--confirm", "C-0001", code=1)


def test_who_never_had_a_session_is_forgotten_at_once(cli: Cli) -> None:
    out = cli("forget", "C-0002", "--confirm", "C-0002").out
    assert out.startswith("Forgot C-0002. 0 past sessions")
    assert "Undo does not reach behind this." in out
    assert [row["id"] for row in cli.json("client", "list", "--archived")] == ["C-0001", "C-0003", "C-0004"]
