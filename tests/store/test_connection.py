"""What is opened, what is refused, and what others may read of it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from couchcal.errors import DatabaseProblem, NotFound, UsageProblem
from couchcal.practice import agenda, appointments, client_changes
from couchcal.practice.draft import Draft
from couchcal.practice.opening import create_practice, locate, open_database
from couchcal.store.connection import Connection, Database
from couchcal.store.driver_errors import describe_driver_error
from couchcal.store.locations import PLAIN_HEADER, parse_location
from couchcal.store.records import Appointment, Client
from couchcal.store.session import engine_of, write_session
from tests.support.practice import PASSPHRASE, make_practice

CANARY = "Zsófia Kanáriová"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _book_canary(database: Database) -> None:
    client = client_changes.add(database, CANARY)
    start = NOW + timedelta(days=1)
    draft = Draft(
        "client_session", start, start + timedelta(minutes=50), "UTC", client_id=client.id, service="90834"
    )
    appointments.book(database, draft, clock=lambda: NOW)


def test_a_new_practice_is_encrypted_unless_said_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    assert create_practice(tmp_path / "a.db", tz="UTC").database.encrypted
    plain = create_practice(tmp_path / "b.db", tz="UTC", encrypt=False)
    assert not plain.database.encrypted
    assert "not encrypted" in plain.key_place
    assert (tmp_path / "b.db").read_bytes().startswith(PLAIN_HEADER)


def test_no_name_is_in_the_bytes_of_an_encrypted_practice(tmp_path: Path) -> None:  # INV-P2
    database = make_practice(tmp_path, encrypt=True)
    _book_canary(database)
    with closing(database.connect()) as reader:
        agenda.practice_facts(reader)
        files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(files["couchcal.db-wal"]) > 4096
    assert not files["couchcal.db"].startswith(PLAIN_HEADER)
    for content in files.values():
        for word in CANARY.split():
            assert word.encode() not in content
            assert word.encode("utf-16-le") not in content
    database.dispose()


def test_every_file_is_private_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # INV-P1
    monkeypatch.setenv("COUCHCAL_PASSPHRASE", "words")
    before = os.umask(0o022)
    try:
        database = create_practice(tmp_path / "new" / "couchcal.db", tz="UTC").database
        _book_canary(database)
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    beside = {f"couchcal.db{end}" for end in ("-wal", "-shm", ".key", ".audit")}
    assert set(found) == {"couchcal.db", *beside}
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    database.dispose()


def test_an_empty_file_that_waits_for_the_practice_becomes_private(tmp_path: Path) -> None:  # INV-P1
    path = tmp_path / "couchcal.db"
    path.touch()
    path.chmod(0o644)
    create_practice(path, tz="UTC", encrypt=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_opening_takes_back_permissions_of_others(tmp_path: Path) -> None:  # INV-P1
    database = make_practice(tmp_path)
    database.path.chmod(0o664)
    open_database(database.path)
    assert stat.S_IMODE(database.path.stat().st_mode) == 0o600


def test_errors_do_not_show_what_was_bound(tmp_path: Path) -> None:  # INV-P2
    database = make_practice(tmp_path)
    client = Client(internal_id="C-0001", first=CANARY, state="nonsense")
    with pytest.raises(IntegrityError) as error, write_session(database, "x") as session:
        session.add(client)
    assert "CHECK constraint failed" in str(error.value)
    assert CANARY not in str(error.value)
    assert CANARY not in repr(error.value)
    with closing(database.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM client").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM change WHERE label = 'x'").fetchone() == (0,)


def test_what_is_no_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound, match="there is no calendar") as error:
        open_database(tmp_path / "none.db")
    assert error.value.code == "no_database"
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(NotFound):
        open_database(empty)
    text = tmp_path / "letter.txt"
    text.write_text("Dear Ann,\n")
    with pytest.raises(DatabaseProblem, match="no couchcal database"):
        open_database(text)
    monkeypatch.setenv("COUCHCAL_KEY_FILE", str(tmp_path / "key"))
    (tmp_path / "key").write_bytes(b"k" * 32)
    (tmp_path / "key").chmod(0o600)
    noise = tmp_path / "noise.db"
    noise.write_bytes(os.urandom(8192))
    with pytest.raises(DatabaseProblem, match="key does not open"):
        open_database(noise)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE song (title TEXT)")
    with pytest.raises(DatabaseProblem, match="no couchcal database"):
        open_database(other)
    with pytest.raises(DatabaseProblem):
        open_database(tmp_path)


def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    content = bytearray(database.path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    database.path.write_bytes(content)
    with pytest.raises(DatabaseProblem, match="damaged") as error:
        open_database(database.path)
    assert error.value.exit_code == 75


def test_a_practice_is_not_made_over_another(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    before = database.path.read_bytes()
    with pytest.raises(DatabaseProblem, match="already there"):
        create_practice(database.path, tz="UTC", encrypt=False)
    assert database.path.read_bytes() == before


def _as_nobody(action: Callable[[], None]) -> int:
    """Run `action` in a child without privileges; 0 if it raised nothing."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that another user may walk through, as pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="couchcal-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("locked", ["file", "folder", "both"])
def test_a_read_only_practice_can_be_read(open_folder: Path, encrypt: bool, locked: str) -> None:
    database = make_practice(open_folder / "data", encrypt)
    folder = database.path.parent
    if os.geteuid() == 0:
        for path in (*folder.iterdir(), folder):
            os.chown(path, 65534, 65534)
    if locked != "folder":
        database.path.chmod(0o400)
    if locked != "file":
        folder.chmod(0o500)

    def read_then_write() -> None:
        with closing(database.connect()) as connection:
            assert agenda.practice_facts(connection).name == "Test practice"
        with pytest.raises(DatabaseProblem, match="read-only"):
            client_changes.add(database, "Ann Sample")

    try:
        assert _as_nobody(read_then_write) == 0
    finally:
        folder.chmod(0o700)


def test_opening_by_passphrase_reads_the_practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = make_practice(tmp_path, encrypt=True)
    asked = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return PASSPHRASE

    with closing(open_database(database.path, ask=ask).connect()) as connection:
        assert agenda.practice_facts(connection).tz == "America/New_York"
    assert len(asked) == 1


def test_where_the_database_is(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locate() == isolated_home / "couchcal.db"
    monkeypatch.setenv("COUCHCAL_DATABASE_URL", "sqlite:////srv/practice.db")
    assert locate() == Path("/srv/practice.db")
    assert locate("other.db") == Path("other.db")
    assert parse_location("sqlite:///here.db") == Path("here.db")
    with pytest.raises(UsageProblem, match="SQLite or PostgreSQL, not mysql"):
        parse_location("mysql://host/name")


def test_strange_names_of_files_open(tmp_path: Path) -> None:
    database = make_practice(tmp_path, filename="a b?c#d%20é.db")
    open_database(database.path).connect().close()
    assert {path.name for path in tmp_path.iterdir()} == {"a b?c#d%20é.db"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("database is locked", "busy"),
        ("attempt to write a readonly database", "read-only"),
        ("database or disk is full", "disk is full"),
        ("unable to open database file", "cannot be opened"),
        ("database disk image is malformed", "damaged"),
        ("no such table: appointment", "no couchcal database"),
        ("disk I/O error", "disk fails"),
    ],
)
def test_driver_errors_become_words(text: str, message: str) -> None:
    problem = describe_driver_error(sqlite3.OperationalError(text), Path("c.db"))
    assert problem is not None
    assert message in problem.message
    assert problem.exit_code == 75


def test_other_errors_pass_unchanged() -> None:
    assert describe_driver_error(ValueError("x"), None) is None
    assert describe_driver_error(sqlite3.IntegrityError("UNIQUE"), None) is None


def test_a_naive_datetime_is_never_stored(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    naive = NOW.replace(tzinfo=None)
    row = Appointment(uid="u", kind="other_event", title="x", start_utc=naive, end_utc=naive + timedelta(hours=1))
    with Session(engine_of(database)) as session:
        session.add(row)
        with pytest.raises(Exception, match="timezone-aware"):
            session.flush()


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    program = (
        "import sys; from pathlib import Path; from couchcal.store.connection import Database\n"
        "print(*Database(Path(sys.argv[1]), None).connect().execute('PRAGMA synchronous').fetchone())"
    )
    done = subprocess.run([sys.executable, "-c", program, str(database.path)], capture_output=True, check=True)
    assert done.stdout.strip() == b"2"  # FULL


def test_a_schema_of_other_bytes_is_damage(tmp_path: Path) -> None:
    database = make_practice(tmp_path)
    content = database.path.read_bytes()
    database.path.write_bytes(
        content.replace(b"CREATE TABLE appointment (", b"CREATE TABLE \xff\xfe\xfd\xfc\xffment (", 1)
    )
    with pytest.raises(DatabaseProblem, match="damaged"):
        database.connect()


def test_where_nothing_can_be_written_a_log_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_practice(tmp_path)
    database.path.with_name(f"{database.path.name}-wal").write_bytes(b"changes of one who was killed")
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    monkeypatch.setattr(Database, "_open", _refusing(Database._open))
    with pytest.raises(DatabaseProblem, match="a log that cannot be read"):
        database.connect()


def _refusing(whole: Callable[..., Connection]) -> Callable[..., Connection]:
    """As SQLite on a mount that takes no writes: only an immutable file can be opened."""

    def opened(self: Database, place: str, *, uri: bool = False) -> Connection:
        if not uri:
            raise sqlite3.OperationalError("unable to open database file")
        return whole(self, place, uri=uri)

    return opened


_NO_DESCRIPTORS_LEFT = """
import os, resource, sys
from contextlib import suppress
from pathlib import Path
from couchcal.errors import DatabaseProblem
from couchcal.store.connection import Database

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
with suppress(OSError):
    while True:
        os.open(os.devnull, os.O_RDONLY)
try:
    Database(Path(sys.argv[1]), None).connect()
except DatabaseProblem as problem:
    print(problem)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_what_went_wrong_is_told_when_no_file_can_be_opened_any_more(tmp_path: Path) -> None:
    make_practice(tmp_path, filename="here.db")
    told = subprocess.run(
        [sys.executable, "-c", _NO_DESCRIPTORS_LEFT, str(tmp_path / "here.db")],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    assert told.startswith("the database cannot be opened")
