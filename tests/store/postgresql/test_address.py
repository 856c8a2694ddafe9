"""What `--db` says of a server: how it is read, shown and kept apart, and what is never sent in the clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from couchcal.errors import UsageProblem
from couchcal.practice.opening import locate, locate_file
from couchcal.store.locations import parse_location
from couchcal.store.postgresql.address import Address, read

FULL = "postgresql+psycopg://ann:s%40fe@db.example.org:6432/practice?connect_timeout=3"


def test_an_address_is_read_in_its_parts() -> None:
    address = read(FULL)
    assert (address.host, address.port, address.database) == ("db.example.org", 6432, "practice")
    assert (address.user, address.password, address.options) == ("ann", "s@fe", (("connect_timeout", "3"),))
    assert read("postgresql:///practice") == Address("", 5432, "practice", "", "", ())
    socket = read("postgresql+psycopg://ann@/practice?host=/run/postgresql&port=5433")
    assert (socket.host, socket.port, socket.local) == ("/run/postgresql", 5433, True)
    assert read("postgresql://[::1]:5432/p").local


def test_the_password_is_never_shown() -> None:
    address = read(FULL)
    assert str(address) == "postgresql://ann@db.example.org:6432/practice"
    assert "s@fe" not in f"{address} {address!r} {address.place}"
    assert address.parameters()["password"] == "s@fe"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://", "postgresql://host", "postgresql://host/", "postgresql://host/a/b", "postgresql://host:x/db",
        "postgresql://host/db?colour=red", "postgresql://host/db?port=x", "postgresql://host/db?sslmode=maybe",
        "postgresql://host/db?sslmode",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_a_password_in_it(text: str) -> None:
    with pytest.raises(UsageProblem) as found:
        parse_location(text.replace("://", "://ann:geheim@"))
    assert "geheim" not in f"{found.value.message} {found.value.hint}"


def test_over_a_network_the_certificate_is_checked_unless_somebody_says_how_else() -> None:
    told = read("postgresql://db.example.org/p").parameters()
    assert (told["sslmode"], told["sslrootcert"]) == ("verify-full", "system")
    own = read("postgresql://db.example.org/p?sslrootcert=/etc/ours.pem").parameters()
    assert (own["sslmode"], own["sslrootcert"]) == ("verify-full", "/etc/ours.pem")
    assert "sslrootcert" not in read("postgresql://db.example.org/p?sslmode=require").parameters()
    for mode in ("disable", "allow", "prefer"):
        with pytest.raises(UsageProblem, match="in the clear"):
            read(f"postgresql://db.example.org/p?sslmode={mode}")
        for here in ("localhost", "127.0.0.1", "[::1]", ""):
            assert read(f"postgresql://{here}/p?sslmode={mode}").parameters()["sslmode"] == mode
    assert "sslmode" not in read("postgresql://localhost/p").parameters()


def test_what_belongs_to_a_database_has_a_place_of_its_own_on_this_machine(isolated_home: Path) -> None:
    place = read(FULL).place
    assert place.parent == isolated_home / "servers"
    assert place.name.startswith("practice-")
    others = ("postgresql://bob@db.example.org:6432/practice", "postgresql://ann@db.example.org/practice")
    assert len({place, *(read(each).place for each in others)}) == 3
    assert read(FULL.replace("s%40fe", "new")).place == place


def test_the_variable_of_the_environment_may_name_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_DATABASE_URL", FULL)
    assert locate() == read(FULL)
    with pytest.raises(Exception, match="on a server") as found:
        locate_file(None, "do something else")
    assert "s@fe" not in str(found.value)
