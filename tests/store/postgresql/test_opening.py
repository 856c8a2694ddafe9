"""Setting up and opening a practice on a server, and what a person is told where that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from couchcal.cli.main import run
from couchcal.errors import CouchcalError, DatabaseProblem, NotFound
from couchcal.practice.opening import create_practice, open_database
from couchcal.store import audit_anchor, audit_check
from couchcal.store.connection import schema_revision
from couchcal.store.locations import parse_location
from couchcal.store.postgresql.address import read
from tests.support.postgresql import shared_cluster

Capture = pytest.CaptureFixture[str]


def test_a_practice_is_set_up_once_and_opened_after_that(bare_url: str, isolated_home: Path) -> None:
    location = parse_location(bare_url)
    with pytest.raises(NotFound) as missing:
        open_database(location)
    assert missing.value.code == "no_database"
    made = create_practice(location, name="Quiet Rooms", tz="Europe/Vienna").database
    made.dispose()
    with pytest.raises(DatabaseProblem) as again:
        create_practice(location, tz="UTC")
    assert again.value.code == "exists"
    database = open_database(location)
    assert not database.encrypted
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT name, tz FROM practice").fetchall() == [("Quiet Rooms", "Europe/Vienna")]
        anchor = audit_anchor.read(database.path)
        assert anchor is not None
        assert audit_check.verify(connection, anchor).intact
    database.dispose()
    assert {path.stat().st_mode & 0o777 for path in (isolated_home, isolated_home / "servers")} == {0o700}  # P1


def test_a_setting_up_that_was_cut_short_is_finished_by_the_next_one(bare_url: str) -> None:
    from couchcal.store import schema
    from couchcal.store.postgresql.database import ServerDatabase

    half = ServerDatabase(read(bare_url))
    schema.upgrade(half)
    half.dispose()
    with pytest.raises(NotFound):
        open_database(half.address)
    create_practice(half.address, tz="UTC").database.dispose()
    open_database(half.address).dispose()


def test_a_database_of_something_else_is_left_alone(bare_url: str) -> None:
    address = read(bare_url)
    shared_cluster().run("CREATE TABLE invoice (id integer)", address.database)
    with pytest.raises(DatabaseProblem) as found:
        create_practice(address, tz="UTC")
    assert found.value.code == "not_empty"
    assert shared_cluster().run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", address.database) == [
        (1,)
    ]


def test_one_of_a_newer_couchcal_is_not_touched(server_url: str) -> None:
    address = read(server_url)
    shared_cluster().run("UPDATE alembic_version SET version_num = '9999'", address.database)
    for attempt in (partial(create_practice, address, tz="UTC"), partial(open_database, address)):
        with pytest.raises(DatabaseProblem) as found:
            attempt()
        assert found.value.code == "newer_schema"
    assert shared_cluster().run("SELECT version_num FROM alembic_version", address.database) == [("9999",)]


def test_an_older_schema_is_brought_up_to_date(bare_url: str) -> None:
    address = read(bare_url)
    database = create_practice(address, tz="UTC").database
    database.dispose()
    from tests.support.postgresql import migrate

    migrate(bare_url, "0005")
    opened = open_database(address)
    with closing(opened.connect()) as connection:
        assert schema_revision(connection) == "0006"
    opened.dispose()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda url: url.replace("port=5432", "port=1"), "unreachable", "cannot be reached"),
        (lambda url: url.replace("couchcal@", "nobody:geheim@"), "denied", "refused the sign-in"),
        (lambda url: url.replace("?", "_gone?"), "no_database", "no such database"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    bare_url: str, change: Callable[[str], str], code: str, words: str
) -> None:
    with pytest.raises(CouchcalError) as found:
        open_database(parse_location(change(bare_url)))
    assert (found.value.code, words in found.value.message) == (code, True)
    assert "geheim" not in f"{found.value.message} {found.value.hint}"
    assert found.value.__cause__ is None  # no traceback of the driver, which names what it was told


def test_a_role_that_owns_nothing_is_told_so(bare_url: str) -> None:
    address = read(bare_url)
    cluster = shared_cluster()
    cluster.run("CREATE ROLE guest LOGIN")
    try:
        create_practice(address, tz="UTC").database.dispose()
        with pytest.raises(DatabaseProblem) as found:
            open_database(read(bare_url.replace("couchcal@", "guest@")))
        assert found.value.code == "rights"
    finally:
        cluster.run("DROP ROLE guest")


def test_the_command_line_works_on_a_server(bare_url: str, capsys: Capture) -> None:
    def told(*argv: str, code: int = 0) -> str:
        assert run(["--db", bare_url, *argv]) == code
        captured = capsys.readouterr()
        return captured.out if code == 0 else captured.err

    assert "couchcal init" in told("agenda", code=1)
    assert "Made postgresql://couchcal@" in told("init", "--tz", "America/New_York", "--yes")
    told("client", "add", "Jane Doe")
    told("add", "2026-03-02 9am 45m C-0001 90834")
    [entry] = json.loads(told("agenda", "--from", "2026-03-02", "--json", "--names", "full"))
    assert ("Jane Doe" in json.dumps(entry), entry["service"]) == (True, "90834")
    assert "1 record" in told("undo")
    assert json.loads(told("agenda", "--from", "2026-03-02", "--json")) == []
    assert "is whole" in told("audit", "verify")
    for command in (("key", "show"), ("key", "encrypt"), ("restore-backup", "x.db")):
        assert "on a server" in told(*command, code=1)
