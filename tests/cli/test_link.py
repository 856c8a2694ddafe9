"""`couchcal link`: the address to share, and the secret one of one's own calendar."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from couchcal.clock import system_clock
from couchcal.practice import feeds
from tests.cli.conftest import Cli, Terminal

SITE = "https://book.example.org"


@pytest.fixture
def public(cli: Cli, isolated_home: Path) -> Cli:
    """A practice with an address of its own."""
    isolated_home.mkdir(exist_ok=True)
    (isolated_home / "config.toml").write_text(f'[mail]\npublic_url = "{SITE}"\n')
    return cli


def opens(cli: Cli, address: str) -> bool:
    token = address.strip().removeprefix(f"{SITE}/feed/").removesuffix(".ics")
    with closing(cli.database.connect()) as connection:
        return feeds.feed(connection, token, now=system_clock()) is not None


def test_an_address_is_made_and_ended(public: Cli) -> None:  # SYNC-16
    made = public("link", "--feed")
    assert made.out.startswith(f"{SITE}/feed/")
    assert made.out.endswith(".ics\n")
    assert "this once" in made.err
    assert opens(public, made.out)
    assert made.out.strip() not in made.err
    assert "Ended" in public("link", "--end-feed", "--yes").out
    assert not opens(public, made.out)
    assert "no such address" in public("link", "--end-feed").out


def test_another_one_ends_the_one_before_and_asks(public: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    first = public("link", "--feed").out
    assert "--yes" in public("link", "--feed", code=2).err  # nobody is there to ask
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert "Nothing was changed" in public("link", "--feed").out
    assert opens(public, first)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    second = public("link", "--feed").out
    assert (opens(public, first), opens(public, second)) == (False, True)
    third = public("link", "--feed", "--yes").out
    assert (opens(public, second), opens(public, third)) == (False, True)


def test_without_a_site_it_says_where_the_address_works(cli: Cli) -> None:
    made = cli("link", "--feed")
    assert made.out.startswith("http://127.0.0.1:8080/feed/")
    assert "public_url" in made.err


def test_the_trail_has_both_and_no_address(public: Cli) -> None:
    address = public("link", "--feed").out
    public("link", "--end-feed", "--yes")
    with closing(public.database.connect()) as connection:
        rows = connection.execute("SELECT actor, action, entity FROM audit_entry WHERE entity = 'feed'").fetchall()
        trail = repr(connection.execute("SELECT * FROM audit_entry").fetchall())
    assert rows == [("user", "create", "feed"), ("user", "delete", "feed")]
    assert address.strip().rpartition("/")[2].removesuffix(".ics") not in trail


def test_one_thing_at_a_time(cli: Cli) -> None:
    cli("link", "--feed", "--end-feed", code=2)
